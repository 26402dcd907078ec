// SPDX-License-Identifier: Apache-2.0
// The first stage of every projection: the rows that can take part, at a size where squares neither
// overflow nor vanish. What comes after relies on it and checks nothing again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

/// Clean points: finite; the largest magnitude is 0 or in [2^-20, 2^40]. Refers to the input where
/// that is clean as it is, and else owns a copy.
class CleanPoints {
  public:
    PointsView view() const noexcept { return view_; }

    /// Gives back a copy that was made, for who has read it; view() is then of no rows.
    void drop_points() noexcept {
        owned_ = {};
        view_.n_rows = 0;
    }

    /// view row i is row rows()[i] of the input, ascending.
    const std::vector<std::uint32_t>& rows() const noexcept { return rows_; }

    /// The view's values are the input's times this power of two.
    double scale() const noexcept { return scale_; }

    /// Rows asked for that have a NaN or an infinity and are left out.
    std::size_t n_left_out() const noexcept { return n_left_out_; }

    /// Sentences for the person: what was left out or scaled.
    const std::vector<std::string>& notes() const noexcept { return notes_; }

  private:
    friend CleanPoints clean_points(PointsView,
                                    std::span<const std::uint32_t>,
                                    ThreadPool&,
                                    std::stop_token);

    std::vector<std::byte> owned_;
    PointsView view_;
    std::vector<std::uint32_t> rows_;
    double scale_ = 1;
    std::size_t n_left_out_ = 0;
    std::vector<std::string> notes_;
};

/// points  n x d, n below 2^32.
/// rows    which of them to take, ascending and distinct; empty = all.
/// Throws Error(invalid_argument) for points without rows or columns or a row beyond the last,
/// Error(cancelled). One pass over the points; a copy only of what must change.
CleanPoints clean_points(PointsView points,
                         std::span<const std::uint32_t> rows,
                         ThreadPool& pool,
                         std::stop_token stop = {});

}  // namespace oort
