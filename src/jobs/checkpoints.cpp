// SPDX-License-Identifier: Apache-2.0
#include "jobs/checkpoints.h"

#include <cstring>

#include "base/check.h"
#include "base/id.h"

namespace oort {

Checkpoints::Checkpoints(const std::filesystem::path& folder) : folder_(folder) {
    make_private_directory(folder_);
    // What a server left behind that ended in the middle of one.
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        if (entry.path().extension() == ".tmp") std::filesystem::remove(entry.path());
    }
}

std::filesystem::path Checkpoints::path_of(const std::string& key) const {
    CHECK(parse_digest(key));
    return folder_ / key;
}

Checkpoints::Writer::Writer(const Checkpoints& checkpoints, const std::string& key)
    : path_(checkpoints.path_of(key)),
      temporary_(path_.string() + "." + new_id() + ".tmp"),
      file_(temporary_, File::Mode::create_new) {}

Checkpoints::Writer::~Writer() {
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
}

void Checkpoints::Writer::append(std::span<const std::byte> bytes) {
    hash_.update(bytes);
    file_.write(bytes);
}

void Checkpoints::Writer::finish() {
    const Digest digest = hash_.finish();
    file_.write(std::as_bytes(std::span(digest)));
    std::filesystem::rename(temporary_, path_);
}

std::optional<File> Checkpoints::open(const std::string& key) const {
    return File::open_if_exists(path_of(key), File::Mode::read);
}

std::optional<std::vector<float>> Checkpoints::layout(const std::string& key,
                                                      std::size_t n_values) const {
    const auto file = open(key);
    if (!file) return std::nullopt;
    std::vector<float> values(n_values);
    const auto bytes = std::as_writable_bytes(std::span(values));
    if (file->read_at(0, bytes) != bytes.size()) return std::nullopt;
    return values;
}

void Checkpoints::remove(const std::string& key) const {
    std::error_code ignored;
    std::filesystem::remove(path_of(key), ignored);
}

std::optional<std::vector<std::byte>> state_of_checkpoint(std::span<const std::byte> file,
                                                          std::size_t layout_bytes) {
    Digest digest;
    if (file.size() < layout_bytes + digest.size()) return std::nullopt;
    const auto content = file.first(file.size() - digest.size());
    std::memcpy(digest.data(), file.data() + content.size(), digest.size());
    if (sha256(content) != digest) return std::nullopt;
    const auto state = content.subspan(layout_bytes);
    return std::vector<std::byte>(state.begin(), state.end());
}

}  // namespace oort
