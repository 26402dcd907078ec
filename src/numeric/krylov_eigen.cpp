// SPDX-License-Identifier: Apache-2.0
#include "numeric/krylov_eigen.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "numeric/block_krylov.h"

namespace oort {

namespace {

constexpr double tolerance = 1e-10;
constexpr std::size_t max_cycles = 15;
constexpr std::size_t spare_vectors = 4;  // more than k speed up the last of the k
constexpr double clearly = 1e-6;  // by this share a value beside the k must exceed them to matter
constexpr std::size_t chunk_rows = 64;

std::vector<Thin> times(const SymmetricMatrix& matrix,
                        const std::vector<Thin>& pieces,
                        ThreadPool& pool) {
    const std::size_t m = matrix.size;
    std::vector<Thin> products;
    for (const Thin& vectors : pieces) {
        Thin product(m * thin_width);
        parallel_for(pool, m, chunk_rows, [&](std::size_t begin, std::size_t end) {
            multiply_thin({&matrix.values[begin * m], end - begin, m, m},
                          vectors.data(),
                          &product[begin * thin_width]);
        });
        products.push_back(std::move(product));
    }
    return products;
}

/// Whether the first n columns of `vectors` have length 1 and are eigenvectors within the
/// tolerance.
bool are_eigenvectors(
    const Thin& vectors, const Thin& image, const double* values, std::size_t n, double largest) {
    const std::vector<double> errors = residuals(vectors, image, values, n);
    for (std::size_t c = 0; c < n; ++c) {
        double length = 0;
        for (std::size_t i = c; i < vectors.size(); i += thin_width)
            length += vectors[i] * vectors[i];
        if (std::abs(length - 1) > 1e-9 || errors[c] > tolerance * largest) return false;
    }
    return true;
}

EigenPairs first_pairs(const EigenPairs& seen, const std::vector<Thin>& vectors, std::size_t k) {
    EigenPairs pairs;
    pairs.values.assign(seen.values.begin(), seen.values.begin() + static_cast<std::ptrdiff_t>(k));
    for (std::size_t c = 0; c < k; ++c) {
        const Thin& piece = vectors[c / thin_width];
        for (std::size_t i = c % thin_width; i < piece.size(); i += thin_width)
            pairs.vectors.push_back(piece[i]);
    }
    return pairs;
}

}  // namespace

std::optional<EigenPairs> krylov_eigenpairs(const SymmetricMatrix& matrix,
                                            std::size_t k,
                                            ThreadPool& pool,
                                            const std::stop_token& stop) {
    const std::size_t m = matrix.size;
    const std::size_t n_start = n_chunks(k + spare_vectors, thin_width);
    const std::size_t n_pieces = n_start * (m < 1500 ? 5 : 10);
    if (n_pieces * thin_width * 2 > m) return std::nullopt;
    const auto apply = [&](const std::vector<Thin>& pieces) { return times(matrix, pieces, pool); };
    BlockKrylov search(m, n_pieces, apply, pool, stop);
    std::vector<Thin> start = {random_piece(m, 1)};
    for (std::size_t cycle = 0; cycle < max_cycles; ++cycle) {
        search.start(start);
        while (!search.is_full()) search.grow();
        const EigenPairs seen = search.seen_pairs(n_start * thin_width);
        bool is_done = seen.values[0] > 0;
        start.resize(n_start);
        for (std::size_t piece = 0; piece < n_start; ++piece) {
            const std::size_t first = piece * thin_width;
            start[piece] = search.combine_basis(seen, first);
            if (is_done && first < k) {
                is_done = are_eigenvectors(start[piece],
                                           search.combine_image(seen, first),
                                           &seen.values[first],
                                           std::min(thin_width, k - first),
                                           seen.values[0]);
            }
        }
        if (!is_done) continue;
        // Of a value that is there more than 16 times, one piece to start from finds only 16.
        auto [value_beside, beside] = search.largest_beside(start);
        if (value_beside <= seen.values[k - 1] + clearly * seen.values[0])
            return first_pairs(seen, start, k);
        start.push_back(std::move(beside));
    }
    return std::nullopt;
}

}  // namespace oort
