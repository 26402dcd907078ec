// SPDX-License-Identifier: Apache-2.0
// A projection from end to end: clean points, fewer dimensions, neighbours, layout. The one place
// that knows which stages a method has, so that the command line, Python and the worker give the
// same bytes for the same request.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "numeric/matrix.h"
#include "numeric/parallel.h"
#include "numeric/points.h"
#include "numeric/tsne.h"
#include "numeric/umap.h"

namespace oort {

enum class Method : std::uint8_t { pca, tsne, umap };

constexpr std::array<std::string_view, 3> names_of(Method) noexcept {
    return {"pca", "tsne", "umap"};
}

/// What is asked for. The options of the other methods are not read.
struct ProjectionRequest {
    Method method = Method::umap;
    int n_components = 2;  ///< of the layout: 2 or 3
    TsneOptions tsne;
    UmapOptions umap;

    std::uint64_t seed() const noexcept;
};

/// {"method": "umap", "n_components": 2, "options": {"min_dist": 0.2, …}}; what is absent has its
/// default. Throws Error(invalid_argument) for a name that is none or what check_request() refuses.
ProjectionRequest projection_request_from_json(const JsonObject& object);

/// Throws Error(invalid_argument) for the first option out of range.
void check_request(const ProjectionRequest& request);

/// The same request with every option of its method, in one order: equal requests, equal text.
JsonObject to_json(const ProjectionRequest& request);

/// The name of a method for people: "t-SNE".
std::string_view title_of(Method method) noexcept;

/// What a form needs to know of the method's options: options_schema() of base/options.h.
JsonArray options_schema_of(Method method);

/// Raised when a method gives other bytes than before for the same request: part of every key of a
/// kept layout.
int code_version(Method method) noexcept;

/// In their order; a method may skip some.
enum class Stage : std::uint8_t { clean, reduce, neighbors, affinities, optimise, done };

constexpr std::array<std::string_view, 6> names_of(Stage) noexcept {
    return {"clean", "reduce", "neighbors", "affinities", "optimise", "done"};
}

struct ProjectionReport {
    std::vector<std::pair<Stage, double>> seconds;  ///< of each stage so far
    int n_iterations = 0;                           ///< done
    std::optional<double> kl_divergence;            ///< t-SNE, when done
    std::optional<double> recall;                   ///< of the neighbours; sample size beside it
    std::size_t recall_sample = 0;
    std::vector<double> explained_variance_ratio;  ///< PCA
    std::size_t n_rows = 0;                        ///< of the layout
    std::size_t n_rows_used = 0;
    std::uint64_t peak_memory_bytes = 0;  ///< of the process
    int n_threads = 0;
    std::string instruction_set;     ///< Highway's name of what runs, e.g. "AVX3_ZEN4"
    std::vector<std::string> notes;  ///< sentences: what was clamped, left out or scaled
};

JsonObject to_json(const ProjectionReport& report);

/// A projection in progress.
///     Projection projection(points, request, pool);
///     while (!projection.is_done()) projection.step(10);
class Projection {
  public:
    /// points  n x d; must outlive the object. Rows with NaN or infinity are left out and counted.
    /// pool    must outlive the object.
    /// rows    the rows to project, ascending; empty = all. The layout then has a row for each of
    ///         them.
    /// labels  one code per row of `points` to supervise by (missing_label = none), or empty. PCA
    ///         does not read them. Rows and labels are copied.
    /// Throws Error(invalid_argument). Returns at once; the work is in step().
    Projection(PointsView points,
               const ProjectionRequest& request,
               ThreadPool& pool,
               std::span<const std::uint32_t> rows = {},
               std::span<const std::uint32_t> labels = {});
    ~Projection();
    Projection(Projection&&) noexcept;

    /// Completes the present stage, or in Stage::optimise at most `iterations` (>= 1) of it.
    /// However it is cut, the result is the same bits. Throws Error(cancelled) soon after `stop` is
    /// requested; the object can then only be destroyed.
    void step(int iterations, std::stop_token stop = {});
    bool is_done() const noexcept;

    /// What the next step() does.
    Stage stage() const noexcept;
    int iteration() const noexcept;
    int n_iterations() const noexcept;  ///< 0 until known

    /// Whether layout() holds something to look at: from the first principal coordinates on.
    bool has_layout() const noexcept;

    /// n x n_components, a row for each row asked for, NaN where one was left out. Valid until the
    /// next step() or destruction.
    MatrixView layout() const;

    ProjectionReport report() const;

    /// Whether a later step() reads the points again. Where none does, the memory they are mapped
    /// from may go, unless place() will be called.
    bool needs_points() const noexcept;

    /// In Stage::optimise and after it: what a new object with the same arguments needs to go on
    /// from here, bit for bit, once it has come to that stage itself. Throws
    /// Error(invalid_argument) before that stage, and for PCA, which has none.
    std::vector<std::byte> checkpoint() const;

    /// May be called before the first step() or up to Stage::optimise; takes effect there. Throws
    /// Error(corrupt) for bytes that are no checkpoint of the same request.
    void restore(std::vector<std::byte> checkpoint);

    /// When done: places new rows (n_new x d), each independent of the others: n_new x
    /// n_components, NaN for rows that are not finite. Reads the points again. Throws
    /// Error(invalid_argument) for another number of columns or if it is not done.
    Matrix place(PointsView new_points, std::stop_token stop = {}) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What a projection of n x d will cost, within a factor of two, on a machine of the measured
/// speed.
struct ProjectionEstimate {
    double seconds = 0;
    std::uint64_t memory_bytes = 0;  ///< at its peak, the points included
    std::array<double, names_of(Stage{}).size()> stage_seconds{};  ///< of each stage, by Stage
    std::vector<std::string> notes;  ///< sentences: which options so few points will cut
};

/// {"seconds", "memory_bytes", "stages": {name: seconds}, "notes"}
JsonObject to_json(const ProjectionEstimate& estimate);

ProjectionEstimate estimate(std::size_t n_rows,
                            std::size_t n_columns,
                            const ProjectionRequest& request,
                            int n_threads);

/// How far a run has come.
struct ProjectionPace {
    double fraction = 0;      ///< of its time, 0..1
    double seconds_left = 0;  ///< by the estimate, and in Stage::optimise by the pace so far
};

/// seconds_in_stage  since the present stage began.
ProjectionPace progress_of(const ProjectionEstimate& estimate,
                           Stage stage,
                           int iteration,
                           int n_iterations,
                           double seconds_in_stage) noexcept;

}  // namespace oort
