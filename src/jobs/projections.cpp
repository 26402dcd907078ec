// SPDX-License-Identifier: Apache-2.0
#include "jobs/projections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/options.h"
#include "base/sha256.h"
#include "base/time.h"
#include "jobs/single_flight.h"

namespace oort {

namespace {

// Part of every key: raised when pca() gives other numbers than before.
constexpr int pca_code_version = 1;
constexpr std::size_t max_kept = 16;
constexpr std::size_t max_head_bytes = std::size_t{1} << 20;

std::string key_of(const ShownDataset& dataset, const PcaOptions& options) {
    return to_hex(sha256(fmt::format("pca {} {} {}",
                                     pca_code_version,
                                     dataset.tensor_digest,
                                     to_text(options_to_json(options)))));
}

// File form: one line of JSON, the coordinates as little-endian float32, the SHA-256 of all before
// it.
std::string to_bytes(const PcaProjection& projection) {
    JsonArray variance(projection.explained_variance.begin(), projection.explained_variance.end());
    JsonArray notes(projection.notes.begin(), projection.notes.end());
    const JsonObject head{{"key", projection.key},
                          {"n_rows", projection.n_rows},
                          {"n_components", projection.n_components},
                          {"explained_variance", std::move(variance)},
                          {"total_variance", projection.total_variance},
                          {"n_rows_used", projection.n_rows_used},
                          {"seconds", projection.seconds},
                          {"notes", std::move(notes)}};
    std::string bytes = to_text(head) + "\n";
    const auto coordinates = std::as_bytes(std::span(projection.coordinates));
    bytes.append(reinterpret_cast<const char*>(coordinates.data()), coordinates.size());
    const Digest digest = sha256(bytes);
    bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    return bytes;
}

// Throws for bytes that are not of that form; a cache that is damaged counts as absent.
PcaProjection from_bytes(std::string_view bytes) {
    const auto damaged = [] { return Error(ErrorCode::corrupt, "a kept projection is damaged"); };
    Digest digest;
    if (bytes.size() < digest.size()) throw damaged();
    const std::string_view content = bytes.substr(0, bytes.size() - digest.size());
    std::memcpy(digest.data(), bytes.data() + content.size(), digest.size());
    const std::size_t line_end = content.substr(0, max_head_bytes).find('\n');
    if (sha256(content) != digest || line_end == std::string_view::npos) throw damaged();
    const Json json = parse_json(content.substr(0, line_end), "the head");
    const JsonObject& head = json.as_object();
    const std::string_view coordinates = content.substr(line_end + 1);
    PcaProjection projection{
        .key = std::string(string_member(head, "key")),
        .n_rows = static_cast<std::size_t>(integer_member(head, "n_rows")),
        .n_components = static_cast<std::size_t>(integer_member(head, "n_components")),
        .coordinates = std::vector<float>(coordinates.size() / sizeof(float)),
        .explained_variance = {},
        .total_variance = head.at("total_variance").to_number<double>(),
        .n_rows_used = static_cast<std::size_t>(integer_member(head, "n_rows_used")),
        .seconds = head.at("seconds").to_number<double>(),
        .notes = {}};
    for (const Json& v : head.at("explained_variance").as_array()) {
        projection.explained_variance.push_back(v.to_number<double>());
    }
    for (const Json& note : head.at("notes").as_array()) {
        projection.notes.emplace_back(std::string_view(note.as_string()));
    }
    if (projection.coordinates.size() != projection.n_rows * projection.n_components)
        throw damaged();
    std::memcpy(projection.coordinates.data(),
                coordinates.data(),
                projection.coordinates.size() * sizeof(float));
    return projection;
}

std::shared_ptr<const PcaProjection> read_kept(const std::filesystem::path& path,
                                               const std::string& key) {
    try {
        if (!std::filesystem::exists(path)) return nullptr;
        auto projection = std::make_shared<const PcaProjection>(from_bytes(read_file(path)));
        if (projection->key == key) return projection;
    } catch (const std::exception& error) {
        log_warning("a kept projection is computed again: {}", error.what());
    }
    return nullptr;
}

// Not durable on purpose: what a power cut takes is computed again.
void write_kept(const std::filesystem::path& path, const PcaProjection& projection) {
    const auto temporary = path.string() + "." + new_id() + ".tmp";
    try {
        File(temporary, File::Mode::create_new).write(to_bytes(projection));
        std::filesystem::rename(temporary, path);
    } catch (const std::exception& error) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        log_warning("a projection could not be kept: {}", error.what());
    }
}

}  // namespace

double PcaProjection::explained_variance_ratio(std::size_t k) const {
    return total_variance > 0 ? explained_variance[k] / total_variance : 0;
}

Projections::Projections(const std::filesystem::path& folder) : folder_(folder) {
    make_private_directory(folder_);
}

std::shared_ptr<const PcaProjection> Projections::pca_of(const ShownDataset& dataset,
                                                         const PcaOptions& options) {
    const std::string key = key_of(dataset, options);
    const auto find_kept = [&]() -> Shared {
        const auto found = std::find_if(
            kept_.begin(), kept_.end(), [&](const Shared& p) { return p->key == key; });
        if (found == kept_.end()) return nullptr;
        kept_.splice(kept_.begin(), kept_, found);
        return *found;
    };
    return single_flight(mutex_, computing_, key, find_kept, [&] {
        const auto path = folder_ / (key + ".pca");
        Shared made = read_kept(path, key);
        const bool is_new = !made;
        if (is_new) made = compute(dataset, options, key);
        {
            const std::lock_guard lock(mutex_);
            kept_.push_front(made);
            if (kept_.size() > max_kept) kept_.pop_back();
        }
        if (is_new) write_kept(path, *made);
        return made;
    });
}

std::shared_ptr<const PcaProjection> Projections::compute(const ShownDataset& dataset,
                                                          const PcaOptions& options,
                                                          const std::string& key) {
    const Dataset& data = dataset.dataset;
    const Stopwatch watch;
    PcaResult result = pca(MatrixView{data.vectors.values().data(), data.n_rows, data.n_dims},
                           options,
                           pool_,
                           stopper_.get_token());
    auto projection = std::make_shared<PcaProjection>();
    projection->key = key;
    projection->n_rows = result.n_rows;
    projection->n_components = result.n_components;
    projection->coordinates = std::move(result.coordinates);
    projection->explained_variance = std::move(result.explained_variance);
    projection->total_variance = result.total_variance;
    projection->n_rows_used = result.n_rows_used;
    projection->seconds = watch.seconds();
    projection->notes = std::move(result.notes);
    log_info("PCA of {} x {} took {:.3f} s", data.n_rows, data.n_dims, projection->seconds);
    return projection;
}

}  // namespace oort
