// SPDX-License-Identifier: Apache-2.0
#include "jobs/frames.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "numeric/random.h"

namespace oort {

namespace {

constexpr std::uint32_t magic = 0x4D52464F;  // "OFRM", little-endian
constexpr std::uint16_t version = 1;
constexpr std::size_t header_bytes = 32;
constexpr std::uint16_t no_point = 0xFFFF;
constexpr float n_levels = 65534;

template <class T>
void put(std::string& bytes, T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

struct Interval {
    float low = 0;
    float high = 0;
};

// Of the finite values of each component; 0..0 if there are none.
std::vector<Interval> intervals(MatrixView layout) {
    const float inf = std::numeric_limits<float>::infinity();
    std::vector<Interval> found(layout.n_columns, {inf, -inf});
    for (std::size_t i = 0; i < layout.n_rows; ++i) {
        const float* row = layout.row(i);
        for (std::size_t k = 0; k < layout.n_columns; ++k) {
            if (!std::isfinite(row[k])) continue;
            found[k].low = std::min(found[k].low, row[k]);
            found[k].high = std::max(found[k].high, row[k]);
        }
    }
    for (Interval& interval : found) {
        if (interval.low > interval.high) interval = {};
    }
    return found;
}

// Appends, block by block, what value(layout value, component) makes of every position's values.
template <class T, class Value>
void append_blocks(std::string& bytes,
                   MatrixView layout,
                   std::span<const std::uint32_t> places,
                   T absent,
                   const Value& value) {
    const std::size_t begin = bytes.size();
    const std::size_t n = places.size();
    bytes.resize(begin + n * layout.n_columns * sizeof(T));
    for (std::size_t p = 0; p < n; ++p) {
        // One visit of the row for all of its components: its place in memory is random.
        for (std::size_t k = 0; k < layout.n_columns; ++k) {
            const T one = places[p] == no_place ? absent : value(layout.row(places[p])[k], k);
            std::memcpy(bytes.data() + begin + (k * n + p) * sizeof(T), &one, sizeof(T));
        }
    }
}

void append_quantised(std::string& bytes,
                      MatrixView layout,
                      std::span<const std::uint32_t> places) {
    const std::vector<Interval> box = intervals(layout);
    std::vector<float> levels_per_unit;
    for (const Interval& interval : box) {
        put(bytes, interval.low);
        put(bytes, interval.high);
        const float width = interval.high - interval.low;
        levels_per_unit.push_back(width > 0 ? n_levels / width : 0);
    }
    append_blocks<std::uint16_t>(
        bytes, layout, places, no_point, [&](float value, std::size_t k) -> std::uint16_t {
            if (!std::isfinite(value)) return no_point;
            const float level = (value - box[k].low) * levels_per_unit[k];
            return static_cast<std::uint16_t>(std::clamp(level + 0.5F, 0.0F, n_levels));
        });
}

}  // namespace

std::vector<std::uint32_t> draw_places(std::size_t n_rows,
                                       std::uint64_t order_seed,
                                       std::span<const std::uint32_t> rows) {
    std::vector<std::uint32_t> places = random_permutation(n_rows, order_seed);
    if (rows.empty()) return places;
    std::vector<std::uint32_t> place_of(n_rows, no_place);
    for (std::size_t i = 0; i < rows.size(); ++i) place_of[rows[i]] = static_cast<std::uint32_t>(i);
    for (std::uint32_t& place : places) place = place_of[place];
    return places;
}

std::string in_draw_order(MatrixView layout, std::span<const std::uint32_t> places) {
    std::string bytes;
    append_blocks<float>(bytes,
                         layout,
                         places,
                         std::numeric_limits<float>::quiet_NaN(),
                         [](float value, std::size_t) { return value; });
    return bytes;
}

std::string encode_frame(const Frame& frame,
                         std::span<const std::uint32_t> places,
                         FrameEncoding encoding,
                         std::uint32_t sequence) {
    const MatrixView layout = frame.layout();
    std::string bytes;
    bytes.reserve(header_bytes + layout.n_columns * (8 + places.size() * sizeof(float)));
    put(bytes, magic);
    put(bytes, version);
    put(bytes, static_cast<std::uint8_t>(encoding));
    put(bytes, static_cast<std::uint8_t>(layout.n_columns));
    put(bytes, static_cast<std::uint32_t>(places.size()));
    put(bytes, frame.iteration);
    put(bytes, frame.n_iterations);
    put(bytes, sequence);
    put(bytes, std::uint64_t{0});
    if (encoding == FrameEncoding::uint16) {
        append_quantised(bytes, layout, places);
    } else {
        bytes += in_draw_order(layout, places);
    }
    return bytes;
}

FrameHub::Watcher::Watcher(FrameHub& hub,
                           std::string key,
                           FrameEncoding encoding,
                           std::function<void()> wake)
    : hub_(hub), key_(std::move(key)), encoding_(encoding), wake_(std::move(wake)) {}

FrameHub::Watcher::~Watcher() {
    const std::lock_guard lock(hub_.mutex_);
    const auto found = hub_.watchers_.find(key_);
    found->second.erase(this);
    if (found->second.empty()) hub_.watchers_.erase(found);
    --hub_.n_watchers_;
}

std::optional<HubMessage> FrameHub::Watcher::next() {
    const std::lock_guard lock(hub_.mutex_);
    auto* first = &text_;
    if (frame_ && (!text_ || frame_->number < text_->number)) first = &frame_;
    if (*first) {
        HubMessage message = std::move((*first)->message);
        first->reset();
        return message;
    }
    return ended_ ? std::optional(HubMessage{}) : std::nullopt;
}

std::unique_ptr<FrameHub::Watcher> FrameHub::watch(const std::string& key,
                                                   FrameEncoding encoding,
                                                   std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    if (n_watchers_ >= max_watchers_) {
        throw Error(ErrorCode::unavailable, "too many windows watch projections just now");
    }
    std::unique_ptr<Watcher> watcher(new Watcher(*this, key, encoding, std::move(wake)));
    watchers_[key].insert(watcher.get());
    ++n_watchers_;
    return watcher;
}

std::size_t FrameHub::n_watchers(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = watchers_.find(key);
    return found == watchers_.end() ? 0 : found->second.size();
}

void FrameHub::give(Watcher& watcher,
                    HubMessage::Kind kind,
                    std::shared_ptr<const std::string> bytes) {
    auto& pending = kind == HubMessage::Kind::text ? watcher.text_ : watcher.frame_;
    pending = {.number = ++n_messages_, .message = {.kind = kind, .bytes = std::move(bytes)}};
    watcher.wake_();
}

void FrameHub::send_text(const std::string& key, std::string text) {
    const auto shared = std::make_shared<const std::string>(std::move(text));
    const std::lock_guard lock(mutex_);
    const auto found = watchers_.find(key);
    if (found == watchers_.end()) return;
    for (Watcher* watcher : found->second) give(*watcher, HubMessage::Kind::text, shared);
}

std::size_t FrameHub::send_frame(const std::string& key,
                                 const Frame& frame,
                                 std::span<const std::uint32_t> places) {
    std::set<FrameEncoding> wanted;
    std::uint32_t sequence = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto found = watchers_.find(key);
        if (found == watchers_.end()) return 0;
        for (const Watcher* watcher : found->second) wanted.insert(watcher->encoding_);
        sequence = n_frames_++;
    }
    std::map<FrameEncoding, std::shared_ptr<const std::string>> encoded;
    for (const FrameEncoding encoding : wanted) {
        encoded[encoding] =
            std::make_shared<const std::string>(encode_frame(frame, places, encoding, sequence));
    }
    const std::lock_guard lock(mutex_);
    const auto found = watchers_.find(key);
    if (found == watchers_.end()) return 0;
    std::size_t n_bytes = 0;
    for (Watcher* watcher : found->second) {
        // Who came in the meantime and wants another encoding was given this frame on coming.
        const auto bytes = encoded.find(watcher->encoding_);
        if (bytes == encoded.end()) continue;
        give(*watcher, HubMessage::Kind::binary, bytes->second);
        n_bytes += bytes->second->size();
    }
    return n_bytes;
}

void FrameHub::end(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = watchers_.find(key);
    if (found == watchers_.end()) return;
    for (Watcher* watcher : found->second) {
        watcher->ended_ = true;
        watcher->wake_();
    }
}

void FrameHub::send_text(Watcher& watcher, std::string text) {
    auto shared = std::make_shared<const std::string>(std::move(text));
    const std::lock_guard lock(mutex_);
    give(watcher, HubMessage::Kind::text, std::move(shared));
}

void FrameHub::send_frame(Watcher& watcher,
                          const Frame& frame,
                          std::span<const std::uint32_t> places) {
    std::uint32_t sequence = 0;
    {
        const std::lock_guard lock(mutex_);
        sequence = n_frames_++;
    }
    auto shared = std::make_shared<const std::string>(
        encode_frame(frame, places, watcher.encoding_, sequence));
    const std::lock_guard lock(mutex_);
    give(watcher, HubMessage::Kind::binary, std::move(shared));
}

void FrameHub::end(Watcher& watcher) {
    const std::lock_guard lock(mutex_);
    watcher.ended_ = true;
    watcher.wake_();
}

}  // namespace oort
