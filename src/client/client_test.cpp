// SPDX-License-Identifier: Apache-2.0
// The client without a server. With one: python/tests.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "base/id.h"
#include "base/sha256.h"
#include "client/backoff.h"
#include "client/blob_sender.h"
#include "client/group_templates.h"
#include "client/server_address.h"
#include "client/spool.h"
#include "client/sprite_source.h"
#include "oort/experiment.h"
#include "sprite/image.h"

namespace oort {

namespace {

namespace fs = std::filesystem;

class ClientTest : public testing::Test {
  protected:
    ClientTest() {
        ::setenv("OORT_HOME", home_.c_str(), 1);
        ::unsetenv("OORT_URL");
        ::unsetenv("OORT_API_KEY");
    }

    ~ClientTest() override { fs::remove_all(home_); }

    fs::path only_spool() const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(home_ / "spool"))
            found.push_back(entry.path());
        EXPECT_EQ(found.size(), 1U);
        return found.at(0);
    }

    const fs::path home_ = fs::path(testing::TempDir()) / ("oort-" + new_id());
};

JsonObject metric(std::string_view name) {
    return {{"kind", "metric"}, {"name", name}};
}

void append(Spool& spool, std::string_view name) {
    const JsonObject record = metric(name);
    spool.append(std::span(&record, 1));
}

void write_text(const fs::path& path, std::string_view text) {
    std::ofstream(path, std::ios::app) << text;
}

}  // namespace

class SpoolTest : public ClientTest {};

TEST_F(SpoolTest, GivesBackWhatWasAppendedInOrder) {
    const auto spool = Spool::create(home_, new_id());
    for (int i = 0; i < 100; ++i) append(*spool, fmt::format("m{}", i));
    const JournalBatch first = spool->read({}, 60, 1 << 20);
    ASSERT_EQ(first.lines.size(), 60U);
    const JournalBatch second = spool->read(first.end, 60, 1 << 20);
    ASSERT_EQ(second.lines.size(), 40U);
    EXPECT_EQ(second.first_line, 60U);
    EXPECT_EQ(parse_json(second.lines[0], "").at("name"), "m60");
    EXPECT_TRUE(spool->read(second.end, 60, 1 << 20).lines.empty());
}

TEST_F(SpoolTest, ReadsAtLeastOneLineHoweverLong) {
    const auto spool = Spool::create(home_, new_id());
    append(*spool, std::string(5 << 20, 'x'));
    append(*spool, "y");
    EXPECT_EQ(spool->read({}, 10, 100).lines.size(), 1U);
}

TEST_F(SpoolTest, IsNotOpenedWhileItsWriterLives) {
    auto spool = Spool::create(home_, new_id());
    append(*spool, "m");
    const fs::path path = spool->path();
    EXPECT_EQ(Spool::open(path), nullptr);
    spool.reset();
    EXPECT_NE(Spool::open(path), nullptr);
}

TEST_F(SpoolTest, DoesNotCountALineCutOffByACrash) {
    auto spool = Spool::create(home_, new_id());
    append(*spool, "whole");
    const fs::path path = spool->path();
    spool.reset();
    write_text(path / "journal.jsonl", R"({"kind":"metric","na)");
    spool = Spool::open(path);
    EXPECT_EQ(spool->n_lines(), 1U);
    EXPECT_EQ(spool->read({}, 10, 1000).lines.size(), 1U);
}

TEST_F(SpoolTest, AnEmptyOneIsRemovedWhenOpened) {
    auto spool = Spool::create(home_, new_id());
    const fs::path path = spool->path();
    spool.reset();
    EXPECT_EQ(Spool::open(path), nullptr);
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(SpoolTest, RemembersWhatIsAcknowledgedAcrossProcesses) {
    auto spool = Spool::create(home_, new_id());
    for (int i = 0; i < 3; ++i) append(*spool, "m");
    const JournalPosition position = spool->read({}, 2, 1000).end;
    spool->acknowledge(position, {}, "http://x");
    const fs::path path = spool->path();
    const std::string key = spool->experiment_key();
    spool.reset();
    spool = Spool::open(path);
    EXPECT_EQ(spool->acknowledged(), position);
    EXPECT_EQ(spool->experiment_key(), key);
    EXPECT_FALSE(spool->is_sent());
}

TEST_F(SpoolTest, ADamagedStateIsAnErrorAndNotALoss) {
    auto spool = Spool::create(home_, new_id());
    append(*spool, "m");
    const fs::path path = spool->path();
    spool.reset();
    write_file_durably(path / "state.json", R"({"experiment_key":"x","line":9,"offset":9})");
    EXPECT_THROW(Spool::open(path), Error);
    EXPECT_TRUE(fs::exists(path / "journal.jsonl"));
}

TEST_F(SpoolTest, NamesContentsByTheirDigestSmallOrLarge) {
    const auto spool = Spool::create(home_, new_id());
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{9} << 20}) {
        const std::string content(size, 'c');
        const Blob blob = spool->add_blob(content);
        EXPECT_EQ(blob.sha256, to_hex(sha256(content)));
        EXPECT_EQ(read_file(spool->blob_path(blob.sha256)), content);
    }
}

TEST_F(SpoolTest, KeepsAContentUntilEveryRecordThatNamesItIsAcknowledged) {
    const auto spool = Spool::create(home_, new_id());
    const std::string digest = spool->add_blob("same").sha256;
    EXPECT_EQ(spool->add_blob("same").sha256, digest);
    append(*spool, "first");
    append(*spool, "second");
    const JournalPosition middle = spool->read({}, 1, 1000).end;
    spool->acknowledge(middle, std::span(&digest, 1), "");
    EXPECT_TRUE(fs::exists(spool->blob_path(digest)));
    spool->acknowledge(spool->read(middle, 1, 1000).end, std::span(&digest, 1), "");
    EXPECT_FALSE(fs::exists(spool->blob_path(digest)));
    // And it may come again.
    EXPECT_EQ(spool->add_blob("same").sha256, digest);
    EXPECT_TRUE(fs::exists(spool->blob_path(digest)));
}

TEST_F(SpoolTest, NumbersOnTheWireLeaveRejectedRecordsOut) {
    auto spool = Spool::create(home_, new_id());
    for (int i = 0; i < 6; ++i) append(*spool, fmt::format("m{}", i));
    spool->reject(3, "{}", "bad");
    spool->reject(1, "{}", "bad");
    const auto check = [](const Spool& checked) {
        EXPECT_EQ(checked.wire_number(1), 1U);
        EXPECT_EQ(checked.wire_number(2), 1U);
        EXPECT_EQ(checked.wire_number(6), 4U);
        EXPECT_EQ(checked.find_wire_number(1).line, 2U);
        EXPECT_EQ(checked.find_wire_number(2).line, 4U);
        EXPECT_EQ(checked.find_wire_number(4).line, 6U);
    };
    check(*spool);
    const fs::path path = spool->path();
    spool.reset();
    check(*Spool::open(path));
}

TEST_F(SpoolTest, RefusesMoreThanItsLimitAndStaysWhole) {
    const auto spool = Spool::create(home_, new_id(), 1000);
    append(*spool, "m");
    EXPECT_THROW(spool->add_blob(std::string(2000, 'x')), Error);
    EXPECT_THROW(append(*spool, std::string(2000, 'x')), Error);
    append(*spool, "n");
    EXPECT_EQ(spool->read({}, 10, 1000).lines.size(), 2U);
}

class ServerAddressTest : public ClientTest {
  protected:
    void write_local(std::string_view text) {
        make_private_directory(home_);
        write_file_durably(home_ / "server.json", text);
    }
};

TEST_F(ServerAddressTest, WhatTheCallerSaysComesBeforeTheEnvironmentAndThatBeforeThisMachine) {
    EXPECT_FALSE(find_server({}, home_));
    write_local(R"({"url":"http://127.0.0.1:1","token":"oort_local","pid":1})");
    EXPECT_EQ(find_server({}, home_), (ServerAddress{"http://127.0.0.1:1", "oort_local"}));
    ::setenv("OORT_URL", "http://environment:2/", 1);
    EXPECT_EQ(find_server({}, home_), (ServerAddress{"http://environment:2", ""}));
    ::setenv("OORT_API_KEY", "oort_env", 1);
    EXPECT_EQ(find_server({}, home_), (ServerAddress{"http://environment:2", "oort_env"}));
    EXPECT_EQ(find_server({"https://said", "oort_said"}, home_),
              (ServerAddress{"https://said", "oort_said"}));
}

TEST_F(ServerAddressTest, TheTokenOfThisMachineGoesToNoOtherServer) {
    write_local(R"({"url":"http://127.0.0.1:1","token":"oort_local","pid":1})");
    EXPECT_EQ(find_server({"http://elsewhere", "foreign"}, home_)->token, "foreign");
    EXPECT_EQ(find_server({"http://127.0.0.1:1", "foreign"}, home_)->token, "oort_local");
}

TEST_F(ServerAddressTest, ABrokenFileCountsAsNone) {
    for (const char* text : {"", "{", "[]", R"({"url":"x","token":"y"})", R"({"token":"y"})"}) {
        write_local(text);
        EXPECT_FALSE(find_server({}, home_)) << text;
    }
}

TEST(Backoff, WaitsAreWithinTheirBoundsAndGrow) {
    Backoff backoff(1);
    double longest = 0;
    for (int i = 0; i < 200; ++i) {
        const double wait = backoff.next();
        EXPECT_GE(wait, 0.5);
        EXPECT_LE(wait, 60);
        longest = std::max(longest, wait);
    }
    EXPECT_GT(longest, 30);
    backoff.reset();
    EXPECT_LE(backoff.next(), 1);
}

TEST(Outcome, OnlySomeAnswersAreWorthTryingAgain) {
    const auto kind = [](int status) {
        HttpResponse response;
        response.status = status;
        return outcome_of(response).kind;
    };
    for (const int status : {0, 408, 425, 429, 500, 502, 503})
        EXPECT_EQ(kind(status), Outcome::Kind::retry) << status;
    for (const int status : {400, 413, 415, 422})
        EXPECT_EQ(kind(status), Outcome::Kind::rejected) << status;
    for (const int status : {301, 401, 403, 404, 421})
        EXPECT_EQ(kind(status), Outcome::Kind::refused) << status;
    EXPECT_EQ(kind(200), Outcome::Kind::done);
}

TEST(GroupTemplates, AreNamedSafely) {
    EXPECT_EQ(group_template_name("hidden-layer-1"), "template-hidden-layer-1-configs.json");
    EXPECT_EQ(group_template_name("a b/../c\n"), "template-a_b_.._c_-configs.json");
}

class SpriteSourceTest : public ClientTest {
  protected:
    // What is read back must be the sprite that the plan makes.
    void check(const SpritePlan& plan) {
        make_private_directory(home_);
        const fs::path path = home_ / new_id();
        write_sprite_source(path, plan);
        EXPECT_EQ(build_sprite(path), build_sprite(plan));
    }

    const std::vector<std::uint8_t> pixels_ = [] {
        std::vector<std::uint8_t> bytes(600 * 12);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
        return bytes;
    }();
};

TEST_F(SpriteSourceTest, KeepsTilesOfOneSize) {
    std::vector<PixelsView> tiles;
    for (std::size_t i = 0; i < 600; ++i)
        tiles.push_back({std::span(pixels_).subspan(12 * i, 12), 2, 2, 3});
    check({.tiles = tiles, .tile_width = 2, .tile_height = 2});
    SpritePlan colored{
        .tiles = tiles, .tile_width = 3, .tile_height = 2, .transparent = Rgb{0, 7, 14}};
    colored.backgrounds.assign(600, Rgb{1, 2, 3});
    check(colored);
}

TEST_F(SpriteSourceTest, KeepsTilesOfManySizes) {
    const std::vector<PixelsView> tiles = {{std::span(pixels_).first(12), 2, 2, 3},
                                           {std::span(pixels_).first(12), 12, 1, 1},
                                           {std::span(pixels_).subspan(100, 16), 2, 2, 4}};
    check({.tiles = tiles, .tile_width = 4, .tile_height = 4});
}

TEST_F(SpriteSourceTest, AFileCutShortIsCorrupt) {
    make_private_directory(home_);
    const fs::path path = home_ / new_id();
    const PixelsView tile{std::span(pixels_).first(12), 2, 2, 3};
    write_sprite_source(path, {.tiles = std::span(&tile, 1), .tile_width = 2, .tile_height = 2});
    for (std::uintmax_t size = fs::file_size(path); size-- > 0;) {
        fs::resize_file(path, size);
        EXPECT_THROW(build_sprite(path), Error) << size;
    }
}

TEST_F(SpriteSourceTest, RefusesWhatNoSpriteCanHold) {
    const PixelsView tile{std::span(pixels_).first(12), 2, 2, 3};
    const std::span tiles(&tile, 1);
    EXPECT_THROW(check_sprite_plan({.tiles = {}, .tile_width = 2, .tile_height = 2}), Error);
    EXPECT_THROW(check_sprite_plan({.tiles = tiles, .tile_width = 0, .tile_height = 2}), Error);
    const std::vector<PixelsView> many(1000, tile);
    EXPECT_THROW(check_sprite_plan({.tiles = many, .tile_width = 1000, .tile_height = 1000}),
                 Error);
    const PixelsView wrong{std::span(pixels_).first(11), 2, 2, 3};
    EXPECT_THROW(
        check_sprite_plan({.tiles = std::span(&wrong, 1), .tile_width = 2, .tile_height = 2}),
        Error);
}

class ExperimentTest : public ClientTest {
  protected:
    std::vector<Json> records() const {
        std::vector<Json> all;
        std::ifstream journal(only_spool() / "journal.jsonl");
        for (std::string line; std::getline(journal, line);) all.push_back(parse_json(line, line));
        return all;
    }

    const std::vector<float> vectors_ = {1, 0, 0, 1, 1, 1};
};

TEST_F(ExperimentTest, KeepsEverythingWithoutAServer) {
    Experiment experiment({.project_name = "p", .patience_s = 0});
    EXPECT_TRUE(is_id(experiment.key()));
    EXPECT_EQ(experiment.url(), "");
    const LoggedAsset logged = experiment.log_embedding(vectors_, 2, Labels::of({"a", "b", "c"}));
    experiment.log_metric("m", 1, {.step = 3});
    experiment.end();
    EXPECT_FALSE(experiment.is_alive());
    std::vector<std::string> kinds;
    for (const Json& record : records()) kinds.emplace_back(record.at("kind").as_string());
    EXPECT_EQ(kinds,
              (std::vector<std::string>{"experiment", "asset", "asset", "asset", "metric", "end"}));
    EXPECT_EQ(records()[3].at("id").as_string(), logged.asset_id);
    EXPECT_NE(Spool::open(only_spool()), nullptr);  // free for `oort upload`
}

TEST_F(ExperimentTest, WritesNothingForACallThatThrows) {
    Experiment experiment({.patience_s = 0});
    const Picture picture{.bytes = {}, .width = 1, .height = 1};
    const EmbeddingImages two{.pictures = {picture, picture}, .tile_width = 1, .tile_height = 1};
    EXPECT_THROW(experiment.log_embedding({}, 2, {}), std::exception);
    EXPECT_THROW(experiment.log_embedding(vectors_, 0, {}), std::exception);
    EXPECT_THROW(experiment.log_embedding(vectors_, 4, {}), std::exception);
    EXPECT_THROW(experiment.log_embedding(vectors_, 2, Labels::of({"a"})), std::exception);
    EXPECT_THROW(experiment.log_embedding(vectors_, 2, {}, {.images = &two}), std::exception);
    EXPECT_THROW(experiment.log_embedding(vectors_, 2, {}, {.image_url = "x"}), std::exception);
    EXPECT_THROW(experiment.log_metric("", 1), std::exception);
    experiment.end();
    EXPECT_EQ(records().size(), 2U);
}

TEST_F(ExperimentTest, GivesEachIndexItsBackground) {
    const std::vector<std::uint8_t> pixels = {0, 9, 9, 0};
    EmbeddingImages images = EmbeddingImages::of(pixels, 2, 1, 1);
    images.transparent = Color{0, 0, 0};
    images.background = [](std::size_t i) { return i == 0 ? Color{255, 0, 0} : Color{0, 255, 0}; };
    Experiment experiment({.patience_s = 0});
    std::string png;
    const LoggedAsset logged = experiment.create_embedding_image(images, &png);
    EXPECT_NE(logged.web_url.find("/api/image/download?imageId=" + logged.asset_id),
              std::string::npos);
    const Image image = decode_image(std::as_bytes(std::span(png)));
    ASSERT_EQ(image.width, 4);
    const std::vector<std::uint8_t> row(image.rgba.begin(), image.rgba.begin() + 16);
    EXPECT_EQ(
        row,
        (std::vector<std::uint8_t>{255, 0, 0, 255, 9, 9, 9, 255, 9, 9, 9, 255, 0, 255, 0, 255}));
}

TEST_F(ExperimentTest, ADisabledOneDoesNothing) {
    Experiment experiment({.disabled = true});
    EXPECT_EQ(experiment.log_embedding({}, 0, {}).asset_id, "");
    experiment.log_metric("", 1);
    experiment.end();
    EXPECT_EQ(experiment.key(), "");
    EXPECT_FALSE(fs::exists(home_));
}

TEST_F(ExperimentTest, MovesWithItsSpool) {
    Experiment first({.patience_s = 0});
    const std::string key = first.key();
    Experiment second = std::move(first);
    EXPECT_EQ(second.key(), key);
    EXPECT_TRUE(second.is_alive());
    EXPECT_FALSE(
        first.is_alive());  // NOLINT(bugprone-use-after-move): a moved-from one is disabled
}

}  // namespace oort
