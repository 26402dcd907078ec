// SPDX-License-Identifier: Apache-2.0
#include "numeric/thin_products.h"

#include <algorithm>
#include <numeric>

#include "numeric/simd/gram_kernel.h"
#include "numeric/simd/row_kernel.h"

namespace oort {

namespace {

constexpr std::size_t block_rows = 256;
constexpr std::size_t block_columns = 256;
// Not a power of two: the same column of many rows would fall into one set of the cache.
constexpr std::size_t block_stride = block_columns + 16;
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
    explicit Space(std::size_t b)
        : n_panels(n_chunks(b, panel_width)),
          centred(block_rows * block_stride),
          products(block_rows * n_panels * panel_width),
          factors(block_rows * n_panels * panel_width) {}

    std::size_t n_panels;
    RowReader::Buffer buffer;
    std::vector<float> centred;    // block_rows x block_stride
    std::vector<double> products;  // squares: (group of 32 rows, panel)
    std::vector<float> factors;    // rows of U: panels of block_rows rows
};

ThinProducts::ThinProducts(const RowReader& points,
                           const std::vector<std::uint32_t>& rows,
                           const Centring& centring,
                           ThreadPool& pool,
                           const std::stop_token& stop)
    : points_(points), rows_(rows), centring_(centring), pool_(pool), stop_(stop) {}

/// Writes the block to space.centred, with zeros up to a whole number of 32 rows and columns.
void ThinProducts::centre(std::size_t first,
                          std::size_t count,
                          std::size_t first_column,
                          std::size_t n_columns,
                          Space& space) const {
    const std::size_t width = rounded_up(n_columns);
    for (std::size_t i = 0; i < rounded_up(count); ++i) {
        float* out = &space.centred[i * block_stride];
        std::size_t n_written = 0;
        if (i < count) {
            centre_row(points_.part(rows_[first + i], first_column, n_columns, space.buffer),
                       centring_.view(first_column),
                       n_columns,
                       out);
            n_written = n_columns;
        }
        std::fill(out + n_written, out + width, 0.0F);
    }
}

/// space.products = rows [first, first + count) of X V, count <= 256.
void ThinProducts::multiply(std::size_t first,
                            std::size_t count,
                            const float* v,
                            Space& space) const {
    const std::size_t d = points_.n_columns();
    std::fill(space.products.begin(), space.products.end(), 0.0);
    for (std::size_t column = 0; column < d; column += block_columns) {
        const std::size_t n_columns = std::min(block_columns, d - column);
        centre(first, count, column, n_columns, space);
        for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
            const float* factor = v + (panel * rounded_up(d) + column) * panel_width;
            for (std::size_t i = 0; i < count; i += panel_width) {
                add_row_product(
                    &space.centred[i * block_stride],
                    block_stride,
                    factor,
                    n_columns,
                    &space.products[(i / panel_width * space.n_panels + panel) * square]);
            }
        }
    }
}

/// sums += X^T U over these rows; squares (group of 32 columns of X, panel).
void ThinProducts::add_transposed(std::size_t first,
                                  std::size_t count,
                                  Space& space,
                                  double* sums) const {
    const std::size_t d = points_.n_columns();
    for (std::size_t column = 0; column < d; column += block_columns) {
        const std::size_t n_columns = std::min(block_columns, d - column);
        centre(first, count, column, n_columns, space);
        for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
            const float* factor = &space.factors[panel * block_rows * panel_width];
            for (std::size_t j = 0; j < n_columns; j += panel_width) {
                add_column_product(
                    &space.centred[j],
                    block_stride,
                    factor,
                    count,
                    sums + ((column + j) / panel_width * space.n_panels + panel) * square);
            }
        }
    }
}

void ThinProducts::times(const std::vector<double>& v, std::size_t b, const Take& take) const {
    const std::vector<float> panels = panels_of(v, points_.n_columns(), b);
    parallel_for(
        pool_,
        rows_.size(),
        block_rows,
        [&](std::size_t begin, std::size_t end) {
            Space space(b);
            multiply(begin, end - begin, panels.data(), space);
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
    const std::size_t n_blocks = n_chunks(n, block_rows);
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
            Space space(b);
            for (std::size_t block = part; block < n_blocks; block += n_parts) {
                throw_if_stopped(stop_);
                const std::size_t first = block * block_rows;
                const std::size_t count = std::min(block_rows, n - first);
                make(first, count, space);
                add_transposed(first, count, space, &sums[part * part_size]);
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
                space.factors[(c / panel_width * block_rows + i) * panel_width + c % panel_width] =
                    static_cast<float>(u[(first + i) * b + c]);
            }
        }
    });
}

double ThinProducts::sum_of_squares() const {
    std::vector<double> parts(n_chunks(rows_.size(), block_rows), 0.0);
    parallel_for(
        pool_,
        rows_.size(),
        block_rows,
        [&](std::size_t begin, std::size_t end) {
            RowReader::Buffer buffer;
            std::vector<float> centred(points_.n_columns());
            for (std::size_t i = begin; i < end; ++i) {
                centre_row(points_.row(rows_[i], buffer),
                           centring_.view(),
                           centred.size(),
                           centred.data());
                parts[begin / block_rows] += squared_length(centred.data(), centred.size());
            }
        },
        stop_);
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

std::vector<double> ThinProducts::gram_times(const std::vector<double>& v, std::size_t b) const {
    const std::vector<float> panels = panels_of(v, points_.n_columns(), b);
    return sum_transposed(b, [&](std::size_t first, std::size_t count, Space& space) {
        multiply(first, count, panels.data(), space);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t panel = 0; panel < space.n_panels; ++panel) {
                const double* from =
                    &space.products[(i / panel_width * space.n_panels + panel) * square +
                                    i % panel_width * panel_width];
                float* to = &space.factors[(panel * block_rows + i) * panel_width];
                for (std::size_t c = 0; c < panel_width; ++c) to[c] = static_cast<float>(from[c]);
            }
        }
    });
}

}  // namespace oort
