// SPDX-License-Identifier: Apache-2.0
// What any store of projections must keep to: one row a key, one lease a row, first come first
// served, and states that only move along the drawn lines.
#include "store/projection_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "store/database.h"
#include "store/temporary_store.h"

namespace oort {
namespace {

constexpr Milliseconds at = 1'000;

std::string key_of(char digit) {
    return std::string(64, digit);
}

ProjectionTask task(char digit) {
    return {.key = key_of(digit),
            .request = R"({"method":"pca","n_components":2,"options":{}})",
            .points = {.blob = sha256("points"),
                       .n_rows = 10,
                       .n_dims = 3,
                       .order_seed = 0xFEDCBA9876543210},
            .rows = sha256("rows"),
            .n_rows = 4,
            .labels = std::nullopt,
            .supervise_by = "colour",
            .estimated_seconds = 1.5,
            .estimated_bytes = 1 << 20};
}

class ProjectionRows : public ::testing::Test {
  protected:
    template <class Action>
    auto write(Action&& action) {
        return database_.write(std::forward<Action>(action));
    }

    bool queue(char digit) {
        return write([&](Connection& c) { return queue_projection(c, task(digit), at); });
    }

    std::optional<ProjectionRow> lease(const std::string& id,
                                       const std::string& supervisor = "boot",
                                       Milliseconds expires_at = 5'000) {
        return write([&](Connection& c) {
            return lease_projection(c,
                                    {.id = id,
                                     .worker = "w-" + id,
                                     .supervisor = supervisor,
                                     .expires_at = expires_at});
        });
    }

    ProjectionRow row(char digit) {
        return *database_.read([&](Connection& c) { return find_projection(c, key_of(digit)); });
    }

    std::string state(char digit) { return row(digit).state; }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "rows.sqlite"};
};

TEST_F(ProjectionRows, AKeyIsQueuedOnceAndKeepsWhatWasAsked) {
    EXPECT_TRUE(queue('a'));
    EXPECT_FALSE(queue('a'));
    const ProjectionRow found = row('a');
    EXPECT_EQ(found.state, "queued");
    EXPECT_EQ(found.task.request, task('a').request);
    EXPECT_EQ(found.task.points.blob, sha256("points"));
    EXPECT_EQ(found.task.points.order_seed, 0xFEDCBA9876543210u) << "all 64 bits survive";
    EXPECT_EQ(found.task.rows, sha256("rows"));
    EXPECT_EQ(found.task.labels, std::nullopt);
    EXPECT_EQ(found.task.n_rows, 4u);
    EXPECT_EQ(found.task.supervise_by, "colour");
    EXPECT_EQ(found.progress, WorkerProgress{});
    EXPECT_FALSE(found.lease || found.layout || found.error);
}

TEST_F(ProjectionRows, FirstComeFirstServedAndEachOnlyOnce) {
    for (const char digit : {'c', 'a', 'b'}) queue(digit);
    const auto position = [&](char digit) {
        return database_.read([&](Connection& c) { return queue_position(c, row(digit)); });
    };
    EXPECT_EQ(position('c'), 1);
    EXPECT_EQ(position('a'), 2);
    EXPECT_EQ(position('b'), 3);
    EXPECT_EQ(lease("1")->task.key, key_of('c'));
    EXPECT_EQ(position('a'), 1);
    EXPECT_EQ(lease("2")->task.key, key_of('a'));
    EXPECT_EQ(lease("3")->task.key, key_of('b'));
    EXPECT_FALSE(lease("4"));
    EXPECT_EQ(row('c').lease->id, "1");
    EXPECT_EQ(row('c').lease->worker, "w-1");
}

TEST_F(ProjectionRows, WhoHasLostTheLeaseChangesNothing) {
    queue('a');
    lease("1");
    write([&](Connection& c) { release_projection(c, "1"); });
    ASSERT_TRUE(lease("2"));
    write([&](Connection& c) {
        EXPECT_FALSE(renew_lease(c, "1", 9'000));
        EXPECT_FALSE(keep_projection_progress(c, "1", {.stage = "optimise"}));
        EXPECT_FALSE(finish_projection(c, "1", sha256("layout"), "{}", {}));
        EXPECT_FALSE(fail_projection(c, "1", {.code = "internal", .message = "x"}));
        release_projection(c, "1");
    });
    EXPECT_EQ(row('a').lease->id, "2");
    EXPECT_EQ(state('a'), "running");
    EXPECT_EQ(row('a').progress.stage, "clean");
}

TEST_F(ProjectionRows, ADoneOneIsNeverQueuedAgain) {
    queue('a');
    lease("1");
    const WorkerProgress progress{.stage = "done",
                                  .iteration = 7,
                                  .n_iterations = 7,
                                  .seconds_elapsed = 2.5,
                                  .seconds_left = 0,
                                  .notes = {"perplexity was cut"}};
    EXPECT_TRUE(write([&](Connection& c) {
        return finish_projection(c, "1", sha256("layout"), R"({"n_rows":4})", progress);
    }));
    EXPECT_FALSE(queue('a'));
    const ProjectionRow found = row('a');
    EXPECT_EQ(found.state, "done");
    EXPECT_EQ(found.layout, sha256("layout"));
    EXPECT_EQ(found.report, R"({"n_rows":4})");
    EXPECT_EQ(found.progress, progress);
    EXPECT_FALSE(found.lease);
    write([&](Connection& c) {
        EXPECT_FALSE(cancel_projection(c, key_of('a'), at));
        EXPECT_FALSE(stop_projection(c, key_of('a'), at));
        EXPECT_FALSE(pause_projection(c, key_of('a'), at));
        EXPECT_FALSE(continue_projection(c, key_of('a'), at));
    });
}

TEST_F(ProjectionRows, PausedAndStoppedGoOnWhereTheyAre) {
    queue('a');
    queue('b');
    lease("1");
    const auto act = [&](auto&& change) {
        return write([&](Connection& c) { return change(c, key_of('a'), at); });
    };
    EXPECT_TRUE(act(pause_projection));
    EXPECT_FALSE(act(pause_projection));
    EXPECT_EQ(state('a'), "paused");
    EXPECT_TRUE(row('a').lease) << "the worker keeps it in memory";
    EXPECT_TRUE(act(continue_projection));
    EXPECT_EQ(state('a'), "running");
    EXPECT_TRUE(act(stop_projection));
    write([&](Connection& c) { release_projection(c, "1"); });
    EXPECT_EQ(state('a'), "stopped") << "a person wished it so";
    EXPECT_EQ(lease("2")->task.key, key_of('b'));
    EXPECT_FALSE(lease("3"));
    EXPECT_TRUE(act(continue_projection));
    EXPECT_EQ(state('a'), "queued");
    EXPECT_EQ(lease("4")->task.key, key_of('a'));
}

TEST_F(ProjectionRows, CancelForgetsTheLeaseAndTheSameMayBeAskedAgain) {
    queue('a');
    lease("1");
    EXPECT_TRUE(write([&](Connection& c) { return cancel_projection(c, key_of('a'), at); }));
    EXPECT_FALSE(write([&](Connection& c) { return cancel_projection(c, key_of('a'), at); }));
    EXPECT_EQ(state('a'), "cancelled");
    EXPECT_FALSE(row('a').lease);
    EXPECT_TRUE(queue('a'));
    EXPECT_EQ(state('a'), "queued");
    EXPECT_EQ(row('a').n_attempts, 0);
}

TEST_F(ProjectionRows, ALeaseThatRanOutGoesToTheNextInItsOldPlace) {
    queue('a');
    queue('b');
    lease("1", "boot", 5'000);
    const auto drop_at = [&](Milliseconds when) {
        return write([&](Connection& c) { return drop_expired_leases(c, when); });
    };
    EXPECT_TRUE(drop_at(4'999).empty());
    EXPECT_EQ(drop_at(5'000), std::vector{key_of('a')});
    EXPECT_EQ(lease("2")->task.key, key_of('a')) << "before b, which came later";
}

TEST_F(ProjectionRows, WhatKillsItsWorkerAgainAndAgainFailsWithASentence) {
    queue('a');
    for (std::int64_t i = 0; i < max_projection_attempts; ++i) {
        ASSERT_TRUE(lease(std::to_string(i))) << i;
        write([&](Connection& c) {
            drop_leases_of_worker(c, "w-" + std::to_string(i), "signal 9 (Killed)");
        });
    }
    const ProjectionRow found = row('a');
    EXPECT_EQ(found.state, "failed");
    EXPECT_EQ(found.error->message,
              "the computation was begun 3 times and ended its worker each time, last in stage "
              "clean: signal 9 (Killed)");
    EXPECT_TRUE(queue('a')) << "a person may try again";
    EXPECT_FALSE(row('a').error);
}

TEST_F(ProjectionRows, ACheckpointBeginsTheAttemptsAnew) {
    queue('a');
    for (int i = 0; i < 10; ++i) {
        const std::string id = std::to_string(i);
        ASSERT_TRUE(lease(id)) << i;
        write([&](Connection& c) {
            keep_projection_progress(c, id, {.stage = "optimise", .iteration = i});
            drop_leases_of_worker(c, "w-" + id, "x");
        });
    }
    EXPECT_EQ(state('a'), "queued");
    EXPECT_EQ(row('a').progress.iteration, 9);
}

TEST_F(ProjectionRows, ALeaseGivenBackInGoodOrderIsNoAttempt) {
    queue('a');
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(lease(std::to_string(i))) << i;
        write([&](Connection& c) { release_projection(c, std::to_string(i)); });
    }
    EXPECT_EQ(row('a').n_attempts, 0);
}

TEST_F(ProjectionRows, AnotherServersWorkersEndedWithItButThoseStartedByHandGoOn) {
    for (const char digit : {'a', 'b', 'c'}) queue(digit);
    lease("1", "boot-1");
    lease("2", "");
    lease("3", "boot-2");
    EXPECT_EQ(write([&](Connection& c) { return drop_leases_of_other_supervisors(c, "boot-2"); }),
              std::vector{key_of('a')});
    EXPECT_EQ(state('a'), "queued");
    EXPECT_EQ(state('b'), "running");
    EXPECT_EQ(state('c'), "running");
    write([&](Connection& c) { release_leases_of_supervisor(c, "boot-2"); });
    EXPECT_EQ(state('c'), "queued");
}

TEST(WorkerProgress, IsReadAsItWasWrittenAndNothingElseIs) {
    const WorkerProgress progress{.stage = "neighbors",
                                  .iteration = 3,
                                  .n_iterations = 9,
                                  .seconds_elapsed = 0.25,
                                  .seconds_left = std::nullopt,
                                  .notes = {"one", "two"}};
    EXPECT_EQ(progress_from_json(to_json(progress)), progress);
    for (const std::string_view member : {"stage", "iteration", "seconds_left", "notes"}) {
        JsonObject without = to_json(progress);
        without.erase(member);
        EXPECT_THROW(progress_from_json(without), Error) << member;
        JsonObject wrong = to_json(progress);
        wrong[member] = JsonObject();
        EXPECT_THROW(progress_from_json(wrong), Error) << member;
    }
    EXPECT_THROW(progress_from_json(Json("text")), Error);
}

TEST(Blobs, KeepsBytesThatAreAtHandOnceAndGoesOnWithAnUpload) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    const Digest digest = blobs.keep(bytes_of("content"));
    EXPECT_EQ(digest, sha256("content"));
    EXPECT_EQ(blobs.size(digest), 7u);
    EXPECT_EQ(blobs.keep(bytes_of("content")), digest);
    const Digest begun = sha256("half of it");
    {
        const auto upload = blobs.upload(begun, 0, 10);
        upload->append(bytes_of("half"));
        upload->finish();
    }
    EXPECT_EQ(blobs.keep(bytes_of("half of it")), begun);
    EXPECT_EQ(blobs.size(begun), 10u);
}

}  // namespace
}  // namespace oort
