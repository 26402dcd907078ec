// SPDX-License-Identifier: Apache-2.0
#include "server/guesses.h"

#include <gtest/gtest.h>

#include "server/server_fixture.h"

namespace oort {
namespace {

using namespace std::chrono_literals;

TEST(Guesses, TheEleventhOfAMinuteWaitsAndOnlyFromThatAddress) {
    Guesses guesses(7ms);
    const auto begin = Guesses::Clock::now();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(guesses.delay_of_wrong("127.0.0.1", begin + i * 1s), 0ms) << i;
    }
    EXPECT_EQ(guesses.delay_of_wrong("127.0.0.1", begin + 10s), 7ms);
    EXPECT_EQ(guesses.delay_of_wrong("::1", begin + 10s), 0ms);
    EXPECT_EQ(guesses.delay_of_wrong("127.0.0.1", begin + 59'999ms), 7ms);
    EXPECT_EQ(guesses.delay_of_wrong("127.0.0.1", begin + 60s), 0ms);
}

TEST(Guesses, ManyAddressesAreNotKeptForEver) {
    Guesses guesses(7ms);
    const auto begin = Guesses::Clock::now();
    for (std::size_t i = 0; i < Guesses::max_addresses; ++i) {
        EXPECT_EQ(guesses.delay_of_wrong(std::to_string(i), begin), 0ms);
    }
    EXPECT_EQ(guesses.delay_of_wrong("one more", begin + 1s), 7ms);
    EXPECT_EQ(guesses.delay_of_wrong("0", begin + 1s), 0ms) << "it is counted already";
    EXPECT_EQ(guesses.delay_of_wrong("one more", begin + 60s), 0ms);
}

class Guessing : public ServerTest {
  protected:
    explicit Guessing(std::chrono::milliseconds delay = 1h) : ServerTest({}, delay) {}

    /// The i-th wrong secret, each kind in turn: a token that is sent, a code, a token exchanged.
    std::string wrong(int i) const {
        if (i % 3 == 0) return bytes("GET", "/api/v1/server", {{"Authorization", "Bearer x"}});
        return bytes("POST",
                     "/api/v1/session",
                     {{"Authorization", ""}, {"Content-Type", "application/json"}},
                     i % 3 == 1 ? R"({"code":"x"})" : R"({"token":"x"})");
    }

    void guess_ten_times() const {
        for (int i = 0; i < 10; ++i) {
            Wire wire(port());
            wire.send(wrong(i));
            EXPECT_EQ(wire.receive().status, 401) << i;
        }
    }
};

TEST_F(Guessing, MakesOnlyWrongSecretsWaitAndEndsWithTheServer) {
    guess_ten_times();
    std::vector<std::unique_ptr<Wire>> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(std::make_unique<Wire>(port()));
        waiting.back()->send(wrong(i));
    }
    const Secret code = server_->app().store.access().make_code();
    EXPECT_EQ(ask("GET", "/api/v1/server").status, 200);
    EXPECT_EQ(ask("GET", "/api/v1/server", {{"Authorization", ""}}).status, 401) << "no guess";
    EXPECT_EQ(ask("POST",
                  "/api/v1/session",
                  {{"Authorization", ""}, {"Content-Type", "application/json"}},
                  fmt::format(R"({{"code":"{}"}})", code.text))
                  .status,
              200);
    for (const auto& wire : waiting) EXPECT_TRUE(wire->is_silent());
    server_->stop();
    for (const auto& wire : waiting) EXPECT_EQ(wire->receive().status, 401);
}

class GuessingForAMoment : public Guessing {
  protected:
    GuessingForAMoment() : Guessing(50ms) {}
};

TEST_F(GuessingForAMoment, IsAnsweredInTheEnd) {
    guess_ten_times();
    const auto begin = Guesses::Clock::now();
    EXPECT_EQ(ask("GET", "/api/v1/server", {{"Authorization", "Bearer x"}}).status, 401);
    EXPECT_GE(Guesses::Clock::now() - begin, 50ms);
}

}  // namespace
}  // namespace oort
