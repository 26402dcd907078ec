// SPDX-License-Identifier: Apache-2.0
// The search for a few of the largest eigenvalues of an operator A that is known by its products
// alone: a matrix in memory, or all the points at once.
// Source: Golub and Van Loan, Matrix Computations, 4th edition, section 10.3.6 (block Lanczos),
// with all vectors kept orthogonal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <utility>
#include <vector>

#include "numeric/eigen.h"
#include "numeric/gram.h"
#include "numeric/parallel.h"
#include "numeric/simd/thin_kernel.h"

namespace oort {

/// m x 16 doubles, row-major: 16 vectors side by side, a piece.
using Thin = std::vector<double>;

/// m x 16 normal numbers.
Thin random_piece(std::size_t m, std::uint64_t seed);

/// Keeps an orthonormal basis of pieces V_0 … V_{p-1}, and A times each. A generation is A times
/// the generation before, made orthogonal to all before it: the fewer pieces it has, the higher the
/// powers of A that are reached. The same bits for any number of threads.
class BlockKrylov {
  public:
    /// A (m x m, symmetric) times each of some pieces.
    using Apply = std::function<std::vector<Thin>(const std::vector<Thin>&)>;

    /// pool and stop must outlive the object.
    BlockKrylov(std::size_t m,
                std::size_t max_pieces,
                Apply apply,
                ThreadPool& pool,
                const std::stop_token& stop);

    /// Forgets the basis; the next generation is made of these vectors, which may be any.
    void start(std::vector<Thin> pieces);

    /// Adds a generation, or as many of its pieces as there is room for. What hardly differs from
    /// vectors before it becomes zero. Throws Error(cancelled).
    void grow();

    std::size_t n_pieces() const noexcept { return n_pieces_; }

    bool is_full() const noexcept { return n_pieces_ == max_pieces_; }

    /// The k largest eigenvalues of A as seen from the basis, with vectors of 16 n_pieces weights.
    EigenPairs seen_pairs(std::size_t k) const;

    /// The basis, and A times it, times the vectors [first, first + 16) of `seen`; zero past the
    /// last.
    Thin combine_basis(const EigenPairs& seen, std::size_t first) const;
    Thin combine_image(const EigenPairs& seen, std::size_t first) const;

    /// The best of what a few powers of A make of random vectors at right angles to `vectors`, and
    /// its value: about the largest eigenvalue that `vectors` lack. Forgets the basis.
    std::pair<double, Thin> largest_beside(const std::vector<Thin>& vectors);

  private:
    Thin combine(const std::vector<double>& pieces,
                 const EigenPairs& seen,
                 std::size_t first) const;
    void put(const Thin& vectors, std::size_t piece, std::vector<double>& pieces) const;
    Thin along_basis(const Thin& vectors, std::size_t n_before) const;
    void project(const Thin& image, std::size_t piece);
    void orthonormalise(Thin& vectors, std::size_t n_before) const;
    void remove_basis(Thin& vectors, std::size_t n_before) const;

    std::size_t m_;
    std::size_t max_pieces_;
    std::size_t stride_;
    Apply apply_;
    ThreadPool& pool_;
    const std::stop_token& stop_;
    std::size_t n_pieces_ = 0;
    std::vector<Thin> next_;         // what the next generation is made of
    std::vector<double> basis_;      // m x 16 max_pieces
    std::vector<double> image_;      // A times it
    std::vector<double> projected_;  // V^T A V, of the stride of the basis
};

/// The lengths of A x - value x for the first n of 16 vectors x, given A x.
std::vector<double> residuals(const Thin& vectors,
                              const Thin& image,
                              const double* values,
                              std::size_t n);

}  // namespace oort
