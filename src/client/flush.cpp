// SPDX-License-Identifier: Apache-2.0
#include "client/flush.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/log.h"
#include "base/time.h"

namespace oort {

namespace {

// An address or key that is wrong now will hardly be right in a moment.
constexpr double refused_patience_s = 2;
constexpr int bar_cells = 30;

class ProgressBar {
  public:
    ~ProgressBar() {
        if (is_drawn_) fmt::print(stderr, "\r\033[K");
    }

    void draw(const UploadProgress& progress) {
        // What is over at once needs no bar.
        if (!is_terminal_ || watch_.seconds() < 0.3) return;
        const double share = progress.n_bytes == 0 ? 1
                                                   : static_cast<double>(progress.n_bytes_sent) /
                                                         static_cast<double>(progress.n_bytes);
        const int full = static_cast<int>(share * bar_cells);
        constexpr double mega = 1e6;
        fmt::print(stderr,
                   "\r\033[Koort: sending [{:=<{}}{: <{}}] {:.1f} of {:.1f} MB{}",
                   "",
                   full,
                   "",
                   bar_cells - full,
                   static_cast<double>(progress.n_bytes_sent) / mega,
                   static_cast<double>(progress.n_bytes) / mega,
                   progress.trouble.empty() ? "" : ", waiting for the server");
        std::fflush(stderr);
        is_drawn_ = true;
    }

  private:
    bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool is_drawn_ = false;
    Stopwatch watch_;
};

bool is_hopeless(const UploadProgress& progress, double patience_s) {
    if (progress.trouble.empty()) return progress.seconds_without_progress > patience_s;
    if (progress.url.empty()) return true;
    if (progress.is_refused)
        return progress.seconds_without_progress > std::min(patience_s, refused_patience_s);
    return progress.seconds_without_progress > patience_s;
}

}  // namespace

bool flush(Uploader& uploader, const FlushOptions& options) {
    uploader.hurry();
    ProgressBar bar;
    bool is_announced = false;
    while (!uploader.wait(0.1)) {
        const UploadProgress progress = uploader.progress();
        if (is_hopeless(progress, options.patience_s)) return false;
        if (options.keep_waiting && !options.keep_waiting()) return false;
        if (!progress.trouble.empty() && !is_announced && progress.seconds_without_progress > 2) {
            is_announced = true;
            log_warning(
                "waiting up to {:.0f} s for the server at {}; whoever stops the wait loses nothing",
                options.patience_s,
                progress.url);
        }
        bar.draw(progress);
    }
    return true;
}

}  // namespace oort
