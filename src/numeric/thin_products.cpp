// SPDX-License-Identifier: Apache-2.0
#include "numeric/thin_products.h"

#include <algorithm>
#include <numeric>

#include "numeric/simd/gram_kernel.h"
#include "numeric/simd/row_kernel.h"

namespace oort {

namespace {

constexpr std::size_t max_block_rows = 256;
constexpr std::size_t min_block_rows = 64;
constexpr std::size_t block_bytes = 4 << 20;  // a core's share of a cache
constexpr std::size_t block_columns = 256;    // summed in float
constexpr std::size_t square = panel_width * panel_width;
constexpr std::size_t max_parts = 16;
constexpr std::size_t parts_bytes = 256 << 20;

std::size_t rounded_up(std::size_t n) {
    return n_chunks(n, panel_width) * panel_width;
}

/// r x b, row-major, as panels: column c of row i at [c / 32 * stride + i * 32 + c % 32], with
/// zeros past the last column, where stride = padded r * 32.
std::vector<float> panels_of(const std::vector<double>& values, std::size_t r, std::size_t b) {
    const std::size_t stride = rounded_up(r) * panel_width;
    std::vector<float> panels(n_chunks(b, panel_width) * stride, 0.0F);
    for (std::size_t i = 0; i < r; ++i) {
        for (std::size_t c = 0; c < b; ++c) {
            panels[c / panel_width * stride + i * panel_width + c % panel_width] =
                static_cast<float>(values[i * b + c]);
        }
    }
    return panels;
}

}  // namespace

/// What one task computes in.
struct ThinProducts::Space {
    std::size_t n_panels;  // of the thin matrix
    RowReader::Buffer buffer;
    std::vector<float> centred;    // panels of 32 columns of X and block_rows_ rows
    std::vector<double> products;  // squares: (group of 32 rows, panel)
    std::vector<float> factors;    // rows of U: panels of block_rows_ rows
};

ThinProducts::ThinProducts(const RowReader& points,
                           const std::vector<std::uint32_t>& rows,
                           const Centring& centring,
                           ThreadPool& pool,
                           const std::stop_token& stop)
    : points_(points), rows_(rows), centring_(centring), pool_(pool), stop_(stop) {
    const std::size_t fitting = block_bytes / (rounded_up(points.n_columns()) * sizeof(float));
    block_rows_ = std::clamp(fitting / panel_width * panel_width, min_block_rows, max_block_rows);
    // Not a power of two: the panels of one row would all fall into one set of the cache.
    panel_stride_ = block_rows_ * panel_width + 48;
}

ThinProducts::Space ThinProducts::new_space(std::size_t b) const {
    Space space;
    space.n_panels = n_chunks(b, panel_width);
    space.centred.resize(n_chunks(points_.n_columns(), panel_width) * panel_stride_);
    space.products.resize(block_rows_ * space.n_panels * panel_width);
    space.factors.resize(block_rows_ * space.n_panels * panel_width);
    return space;
}

/// Writes rows [first, first + count) of X to space.centred. What stands there behind them, up to a
/// whole group of 32, is multiplied too, and not used.
void ThinProducts::centre(std::size_t first, std::size_t count, Space& space) const {
    for (std::size_t i = 0; i < count; ++i) {
        centre_into_panels(points_.row(rows_[first + i], space.buffer),
                           centring_.view(),
                           points_.n_columns(),
                           panel_stride_,
                           &space.centred[i * panel_width]);
    }
}

/// space.products = the first `count` rows of the block times V.
void ThinProducts::multiply(std::size_t count, const float* v, Space& space) const {
    const std::size_t d = points_.n_columns();
    std::fill(space.products.begin(), space.products.end(), 0.0);
    for (std::size_t column = 0; column < d; column += block_columns) {
        const std::size_t n_columns = std::min(block_columns, d - column);
        const float* block = &space.centred[column / panel_width * panel_stride_];
        for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
            const float* factor = v + (panel * rounded_up(d) + column) * panel_width;
            for (std::size_t i = 0; i < count; i += panel_width) {
                add_row_product(
                    block + i * panel_width,
                    panel_stride_,
                    factor,
                    n_columns,
                    &space.products[(i / panel_width * space.n_panels + panel) * square]);
            }
        }
    }
}

/// sums += X^T U over these rows; squares (panel of X, panel of U).
void ThinProducts::add_transposed(std::size_t count, Space& space, double* sums) const {
    const std::size_t n_column_panels = n_chunks(points_.n_columns(), panel_width);
    for (std::size_t p = 0; p < n_column_panels; ++p) {
        for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
            add_panel_product(&space.centred[p * panel_stride_],
                              &space.factors[panel * block_rows_ * panel_width],
                              count,
                              sums + (p * space.n_panels + panel) * square);
        }
    }
}

void ThinProducts::times(const std::vector<double>& v, std::size_t b, const Take& take) const {
    const std::vector<float> panels = panels_of(v, points_.n_columns(), b);
    parallel_for(
        pool_,
        rows_.size(),
        block_rows_,
        [&](std::size_t begin, std::size_t end) {
            Space space = new_space(b);
            centre(begin, end - begin, space);
            multiply(end - begin, panels.data(), space);
            const std::size_t stride = space.n_panels * panel_width;
            std::vector<double> values(panel_width * stride);
            for (std::size_t row = begin; row < end; row += panel_width) {
                const std::size_t count = std::min(panel_width, end - row);
                const double* squares = &space.products[(row - begin) * stride];
                for (std::size_t i = 0; i < count; ++i) {
                    for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
                        std::copy_n(squares + panel * square + i * panel_width,
                                    panel_width,
                                    &values[i * stride + panel * panel_width]);
                    }
                }
                take(row, count, values.data(), stride);
            }
        },
        stop_);
}

std::vector<double> ThinProducts::sum_transposed(std::size_t b, const Make& make) const {
    const std::size_t n = rows_.size();
    const std::size_t d = points_.n_columns();
    const std::size_t part_size = rounded_up(d) * rounded_up(b);
    const std::size_t n_blocks = n_chunks(n, block_rows_);
    // Each part has a sum of its own over some of the blocks; how many decides the shape alone.
    const std::size_t n_parts =
        std::min(n_blocks,
                 std::clamp(parts_bytes / (part_size * sizeof(double)), std::size_t{4}, max_parts));
    std::vector<double> sums(n_parts * part_size, 0.0);
    parallel_for(
        pool_,
        n_parts,
        1,
        [&](std::size_t part, std::size_t) {
            Space space = new_space(b);
            for (std::size_t block = part; block < n_blocks; block += n_parts) {
                throw_if_stopped(stop_);
                const std::size_t first = block * block_rows_;
                const std::size_t count = std::min(block_rows_, n - first);
                centre(first, count, space);
                make(first, count, space);
                add_transposed(count, space, &sums[part * part_size]);
            }
        },
        stop_);
    const std::size_t n_panels = n_chunks(b, panel_width);
    std::vector<double> result(d * b);
    parallel_for(pool_, d, panel_width, [&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j) {
            for (std::size_t c = 0; c < b; ++c) {
                const std::size_t at = (j / panel_width * n_panels + c / panel_width) * square +
                                       j % panel_width * panel_width + c % panel_width;
                double sum = 0;
                for (std::size_t part = 0; part < n_parts; ++part)
                    sum += sums[part * part_size + at];
                result[j * b + c] = sum;
            }
        }
    });
    return result;
}

std::vector<double> ThinProducts::transposed_times(const std::vector<double>& u,
                                                   std::size_t b) const {
    return sum_transposed(b, [&](std::size_t first, std::size_t count, Space& space) {
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t c = 0; c < b; ++c) {
                space.factors[(c / panel_width * block_rows_ + i) * panel_width + c % panel_width] =
                    static_cast<float>(u[(first + i) * b + c]);
            }
        }
    });
}

double ThinProducts::sum_of_squares() const {
    std::vector<double> parts(n_chunks(rows_.size(), max_block_rows), 0.0);
    parallel_for(
        pool_,
        rows_.size(),
        max_block_rows,
        [&](std::size_t begin, std::size_t end) {
            RowReader::Buffer buffer;
            std::vector<float> centred(points_.n_columns());
            for (std::size_t i = begin; i < end; ++i) {
                centre_row(points_.row(rows_[i], buffer),
                           centring_.view(),
                           centred.size(),
                           centred.data());
                parts[begin / max_block_rows] += squared_length(centred.data(), centred.size());
            }
        },
        stop_);
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

std::vector<double> ThinProducts::gram_times(const std::vector<double>& v, std::size_t b) const {
    const std::vector<float> panels = panels_of(v, points_.n_columns(), b);
    return sum_transposed(b, [&](std::size_t, std::size_t count, Space& space) {
        multiply(count, panels.data(), space);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
                const double* from =
                    &space.products[(i / panel_width * space.n_panels + panel) * square +
                                    i % panel_width * panel_width];
                float* to = &space.factors[(panel * block_rows_ + i) * panel_width];
                for (std::size_t c = 0; c < panel_width; ++c) to[c] = static_cast<float>(from[c]);
            }
        }
    });
}

}  // namespace oort
