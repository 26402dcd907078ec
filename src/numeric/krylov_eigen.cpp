// SPDX-License-Identifier: Apache-2.0
#include "numeric/krylov_eigen.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "numeric/dense_eigen.h"
#include "numeric/random.h"
#include "numeric/simd/thin_kernel.h"

namespace oort {

namespace {

constexpr double tolerance = 1e-10;
constexpr std::size_t max_cycles = 15;
constexpr std::size_t spare_vectors = 4;  // more than k speed up the last of the k
constexpr int n_powers = 6;
constexpr double clearly = 1e-6;  // by this share a value beside the k must exceed them to matter
constexpr std::size_t chunk_rows = 64;
constexpr std::size_t thin_square = thin_width * thin_width;

/// m x 16 doubles, row-major: 16 vectors side by side.
using Thin = std::vector<double>;

Thin random_piece(std::size_t m, std::uint64_t seed) {
    Random random(seed);
    Thin piece(m * thin_width);
    for (double& value : piece) value = random.normal();
    return piece;
}

/// The search: an orthonormal basis of thin pieces, V_0 … V_{p-1}, and A times each. Piece p is A
/// V_{p-g} made orthogonal to all before it, where g is the number of pieces started with: the
/// fewer, the higher the powers of A that are reached.
class Krylov {
  public:
    Krylov(const SymmetricMatrix& matrix,
           std::size_t n_pieces,
           ThreadPool& pool,
           const std::stop_token& stop)
        : matrix_(matrix),
          m_(matrix.size),
          n_pieces_(n_pieces),
          stride_(n_pieces * thin_width),
          pool_(pool),
          stop_(stop),
          basis_(m_ * stride_),
          image_(m_ * stride_),
          projected_{stride_, {}} {}

    /// One cycle from the given start pieces (any vectors).
    void build(const std::vector<Thin>& start) {
        projected_.values.assign(stride_ * stride_, 0.0);
        const std::size_t n_start = start.size();
        std::vector<Thin> recent = start;  // what the next pieces are made of
        for (std::size_t piece = 0; piece < n_pieces_; ++piece) {
            throw_if_stopped(stop_);
            Thin vectors = std::move(recent[piece % n_start]);
            orthonormalise(vectors, piece);
            put(vectors, piece, basis_);
            Thin image = times_matrix(vectors);
            put(image, piece, image_);
            project(image, piece);
            recent[piece % n_start] = std::move(image);
        }
    }

    /// The best of what a few powers of A make of random vectors at right angles to `vectors`, and
    /// its value: about the largest eigenvalue that `vectors` lack. Forgets the basis.
    std::pair<double, Thin> largest_beside(const std::vector<Thin>& vectors) {
        for (std::size_t piece = 0; piece < vectors.size(); ++piece)
            put(vectors[piece], piece, basis_);
        Thin beside = random_piece(m_, 2);
        for (int power = 0; power < n_powers; ++power) {
            throw_if_stopped(stop_);
            beside = times_matrix(beside);
            orthonormalise(beside, vectors.size());
        }
        put(beside, 0, basis_);
        const Thin products = along_basis(times_matrix(beside), 1);
        SymmetricMatrix small{thin_width, products};
        return {dense_eigenpairs(std::move(small), 1).values[0], std::move(beside)};
    }

    /// The matrix seen from the basis: V^T A V.
    const SymmetricMatrix& projected() const noexcept { return projected_; }

    /// V times the first 16 columns of `weights` (16 p x 16), and A V times them.
    Thin combine_basis(const Thin& weights) const { return combine(basis_, weights); }

    Thin combine_image(const Thin& weights) const { return combine(image_, weights); }

  private:
    Thin times_matrix(const Thin& vectors) const {
        Thin product(m_ * thin_width);
        parallel_for(pool_, m_, chunk_rows, [&](std::size_t begin, std::size_t end) {
            multiply_thin({&matrix_.values[begin * m_], end - begin, m_, m_},
                          vectors.data(),
                          &product[begin * thin_width]);
        });
        return product;
    }

    Thin combine(const std::vector<double>& pieces, const Thin& weights) const {
        Thin product(m_ * thin_width);
        parallel_for(pool_, m_, chunk_rows, [&](std::size_t begin, std::size_t end) {
            multiply_thin({&pieces[begin * stride_], end - begin, stride_, stride_},
                          weights.data(),
                          &product[begin * thin_width]);
        });
        return product;
    }

    void put(const Thin& vectors, std::size_t piece, std::vector<double>& pieces) const {
        for (std::size_t i = 0; i < m_; ++i) {
            std::copy_n(
                &vectors[i * thin_width], thin_width, &pieces[i * stride_ + piece * thin_width]);
        }
    }

    /// V^T times `vectors` for the first n_before pieces: 16 n_before x 16.
    Thin along_basis(const Thin& vectors, std::size_t n_before) const {
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
    void project(const Thin& image, std::size_t piece) {
        const Thin products = along_basis(image, piece + 1);
        for (std::size_t i = 0; i < (piece + 1) * thin_width; ++i) {
            for (std::size_t j = 0; j < thin_width; ++j) {
                projected_.values[i * stride_ + piece * thin_width + j] =
                    products[i * thin_width + j];
                projected_.values[(piece * thin_width + j) * stride_ + i] =
                    products[i * thin_width + j];
            }
        }
    }

    /// Makes the vectors orthonormal and orthogonal to the first n_before pieces; what hardly
    /// differs from those before becomes zero. Twice, since the first round magnifies its own
    /// rounding errors.
    void orthonormalise(Thin& vectors, std::size_t n_before) const {
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
            multiply_thin(
                {vectors.data(), m_, thin_width, thin_width}, inverse.data(), result.data());
            vectors = std::move(result);
        }
    }

    void remove_basis(Thin& vectors, std::size_t n_before) const {
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

    /// The T with (W T)^T (W T) = 1 for W^T W = products, T upper triangular; a column of W that
    /// depends on those before it gets a zero column of T.
    static Thin inverse_of_cholesky(const Thin& products) {
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

    const SymmetricMatrix& matrix_;
    std::size_t m_;
    std::size_t n_pieces_;
    std::size_t stride_;
    ThreadPool& pool_;
    const std::stop_token& stop_;
    std::vector<double> basis_;  // m x 16 n_pieces
    std::vector<double> image_;  // A times it
    SymmetricMatrix projected_;
};

/// The pairs [first, first + 16) of the small problem as columns: 16 p x 16, zero past the last.
Thin columns_of(const EigenPairs& small, std::size_t size, std::size_t first) {
    Thin weights(size * thin_width, 0.0);
    for (std::size_t c = first; c < std::min(first + thin_width, small.values.size()); ++c) {
        for (std::size_t i = 0; i < size; ++i)
            weights[i * thin_width + c - first] = small.vectors[c * size + i];
    }
    return weights;
}

/// Whether the first n columns of `vectors` have length 1 and are eigenvectors within the
/// tolerance.
bool are_eigenvectors(
    const Thin& vectors, const Thin& image, const double* values, std::size_t n, double largest) {
    for (std::size_t c = 0; c < n; ++c) {
        double length = 0;
        double residual = 0;
        for (std::size_t i = c; i < vectors.size(); i += thin_width) {
            const double error = image[i] - values[c] * vectors[i];
            length += vectors[i] * vectors[i];
            residual += error * error;
        }
        if (std::abs(length - 1) > 1e-9 || std::sqrt(residual) > tolerance * largest) return false;
    }
    return true;
}

}  // namespace

std::optional<EigenPairs> krylov_eigenpairs(const SymmetricMatrix& matrix,
                                            std::size_t k,
                                            ThreadPool& pool,
                                            const std::stop_token& stop) {
    const std::size_t m = matrix.size;
    const std::size_t n_start = n_chunks(k + spare_vectors, thin_width);
    const std::size_t n_pieces = n_start * (m < 1500 ? 5 : 10);
    const std::size_t size = n_pieces * thin_width;
    if (size * 2 > m) return std::nullopt;
    Krylov search(matrix, n_pieces, pool, stop);
    std::vector<Thin> start = {random_piece(m, 1)};
    for (std::size_t cycle = 0; cycle < max_cycles; ++cycle) {
        search.build(start);
        const EigenPairs small =
            dense_eigenpairs(SymmetricMatrix(search.projected()), n_start * thin_width);
        bool is_done = small.values[0] > 0;
        start.resize(n_start);
        for (std::size_t piece = 0; piece < n_start; ++piece) {
            const std::size_t first = piece * thin_width;
            const Thin weights = columns_of(small, size, first);
            start[piece] = search.combine_basis(weights);
            if (is_done && first < k) {
                is_done = are_eigenvectors(start[piece],
                                           search.combine_image(weights),
                                           &small.values[first],
                                           std::min(thin_width, k - first),
                                           small.values[0]);
            }
        }
        if (!is_done) continue;
        // Of a value that is there more than 16 times, one piece to start from finds only 16.
        auto [value_beside, beside] = search.largest_beside(start);
        if (value_beside > small.values[k - 1] + clearly * small.values[0]) {
            start.push_back(std::move(beside));
            continue;
        }
        EigenPairs pairs;
        pairs.values.assign(small.values.begin(),
                            small.values.begin() + static_cast<std::ptrdiff_t>(k));
        pairs.vectors.resize(k * m);
        for (std::size_t c = 0; c < k; ++c) {
            for (std::size_t i = 0; i < m; ++i)
                pairs.vectors[c * m + i] = start[c / thin_width][i * thin_width + c % thin_width];
        }
        return pairs;
    }
    return std::nullopt;
}

}  // namespace oort
