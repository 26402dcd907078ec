// SPDX-License-Identifier: Apache-2.0
#include "numeric/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/error.h"

namespace oort {
namespace {

TEST(ParallelFor, VisitsEveryItemOnceInChunksDecidedBySizeAlone) {
    for (const int n_threads : {1, 2, 8}) {
        ThreadPool pool(n_threads);
        std::vector<std::atomic<int>> visits(1003);
        std::vector<std::size_t> ends(n_chunks(1003, 10));
        parallel_for(pool, 1003, 10, [&](std::size_t begin, std::size_t end) {
            ends[begin / 10] = end;
            for (std::size_t i = begin; i < end; ++i) ++visits[i];
        });
        for (const std::atomic<int>& count : visits) ASSERT_EQ(count, 1);
        EXPECT_EQ(ends[0], 10U);
        EXPECT_EQ(ends[100], 1003U);
    }
}

TEST(ParallelFor, RethrowsTheExceptionOfABody) {
    for (const int n_threads : {1, 2}) {
        ThreadPool pool(n_threads);
        EXPECT_THROW(parallel_for(pool,
                                  100,
                                  1,
                                  [](std::size_t begin, std::size_t) {
                                      if (begin == 50) throw Error(ErrorCode::corrupt, "here");
                                  }),
                     Error);
    }
}

TEST(ParallelFor, StopsBetweenChunks) {
    std::stop_source source;
    ThreadPool pool(1);
    int n_run = 0;
    try {
        parallel_for(
            pool,
            100,
            1,
            [&](std::size_t begin, std::size_t) {
                ++n_run;
                if (begin == 9) source.request_stop();
            },
            source.get_token());
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    EXPECT_EQ(n_run, 10);
}

TEST(ThreadPool, RefusesANegativeOrAbsurdNumberOfThreads) {
    EXPECT_THROW(ThreadPool(-1), Error);
    EXPECT_THROW(ThreadPool(1025), Error);
    EXPECT_GE(ThreadPool().n_threads(), 1);
}

}  // namespace
}  // namespace oort
