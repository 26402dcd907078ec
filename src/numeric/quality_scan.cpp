// SPDX-License-Identifier: Apache-2.0
#include "numeric/quality_scan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "numeric/row_reader.h"
#include "numeric/simd/scan_kernel.h"

namespace oort {

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr std::size_t chain = 256;       // dimensions summed before they go to the tile
constexpr std::size_t group_rows = 128;  // that share a reading of the points
constexpr std::size_t tile_size = scan_width * scan_width;

/// Points as they are compared. For cosine they are brought to length 1, where half the squared
/// distance is 1 - cos, and have one more dimension: 1 for a row of zeros, which puts it at
/// distance 1 from all others, and else 0.
class Space {
  public:
    Space(PointsView points, Metric metric)
        : reader_(points),
          metric_(metric),
          n_dimensions_(points.n_columns + (metric == Metric::cosine ? 1 : 0)) {}

    std::size_t n_points() const { return reader_.n_rows(); }

    std::size_t n_dimensions() const { return n_dimensions_; }

    /// The next 32 points, or as many as are left, one after the other.
    const float* points(std::size_t first, std::size_t count, RowReader::Buffer& buffer) {
        const float* values = reader_.rows(first, count, buffer);
        if (metric_ != Metric::cosine && count == scan_width) return values;
        own_.assign(scan_width * n_dimensions_, 0.0F);
        for (std::size_t i = 0; i < count; ++i)
            put(values + i * reader_.n_columns(), &own_[i * n_dimensions_]);
        return own_.data();
    }

    /// Writes point i to out.
    void point(std::size_t i, RowReader::Buffer& buffer, float* out) const {
        put(reader_.row(i, buffer), out);
    }

    /// tile += what orders points by their distance to rows.
    void compare(const float* points, const float* rows, float* tile) const {
        for (std::size_t j = 0; j < n_dimensions_; j += chain) {
            const auto add = metric_ == Metric::dot ? subtract_products : add_squared_distances;
            add(points + j,
                n_dimensions_,
                rows + j * scan_width,
                std::min(chain, n_dimensions_ - j),
                tile);
        }
    }

  private:
    void put(const float* values, float* out) const {
        const std::size_t d = reader_.n_columns();
        std::copy_n(values, d, out);
        if (metric_ != Metric::cosine) return;
        double sum = 0;
        for (std::size_t j = 0; j < d; ++j)
            sum += static_cast<double>(values[j]) * static_cast<double>(values[j]);
        out[d] = sum == 0 ? 1.0F : 0.0F;
        const double length = std::sqrt(sum);
        for (std::size_t j = 0; j < d && sum != 0; ++j)
            out[j] = static_cast<float>(static_cast<double>(values[j]) / length);
    }

    RowReader reader_;
    Metric metric_;
    std::size_t n_dimensions_;
    std::vector<float> own_;
};

/// The k nearest so far of one row, nearest first.
class Nearest {
  public:
    explicit Nearest(std::size_t k) : k_(k) {}

    float bound() const { return found_.size() < k_ ? infinity : found_.back().distance; }

    /// Points come by rising index, so that one as far as another stays behind it.
    void add(float distance, std::uint32_t index) {
        if (found_.size() == k_) found_.pop_back();
        const auto after = std::upper_bound(
            found_.begin(), found_.end(), distance, [](float value, const Found& found) {
                return value < found.distance;
            });
        found_.insert(after, {distance, index});
    }

    void write(std::uint32_t* out) const {
        for (const Found& found : found_) *out++ = found.index;
    }

  private:
    struct Found {
        float distance;
        std::uint32_t index;
    };

    std::size_t k_;
    std::vector<Found> found_;
};

/// What is known of 32 rows.
struct Watch {
    std::vector<float> rows;        // a panel: n_dimensions x 32
    std::vector<Nearest> nearest;   // 32
    std::vector<float> bounds;      // 32; minus infinity past the last row
    std::vector<float> thresholds;  // m x 32; likewise
    std::vector<std::uint32_t> n_nearer;
};

class Scanner {
  public:
    Scanner(PointsView points,
            Metric metric,
            const std::vector<std::uint32_t>& rows,
            std::size_t k,
            const std::vector<std::uint32_t>& others)
        : space_(points, metric),
          rows_(rows),
          k_(k),
          others_(others),
          n_others_(rows.empty() ? 0 : others.size() / rows.size()) {}

    void scan(std::size_t begin, std::size_t end, Scan& result, const std::stop_token& stop) {
        std::vector<Watch> watches;
        for (std::size_t first = begin; first < end; first += scan_width)
            watches.push_back(watch(first, std::min(scan_width, end - first)));
        const std::size_t n = space_.n_points();
        alignas(64) float tile[tile_size];
        for (std::size_t first = 0; first < n; first += scan_width) {
            throw_if_stopped(stop);
            const std::size_t count = std::min(scan_width, n - first);
            const float* points = space_.points(first, count, buffer_);
            for (std::size_t w = 0; w < watches.size(); ++w) {
                std::fill_n(tile, tile_size, 0.0F);
                space_.compare(points, watches[w].rows.data(), tile);
                std::fill(tile + count * scan_width, tile + tile_size, infinity);
                leave_out_self(begin + w * scan_width, first, tile);
                look_at(tile, first, watches[w]);
            }
        }
        for (std::size_t row = begin; row < end; ++row) {
            const Watch& watch = watches[(row - begin) / scan_width];
            const std::size_t place = (row - begin) % scan_width;
            watch.nearest[place].write(result.nearest.data() + row * k_);
            for (std::size_t t = 0; t < n_others_; ++t)
                result.n_nearer[row * n_others_ + t] = watch.n_nearer[t * scan_width + place];
        }
    }

  private:
    Watch watch(std::size_t first, std::size_t count) {
        const std::size_t d = space_.n_dimensions();
        Watch watch;
        watch.rows.resize(d * scan_width);
        std::vector<float> row(d);
        for (std::size_t r = 0; r < count; ++r) {
            space_.point(rows_[first + r], buffer_, row.data());
            for (std::size_t j = 0; j < d; ++j) watch.rows[j * scan_width + r] = row[j];
        }
        watch.nearest.assign(count, Nearest(k_));
        watch.bounds.assign(scan_width, -infinity);
        if (k_ > 0) std::fill_n(watch.bounds.begin(), count, infinity);
        watch.n_nearer.resize(n_others_ * scan_width);
        set_thresholds(first, count, watch);
        return watch;
    }

    /// By way of the tile, since only then is a point exactly as far as itself.
    void set_thresholds(std::size_t first, std::size_t count, Watch& watch) {
        const std::size_t d = space_.n_dimensions();
        watch.thresholds.assign(n_others_ * scan_width, -infinity);
        std::vector<float> points(scan_width * d);
        alignas(64) float tile[tile_size];
        for (std::size_t t = 0; t < n_others_; ++t) {
            for (std::size_t r = 0; r < count; ++r)
                space_.point(others_[(first + r) * n_others_ + t], buffer_, &points[r * d]);
            std::fill_n(tile, tile_size, 0.0F);
            space_.compare(points.data(), watch.rows.data(), tile);
            for (std::size_t r = 0; r < count; ++r)
                watch.thresholds[t * scan_width + r] = tile[r * scan_width + r];
        }
    }

    /// first_row is a place in rows_, first_point a point.
    void leave_out_self(std::size_t first_row, std::size_t first_point, float* tile) const {
        const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(first_row);
        const std::size_t n_rows = std::min(scan_width, rows_.size() - first_row);
        const auto end = begin + static_cast<std::ptrdiff_t>(n_rows);
        for (auto row = std::lower_bound(begin, end, first_point);
             row != end && *row < first_point + scan_width;
             ++row) {
            tile[(*row - first_point) * scan_width + static_cast<std::size_t>(row - begin)] =
                infinity;
        }
    }

    void look_at(const float* tile, std::size_t first_point, Watch& watch) const {
        count_nearer(tile, watch.thresholds.data(), n_others_, watch.n_nearer.data());
        std::uint32_t masks[scan_width];
        find_nearer(tile, watch.bounds.data(), masks);
        for (std::size_t p = 0; p < scan_width; ++p) {
            for (std::uint32_t mask = masks[p]; mask != 0; mask &= mask - 1) {
                const auto r = static_cast<std::size_t>(std::countr_zero(mask));
                const float distance = tile[p * scan_width + r];
                // The bound may have fallen since the mask was made.
                if (distance >= watch.bounds[r]) continue;
                watch.nearest[r].add(distance, static_cast<std::uint32_t>(first_point + p));
                watch.bounds[r] = watch.nearest[r].bound();
            }
        }
    }

    Space space_;
    const std::vector<std::uint32_t>& rows_;
    std::size_t k_;
    const std::vector<std::uint32_t>& others_;
    std::size_t n_others_;
    RowReader::Buffer buffer_;
};

}  // namespace

Scan scan_points(PointsView points,
                 Metric metric,
                 const std::vector<std::uint32_t>& rows,
                 std::size_t k,
                 const std::vector<std::uint32_t>& others,
                 ThreadPool& pool,
                 std::stop_token stop) {
    Scan result;
    result.nearest.resize(rows.size() * k);
    result.n_nearer.resize(others.size());
    parallel_for(
        pool,
        rows.size(),
        group_rows,
        [&](std::size_t begin, std::size_t end) {
            Scanner(points, metric, rows, k, others).scan(begin, end, result, stop);
        },
        stop);
    return result;
}

}  // namespace oort
