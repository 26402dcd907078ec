// SPDX-License-Identifier: Apache-2.0
// Frames: layouts on their way to browsers, and the hub that hands them out. A frame is encoded
// once for all who watch; who is slow gets the newest and never knows of the others. The form on
// the wire: docs/formats/frames.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "numeric/matrix.h"

namespace oort {

enum class FrameEncoding : std::uint8_t { float32, uint16 };

constexpr std::array<std::string_view, 2> names_of(FrameEncoding) noexcept {
    return {"float32", "uint16"};
}

/// A layout as its worker sent it.
struct Frame {
    std::vector<float> values;  ///< n x n_components, row-major: the rows asked for, in file order
    std::size_t n_components = 0;
    std::uint32_t iteration = 0;
    std::uint32_t n_iterations = 0;

    MatrixView layout() const noexcept {
        return {values.data(), n_components == 0 ? 0 : values.size() / n_components, n_components};
    }
};

inline constexpr std::uint32_t no_place = 0xFFFFFFFF;

/// places[p] = which row of the layout position p of the draw order shows, or no_place.
/// rows  those asked for, ascending; empty: all.
std::vector<std::uint32_t> draw_places(std::size_t n_rows,
                                       std::uint64_t order_seed,
                                       std::span<const std::uint32_t> rows);

/// Component blocks of float32 in draw order; NaN where no row of the layout is shown.
std::string in_draw_order(MatrixView layout, std::span<const std::uint32_t> places);

/// A header of 32 bytes and component blocks in draw order.
std::string encode_frame(const Frame& frame,
                         std::span<const std::uint32_t> places,
                         FrameEncoding encoding,
                         std::uint32_t sequence);

/// What a watcher is sent.
struct HubMessage {
    enum class Kind { text, binary, end };
    Kind kind = Kind::end;
    std::shared_ptr<const std::string> bytes;  ///< null at the end
};

/// Thread-safe.
class FrameHub {
  public:
    /// One who watches one projection; it stops watching when it is destroyed.
    class Watcher {
      public:
        ~Watcher();
        Watcher(const Watcher&) = delete;
        Watcher& operator=(const Watcher&) = delete;

        /// The next message in the order of their making, only the newest of each kind; nothing if
        /// there is none.
        std::optional<HubMessage> next();

      private:
        friend class FrameHub;
        Watcher(FrameHub& hub, std::string key, FrameEncoding encoding, std::function<void()> wake);

        struct Pending {
            std::uint64_t number;
            HubMessage message;
        };

        FrameHub& hub_;
        std::string key_;
        FrameEncoding encoding_;
        std::function<void()> wake_;  ///< called on any thread, under the hub's lock
        std::optional<Pending> text_;
        std::optional<Pending> frame_;
        bool ended_ = false;
    };

    /// max_watchers  of all projections together.
    explicit FrameHub(std::size_t max_watchers) : max_watchers_(max_watchers) {}

    /// Watches from now on. `wake` is called when next() has something new; it must neither block
    /// nor call the hub. Throws Error(unavailable) if too many watch.
    std::unique_ptr<Watcher> watch(const std::string& key,
                                   FrameEncoding encoding,
                                   std::function<void()> wake);

    std::size_t n_watchers(const std::string& key) const;

    void send_text(const std::string& key, std::string text);

    /// Returns how many bytes go out in all.
    std::size_t send_frame(const std::string& key,
                           const Frame& frame,
                           std::span<const std::uint32_t> places);

    /// Nothing comes after what was sent.
    void end(const std::string& key);

    /// The same to one watcher, who came late.
    void send_text(Watcher& watcher, std::string text);
    void send_frame(Watcher& watcher, const Frame& frame, std::span<const std::uint32_t> places);
    void end(Watcher& watcher);

  private:
    void give(Watcher& watcher, HubMessage::Kind kind, std::shared_ptr<const std::string> bytes);

    std::size_t max_watchers_;
    mutable std::mutex mutex_;
    std::map<std::string, std::set<Watcher*>> watchers_;
    std::size_t n_watchers_ = 0;
    std::uint64_t n_messages_ = 0;
    std::uint32_t n_frames_ = 0;
};

}  // namespace oort
