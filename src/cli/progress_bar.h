// SPDX-License-Identifier: Apache-2.0
// How far a run has come, on one line of a terminal; nothing where standard error is none.
#pragma once

#include <mutex>
#include <string>
#include <thread>

#include "base/time.h"
#include "numeric/projection.h"

namespace oort {

class ProgressBar {
  public:
    explicit ProgressBar(ProjectionEstimate estimate);

    /// Wipes the line.
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(const Projection& projection);

  private:
    void draw();

    ProjectionEstimate estimate_;
    std::mutex mutex_;
    Stage stage_ = Stage::clean;
    int iteration_ = 0;
    int n_iterations_ = 0;
    Stopwatch in_stage_;
    std::jthread drawer_;  // a stage may take seconds without a step to draw after
};

/// "neighbors  [########------------]  41 %   3 s left"
std::string progress_line(const ProjectionPace& progress,
                          Stage stage,
                          int iteration,
                          int n_iterations);

}  // namespace oort
