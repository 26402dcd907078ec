// SPDX-License-Identifier: Apache-2.0
#include "server/request_head.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace oort {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

int refusal_of(std::string_view target) {
    try {
        parse_target(target);
    } catch (const Refusal& refusal) {
        return refusal.status;
    }
    return 0;
}

TEST(RequestHead, ATargetIsTakenApartAndDecodedOnce) {
    const Target target = parse_target("/api/a%20b/%252e%2F?x=1&y=a+b%26c&z&=e");
    EXPECT_EQ(target.segments, (std::vector<std::string>{"api", "a b", "%2e/"}));
    EXPECT_EQ(target.query, (Pairs{{"x", "1"}, {"y", "a b&c"}, {"z", ""}, {"", "e"}}));
    EXPECT_TRUE(parse_target("/").segments.empty());
    EXPECT_EQ(parse_target("/a+b").segments, std::vector<std::string>{"a+b"});
    EXPECT_EQ(parse_target("/a/").segments, (std::vector<std::string>{"a", ""}));
    EXPECT_EQ(parse_target("/%E2%98%84").segments, std::vector<std::string>{"\xE2\x98\x84"});
}

TEST(RequestHead, ATargetThatIsNotPlainIsRefused) {
    for (const char* target : {"",
                               "a",
                               "*",
                               "http://evil.com/",
                               "/..",
                               "/a/../b",
                               "/%2e%2e",
                               "/.",
                               "/%",
                               "/%2",
                               "/%zz",
                               "/%00",
                               "/%0a",
                               "/%7f",
                               "/%c0%af",
                               "/%ed%a0%80",
                               "/%f4%90%80%80",
                               "/%ff",
                               "/?a=%0d%0a",
                               "/?a=1&a=1",
                               "/?a=1&%61=2"}) {
        EXPECT_EQ(refusal_of(target), 400) << target;
    }
    EXPECT_EQ(refusal_of(std::string(64, '/')), 400);
}

TEST(RequestHead, ALengthIsDigitsOnly) {
    const auto length = [](const std::string& text) {
        return body_length({{"content-length", text}});
    };
    EXPECT_EQ(body_length({}), 0u);
    EXPECT_EQ(length("0"), 0u);
    EXPECT_EQ(length("123"), 123u);
    for (const char* text : {"",
                             "+1",
                             "-1",
                             " 1",
                             "1 ",
                             "0x1",
                             "1,1",
                             "18446744073709551616",
                             "9223372036854775807"}) {
        EXPECT_THROW(length(text), Refusal) << text;
    }
}

// Whatever arrives is either refused or so plain that nobody could read it in two ways.
TEST(RequestHead, DamagedHeadsAreRefusedOrStillPlain) {
    const std::string sound =
        "GET /api/v1/experiments?limit=5&before=%41 HTTP/1.1\r\nHost: 127.0.0.1:8265\r\n"
        "Authorization: Bearer oort_x\r\nContent-Length: 0\r\nAccept: */*\r\n\r\n";
    ASSERT_FALSE(check_head(sound));
    std::mt19937_64 random(1);
    const std::string bytes("\r\n\0 \t:/?%.;_\x80\xff\x7fGa0", 19);
    int n_accepted = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string head = sound;
        for (std::uint64_t n = random() % 3 + 1; n > 0; --n) {
            const std::size_t at = random() % head.size();
            const char byte = bytes[random() % bytes.size()];
            switch (random() % 3) {
                case 0: head[at] = byte; break;
                case 1: head.insert(at, 1, byte); break;
                default: head.erase(at, 1); break;
            }
        }
        if (check_head(head)) continue;
        ++n_accepted;
        EXPECT_TRUE(head.ends_with("\r\n\r\n"));
        EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
        for (std::size_t i = 0; i < head.size(); ++i) {
            EXPECT_NE(head[i], '\0');
            if (head[i] == '\r') {
                EXPECT_EQ(head[i + 1], '\n');
            }
            if (head[i] == '\n') {
                EXPECT_EQ(head[i - 1], '\r');
            }
        }
        EXPECT_EQ(head.find("\r\n "), std::string::npos);
        EXPECT_EQ(head.find("\r\n\t"), std::string::npos);
        const std::size_t space = head.find(' ');
        const std::string target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
        const int status = refusal_of(target);
        EXPECT_TRUE(status == 0 || status == 400) << target;
    }
    EXPECT_GT(n_accepted, 1000) << "the test hardly tested anything";
}

}  // namespace
}  // namespace oort
