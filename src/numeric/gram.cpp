// SPDX-License-Identifier: Apache-2.0
#include "numeric/gram.h"

#include <algorithm>
#include <functional>

#include "numeric/simd/gram_kernel.h"

namespace oort {

namespace {

// Both grams are Y^T Y for a tall Y of K terms (rows) and m columns: of columns, Y is the centred
// points; of rows, it is their transpose. Y is made ("packed") a batch of blocks at a time, each
// block 256 terms in panels of 32 columns, and every 128 x 128 tile of the result then takes in the
// batch. A tile adds up its terms in their order and has one owner at a time, hence the same bits
// for any number of threads. Where there are too few tiles to keep threads busy, each is kept
// several times (stripes) over interleaved blocks; how often depends on m alone.
constexpr std::size_t block_terms = 256;
constexpr std::size_t pack_terms = 64;
constexpr std::size_t tile_panels = 4;
constexpr std::size_t batch_bytes = 8 << 20;
constexpr std::size_t wanted_tasks = 32;
constexpr std::size_t max_stripes = 16;

/// Writes the terms [begin, end) of Y: column c of term t to out[c / 32 * panel_stride + (t -
/// begin) * 32 + c % 32], with zeros for columns past the last.
using Pack =
    std::function<void(std::size_t begin, std::size_t end, std::size_t panel_stride, float* out)>;

// Not a power of two: the panels of one term would all fall into one set of the cache.
constexpr std::size_t panel_size = block_terms * panel_width + 48;
constexpr std::size_t square = panel_width * panel_width;

struct Tile {
    std::size_t i, j;  // first panels; i <= j
};

class GramSum {
  public:
    explicit GramSum(std::size_t m) : m_(m), n_panels_(n_chunks(m, panel_width)) {
        for (std::size_t j = 0; j < n_panels_; j += tile_panels) {
            for (std::size_t i = 0; i <= j; i += tile_panels) tiles_.push_back({i, j});
        }
        n_stripes_ = std::clamp(wanted_tasks / tiles_.size(), std::size_t{1}, max_stripes);
        stripe_size_ = n_panels_ * (n_panels_ + 1) / 2 * square;
        sums_.resize(n_stripes_ * stripe_size_);
    }

    void add(std::size_t n_terms, const Pack& pack, ThreadPool& pool, const std::stop_token& stop) {
        const std::size_t block_size = n_panels_ * panel_size;
        const std::size_t n_blocks = n_chunks(n_terms, block_terms);
        const std::size_t batch = std::min(
            n_blocks, std::max(n_stripes_, n_chunks(batch_bytes, block_size * sizeof(float))));
        std::vector<float> packed(batch * block_size);
        for (std::size_t first = 0; first < n_blocks; first += batch) {
            const std::size_t first_term = first * block_terms;
            const std::size_t last_term = std::min(n_terms, (first + batch) * block_terms);
            parallel_for(
                pool,
                last_term - first_term,
                pack_terms,
                [&](std::size_t begin, std::size_t end) {
                    float* out = &packed[begin / block_terms * block_size +
                                         begin % block_terms * panel_width];
                    pack(first_term + begin, first_term + end, panel_size, out);
                },
                stop);
            parallel_for(
                pool,
                tiles_.size() * n_stripes_,
                1,
                [&](std::size_t task, std::size_t) {
                    const std::size_t stripe = task % n_stripes_;
                    for (std::size_t block = first; block * block_terms < last_term; ++block) {
                        if (block % n_stripes_ != stripe) continue;
                        const std::size_t k =
                            std::min(block_terms, last_term - block * block_terms);
                        add_block(tiles_[task / n_stripes_],
                                  &packed[(block - first) * block_size],
                                  k,
                                  &sums_[stripe * stripe_size_]);
                    }
                },
                stop);
        }
    }

    SymmetricMatrix matrix(ThreadPool& pool) const {
        SymmetricMatrix result{m_, std::vector<double>(m_ * m_)};
        pool.run_tasks(n_panels_, [&](std::size_t j) {
            for (std::size_t i = 0; i <= j; ++i) place(i, j, result);
        });
        return result;
    }

  private:
    static std::size_t place_of(std::size_t i, std::size_t j) {
        return (j * (j + 1) / 2 + i) * square;
    }

    void add_block(Tile tile, const float* block, std::size_t k, double* sums) const {
        for (std::size_t j = tile.j; j < std::min(n_panels_, tile.j + tile_panels); ++j) {
            for (std::size_t i = tile.i; i < std::min(j + 1, tile.i + tile_panels); ++i) {
                add_panel_product(
                    block + i * panel_size, block + j * panel_size, k, sums + place_of(i, j));
            }
        }
    }

    void place(std::size_t i, std::size_t j, SymmetricMatrix& result) const {
        for (std::size_t a = i * panel_width; a < std::min(m_, (i + 1) * panel_width); ++a) {
            // A square on the diagonal is computed whole; its upper half is taken for both.
            for (std::size_t b = std::max(a, j * panel_width);
                 b < std::min(m_, (j + 1) * panel_width);
                 ++b) {
                const std::size_t at =
                    place_of(i, j) + a % panel_width * panel_width + b % panel_width;
                double sum = 0;
                for (std::size_t stripe = 0; stripe < n_stripes_; ++stripe)
                    sum += sums_[stripe * stripe_size_ + at];
                result.values[a * m_ + b] = sum;
                result.values[b * m_ + a] = sum;
            }
        }
    }

    std::size_t m_;
    std::size_t n_panels_;
    std::size_t n_stripes_ = 1;
    std::size_t stripe_size_ = 0;
    std::vector<Tile> tiles_;
    std::vector<double> sums_;  // per stripe the 32 x 32 squares (i, j), i <= j, of panels
};

}  // namespace

SymmetricMatrix gram_of_columns(const RowReader& points,
                                const std::vector<std::uint32_t>& rows,
                                const Centring& centring,
                                ThreadPool& pool,
                                std::stop_token stop) {
    const std::size_t d = points.n_columns();
    const Pack pack =
        [&](std::size_t begin, std::size_t end, std::size_t panel_stride, float* out) {
            RowReader::Buffer buffer;
            for (std::size_t term = begin; term < end; ++term) {
                centre_into_panels(points.row(rows[term], buffer),
                                   centring.view(),
                                   d,
                                   panel_stride,
                                   out + (term - begin) * panel_width);
            }
        };
    GramSum sum(d);
    sum.add(rows.size(), pack, pool, stop);
    return sum.matrix(pool);
}

SymmetricMatrix gram_of_rows(const RowReader& points,
                             const std::vector<std::uint32_t>& rows,
                             const Centring& centring,
                             ThreadPool& pool,
                             std::stop_token stop) {
    const std::size_t m = rows.size();
    const std::size_t n_panels = n_chunks(m, panel_width);
    const Pack pack =
        [&](std::size_t begin, std::size_t end, std::size_t panel_stride, float* out) {
            RowReader::Buffer buffer;
            std::vector<float> centred(end - begin);
            for (std::size_t p = 0; p < n_panels * panel_width; ++p) {
                float* column = out + p / panel_width * panel_stride + p % panel_width;
                if (p < m) {
                    centre_row(points.part(rows[p], begin, end - begin, buffer),
                               centring.view(begin),
                               end - begin,
                               centred.data());
                } else {
                    std::fill(centred.begin(), centred.end(), 0.0F);
                }
                for (std::size_t t = 0; t < end - begin; ++t) column[t * panel_width] = centred[t];
            }
        };
    GramSum sum(m);
    sum.add(points.n_columns(), pack, pool, stop);
    return sum.matrix(pool);
}

}  // namespace oort
