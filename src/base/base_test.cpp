// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/options.h"
#include "base/sha256.h"
#include "base/time.h"

namespace oort {
namespace {

class TemporaryFolder {
  public:
    TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("oort-" + new_id())) {
        std::filesystem::create_directory(path_);
    }

    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

enum class Gait { walk, trot };

constexpr std::array<std::string_view, 2> names_of(Gait) {
    return {"walk", "trot"};
}

struct WalkOptions {
    int n_steps = 3;
    double width = 0.5;
    std::optional<double> rate = std::nullopt;
    std::string name = "walk";
    Gait gait = Gait::walk;
};

template <class Field>
void fields(Field&& field, WalkOptions& o) {
    field("n_steps", o.n_steps, 1, 10);
    field("width", o.width, 0, 1);
    field("rate", o.rate, 0, 1);
    field("name", o.name);
    field("gait", o.gait);
}

std::string message_of(const auto& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(Error, EveryCodeHasItsOwnRow) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(ErrorCode::unavailable); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        EXPECT_EQ(error_info(code).code, code);
        names.insert(error_info(code).name);
    }
    EXPECT_EQ(names.size(), 10u);
}

TEST(Sha256, KnowsTheVectorsOfTheStandard) {
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PartsGiveTheSameDigestAsTheWhole) {
    Sha256 hash;
    hash.update("a");
    hash.update("bc");
    EXPECT_EQ(hash.finish(), sha256("abc"));
}

TEST(Sha256, OnlySixtyFourLowerCaseDigitsNameADigest) {
    const std::string hex = to_hex(sha256("abc"));
    EXPECT_EQ(parse_digest(hex), sha256("abc"));
    EXPECT_FALSE(parse_digest(hex.substr(1)));
    EXPECT_FALSE(parse_digest(hex + "0"));
    EXPECT_FALSE(parse_digest("B" + hex.substr(1)));
    EXPECT_FALSE(parse_digest("../" + hex.substr(3)));
}

TEST(Id, IsUniqueSortedByTimeAndRecognised) {
    const std::string first = new_id();
    const std::string second = new_id();
    EXPECT_TRUE(is_id(first));
    EXPECT_NE(first, second);
    EXPECT_LE(first.substr(0, 12), second.substr(0, 12));
    EXPECT_EQ(first[12], '7');
    EXPECT_FALSE(is_id("../../../../etc/passwd0000000000"));
    EXPECT_FALSE(is_id(""));
}

TEST(Json, RefusesWhatIsNotOneValueAndTooDeep) {
    EXPECT_EQ(parse_json("{\"a\":1}", "body").at("a").as_int64(), 1);
    EXPECT_THROW(parse_json("{", "body"), Error);
    EXPECT_THROW(parse_json("1 2", "body"), Error);
    EXPECT_THROW(parse_json(std::string(40, '[') + std::string(40, ']'), "body"), Error);
}

TEST(Json, ReadsEveryDoubleExactly) {
    std::uint64_t state = 1;
    for (int i = 0; i < 20000; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double wanted =
            std::ldexp(static_cast<double>(state >> 11), -53 - static_cast<int>(state % 90));
        ASSERT_EQ(parse_json(fmt::format("[{}]", wanted), "body").at(0).to_number<double>(),
                  wanted);
    }
    EXPECT_EQ(parse_json("1e400", "body").to_number<double>(), INFINITY);
}

TEST(Json, KeepsNonFiniteNumbersByName) {
    EXPECT_TRUE(std::isnan(number_from(number_or_name(NAN), "value")));
    EXPECT_EQ(number_from(number_or_name(-INFINITY), "value"), -INFINITY);
    EXPECT_EQ(number_from(number_or_name(2.5), "value"), 2.5);
    EXPECT_THROW(number_from("three", "value"), Error);
}

TEST(Options, GoThroughJsonAndBack) {
    const auto options = options_from_json<WalkOptions>(
        parse_json(R"({"n_steps": 7, "rate": 0.25, "name": "run"})", "options").get_object());
    EXPECT_EQ(options.n_steps, 7);
    EXPECT_EQ(options.width, 0.5);
    EXPECT_EQ(options.rate, 0.25);
    EXPECT_EQ(options.name, "run");
    EXPECT_EQ(options_to_json(options).at("n_steps").as_int64(), 7);
    EXPECT_TRUE(options_to_json(WalkOptions{}).at("rate").is_null());
    EXPECT_EQ(options_to_json(WalkOptions{}).at("gait").as_string(), "walk");
    const auto trot = parse_json(R"({"gait": "trot"})", "options").get_object();
    EXPECT_EQ(options_from_json<WalkOptions>(trot).gait, Gait::trot);
}

TEST(Options, SchemaSaysWhatAFormNeeds) {
    EXPECT_EQ(to_text(options_schema<WalkOptions>()),
              R"([{"name":"n_steps","type":"integer","default":3,"min":1,"max":10},)"
              R"({"name":"width","type":"number","default":5E-1,"min":0,"max":1},)"
              R"({"name":"rate","type":"number","default":null,"optional":true,"min":0,"max":1},)"
              R"({"name":"name","type":"string","default":"walk"},)"
              R"({"name":"gait","type":"choice","default":"walk","choices":["walk","trot"]}])");
}

TEST(Options, AreRefusedWithTheNameTheValueAndTheRange) {
    const auto parse = [](std::string_view text) {
        return options_from_json<WalkOptions>(parse_json(text, "options").get_object());
    };
    EXPECT_EQ(message_of([&] { parse(R"({"n_steps": 400})"); }),
              "n_steps 400 is out of range: 1..10");
    EXPECT_EQ(message_of([&] { parse(R"({"steps": 4})"); }), "\"steps\" is not an option");
    EXPECT_EQ(message_of([&] { parse(R"({"name": 4})"); }), "name 4 is not of the right type");
    EXPECT_THROW(check_options(WalkOptions{.width = NAN}), Error);
}

TEST(File, IsReplacedAsAWhole) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "note";
    write_file_durably(path, "one");
    write_file_durably(path, "two");
    EXPECT_EQ(read_file(path), "two");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
    EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::mask,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(File, WritesAnywhereAndReadsToTheEnd) {
    const TemporaryFolder folder;
    File file(folder.path() / "data", File::Mode::create_new);
    file.write("abcdef");
    file.write_at(2, std::as_bytes(std::span("XY", 2)));
    std::array<std::byte, 10> buffer{};
    EXPECT_EQ(file.read_at(1, buffer), 5u);
    EXPECT_EQ(file.size(), 6u);
    EXPECT_EQ(read_file(file.path()), "abXYef");
    EXPECT_THROW(File(file.path(), File::Mode::create_new), Error);
    EXPECT_FALSE(File::open_if_exists(folder.path() / "none", File::Mode::read));
}

TEST(File, LinksAreNotFollowed) {
    const TemporaryFolder folder;
    write_file_durably(folder.path() / "secret", "s");
    std::filesystem::create_symlink(folder.path() / "secret", folder.path() / "link");
    EXPECT_THROW(File(folder.path() / "link", File::Mode::read), Error);
}

TEST(File, OneLockAtATime) {
    const TemporaryFolder folder;
    File first(folder.path() / "lock", File::Mode::update);
    File second(folder.path() / "lock", File::Mode::update);
    EXPECT_TRUE(first.try_lock());
    EXPECT_FALSE(second.try_lock());
}

TEST(MappedFile, ShowsTheBytesOfTheFile) {
    const TemporaryFolder folder;
    write_file_durably(folder.path() / "data", "abc");
    write_file_durably(folder.path() / "empty", "");
    const MappedFile mapped(folder.path() / "data");
    EXPECT_EQ(mapped.bytes().size(), 3u);
    EXPECT_EQ(mapped.bytes()[1], std::byte{'b'});
    EXPECT_TRUE(MappedFile(folder.path() / "empty").bytes().empty());
}

}  // namespace
}  // namespace oort
