// SPDX-License-Identifier: Apache-2.0
#include "client/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "base/check.h"
#include "base/error.h"
#include "base/id.h"
#include "base/sha256.h"

namespace oort {

namespace {

namespace fs = std::filesystem;

// Above this, hashing and writing go on side by side; below, starting a thread costs more.
constexpr std::size_t parallel_bytes = std::size_t{4} << 20;
constexpr std::size_t copy_bytes = std::size_t{1} << 20;

std::uint64_t count_lines(const File& file, std::uint64_t& whole_bytes) {
    std::vector<char> buffer(copy_bytes);
    std::uint64_t n_lines = 0;
    std::uint64_t offset = 0;
    whole_bytes = 0;
    while (true) {
        const std::size_t n = file.read_at(offset, std::as_writable_bytes(std::span(buffer)));
        if (n == 0) return n_lines;
        for (std::size_t i = 0; i < n; ++i) {
            if (buffer[i] != '\n') continue;
            ++n_lines;
            whole_bytes = offset + i + 1;
        }
        offset += n;
    }
}

File locked(const fs::path& directory, bool& taken) {
    File lock(directory / "lock", File::Mode::update);
    taken = lock.try_lock();
    return lock;
}

}  // namespace

Spool::Spool(fs::path path, File lock)
    : path_(std::move(path)),
      writer_(path_.filename().string()),
      lock_(std::move(lock)),
      journal_(path_ / "journal.jsonl", File::Mode::append) {}

std::unique_ptr<Spool> Spool::create(const fs::path& directory,
                                     const std::string& experiment_key,
                                     std::uint64_t max_bytes) {
    const std::string writer = new_id();
    const fs::path path = directory / writer;
    // Locked before it has its name, so that no `oort upload` finds it unlocked and empty.
    const fs::path unnamed = directory / ("new-" + writer);
    make_private_directory(unnamed / "blobs");
    make_private_directory(unnamed / "sprites");
    bool taken = false;
    File lock = locked(unnamed, taken);
    CHECK(taken);
    fs::rename(unnamed, path);
    std::unique_ptr<Spool> spool(new Spool(path, std::move(lock)));
    spool->experiment_key_ = experiment_key;
    spool->max_bytes_ = max_bytes;
    spool->write_state("");
    return spool;
}

std::unique_ptr<Spool> Spool::open(const fs::path& path) {
    if (!is_id(path.filename().string()) || !fs::is_directory(path)) {
        throw Error(ErrorCode::corrupt, fmt::format("{} is no spool", path.string()));
    }
    bool taken = false;
    File lock = locked(path, taken);
    if (!taken) return nullptr;
    std::unique_ptr<Spool> spool(new Spool(path, std::move(lock)));
    spool->load();
    if (spool->n_lines() == 0) {
        fs::remove_all(path);
        return nullptr;
    }
    return spool;
}

void Spool::load() {
    keeps_blobs_ = true;
    std::uint64_t whole_bytes = 0;
    n_lines_ = count_lines(journal_, whole_bytes);
    journal_size_ = whole_bytes;
    n_bytes_added_ = whole_bytes;
    if (n_lines_ == 0) return;
    if (fs::exists(path_ / "rejected.jsonl")) {
        const std::string text = read_file(path_ / "rejected.jsonl");
        for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
             begin = end + 1) {
            const Json entry =
                parse_json(std::string_view(text).substr(begin, end - begin), "rejected.jsonl");
            rejected_.push_back(
                static_cast<std::uint64_t>(integer_member(entry.as_object(), "line")));
        }
        std::sort(rejected_.begin(), rejected_.end());
    }
    const Json state = parse_json(read_file(path_ / "state.json"), "state.json");
    if (!state.is_object())
        throw Error(ErrorCode::corrupt, fmt::format("{} is no spool", path_.string()));
    const JsonObject& object = state.get_object();
    experiment_key_ = string_member(object, "experiment_key");
    acknowledged_ = {static_cast<std::uint64_t>(integer_member(object, "line")),
                     static_cast<std::uint64_t>(integer_member(object, "offset"))};
    if (!is_id(experiment_key_) || acknowledged_.offset > whole_bytes ||
        acknowledged_.line > n_lines_) {
        throw Error(ErrorCode::corrupt,
                    fmt::format("the state of the spool {} is damaged", path_.string()));
    }
}

void Spool::write_state(const std::string& url) const {
    const JsonObject state{{"experiment_key", experiment_key_},
                           {"line", acknowledged_.line},
                           {"offset", acknowledged_.offset},
                           {"url", url}};
    write_file_durably(path_ / "state.json", to_text(state));
}

void Spool::check_room(std::uint64_t n_bytes) const {
    if (max_bytes_ == 0 || n_bytes_held_ + n_bytes <= max_bytes_) return;
    throw Error(
        ErrorCode::unavailable,
        fmt::format("the spool is full: {} bytes wait for the server, {} more would pass the limit "
                    "of {} (spool {})",
                    n_bytes_held_.load(),
                    n_bytes,
                    max_bytes_,
                    path_.string()));
}

void Spool::append(std::span<const JsonObject> records) {
    std::string text;
    for (const JsonObject& record : records) {
        text += boost::json::serialize(record);
        text += '\n';
    }
    const std::lock_guard lock(mutex_);
    check_room(text.size());
    try {
        journal_.write(text);
    } catch (const Error&) {
        // A line cut off in the middle would swallow the next one.
        journal_.truncate(journal_size_);
        throw;
    }
    n_bytes_added_ += text.size();
    n_bytes_held_ += text.size();
    journal_size_ += text.size();
    n_lines_ += records.size();
}

bool Spool::has_blob(const Blob& blob) {
    const std::lock_guard lock(mutex_);
    if (!fs::exists(blob_path(blob.sha256))) return false;
    ++names_[blob.sha256];
    return true;
}

void Spool::keep_blob(const fs::path& temporary, const Blob& blob) {
    const std::lock_guard lock(mutex_);
    ++names_[blob.sha256];
    if (fs::exists(blob_path(blob.sha256))) {
        fs::remove(temporary);
        return;
    }
    fs::rename(temporary, blob_path(blob.sha256));
    n_bytes_added_ += blob.size;
    n_bytes_held_ += blob.size;
}

Blob Spool::add_blob(std::span<const std::byte> bytes) {
    Blob blob{.sha256 = {}, .size = bytes.size()};
    const bool parallel = bytes.size() >= parallel_bytes;
    std::future<Digest> digest = std::async(parallel ? std::launch::async : std::launch::deferred,
                                            [bytes] { return sha256(bytes); });
    if (!parallel) {
        blob.sha256 = to_hex(digest.get());
        if (has_blob(blob)) return blob;
    }
    check_room(bytes.size());
    const fs::path temporary = path_ / "blobs" / ("part-" + new_id());
    try {
        File(temporary, File::Mode::create_new).write(bytes);
        if (parallel) blob.sha256 = to_hex(digest.get());
        keep_blob(temporary, blob);
    } catch (...) {
        std::error_code ignored;
        fs::remove(temporary, ignored);
        throw;
    }
    return blob;
}

Blob Spool::add_file(const fs::path& file) {
    std::error_code error;
    const std::uint64_t expected = fs::file_size(file, error);
    if (error) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("the file \"{}\" cannot be read: {}", file.string(), error.message()));
    }
    check_room(expected);
    const fs::path temporary = path_ / "blobs" / ("part-" + new_id());
    Blob blob;
    try {
        const MappedFile source(file);
        File target(temporary, File::Mode::create_new);
        Sha256 hash;
        for (std::span<const std::byte> rest = source.bytes(); !rest.empty();) {
            const auto piece = rest.first(std::min(copy_bytes, rest.size()));
            hash.update(piece);
            target.write(piece);
            rest = rest.subspan(piece.size());
        }
        blob = {to_hex(hash.finish()), source.bytes().size()};
        keep_blob(temporary, blob);
    } catch (...) {
        fs::remove(temporary, error);
        throw;
    }
    return blob;
}

fs::path Spool::sprite_path(std::string_view asset_id) const {
    CHECK(is_id(asset_id));
    return path_ / "sprites" / asset_id;
}

fs::path Spool::blob_path(std::string_view sha256) const {
    CHECK(parse_digest(sha256).has_value());
    return path_ / "blobs" / sha256;
}

JournalBatch Spool::read(JournalPosition from, std::size_t max_lines, std::size_t max_bytes) const {
    JournalBatch batch{.lines = {}, .first_line = from.line, .end = from};
    const std::uint64_t size = journal_size_.load();
    std::string buffer;
    std::size_t n_bytes = 0;
    std::size_t parsed = 0;  // bytes of buffer already split
    while (batch.lines.size() < max_lines) {
        const std::size_t end = buffer.find('\n', parsed);
        if (end != std::string::npos) {
            const std::size_t length = end - parsed;
            if (!batch.lines.empty() && n_bytes + length > max_bytes) break;
            batch.lines.push_back(buffer.substr(parsed, length));
            n_bytes += length;
            parsed = end + 1;
            continue;
        }
        const std::uint64_t have = from.offset + buffer.size();
        if (have >= size) break;
        const std::size_t old = buffer.size();
        buffer.resize(old +
                      static_cast<std::size_t>(std::min<std::uint64_t>(copy_bytes, size - have)));
        const auto room = std::as_writable_bytes(std::span(buffer)).subspan(old);
        if (journal_.read_at(have, room) != room.size()) {
            throw Error(ErrorCode::corrupt,
                        fmt::format("the journal of {} became shorter", path_.string()));
        }
    }
    batch.end = {from.line + batch.lines.size(), from.offset + parsed};
    return batch;
}

void Spool::sync() {
    journal_.sync();
    sync_directory(path_ / "blobs");
    sync_directory(path_);
}

void Spool::acknowledge(JournalPosition position,
                        std::span<const std::string> digests,
                        const std::string& url) {
    acknowledged_ = position;
    write_state(url);
    if (keeps_blobs_) return;
    for (const std::string& digest : digests) {
        const std::lock_guard lock(mutex_);
        const auto name = names_.find(digest);
        if (name == names_.end() || --name->second > 0) continue;
        names_.erase(name);
        std::error_code error;
        const std::uint64_t size = fs::file_size(blob_path(digest), error);
        if (!error && fs::remove(blob_path(digest), error)) n_bytes_held_ -= size;
    }
}

void Spool::reject(std::uint64_t line, std::string_view record, std::string_view reason) {
    File file(path_ / "rejected.jsonl", File::Mode::append);
    file.write(to_text(JsonObject{{"line", line}, {"reason", reason}, {"record", record}}) + "\n");
    file.sync();
    sync_directory(path_);
    rejected_.insert(std::upper_bound(rejected_.begin(), rejected_.end(), line), line);
}

std::uint64_t Spool::wire_number(std::uint64_t line) const {
    return line -
           static_cast<std::uint64_t>(std::lower_bound(rejected_.begin(), rejected_.end(), line) -
                                      rejected_.begin());
}

bool Spool::is_rejected(std::uint64_t line) const {
    return std::binary_search(rejected_.begin(), rejected_.end(), line);
}

JournalPosition Spool::find_wire_number(std::uint64_t number) const {
    JournalPosition position;
    while (true) {
        const JournalBatch batch = read(position, 4096, copy_bytes);
        for (const std::string& line : batch.lines) {
            if (wire_number(position.line) == number && !is_rejected(position.line))
                return position;
            position = {position.line + 1, position.offset + line.size() + 1};
        }
        if (batch.lines.empty()) return position;
    }
}

void Spool::remove() {
    CHECK(is_sent());
    if (rejected_.empty()) {
        fs::remove_all(path_);
    } else {
        // What the server refused is for a person to look at; sending it again would change
        // nothing.
        fs::rename(path_, path_.parent_path() / ("rejected-" + writer_));
    }
}

}  // namespace oort
