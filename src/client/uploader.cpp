// SPDX-License-Identifier: Apache-2.0
#include "client/uploader.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <future>
#include <random>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "client/sprite_source.h"

namespace oort {

namespace {

// The server takes 10,000 records or 8 MiB a request; a little less leaves room for what is filled
// in.
constexpr std::size_t max_batch_lines = 10'000;
constexpr std::size_t max_batch_bytes = std::size_t{7} << 20;

// A script that logs a number a millisecond still makes only so many requests.
constexpr double pause_s = 0.1;
constexpr double hurried_wait_s = 1;

std::string text_member(const JsonObject& object, std::string_view key) {
    const Json* member = object.if_contains(key);
    return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                    : std::string();
}

}  // namespace

struct Uploader::Batch {
    struct Record {
        std::uint64_t line = 0;
        std::string text;
        JsonObject object;
        Blob blob;                     // sha256 empty: names no content
        std::future<Blob> build = {};  // of a sprite
    };

    std::vector<Record> records;  // without those set aside
    JournalPosition end;
};

Uploader::Uploader(Spool& spool, ServerChoice choice, std::filesystem::path home)
    : spool_(spool),
      choice_(std::move(choice)),
      home_(std::move(home)),
      http_(&stopped_, [this](std::uint64_t n_bytes) { show_piece(n_bytes); }),
      backoff_(std::random_device{}()),
      max_lines_(max_batch_lines) {
    // Signals are for the script's own threads: a Ctrl-C that landed here would be lost to Python.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Uploader::~Uploader() {
    stop();
}

void Uploader::notify() {
    const std::lock_guard lock(mutex_);
    has_news_ = true;
    progress_.is_sent = false;
    changed_.notify_all();
}

void Uploader::hurry() {
    const std::lock_guard lock(mutex_);
    hurried_ = true;
    has_news_ = true;
    moved_at_ = std::chrono::steady_clock::now();
    changed_.notify_all();
}

void Uploader::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

UploadProgress Uploader::progress() const {
    const std::lock_guard lock(mutex_);
    UploadProgress progress = progress_;
    progress.n_bytes = spool_.n_bytes_added();
    progress.n_bytes_sent =
        progress.is_sent ? progress.n_bytes : std::min(progress.n_bytes_sent, progress.n_bytes);
    progress.seconds_without_progress =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - moved_at_).count();
    return progress;
}

bool Uploader::wait(double seconds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(
        lock, std::chrono::duration<double>(seconds), [&] { return progress_.is_sent; });
}

void Uploader::run() {
    while (true) {
        Outcome outcome;
        {
            const std::lock_guard lock(mutex_);
            has_news_ = false;
        }
        try {
            outcome = send_batch();
        } catch (const std::exception& error) {
            outcome = {Outcome::Kind::retry, error.what()};
        }
        report(outcome);

        std::unique_lock lock(mutex_);
        if (stopped_) return;
        if (outcome.kind == Outcome::Kind::done) {
            backoff_.reset();
            if (!spool_.is_sent()) {
                if (!hurried_)
                    changed_.wait_for(lock, std::chrono::duration<double>(pause_s), [&] {
                        return stopped_ || hurried_;
                    });
            } else {
                progress_.is_sent = true;
                changed_.notify_all();
                changed_.wait(lock, [&] { return stopped_ || has_news_; });
            }
            continue;
        }
        double wait_s = outcome.retry_after_s.value_or(backoff_.next());
        if (outcome.kind == Outcome::Kind::rejected) wait_s = 0;
        if (hurried_ && !outcome.retry_after_s) wait_s = std::min(wait_s, hurried_wait_s);
        const bool was_hurried = hurried_;
        changed_.wait_for(lock, std::chrono::duration<double>(wait_s), [&] {
            return stopped_ || hurried_ != was_hurried;
        });
    }
}

// Says each trouble once, and once that it is over.
void Uploader::report(const Outcome& outcome) {
    std::string before;
    {
        const std::lock_guard lock(mutex_);
        before = progress_.trouble;
        progress_.url = server_ ? server_->url : "";
        progress_.is_refused = outcome.kind == Outcome::Kind::refused;
        if (outcome.kind == Outcome::Kind::done) {
            progress_.trouble.clear();
            moved_at_ = std::chrono::steady_clock::now();
        } else if (outcome.kind != Outcome::Kind::rejected) {
            progress_.trouble = outcome.reason;
        }
        progress_.n_rejected = spool_.n_rejected();
        progress_.n_bytes_sent = n_bytes_acknowledged_ + n_bytes_arrived_;
    }
    if (outcome.kind == Outcome::Kind::done && !before.empty()) {
        log_info("the server at {} takes what was logged again", server_ ? server_->url : "");
    } else if ((outcome.kind == Outcome::Kind::retry || outcome.kind == Outcome::Kind::refused) &&
               before.empty() && !stopped_) {
        log_warning("{} ({}): what is logged waits in {}",
                    server_ ? "nothing can be sent to " + server_->url : "no server is known",
                    outcome.reason,
                    spool_.path().string());
    }
}

Uploader::Batch Uploader::read_batch() {
    JournalBatch read = spool_.read(spool_.acknowledged(), max_lines_, max_batch_bytes);
    Batch batch{.records = {}, .end = read.end};
    for (std::size_t i = 0; i < read.lines.size(); ++i) {
        const std::uint64_t line = read.first_line + i;
        if (spool_.is_rejected(line)) continue;
        Batch::Record record{
            .line = line, .text = std::move(read.lines[i]), .object = {}, .blob = {}};
        try {
            record.object = parse_json(record.text, "a record").as_object();
        } catch (const std::exception& error) {
            set_aside(line, record.text, error.what());
            continue;
        }
        record.blob.sha256 = text_member(record.object, "sha256");
        if (!record.blob.sha256.empty()) {
            record.blob.size = static_cast<std::uint64_t>(integer_member(record.object, "size"));
        }
        batch.records.push_back(std::move(record));
    }
    return batch;
}

// Sprites are compressed while the contents before them are on their way.
void Uploader::start_builds(Batch& batch) {
    for (Batch::Record& record : batch.records) {
        if (!record.object.contains("sprite_source")) continue;
        const std::string id = text_member(record.object, "id");
        if (const auto built = built_.find(id); built != built_.end()) {
            record.blob = built->second;
            continue;
        }
        record.build = std::async(std::launch::async, [this, id] {
            return spool_.add_blob(build_sprite(spool_.sprite_path(id)));
        });
    }
}

Outcome Uploader::send_batch() {
    server_ = find_server(choice_, home_);
    if (spool_.is_sent()) return {};
    Batch batch = read_batch();
    if (!server_) {
        make_durable(batch);
        return {Outcome::Kind::retry,
                "set OORT_URL and OORT_API_KEY, or start one here with `oort serve`"};
    }
    spool_.sync();
    start_builds(batch);
    Outcome outcome = send_contents(batch);
    if (outcome.kind == Outcome::Kind::done) outcome = send_records(batch);
    if (outcome.kind == Outcome::Kind::retry || outcome.kind == Outcome::Kind::refused)
        make_durable(batch);
    return outcome;
}

Outcome Uploader::send_contents(Batch& batch) {
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
        Batch::Record& record = batch.records[i];
        if (record.build.valid()) {
            try {
                record.blob = record.build.get();
            } catch (const Error& error) {
                if (error.code() == ErrorCode::unavailable)
                    return {Outcome::Kind::retry, error.what()};
                set_aside(record.line, record.text, error.what());
                return {Outcome::Kind::rejected, error.what()};
            }
            built_[text_member(record.object, "id")] = record.blob;
        }
        if (record.object.erase("sprite_source") > 0) {
            record.object["sha256"] = record.blob.sha256;
            record.object["size"] = record.blob.size;
        }
        if (record.blob.sha256.empty() || complete_.contains(record.blob.sha256)) continue;
        const Outcome outcome = send_content(batch, i);
        if (outcome.kind == Outcome::Kind::rejected)
            set_aside(record.line, record.text, outcome.reason);
        if (outcome.kind != Outcome::Kind::done) return outcome;
        complete_.insert(record.blob.sha256);
    }
    return {};
}

Outcome Uploader::send_content(Batch& batch, std::size_t i) {
    const Blob& blob = batch.records[i].blob;
    const auto file = spool_.blob_path(blob.sha256);
    if (!std::filesystem::exists(file)) {
        // The server went back behind what it had acknowledged, as after a restored backup.
        const HttpResponse known =
            http_.send(request_to(*server_, "HEAD", "/api/v1/blobs/" + blob.sha256));
        if (known.status != 404) return outcome_of(known);
        return {Outcome::Kind::rejected,
                "its content was acknowledged before and is no longer here"};
    }
    return send_blob(http_, *server_, blob, file, [this](std::uint64_t n_bytes) {
        n_bytes_arrived_ += n_bytes;
        show_piece(0);
    });
}

// Bytes on their way count as progress only where none were before: a server that refuses the same
// request again and again takes its bytes each time.
void Uploader::show_piece(std::uint64_t n_bytes) {
    const std::lock_guard lock(mutex_);
    progress_.n_bytes_sent = n_bytes_acknowledged_ + n_bytes_arrived_ + n_bytes;
    if (progress_.n_bytes_sent <= most_bytes_sent_) return;
    most_bytes_sent_ = progress_.n_bytes_sent;
    moved_at_ = std::chrono::steady_clock::now();
}

Outcome Uploader::send_records(const Batch& batch) {
    if (batch.records.empty()) return accept(batch, spool_.wire_number(batch.end.line));
    JsonArray records;
    for (const Batch::Record& record : batch.records) records.push_back(record.object);
    const std::string body =
        to_text(JsonObject{{"writer", spool_.writer()},
                           {"first", spool_.wire_number(batch.records.front().line)},
                           {"records", std::move(records)}});
    HttpRequest request =
        request_to(*server_, "PUT", "/api/v1/experiments/" + spool_.experiment_key() + "/records");
    request.headers.push_back("Content-Type: application/json");
    request.body = std::as_bytes(std::span(body));
    const HttpResponse response = http_.send(request);

    JsonObject answer;
    if (response.status == 200 || response.status == 409 || response.status == 422) {
        const Json document = parse_json(response.body, "the server's answer");
        if (document.is_object()) answer = document.get_object();
    }
    if (response.status == 200 || (response.status == 409 && answer.contains("applied"))) {
        return accept(batch, static_cast<std::uint64_t>(integer_member(answer, "applied")));
    }
    if (response.status == 409 || (response.status == 422 && answer.contains("missing"))) {
        complete_.clear();
        n_bytes_arrived_ = 0;
        return {Outcome::Kind::retry, "the server lacks contents that were sent before"};
    }
    Outcome outcome = outcome_of(response);
    if (outcome.kind == Outcome::Kind::rejected) {
        // One of them is at fault: halve until it stands alone.
        if (batch.records.size() > 1) {
            max_lines_ = std::max<std::size_t>(
                1, static_cast<std::size_t>(batch.end.line - batch.records.front().line) / 2);
        } else {
            set_aside(batch.records.front().line, batch.records.front().text, outcome.reason);
            max_lines_ = max_batch_lines;
        }
    }
    return outcome;
}

Outcome Uploader::accept(const Batch& batch, std::uint64_t applied) {
    const bool as_expected = applied == spool_.wire_number(batch.end.line);
    const JournalPosition position = as_expected ? batch.end : spool_.find_wire_number(applied);
    std::vector<std::string> digests;
    for (const Batch::Record& record : batch.records) {
        if (record.line >= position.line) continue;
        if (!record.blob.sha256.empty()) digests.push_back(record.blob.sha256);
        n_bytes_acknowledged_ += record.blob.size + record.text.size() + 1;
        const std::string id = text_member(record.object, "id");
        if (built_.erase(id) > 0) {
            std::error_code ignored;
            std::filesystem::remove(spool_.sprite_path(id), ignored);
        }
    }
    spool_.acknowledge(position, digests, server_->url);
    complete_.clear();
    n_bytes_arrived_ = 0;
    is_durable_ = false;
    max_lines_ = max_batch_lines;
    return {};
}

void Uploader::set_aside(std::uint64_t line, const std::string& record, const std::string& reason) {
    spool_.reject(line, record, reason);
    log_error("the server refused a record for good; it is kept in {}: {}. The record: {}",
              (spool_.path() / "rejected.jsonl").string(),
              reason,
              record.substr(0, 300));
}

// While the server takes them, contents need not be forced to this disk too; once it does not, they
// must be.
void Uploader::make_durable(const Batch& batch) {
    if (is_durable_ || stopped_) return;
    spool_.sync();
    for (const Batch::Record& record : batch.records) {
        const std::string sha256 = text_member(record.object, "sha256");
        std::optional<File> file;
        if (!sha256.empty()) {
            file = File::open_if_exists(spool_.blob_path(sha256), File::Mode::read);
        } else if (record.object.contains("sprite_source")) {
            file = File::open_if_exists(spool_.sprite_path(text_member(record.object, "id")),
                                        File::Mode::read);
        }
        if (file) file->sync();
    }
    is_durable_ = true;
}

}  // namespace oort
