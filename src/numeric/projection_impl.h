// SPDX-License-Identifier: Apache-2.0
// What a projection holds from stage to stage. Private to projection*.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "numeric/clean_points.h"
#include "numeric/matrix.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"
#include "numeric/projection.h"
#include "numeric/projection_optimiser.h"
#include "numeric/reduce.h"

namespace oort {

/// t-SNE looks for neighbours in at most this many dimensions, as openTSNE's users and the paper
/// do.
inline constexpr std::size_t tsne_dims = 50;

/// How many principal coordinates the method asks for of n x d points.
std::size_t dims_wanted(const ProjectionRequest& request,
                        std::size_t n_rows,
                        std::size_t n_columns) noexcept;

/// What it asks of the neighbour search.
NeighborsOptions neighbors_options(const ProjectionRequest& request) noexcept;

struct Projection::Impl {
    Impl(PointsView given_points,
         const ProjectionRequest& given_request,
         ThreadPool& given_pool,
         std::span<const std::uint32_t> given_rows,
         std::span<const std::uint32_t> given_labels);

    void run_clean(const std::stop_token& stop);
    void run_reduce(const std::stop_token& stop);
    void run_neighbors(const std::stop_token& stop);
    void run_affinities(const std::stop_token& stop);
    void run_optimise(int iterations, const std::stop_token& stop);
    void after_iterations();
    Matrix place(PointsView new_points, const std::stop_token& stop) const;

    /// Whether neighbours are looked for in the principal coordinates, not in the points.
    bool searches_reduced() const noexcept;

    /// Whether nothing reads the points after Stage::reduce.
    bool ends_with_coordinates() const noexcept;

    /// The principal coordinates if there are enough of them to search in, or nothing.
    MatrixView search_coordinates() const noexcept;

    /// Shows `clean_layout` (a row for each clean row) as the layout.
    void show(MatrixView clean_layout);

    /// Tells one request on one size of points from all others.
    Digest checkpoint_owner() const;
    void take_notes(const std::vector<std::string>& notes);

    PointsView points;
    ProjectionRequest request;
    ThreadPool& pool;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> labels;
    std::size_t n_rows = 0;  // of the layout

    Stage stage = Stage::clean;
    CleanPoints clean;
    Reduced reduced;
    Matrix start;
    std::optional<Neighbors> neighbors;
    std::optional<Optimiser> optimiser;
    std::vector<std::byte> to_restore;

    double layout_unit = 1;    // PCA: coordinates shown = coordinates of clean points * this
    std::vector<float> shown;  // n_rows x n_components, where rows were left out
    MatrixView layout;         // what layout() answers; no data: nothing yet
    ProjectionReport report;
    std::array<double, names_of(Stage{}).size()> seconds{};
    std::array<bool, names_of(Stage{}).size()> was_run{};
};

}  // namespace oort
