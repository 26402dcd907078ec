// SPDX-License-Identifier: Apache-2.0
#include "store/records.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "store/rows.h"
#include "store/store.h"
#include "store/temporary_store.h"

namespace oort {
namespace {

using Outcome = ApplyResult::Outcome;

constexpr std::string_view key = "0123456789abcdef0123456789abcdef";
constexpr std::string_view asset_id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr std::string_view create =
    R"({"kind":"experiment","at":10,"workspace":"w","project":"p","name":"run"})";

// Records as they stand in a batch.
std::string list(std::initializer_list<std::string_view> records) {
    std::string text;
    for (const std::string_view record : records) {
        if (!text.empty()) text.push_back(',');
        text.append(record);
    }
    return text;
}

class Records : public ::testing::Test {
  protected:
    ApplyResult apply(std::int64_t first, const std::string& records, char writer = 'b') {
        const std::string body = fmt::format(R"({{"writer":"{}","first":{},"records":[{}]}})",
                                             std::string(32, writer),
                                             first,
                                             records);
        return apply_records(
            store_.database(), store_.blobs(), key, parse_record_batch(parse_json(body, "body")));
    }

    ExperimentRow experiment() {
        return store_.database().read([](Connection& c) { return find_experiment(c, key); });
    }

    std::vector<MetricPoint> points(std::string_view name, std::int64_t max_points = 10'000) {
        return store_.database().read([&](Connection& c) {
            return list_points(c, find_metric(c, key, name, ""), max_points);
        });
    }

    static std::string metric(int step, std::string_view value) {
        return fmt::format(R"({{"kind":"metric","at":{},"name":"loss","value":{},"step":{}}})",
                           20 + step,
                           value,
                           step);
    }

    std::string asset(std::string_view content, std::string_view group = "null") {
        return fmt::format(
            R"({{"kind":"asset","at":30,"id":"{}","name":"a.bin","type":"vectors","sha256":"{}",)"
            R"("size":{},"step":7,"epoch":null,"context":null,"group":{},"metadata":{{"k":[1]}},)"
            R"("content_type":null}})",
            asset_id,
            to_hex(sha256(content)),
            content.size(),
            group);
    }

    TemporaryFolder folder_;
    Store store_{folder_.path()};
};

TEST_F(Records, CreateAnExperimentAndFillIt) {
    const ApplyResult result = apply(0,
                                     list({create,
                                           metric(3, "1.5"),
                                           metric(4, "0.5"),
                                           R"({"kind":"tag","at":1,"tag":"good"})",
                                           R"({"kind":"parameter","at":1,"name":"lr","value":0.1})",
                                           R"({"kind":"other","at":1,"key":"note","value":"x"})"}));
    EXPECT_EQ(result.outcome, Outcome::applied);
    EXPECT_EQ(result.n_applied, 6);
    const ExperimentRow row = experiment();
    EXPECT_EQ(row.workspace, "w");
    EXPECT_EQ(row.project, "p");
    EXPECT_EQ(row.name, "run");
    EXPECT_EQ(row.state, "running");
    EXPECT_EQ(row.created_at, 10);
    EXPECT_EQ(row.step, 4);
    EXPECT_EQ(row.tags, std::vector<std::string>{"good"});
    EXPECT_EQ(points("loss").size(), 2u);
    store_.database().read([](Connection& c) {
        EXPECT_EQ(list_values(c, ValueKind::parameter, key).at(0).value, "1E-1");
        EXPECT_EQ(list_values(c, ValueKind::other, key).at(0).value, "\"x\"");
    });
}

TEST_F(Records, SentTwiceChangeNothingTheSecondTime) {
    const std::string batch = list({create, metric(1, "1"), metric(2, "2")});
    EXPECT_EQ(apply(0, batch).n_applied, 3);
    EXPECT_EQ(apply(0, batch).n_applied, 3);
    EXPECT_EQ(points("loss").size(), 2u);
}

TEST_F(Records, OverlappingOnesAreAppliedFromWhereTheyAreNew) {
    apply(0, list({create, metric(1, "1")}));
    EXPECT_EQ(apply(1, list({metric(1, "1"), metric(2, "2")})).n_applied, 3);
    EXPECT_EQ(points("loss").size(), 2u);
    EXPECT_EQ(apply(0, std::string(create)).n_applied, 3) << "an old batch alone tells the count";
}

TEST_F(Records, AfterAGapAreRefused) {
    apply(0, std::string(create));
    const ApplyResult result = apply(2, metric(1, "1"));
    EXPECT_EQ(result.outcome, Outcome::gap);
    EXPECT_EQ(result.n_applied, 1);
    EXPECT_THROW(points("loss"), Error);
}

TEST_F(Records, OfTwoWritersAreCountedApart) {
    apply(0, std::string(create), 'b');
    EXPECT_EQ(apply(0, list({create, metric(1, "1")}), 'c').n_applied, 2);
    EXPECT_EQ(apply(1, metric(2, "2"), 'b').n_applied, 2);
    EXPECT_EQ(points("loss").size(), 2u);
}

TEST_F(Records, ThatNameAMissingBlobAreRefusedAsAWhole) {
    const ApplyResult result = apply(0, list({create, asset("abc")}));
    EXPECT_EQ(result.outcome, Outcome::missing_blobs);
    EXPECT_EQ(result.missing, std::vector<std::string>{to_hex(sha256("abc"))});
    EXPECT_THROW(experiment(), Error);
    put_blob(store_.blobs(), "abc");
    EXPECT_EQ(apply(0, list({create, asset("abc")})).outcome, Outcome::applied);
    EXPECT_EQ(experiment().n_assets, 1);
}

TEST_F(Records, GiveAnAssetNewContentUnderItsId) {
    put_blob(store_.blobs(), "abc");
    put_blob(store_.blobs(), "longer");
    apply(0, list({create, asset("abc"), asset("longer", "\"g\"")}));
    store_.database().read([](Connection& c) {
        const auto assets = list_assets(c, key, std::nullopt);
        ASSERT_EQ(assets.size(), 1u);
        EXPECT_EQ(assets[0].sha256, sha256("longer"));
        EXPECT_EQ(assets[0].size, 6);
        EXPECT_EQ(assets[0].step, 7);
        EXPECT_EQ(assets[0].group, "g");
        EXPECT_EQ(assets[0].metadata, R"({"k":[1]})");
    });
}

TEST_F(Records, WithAnotherSizeThanTheirBlobAreRefused) {
    put_blob(store_.blobs(), "abc");
    std::string record = asset("abc");
    record.replace(record.find("\"size\":3"), 8, "\"size\":4");
    EXPECT_THROW(apply(0, list({create, record})), Error);
}

TEST_F(Records, KeepNumbersThatAreNotFinite) {
    apply(0, list({create, metric(1, "\"NaN\""), metric(2, "\"-Infinity\""), metric(3, "2")}));
    const auto kept = points("loss");
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_TRUE(std::isnan(kept[0].value));
    EXPECT_EQ(kept[1].value, -INFINITY);
    EXPECT_EQ(kept[2].value, 2);
    const MetricRow row =
        store_.database().read([](Connection& c) { return find_metric(c, key, "loss", ""); });
    EXPECT_EQ(row.minimum, -INFINITY);
    EXPECT_EQ(row.maximum, 2);
    EXPECT_EQ(row.last, 2);
}

TEST_F(Records, EndAnExperimentAndBeginItAgain) {
    apply(0, list({create, R"({"kind":"end","at":99})"}));
    EXPECT_EQ(experiment().state, "finished");
    EXPECT_EQ(experiment().ended_at, 99);
    apply(0, std::string(create), 'c');
    EXPECT_EQ(experiment().state, "running");
    EXPECT_FALSE(experiment().ended_at);
}

TEST_F(Records, NeedAnExperiment) {
    try {
        apply(0, metric(1, "1"));
        FAIL() << "a record without an experiment was applied";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
}

TEST_F(Records, AreThinnedEvenlyWithTheLastKept) {
    std::string batch(create);
    for (int i = 0; i < 100; ++i) batch = list({batch, metric(i, std::to_string(i))});
    apply(0, batch);
    const auto thinned = points("loss", 10);
    EXPECT_LE(thinned.size(), 10u);
    EXPECT_GE(thinned.size(), 9u);
    EXPECT_EQ(thinned.front().step, 0);
    EXPECT_EQ(thinned.back().step, 99);
}

TEST_F(Records, AreNamedWhenTheyAreWrong) {
    const auto message = [&](const std::string& records) -> std::string {
        try {
            apply(0, records);
        } catch (const Error& error) {
            return error.what();
        }
        return "nothing was thrown";
    };
    const auto second = [](std::string_view record) { return list({create, record}); };
    EXPECT_EQ(message(second(R"({"kind":"what","at":1})")), "record 1: there is no kind \"what\"");
    EXPECT_EQ(message(second(R"({"kind":"tag","at":1})")), "record 1: \"tag\" must be a string");
    EXPECT_EQ(message(second(R"({"kind":"tag","at":1,"tag":""})")),
              "record 1: \"tag\" has 0 bytes: 1..4096 are allowed");
    EXPECT_EQ(message(second(R"({"kind":"metric","at":1,"name":"x","value":"big"})")),
              "record 1: \"value\" must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    EXPECT_EQ(message(R"({"kind":"experiment","at":1,"workspace":"..","project":"p"})"),
              "record 0: \"workspace\" may not be \"..\"");
}

TEST_F(Records, SurviveARestart) {
    put_blob(store_.blobs(), "abc");
    apply(0, list({create, asset("abc")}));
    Connection connection(folder_.path() / "oort.sqlite", Connection::Mode::inspect);
    EXPECT_EQ(list_assets(connection, key, "vectors").size(), 1u);
}

TEST_F(Records, PanelsAreKeptByRevision) {
    apply(0, std::string(create));
    const auto keep = [&](std::int64_t revision) {
        return store_.database().write([&](Connection& c) {
            return keep_experiment_panels(c, key, {.panels = "[1]", .revision = revision});
        });
    };
    EXPECT_EQ(keep(0), 1);
    EXPECT_THROW(keep(0), Error);
    EXPECT_EQ(keep(1), 2);
    store_.database().write([](Connection& c) {
        return keep_project_panels(c, "w", "p", {.panels = "[2]", .revision = 0});
    });
    store_.database().read([](Connection& c) {
        EXPECT_EQ(find_experiment_panels(c, key).panels, "[1]");
        EXPECT_EQ(find_project_panels(c, "w", "p").panels, "[2]");
    });
}

}  // namespace
}  // namespace oort
