// SPDX-License-Identifier: Apache-2.0
// Oort's engine for C++ programs: layouts of points by PCA, t-SNE and UMAP, the neighbours of every
// point, and how much of them a layout keeps. The same bytes as the command line, Python and the
// server give for the same points, options and seed, on any number of threads.
//
//     oort::Projection projection(oort::Points::of(values, 784), {.method = oort::Method::umap});
//     while (!projection.is_done()) projection.step(10);  // stop, report or draw between steps
//     std::span<const float> layout = projection.layout();  // n_rows x 2
//
// Arrays are row-major. Errors: std::exception with a sentence naming argument, value and rule. An
// object may be used by one thread at a time; different objects by different threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#if defined(__GNUC__)
#define OORT_API __attribute__((visibility("default")))
#else
#define OORT_API
#endif

namespace oort::engine {

enum class ElementType : std::uint8_t { float32, float16, uint8 };
enum class Method : std::uint8_t { pca, tsne, umap };
enum class Metric : std::uint8_t { euclidean, cosine, dot };
enum class TsneAffinities : std::uint8_t { perplexity, uniform };
enum class Stage : std::uint8_t { clean, reduce, neighbors, affinities, optimise, done };

/// Stands for no label, and for no neighbour.
inline constexpr std::uint32_t missing_label = 0xFFFFFFFF;
inline constexpr std::uint32_t no_neighbor = 0xFFFFFFFF;

/// Someone else's n_rows x n_columns elements. Rows with NaN or infinity are left out and
/// counted.
struct Points {
    const void* data = nullptr;
    std::size_t n_rows = 0;
    std::size_t n_columns = 0;
    ElementType type = ElementType::float32;

    /// Throws if values is no whole number of rows.
    static OORT_API Points of(std::span<const float> values, std::size_t n_columns);
    static OORT_API Points of(std::span<const std::uint8_t> values, std::size_t n_columns);
};

/// Meaning, ranges and defaults: docs/algorithms/tsne.md.
struct TsneOptions {
    double perplexity = 30;
    TsneAffinities affinities = TsneAffinities::perplexity;
    double early_exaggeration = 12;
    int early_iterations = 250;
    int n_iterations = 750;
    std::optional<double> learning_rate = std::nullopt;  ///< unset: chosen by n
    double label_weight = 0.5;
    std::uint64_t seed = 42;
};

/// Meaning, ranges and defaults: docs/algorithms/umap.md.
struct UmapOptions {
    int n_neighbors = 15;
    double min_dist = 0.1;
    double spread = 1;
    Metric metric = Metric::euclidean;
    std::optional<int> n_epochs = std::nullopt;  ///< unset: chosen by n
    double label_weight = 0.5;
    std::uint64_t seed = 42;
};

struct ProjectionOptions {
    Method method = Method::umap;
    int n_components = 2;   ///< of the layout: 2 or 3
    TsneOptions tsne = {};  ///< read if that is the method
    UmapOptions umap = {};
    int n_threads = 0;  ///< 0: as many as the machine has

    /// The rows to project, ascending; empty: all. Copied.
    std::span<const std::uint32_t> rows = {};

    /// One code per row of the points to supervise by, or empty. Copied.
    std::span<const std::uint32_t> labels = {};
};

struct ProjectionReport {
    std::vector<std::pair<Stage, double>> seconds = {};  ///< of each stage so far
    int n_iterations = 0;
    std::optional<double> kl_divergence = {};           ///< t-SNE, when done
    std::optional<double> recall = {};                  ///< of the neighbours, measured
    std::size_t recall_sample = 0;                      ///< on so many rows; 0: exact
    std::vector<double> explained_variance_ratio = {};  ///< PCA
    std::size_t n_rows = 0;
    std::size_t n_rows_used = 0;
    std::uint64_t peak_memory_bytes = 0;  ///< of the process
    int n_threads = 0;
    std::string instruction_set = {};
    std::vector<std::string> notes = {};  ///< sentences: what was clamped, left out or scaled
};

/// Row-major floats of one's own.
struct Array {
    std::size_t n_rows = 0;
    std::size_t n_columns = 0;
    std::vector<float> values = {};
};

/// A projection in progress.
class OORT_API Projection {
  public:
    /// The points must outlive the object. Throws for bad options. Returns at once; the work is
    /// in step().
    explicit Projection(const Points& points, const ProjectionOptions& options = {});
    ~Projection();
    Projection(Projection&&) noexcept;
    Projection& operator=(Projection&&) noexcept;

    /// Completes the present stage, or in Stage::optimise at most `iterations` of it. However
    /// it is cut, the result is the same bits. Throws soon after `stop` is requested; the
    /// object can then only be destroyed.
    void step(int iterations, std::stop_token stop = {});
    bool is_done() const;
    Stage stage() const;  ///< what the next step() does
    int iteration() const;
    int n_iterations() const;  ///< 0 until known

    /// Whether layout() holds something to look at: from the first principal coordinates on.
    bool has_layout() const;

    /// n_rows x n_components, NaN for rows left out; empty before has_layout(). Valid until the
    /// next step().
    std::span<const float> layout() const;
    ProjectionReport report() const;

    /// From Stage::optimise on: what a new object with the same arguments needs to go on from
    /// here, bit for bit. restore() may be called right after it was made. Throws otherwise.
    std::vector<std::byte> checkpoint() const;
    void restore(std::vector<std::byte> checkpoint);

    /// When done: places new rows, each independent of the others; NaN for rows that are not
    /// finite.
    Array place(const Points& new_points, std::stop_token stop = {}) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// What a projection will cost on this machine, within a factor of two.
struct ProjectionEstimate {
    double seconds = 0;
    std::uint64_t memory_bytes = 0;       ///< at its peak, the points included
    std::vector<std::string> notes = {};  ///< sentences: which options so few points will cut
};

OORT_API ProjectionEstimate estimate(std::size_t n_rows,
                                     std::size_t n_columns,
                                     const ProjectionOptions& options = {});

struct NeighborsOptions {
    int n_neighbors = 15;  ///< of each point, itself not counted; more than n - 1 are cut to that
    Metric metric = Metric::euclidean;
    double recall = 0.99;  ///< share of the true neighbours to aim for; 1 = exact
    std::uint64_t seed = 42;
    int n_threads = 0;  ///< 0: as many as the machine has
};

/// The neighbours of row i are indices[i * n_neighbors .. (i + 1) * n_neighbors), nearest
/// first.
struct Neighbors {
    std::size_t n_rows = 0;
    std::size_t n_neighbors = 0;
    std::vector<std::uint32_t> indices = {};  ///< no_neighbor in rows left out
    std::vector<float> distances = {};        ///< NaN there
    bool is_exact = true;
    double recall = 1;              ///< measured
    std::size_t recall_sample = 0;  ///< on so many rows; 0: exact
    std::vector<std::string> notes = {};
};

OORT_API Neighbors neighbors(const Points& points,
                             const NeighborsOptions& options = {},
                             std::stop_token stop = {});

struct QualityOptions {
    int n_neighbors = 15;
    std::size_t n_sample = 2000;  ///< rows measured; all if there are no more
    Metric metric = Metric::euclidean;
    std::uint64_t seed = 42;
    int n_threads = 0;  ///< 0: as many as the machine has
};

/// Each in 0..1, 1 is best; whole = the mean over the rows measured.
/// docs/algorithms/quality.md.
struct Quality {
    std::vector<std::uint32_t> rows = {};  ///< measured, ascending
    bool is_sampled = false;
    std::size_t n_neighbors = 0;  ///< as used
    double trustworthiness = 0;
    double continuity = 0;
    double overlap = 0;
    std::optional<double> label_hit = {};
    std::vector<float> trustworthiness_by_row = {};
    std::vector<float> continuity_by_row = {};
    std::vector<float> overlap_by_row = {};
    std::vector<float> label_hit_by_row = {};
};

/// layout  a row for each point. labels  a code for each, or empty.
OORT_API Quality quality(const Points& points,
                         const Points& layout,
                         std::span<const std::uint32_t> labels = {},
                         const QualityOptions& options = {},
                         std::stop_token stop = {});

/// The name of the instruction set that is used, and a limit to it ("avx2"), to be set before
/// anything is computed. See docs/project.md.
OORT_API std::string instruction_set();
OORT_API void limit_instruction_set(const std::string& name);

}  // namespace oort::engine

#ifndef OORT_OWN_CODE  // which has the same nouns in oort already
namespace oort {
using namespace engine;  // NOLINT: so oort::Projection is the name to use
}  // namespace oort
#endif
