// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

namespace oort {

namespace {

constexpr int bar_cells = 24;
constexpr auto between_draws = std::chrono::milliseconds(100);
constexpr std::string_view wipe = "\r\x1b[K";

std::string duration(double seconds) {
    const auto whole = static_cast<long>(std::ceil(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_line(const ProjectionPace& progress,
                          Stage stage,
                          int iteration,
                          int n_iterations) {
    const int filled = static_cast<int>(progress.fraction * bar_cells);
    std::string line = fmt::format("{:<10} [{}{}] {:3.0f} %  {} left",
                                   names_of(stage)[static_cast<std::size_t>(stage)],
                                   std::string(static_cast<std::size_t>(filled), '#'),
                                   std::string(static_cast<std::size_t>(bar_cells - filled), '-'),
                                   std::floor(100 * progress.fraction),
                                   duration(progress.seconds_left));
    if (n_iterations > 0) line += fmt::format("  ({} of {})", iteration, n_iterations);
    return line;
}

ProgressBar::ProgressBar(ProjectionEstimate estimate) : estimate_(std::move(estimate)) {
    if (::isatty(STDERR_FILENO) == 0) return;
    drawer_ = std::jthread([this](const std::stop_token& ended) {
        while (!ended.stop_requested()) {
            draw();
            std::this_thread::sleep_for(between_draws);
        }
        fmt::print(stderr, "{}", wipe);
        std::fflush(stderr);
    });
}

ProgressBar::~ProgressBar() = default;

void ProgressBar::show(const Projection& projection) {
    const std::lock_guard lock(mutex_);
    if (projection.stage() != stage_) in_stage_ = {};
    stage_ = projection.stage();
    iteration_ = projection.iteration();
    n_iterations_ = projection.n_iterations();
}

void ProgressBar::draw() {
    const std::lock_guard lock(mutex_);
    const ProjectionPace progress =
        progress_of(estimate_, stage_, iteration_, n_iterations_, in_stage_.seconds());
    fmt::print(stderr, "{}{}", wipe, progress_line(progress, stage_, iteration_, n_iterations_));
    std::fflush(stderr);
}

}  // namespace oort
