// SPDX-License-Identifier: Apache-2.0
#include "numeric/krylov_points.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "numeric/block_krylov.h"

namespace oort {

namespace {

constexpr double tolerance = 1e-3;  // of a pair's own value
// Of the largest value: what products of floats resolve, and what is left when they did not.
constexpr double least_part = 1e-7;
constexpr double least_part_again = 1e-6;
constexpr std::size_t max_cycles = 12;
constexpr std::size_t spare_vectors = 14;
constexpr std::size_t pieces_at_once =
    2;                                 // what a pass over the points multiplies at its best speed
constexpr std::size_t first_look = 4;  // generations before the first check
constexpr double gain = 6;             // by which a generation shrinks residuals, or more
constexpr double equal = 1e-3;         // share within which values may be copies of one

std::vector<Thin> times(const ThinProducts& points,
                        std::size_t d,
                        const std::vector<Thin>& pieces) {
    const std::size_t b = pieces.size() * thin_width;
    std::vector<double> v(d * b);
    for (std::size_t j = 0; j < d; ++j) {
        for (std::size_t p = 0; p < pieces.size(); ++p)
            std::copy_n(&pieces[p][j * thin_width], thin_width, &v[j * b + p * thin_width]);
    }
    const std::vector<double> product = points.gram_times(v, b);
    std::vector<Thin> result(pieces.size(), Thin(d * thin_width));
    for (std::size_t j = 0; j < d; ++j) {
        for (std::size_t p = 0; p < pieces.size(); ++p)
            std::copy_n(&product[j * b + p * thin_width], thin_width, &result[p][j * thin_width]);
    }
    return result;
}

/// How many of the first k values, those at the end left out, are within `equal` of each other in
/// the largest group of such.
std::size_t most_copies(const std::vector<double>& values, std::size_t k) {
    std::size_t most = 0;
    for (std::size_t first = 0; first < k;) {
        std::size_t end = first + 1;
        while (end < k && values[end] >= values[first] * (1 - equal)) ++end;
        if (end < k) most = std::max(most, end - first);
        first = end;
    }
    return most;
}

class Search {
  public:
    Search(const ThinProducts& points,
           std::size_t d,
           std::size_t k,
           ThreadPool& pool,
           const std::stop_token& stop)
        : d_(d),
          k_(k),
          n_start_(n_chunks(k + spare_vectors, thin_width)),
          krylov_(
              d,
              std::min(d / thin_width, std::max<std::size_t>(20, 6 * n_start_)),
              [&points, d](const std::vector<Thin>& pieces) { return times(points, d, pieces); },
              pool,
              stop) {}

    std::optional<EigenPairs> run() {
        std::vector<Thin> start = random_start();
        std::size_t n_copies = n_copies_found;
        for (std::size_t cycle = 0; cycle < max_cycles; ++cycle) {
            const bool is_done = run_cycle(std::move(start));
            if (is_done) {
                // Of a value that is there more than 32 times, 32 vectors to start from find only
                // 32.
                const std::size_t n_now = most_copies(seen_.values, k_);
                if (n_now < n_copies) return pairs();
                n_copies = n_now + 1;
            }
            start = std::move(vectors_);
            least_part_ = least_part_again;
            if (is_done) {
                for (Thin& piece : random_start()) start.push_back(std::move(piece));
            }
        }
        return std::nullopt;
    }

  private:
    static constexpr std::size_t n_copies_found = pieces_at_once * thin_width;

    std::vector<Thin> random_start() {
        std::vector<Thin> start;
        for (std::size_t piece = 0; piece < pieces_at_once; ++piece)
            start.push_back(random_piece(d_, ++seed_));
        return start;
    }

    /// Leaves the best vectors in vectors_; whether the first k are good enough.
    bool run_cycle(std::vector<Thin> start) {
        krylov_.start(std::move(start));
        std::size_t wait = first_look;
        while (true) {
            krylov_.grow();
            const bool is_enough = krylov_.n_pieces() >= n_start_;
            wait = wait > 0 ? wait - 1 : 0;
            if (!krylov_.is_full() && (wait > 0 || !is_enough)) continue;
            const double excess = look();
            if (excess <= 1) return true;
            if (krylov_.is_full()) return false;
            wait = std::max(1, static_cast<int>(std::log(excess) / std::log(gain)));
        }
    }

    /// By how much the largest residual exceeds what is allowed.
    double look() {
        seen_ = krylov_.seen_pairs(n_start_ * thin_width);
        vectors_.clear();
        double excess = 0;
        for (std::size_t first = 0; first < seen_.values.size(); first += thin_width) {
            vectors_.push_back(krylov_.combine_basis(seen_, first));
            if (first >= k_) continue;
            const std::size_t n = std::min(thin_width, k_ - first);
            const std::vector<double> errors = residuals(
                vectors_.back(), krylov_.combine_image(seen_, first), &seen_.values[first], n);
            for (std::size_t c = 0; c < n; ++c) {
                const double allowed =
                    std::max(tolerance * seen_.values[first + c], least_part_ * seen_.values[0]);
                if (errors[c] > 0) excess = std::max(excess, errors[c] / allowed);
            }
        }
        return excess;
    }

    EigenPairs pairs() const {
        EigenPairs result;
        result.values.assign(seen_.values.begin(),
                             seen_.values.begin() + static_cast<std::ptrdiff_t>(k_));
        for (std::size_t c = 0; c < k_; ++c) {
            const Thin& piece = vectors_[c / thin_width];
            for (std::size_t j = c % thin_width; j < piece.size(); j += thin_width)
                result.vectors.push_back(piece[j]);
        }
        return result;
    }

    std::size_t d_;
    std::size_t k_;
    std::size_t n_start_;  // pieces that hold k vectors and some to spare
    BlockKrylov krylov_;
    std::uint64_t seed_ = 0;
    double least_part_ = least_part;
    EigenPairs seen_;
    std::vector<Thin> vectors_;
};

}  // namespace

std::optional<EigenPairs> krylov_eigenpairs_of_points(const ThinProducts& points,
                                                      std::size_t d,
                                                      std::size_t k,
                                                      ThreadPool& pool,
                                                      const std::stop_token& stop) {
    return Search(points, d, k, pool, stop).run();
}

}  // namespace oort
