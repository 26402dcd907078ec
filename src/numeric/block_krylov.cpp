// SPDX-License-Identifier: Apache-2.0
#include "numeric/block_krylov.h"

#include <algorithm>
#include <cmath>

#include "numeric/dense_eigen.h"
#include "numeric/random.h"

namespace oort {

namespace {

constexpr int n_powers = 6;
constexpr std::size_t chunk_rows = 64;
constexpr std::size_t thin_square = thin_width * thin_width;

/// The T with (W T)^T (W T) = 1 for W^T W = products, T upper triangular; a column of W that
/// depends on those before it gets a zero column of T.
Thin inverse_of_cholesky(const Thin& products) {
    constexpr double dependent = 1e-13;  // share of a column's square left
    Thin factor(thin_square, 0.0);       // R^T, lower
    Thin inverse(thin_square, 0.0);
    for (std::size_t j = 0; j < thin_width; ++j) {
        const double whole = products[j * thin_width + j];
        double left = whole;
        for (std::size_t i = 0; i < j; ++i) {
            double sum = products[j * thin_width + i];
            for (std::size_t l = 0; l < i; ++l)
                sum -= factor[j * thin_width + l] * factor[i * thin_width + l];
            const double pivot = factor[i * thin_width + i];
            factor[j * thin_width + i] = pivot > 0 ? sum / pivot : 0.0;
            left -= factor[j * thin_width + i] * factor[j * thin_width + i];
        }
        if (!(left > dependent * whole) || whole <= 0) continue;
        const double pivot = std::sqrt(left);
        factor[j * thin_width + j] = pivot;
        inverse[j * thin_width + j] = 1 / pivot;
        for (std::size_t i = 0; i < j; ++i) {
            double sum = 0;
            for (std::size_t l = i; l < j; ++l)
                sum -= inverse[i * thin_width + l] * factor[j * thin_width + l];
            inverse[i * thin_width + j] = sum / pivot;
        }
    }
    return inverse;
}

}  // namespace

Thin random_piece(std::size_t m, std::uint64_t seed) {
    Random random(seed);
    Thin piece(m * thin_width);
    for (double& value : piece) value = random.normal();
    return piece;
}

BlockKrylov::BlockKrylov(std::size_t m,
                         std::size_t max_pieces,
                         Apply apply,
                         ThreadPool& pool,
                         const std::stop_token& stop)
    : m_(m),
      max_pieces_(max_pieces),
      stride_(max_pieces * thin_width),
      apply_(std::move(apply)),
      pool_(pool),
      stop_(stop),
      basis_(m * stride_),
      image_(m * stride_),
      projected_(stride_ * stride_) {}

void BlockKrylov::start(std::vector<Thin> pieces) {
    next_ = std::move(pieces);
    n_pieces_ = 0;
}

void BlockKrylov::grow() {
    throw_if_stopped(stop_);
    next_.resize(std::min(next_.size(), max_pieces_ - n_pieces_));
    const std::size_t first = n_pieces_;
    for (Thin& vectors : next_) {
        orthonormalise(vectors, n_pieces_);
        put(vectors, n_pieces_++, basis_);
    }
    next_ = apply_(next_);
    for (std::size_t i = 0; i < next_.size(); ++i) {
        put(next_[i], first + i, image_);
        project(next_[i], first + i);
    }
}

EigenPairs BlockKrylov::seen_pairs(std::size_t k) const {
    const std::size_t size = n_pieces_ * thin_width;
    SymmetricMatrix seen{size, std::vector<double>(size * size)};
    for (std::size_t i = 0; i < size; ++i)
        std::copy_n(&projected_[i * stride_], size, &seen.values[i * size]);
    return dense_eigenpairs(std::move(seen), k);
}

Thin BlockKrylov::combine_basis(const EigenPairs& seen, std::size_t first) const {
    return combine(basis_, seen, first);
}

Thin BlockKrylov::combine_image(const EigenPairs& seen, std::size_t first) const {
    return combine(image_, seen, first);
}

std::pair<double, Thin> BlockKrylov::largest_beside(const std::vector<Thin>& vectors) {
    for (std::size_t piece = 0; piece < vectors.size(); ++piece) put(vectors[piece], piece, basis_);
    Thin beside = random_piece(m_, 2);
    for (int power = 0; power < n_powers; ++power) {
        throw_if_stopped(stop_);
        beside = std::move(apply_({beside})[0]);
        orthonormalise(beside, vectors.size());
    }
    put(beside, 0, basis_);
    SymmetricMatrix small{thin_width, along_basis(apply_({beside})[0], 1)};
    return {dense_eigenpairs(std::move(small), 1).values[0], std::move(beside)};
}

Thin BlockKrylov::combine(const std::vector<double>& pieces,
                          const EigenPairs& seen,
                          std::size_t first) const {
    const std::size_t size = n_pieces_ * thin_width;
    Thin weights(size * thin_width, 0.0);
    for (std::size_t c = first; c < std::min(first + thin_width, seen.values.size()); ++c) {
        for (std::size_t i = 0; i < size; ++i)
            weights[i * thin_width + c - first] = seen.vectors[c * size + i];
    }
    Thin product(m_ * thin_width);
    parallel_for(pool_, m_, chunk_rows, [&](std::size_t begin, std::size_t end) {
        multiply_thin({&pieces[begin * stride_], end - begin, size, stride_},
                      weights.data(),
                      &product[begin * thin_width]);
    });
    return product;
}

void BlockKrylov::put(const Thin& vectors, std::size_t piece, std::vector<double>& pieces) const {
    for (std::size_t i = 0; i < m_; ++i) {
        std::copy_n(
            &vectors[i * thin_width], thin_width, &pieces[i * stride_ + piece * thin_width]);
    }
}

/// V^T times `vectors` for the first n_before pieces: 16 n_before x 16.
Thin BlockKrylov::along_basis(const Thin& vectors, std::size_t n_before) const {
    Thin result(n_before * thin_square);
    parallel_for(pool_, n_before * 2, 1, [&](std::size_t half, std::size_t) {
        const std::size_t column = half * thin_columns;
        multiply_transposed({&basis_[column], m_, thin_columns, stride_},
                            vectors.data(),
                            &result[column * thin_width]);
    });
    return result;
}

/// Row and column `piece` of V^T A V, from A V_piece; the rest of them comes with later pieces.
void BlockKrylov::project(const Thin& image, std::size_t piece) {
    const Thin products = along_basis(image, piece + 1);
    for (std::size_t i = 0; i < (piece + 1) * thin_width; ++i) {
        for (std::size_t j = 0; j < thin_width; ++j) {
            projected_[i * stride_ + piece * thin_width + j] = products[i * thin_width + j];
            projected_[(piece * thin_width + j) * stride_ + i] = products[i * thin_width + j];
        }
    }
}

/// Makes the vectors orthonormal and orthogonal to the first n_before pieces; what hardly differs
/// from those before becomes zero. Twice, since the first round magnifies its own rounding errors.
void BlockKrylov::orthonormalise(Thin& vectors, std::size_t n_before) const {
    for (int round = 0; round < 2; ++round) {
        if (n_before > 0) remove_basis(vectors, n_before);
        Thin products(thin_square);
        for (std::size_t column = 0; column < thin_width; column += thin_columns) {
            multiply_transposed({&vectors[column], m_, thin_columns, thin_width},
                                vectors.data(),
                                &products[column * thin_width]);
        }
        const Thin inverse = inverse_of_cholesky(products);
        Thin result(vectors.size());
        multiply_thin({vectors.data(), m_, thin_width, thin_width}, inverse.data(), result.data());
        vectors = std::move(result);
    }
}

void BlockKrylov::remove_basis(Thin& vectors, std::size_t n_before) const {
    const Thin along = along_basis(vectors, n_before);
    parallel_for(pool_, m_, chunk_rows, [&](std::size_t begin, std::size_t end) {
        double part[chunk_rows * thin_width];
        multiply_thin({&basis_[begin * stride_], end - begin, n_before * thin_width, stride_},
                      along.data(),
                      part);
        for (std::size_t i = 0; i < (end - begin) * thin_width; ++i)
            vectors[begin * thin_width + i] -= part[i];
    });
}

std::vector<double> residuals(const Thin& vectors,
                              const Thin& image,
                              const double* values,
                              std::size_t n) {
    std::vector<double> squares(n, 0.0);
    for (std::size_t i = 0; i < vectors.size(); i += thin_width) {
        for (std::size_t c = 0; c < n; ++c) {
            const double error = image[i + c] - values[c] * vectors[i + c];
            squares[c] += error * error;
        }
    }
    for (double& value : squares) value = std::sqrt(value);
    return squares;
}

}  // namespace oort
