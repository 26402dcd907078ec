// SPDX-License-Identifier: Apache-2.0
#include "jobs/frames.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "numeric/random.h"

namespace oort {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

template <class T>
T at(const std::string& bytes, std::size_t offset) {
    T value{};
    EXPECT_LE(offset + sizeof(T), bytes.size());
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

Frame frame_of(std::vector<float> values, std::size_t n_components) {
    return {.values = std::move(values),
            .n_components = n_components,
            .iteration = 5,
            .n_iterations = 9};
}

TEST(Frames, PositionsShowTheRowsOfTheDrawOrder) {
    const auto order = random_permutation(6, 42);
    EXPECT_EQ(draw_places(6, 42, {}), order);
    const std::vector<std::uint32_t> rows{1, 4};
    const auto places = draw_places(6, 42, rows);
    for (std::size_t p = 0; p < 6; ++p) {
        EXPECT_EQ(places[p], order[p] == 1 ? 0 : order[p] == 4 ? 1 : no_place) << p;
    }
}

TEST(Frames, ALayoutLeavesAsBlocksInDrawOrder) {
    const Frame frame = frame_of({1, 2, 3, 4}, 2);
    const std::vector<std::uint32_t> places{1, no_place, 0};
    const std::string bytes = in_draw_order(frame.layout(), places);
    ASSERT_EQ(bytes.size(), 6 * sizeof(float));
    EXPECT_EQ(at<float>(bytes, 0), 3);
    EXPECT_TRUE(std::isnan(at<float>(bytes, 4)));
    EXPECT_EQ(at<float>(bytes, 8), 1);
    EXPECT_EQ(at<float>(bytes, 12), 4);
    EXPECT_EQ(at<float>(bytes, 20), 2);
}

TEST(Frames, TheHeaderSaysWhatFollows) {
    const std::vector<std::uint32_t> places{0, 1};
    const std::string bytes =
        encode_frame(frame_of({1, 2, 3, 4, 5, 6}, 3), places, FrameEncoding::float32, 77);
    ASSERT_EQ(bytes.size(), 32 + 6 * sizeof(float));
    EXPECT_EQ(bytes.substr(0, 4), "OFRM");
    EXPECT_EQ(at<std::uint16_t>(bytes, 4), 1);
    EXPECT_EQ(at<std::uint8_t>(bytes, 6), 0);
    EXPECT_EQ(at<std::uint8_t>(bytes, 7), 3);
    EXPECT_EQ(at<std::uint32_t>(bytes, 8), 2u);
    EXPECT_EQ(at<std::uint32_t>(bytes, 12), 5u);
    EXPECT_EQ(at<std::uint32_t>(bytes, 16), 9u);
    EXPECT_EQ(at<std::uint32_t>(bytes, 20), 77u);
    EXPECT_EQ(at<std::uint64_t>(bytes, 24), 0u);
    EXPECT_EQ(at<float>(bytes, 32), 1);
    EXPECT_EQ(at<float>(bytes, 36), 4);
}

TEST(Frames, SixteenBitsAreHalfAStepFromTheTruth) {
    Random random(1);
    std::vector<float> values;
    for (int i = 0; i < 2000; ++i) values.push_back(static_cast<float>(random.normal() * 30));
    values[7] = nan;
    const Frame frame = frame_of(values, 2);
    const auto places = draw_places(1000, 3, {});
    const std::string bytes = encode_frame(frame, places, FrameEncoding::uint16, 0);
    ASSERT_EQ(bytes.size(), 32 + 16 + 2 * 1000 * sizeof(std::uint16_t));
    for (std::size_t k = 0; k < 2; ++k) {
        const auto low = at<float>(bytes, 32 + 8 * k);
        const auto high = at<float>(bytes, 36 + 8 * k);
        for (std::size_t p = 0; p < 1000; ++p) {
            const auto level = at<std::uint16_t>(bytes, 48 + 2 * (1000 * k + p));
            const float truth = frame.layout().row(places[p])[k];
            if (std::isnan(truth)) {
                EXPECT_EQ(level, 0xFFFF);
                continue;
            }
            const float shown = low + (high - low) * static_cast<float>(level) / 65534;
            EXPECT_NEAR(shown, truth, (high - low) / 65534 * 0.51F) << p;
        }
    }
}

TEST(Frames, PointsThatLieOnOneAnotherAndNoPointsAtAllHaveAForm) {
    const std::vector<std::uint32_t> places{0, 1};
    const std::string same =
        encode_frame(frame_of({5, -1, 5, -1}, 2), places, FrameEncoding::uint16, 0);
    EXPECT_EQ(at<float>(same, 32), 5);
    EXPECT_EQ(at<float>(same, 36), 5);
    EXPECT_EQ(at<std::uint16_t>(same, 48), 0);
    const std::string none =
        encode_frame(frame_of({nan, nan, nan, nan}, 2), places, FrameEncoding::uint16, 0);
    EXPECT_EQ(at<float>(none, 32), 0);
    EXPECT_EQ(at<std::uint16_t>(none, 48), 0xFFFF);
}

class Hub : public ::testing::Test {
  protected:
    std::unique_ptr<FrameHub::Watcher> watch(const std::string& key,
                                             FrameEncoding encoding = FrameEncoding::float32) {
        return hub_.watch(key, encoding, [this] { ++n_wakes_; });
    }

    static std::string text(FrameHub::Watcher& watcher) {
        const auto message = watcher.next();
        return message && message->bytes ? *message->bytes : "";
    }

    FrameHub hub_{3};
    std::vector<std::uint32_t> places_{0};
    int n_wakes_ = 0;
};

TEST_F(Hub, WhoIsSlowGetsTheNewestInTheOrderOfTheirMaking) {
    const auto watcher = watch("k");
    EXPECT_FALSE(watcher->next());
    hub_.send_text("k", "one");
    hub_.send_frame("k", frame_of({1, 1}, 2), places_);
    hub_.send_frame("k", frame_of({2, 2}, 2), places_);
    hub_.send_text("k", "two");
    EXPECT_EQ(n_wakes_, 4);
    const auto first = watcher->next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, HubMessage::Kind::binary);
    EXPECT_EQ(at<float>(*first->bytes, 32), 2);
    EXPECT_EQ(text(*watcher), "two");
    EXPECT_FALSE(watcher->next());
}

TEST_F(Hub, OneEncodingIsMadeOnceForAllWhoWatch) {
    const auto a = watch("k");
    const auto b = watch("k");
    const auto other = watch("other");
    hub_.send_frame("k", frame_of({1, 1}, 2), places_);
    EXPECT_EQ(a->next()->bytes, b->next()->bytes);
    EXPECT_FALSE(other->next());
}

TEST_F(Hub, TheEndComesAfterWhatWasSent) {
    const auto watcher = watch("k");
    hub_.send_text("k", "last");
    hub_.end("k");
    EXPECT_EQ(text(*watcher), "last");
    EXPECT_EQ(watcher->next()->kind, HubMessage::Kind::end);
}

TEST_F(Hub, CountsWatchersAndRefusesTooMany) {
    const auto a = watch("k");
    {
        const auto b = watch("k");
        const auto c = watch("other");
        EXPECT_EQ(hub_.n_watchers("k"), 2u);
        EXPECT_THROW(watch("k"), Error);
    }
    EXPECT_EQ(hub_.n_watchers("k"), 1u);
    EXPECT_EQ(hub_.n_watchers("other"), 0u);
    EXPECT_NO_THROW(watch("k"));
}

}  // namespace
}  // namespace oort
