// SPDX-License-Identifier: Apache-2.0
// Sends a spool to the server from a thread of its own, record after record, each after the
// contents it names, for as long as it takes.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/backoff.h"
#include "client/blob_sender.h"
#include "client/http.h"
#include "client/server_address.h"
#include "client/spool.h"

namespace oort {

/// How far an upload is.
struct UploadProgress {
    std::uint64_t n_bytes_sent = 0;
    std::uint64_t n_bytes = 0;  ///< of all that was logged so far
    std::size_t n_rejected = 0;
    bool is_sent = false;      ///< everything is acknowledged or rejected
    bool is_refused = false;   ///< the server does not take this client's word: see trouble
    std::string trouble = {};  ///< why nothing moves at the moment; empty: it moves
    double seconds_without_progress = 0;
    std::string url = {};  ///< of the server; empty: none is known
};

class Uploader {
  public:
    /// Starts sending. The server is looked up anew whenever it cannot be reached, so it may start
    /// later than the script, or on another port. The spool must outlive this object.
    Uploader(Spool& spool, ServerChoice choice, std::filesystem::path home);

    /// Ends the thread; what is not acknowledged stays in the spool.
    ~Uploader();
    Uploader(const Uploader&) = delete;
    Uploader& operator=(const Uploader&) = delete;

    /// Something was appended to the spool. Any thread.
    void notify();

    /// From now on waits are short: somebody is watching. Any thread.
    void hurry();

    UploadProgress progress() const;

    /// Waits until everything is sent or that much time has passed. Any thread.
    bool wait(double seconds);

    /// Ends the thread, breaking off a request under way.
    void stop();

  private:
    struct Batch;
    void run();
    void report(const Outcome& outcome);
    Outcome send_batch();
    Batch read_batch();
    void start_builds(Batch& batch);
    Outcome send_contents(Batch& batch);
    Outcome send_content(Batch& batch, std::size_t i);
    Outcome send_records(const Batch& batch);
    Outcome accept(const Batch& batch, std::uint64_t applied);
    void set_aside(std::uint64_t line, const std::string& record, const std::string& reason);
    void make_durable(const Batch& batch);
    void show_piece(std::uint64_t n_bytes);

    Spool& spool_;
    ServerChoice choice_;
    std::filesystem::path home_;

    // The thread's own.
    std::optional<ServerAddress> server_;
    HttpClient http_;
    Backoff backoff_;
    std::size_t max_lines_;
    std::set<std::string> complete_;     // contents of this batch that the server has
    std::map<std::string, Blob> built_;  // asset id -> sprite made from its source
    std::uint64_t n_bytes_acknowledged_ = 0;
    std::uint64_t n_bytes_arrived_ = 0;  // contents of this batch
    bool is_durable_ = false;            // this batch's contents were fsynced here

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    bool has_news_ = true;
    bool hurried_ = false;
    UploadProgress progress_;
    std::uint64_t most_bytes_sent_ = 0;
    std::chrono::steady_clock::time_point moved_at_ = std::chrono::steady_clock::now();

    std::atomic<bool> stopped_ = false;
    std::thread thread_;
};

}  // namespace oort
