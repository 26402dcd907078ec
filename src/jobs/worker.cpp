// SPDX-License-Identifier: Apache-2.0
#include "jobs/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "numeric/parallel.h"

namespace oort {

namespace {

constexpr double seconds_per_step = 0.03;  // between two looks at what persons want
constexpr int max_iterations_per_step = 64;

template <class T>
std::span<std::byte> writable_bytes(std::vector<T>& values) {
    return std::as_writable_bytes(std::span(values));
}

/// Points as they came, kept from one task to the next: the same data is often projected again.
struct Points {
    std::string digest;
    std::size_t n_rows = 0;
    std::size_t n_dims = 0;
    std::vector<float> values;
};

/// One leased task, from its points to its layout.
class Computation {
  public:
    Computation(const WorkerOptions& options,
                WorkerLink& link,
                const LeasedTask& task,
                ThreadPool& pool,
                std::stop_token stop)
        : options_(options), link_(link), task_(task), pool_(pool), stop_(std::move(stop)) {}

    void run(Points& points);

  private:
    void compute(const Points& points);
    void step(Projection& projection, Courier& courier, std::stop_token stop);
    bool carry_on(Projection& projection, Courier& courier, const std::stop_token& stop);
    bool is_given_up(const Projection& projection, Courier& courier) const;
    WorkerProgress progress_of_now(const Projection& projection) const;
    void give_frame(const Projection& projection, Courier& courier) const;
    void give_checkpoint(const Projection& projection, Courier& courier) const;
    void fetch_points(Points& points);
    std::string too_little_memory() const;

    const WorkerOptions& options_;
    WorkerLink& link_;
    const LeasedTask& task_;
    ThreadPool& pool_;
    std::stop_token stop_;
    std::vector<std::uint32_t> rows_;
    std::vector<std::uint32_t> labels_;
    std::optional<std::vector<std::byte>> state_;  ///< of a checkpoint to go on from
    ProjectionEstimate estimate_;
    double seconds_ = 0;           ///< computed in this run
    double seconds_in_stage_ = 0;  ///< of them in the present stage
    int first_iteration_ = 0;      ///< where this run began to iterate
    int iterations_per_step_ = 1;
};

std::span<const std::byte> layout_bytes(MatrixView layout) {
    return std::as_bytes(std::span(layout.data, layout.n_rows * layout.n_columns));
}

void Computation::fetch_points(Points& points) {
    const bool same = points.digest == task_.points_sha256 && points.n_rows == task_.n_points &&
                      points.n_dims == task_.n_dims;
    if (!same) {
        points = {};  // Before the next ones come: both may be too much.
        points.values.resize(task_.n_points * task_.n_dims);
        link_.fetch(task_, "points", writable_bytes(points.values));
        points.digest = task_.points_sha256;
        points.n_rows = task_.n_points;
        points.n_dims = task_.n_dims;
    }
    if (task_.has_rows) {
        rows_.resize(task_.n_rows);
        link_.fetch(task_, "rows", writable_bytes(rows_));
    }
    if (task_.has_labels) {
        labels_.resize(task_.n_points);
        link_.fetch(task_, "labels", writable_bytes(labels_));
    }
    state_ = link_.checkpoint(task_);
}

std::string Computation::too_little_memory() const {
    return fmt::format("there was not enough memory: {}; about {} MiB were expected to be needed",
                       options_.memory_bytes > 0
                           ? fmt::format("a worker may use {} MiB (oort serve --worker-memory)",
                                         options_.memory_bytes >> 20)
                           : std::string("the machine gives no more"),
                       estimate_.memory_bytes >> 20);
}

// Ends the lease in one of the ways there are; whatever a computation may do to this process short
// of ending it ends here.
void Computation::run(Points& points) {
    estimate_ = estimate(task_.n_rows, task_.n_dims, task_.request, pool_.n_threads());
    ErrorCode code = ErrorCode::internal;
    std::string message;
    bool no_memory = false;
    try {
        fetch_points(points);
        try {
            compute(points);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::corrupt || !state_) throw;
            log_warning("a checkpoint cannot be used, so all is computed again: {}", error.what());
            state_.reset();
            compute(points);
        }
        return;
    } catch (const LostServer&) {
        throw;
    } catch (const std::bad_alloc&) {
        no_memory = true;
    } catch (const Error& error) {
        code = error.code();
        message = error.what();
    } catch (const std::system_error& error) {
        // A thread that finds no room for its stack.
        no_memory = error.code() == std::errc::resource_unavailable_try_again;
        message = error.what();
    } catch (const std::exception& error) {
        message = error.what();
    }
    if (no_memory) {
        points = {};
        code = ErrorCode::too_large;
        message = too_little_memory();
    }
    link_.fail(task_, error_info(code).name, message);
}

WorkerProgress Computation::progress_of_now(const Projection& projection) const {
    const int n_done = projection.iteration() - first_iteration_;
    const int n_all = std::max(projection.n_iterations() - first_iteration_, 0);
    const ProjectionPace pace =
        progress_of(estimate_, projection.stage(), n_done, n_all, seconds_in_stage_);
    return {.stage = std::string(
                names_of(projection.stage())[static_cast<std::size_t>(projection.stage())]),
            .iteration = projection.iteration(),
            .n_iterations = projection.n_iterations(),
            .seconds_elapsed = task_.seconds_before + seconds_,
            .seconds_left = pace.seconds_left,
            .notes = projection.report().notes};
}

void Computation::give_frame(const Projection& projection, Courier& courier) const {
    const Stopwatch watch;
    const MatrixView layout = projection.layout();
    Frame frame{
        .values = std::vector<float>(layout.data, layout.data + layout.n_rows * layout.n_columns),
        .n_components = layout.n_columns,
        .iteration = static_cast<std::uint32_t>(projection.iteration()),
        .n_iterations = static_cast<std::uint32_t>(projection.n_iterations())};
    courier.give_frame(std::move(frame), watch.seconds());
}

void Computation::give_checkpoint(const Projection& projection, Courier& courier) const {
    const Stopwatch watch;
    CourierCheckpoint checkpoint{.progress = progress_of_now(projection), .content = {}};
    const auto layout = layout_bytes(projection.layout());
    const std::vector<std::byte> state = projection.checkpoint();
    checkpoint.content.reserve(layout.size() + state.size());
    checkpoint.content.insert(checkpoint.content.end(), layout.begin(), layout.end());
    checkpoint.content.insert(checkpoint.content.end(), state.begin(), state.end());
    courier.give_checkpoint(std::move(checkpoint), watch.seconds());
}

// What persons want of a computation between two steps. True if it is given up, with all that is
// needed to go on from here kept by the server.
bool Computation::is_given_up(const Projection& projection, Courier& courier) const {
    std::string state = courier.state();
    if (state == "paused") {
        courier.tell(progress_of_now(projection));
        if (projection.has_layout()) give_frame(projection, courier);
        // There is time for it now, and nobody knows how long the pause will be.
        if (projection.stage() == Stage::optimise) give_checkpoint(projection, courier);
        const Stopwatch paused;
        const double max_pause_s = std::chrono::duration<double>(options_.max_pause).count();
        while (state == "paused" && !stop_.stop_requested() && paused.seconds() < max_pause_s) {
            state = courier.wait_while_paused(std::chrono::milliseconds(100));
        }
        courier.tell(progress_of_now(projection));
    }
    if (state == "lost") return true;
    if (state == "running" && !stop_.stop_requested()) return false;
    courier.tell(progress_of_now(projection));
    if (projection.has_layout()) give_frame(projection, courier);
    if (projection.stage() == Stage::optimise) give_checkpoint(projection, courier);
    courier.flush();
    return true;
}

void Computation::step(Projection& projection, Courier& courier, std::stop_token stop) {
    const Stage stage = projection.stage();
    const int before = projection.iteration();
    const Stopwatch watch;
    projection.step(iterations_per_step_, std::move(stop));
    const double seconds = watch.seconds();
    seconds_ += seconds;
    seconds_in_stage_ += seconds;
    if (stage == Stage::optimise && projection.iteration() > before) {
        const double wanted = iterations_per_step_ * seconds_per_step / std::max(seconds, 1e-4);
        iterations_per_step_ =
            static_cast<int>(std::clamp(wanted, 1.0, static_cast<double>(max_iterations_per_step)));
    }
    if (projection.stage() != stage) {
        seconds_in_stage_ = 0;
        first_iteration_ = projection.iteration();
    }
    courier.tell(progress_of_now(projection));
}

// Steps until the layout is done. False if it was given up.
bool Computation::carry_on(Projection& projection, Courier& courier, const std::stop_token& stop) {
    while (!projection.is_done()) {
        if (is_given_up(projection, courier)) return false;
        // A stage that is cut short is lost, so only those are that have nothing to lose.
        const bool optimises = projection.stage() == Stage::optimise;
        try {
            step(projection, courier, optimises ? std::stop_token() : stop);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::cancelled) throw;
            return false;
        }
        if (projection.is_done()) break;
        if (projection.has_layout() && courier.wants_frame()) give_frame(projection, courier);
        if (projection.stage() == Stage::optimise && courier.wants_checkpoint()) {
            give_checkpoint(projection, courier);
        }
    }
    return true;
}

void Computation::compute(const Points& points) {
    seconds_ = seconds_in_stage_ = 0;
    first_iteration_ = 0;
    const MatrixView matrix{points.values.data(), points.n_rows, points.n_dims};
    Projection projection(matrix, task_.request, pool_, rows_, labels_);
    if (state_) projection.restore(*state_);
    std::stop_source stopper;
    const std::stop_callback when_stopped(stop_, [&] { stopper.request_stop(); });
    CourierOptions carrying = options_.courier;
    carrying.n_threads = pool_.n_threads();
    Courier courier(options_.server, task_, carrying, stopper);
    courier.tell(progress_of_now(projection));
    if (carry_on(projection, courier, stopper.get_token())) {
        link_.finish(task_,
                     layout_bytes(projection.layout()),
                     to_json(projection.report()),
                     progress_of_now(projection));
        log_info("projection {} took {:.2f} s", task_.key.substr(0, 12), seconds_);
    } else if (courier.state() != "lost") {
        link_.release(task_);
    }
}

}  // namespace

void warm_up_worker(int n_threads) {
    constexpr std::size_t n = 64;
    constexpr std::size_t d = 8;
    Matrix points(n, d);
    for (std::size_t i = 0; i < n * d; ++i) {
        points.row(0)[i] = static_cast<float>(i * i % 31);
    }
    ThreadPool pool(n_threads);
    ProjectionRequest request;
    request.method = Method::pca;
    Projection projection(points.view(), request, pool);
    while (!projection.is_done()) projection.step(1);
}

void run_worker(const WorkerOptions& options, std::stop_token stop) {
    WorkerLink link(options.server);
    ThreadPool pool(options.n_threads);
    Points points;
    Stopwatch idle;
    const double idle_end_s = std::chrono::duration<double>(options.idle_end).count();
    while (!stop.stop_requested() && (idle_end_s <= 0 || idle.seconds() < idle_end_s)) {
        try {
            if (const auto task = link.lease(options.name, options.supervisor)) {
                Computation(options, link, *task, pool, stop).run(points);
                idle = Stopwatch();
                continue;
            }
        } catch (const LostLease&) {
            log_info("a lease has ended: somebody cancelled, or the server took it back");
            idle = Stopwatch();
            continue;
        }
        std::this_thread::sleep_for(options.ask_every);
    }
}

}  // namespace oort
