// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "jobs/datasets.h"
#include "jobs/projections.h"
#include "store/records.h"
#include "store/store.h"
#include "store/temporary_store.h"

namespace oort {
namespace {

constexpr std::string_view key = "0123456789abcdef0123456789abcdef";

std::string id_of(char digit) {
    return std::string(32, digit);
}

std::string raw(const std::vector<float>& values) {
    std::string bytes(values.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

class Jobs : public ::testing::Test {
  protected:
    void log(char id, std::string_view type, std::string_view content) {
        put_blob(store_.blobs(), content);
        const std::string body = fmt::format(
            R"({{"writer":"{}","first":0,"records":[)"
            R"({{"kind":"experiment","at":1,"workspace":"w","project":"p","name":null}},)"
            R"({{"kind":"asset","at":2,"id":"{}","name":"x","type":"{}","sha256":"{}","size":{}}}]}})",
            new_id(),
            id_of(id),
            type,
            to_hex(sha256(content)),
            content.size());
        apply_records(
            store_.database(), store_.blobs(), key, parse_record_batch(parse_json(body, "body")));
    }

    // Vectors under '1', labels under '2'; the template under 'c'.
    void log_template(std::size_t n, std::size_t d, std::string_view experiment = key) {
        const auto path = [&](char id, std::string_view end) {
            return fmt::format(
                "/api/asset/download?assetId={}&experimentKey={}{}", id_of(id), experiment, end);
        };
        log('c',
            "embeddings",
            fmt::format(
                R"({{"embeddings":[{{"tensorName":"t","tensorShape":[{},{}],"tensorPath":"{}",)"
                R"("metadataPath":"{}"}}]}})",
                n,
                d,
                path('1', "&name=vectors.bytes"),
                path('2', "")));
    }

    EntryFiles entry() { return datasets_.find_entry(key, id_of('c'), 0); }

    TemporaryFolder folder_;
    Store store_{folder_.path()};
    Datasets datasets_{store_};
};

const std::string four_points = raw({1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 5, 5});

TEST_F(Jobs, ADatasetWaitsForItsFiles) {
    log_template(4, 3);
    EXPECT_EQ(entry().waiting_for.size(), 2u);
    log('1', "vectors", four_points);
    EXPECT_EQ(entry().waiting_for.size(), 1u);
    try {
        datasets_.dataset(entry());
        FAIL() << "a dataset without its labels was made";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
    }
    log('2', "labels", "a\nb\na\nc\n");
    const auto shown = datasets_.dataset(entry());
    EXPECT_EQ(shown->dataset.n_rows, 4u);
    ASSERT_EQ(shown->dataset.columns.size(), 1u);
    EXPECT_EQ(shown->dataset.columns[0].values, (std::vector<std::string>{"a", "b", "c"}));
    auto order = shown->order;
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 1, 2, 3}));
}

TEST_F(Jobs, OtherLabelsKeepTheDrawOrderAndTheProjection) {
    log('1', "vectors", four_points);
    log('2', "labels", "a\nb\na\nc\n");
    log_template(4, 3);
    const auto before = datasets_.dataset(entry());
    log('2', "labels", "w\nx\ny\nz\n");
    const auto after = datasets_.dataset(entry());
    EXPECT_NE(before->digest, after->digest);
    EXPECT_EQ(before->tensor_digest, after->tensor_digest);
    EXPECT_EQ(before->order, after->order);
    EXPECT_EQ(after->dataset.columns[0].values.size(), 4u);
}

TEST_F(Jobs, AFileOfAnotherExperimentIsNotOurs) {
    log('1', "vectors", four_points);
    log('2', "labels", "a\nb\na\nc\n");
    log_template(4, 3, id_of('f'));
    EXPECT_FALSE(entry().is_ready());
}

TEST_F(Jobs, ATensorOfAnotherSizeThanSaidIsCorrupt) {
    log('1', "vectors", four_points);
    log('2', "labels", "a\n");
    for (const auto& [n, d] : {std::pair<std::size_t, std::size_t>{5, 3},
                               {std::size_t{1} << 62, 4},
                               {std::size_t{1} << 63, std::size_t{1} << 63}}) {
        log_template(n, d);
        EXPECT_THROW(datasets_.dataset(entry()), Error) << n << " x " << d;
    }
}

TEST_F(Jobs, AFileThatChangedOnTheDiskIsRefused) {
    const std::string labels = "a\nb\na\nc\n";
    log('1', "vectors", four_points);
    log('2', "labels", labels);
    log_template(4, 3);
    const EntryFiles files = entry();
    EXPECT_EQ(Datasets(store_).dataset(files)->dataset.n_rows, 4u);
    const auto refusal = [&](const Digest& digest) -> std::string {
        damage_blob(store_.blobs(), digest, 2);
        std::string said = "nothing";
        try {
            Datasets(store_).dataset(Datasets(store_).find_entry(key, id_of('c'), 0));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::corrupt);
            said = error.what();
        }
        damage_blob(store_.blobs(), digest, 2);  // and back
        return said;
    };
    EXPECT_EQ(refusal(sha256(four_points)), "the stored vectors no longer match their digest");
    EXPECT_EQ(refusal(sha256(labels)), "the stored labels no longer match their digest");
    EXPECT_EQ(refusal(datasets_.find_template(key, id_of('c')).asset.sha256),
              "the stored bytes of this template no longer match their digest");
}

TEST_F(Jobs, SomethingElseIsNoTemplate) {
    log('1', "vectors", four_points);
    EXPECT_THROW(datasets_.find_template(key, id_of('1')), Error);
    EXPECT_THROW(datasets_.find_template(key, id_of('9')), Error);
    EXPECT_THROW(datasets_.find_template(key, "../../etc/passwd"), Error);
    log('c', "embeddings", "this is not JSON");
    EXPECT_THROW(datasets_.find_template(key, id_of('c')), Error);
}

TEST_F(Jobs, ManyWhoAskAtOnceShareOneComputation) {
    log('1', "vectors", four_points);
    log('2', "labels", "a\nb\na\nc\n");
    log_template(4, 3);
    Projections projections(folder_.path() / "cache");
    std::vector<std::shared_ptr<const PcaProjection>> found(8);
    std::vector<std::thread> threads;
    for (auto& place : found) {
        threads.emplace_back([&] { place = projections.pca_of(*datasets_.dataset(entry())); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& one : found) EXPECT_EQ(one, found[0]);
    EXPECT_EQ(found[0]->n_components, 3u);
    EXPECT_NEAR(found[0]->explained_variance_ratio(0) + found[0]->explained_variance_ratio(1) +
                    found[0]->explained_variance_ratio(2),
                1,
                1e-6);
}

TEST_F(Jobs, AProjectionIsKeptOnDiskAndADamagedOneMadeAgain) {
    log('1', "vectors", four_points);
    log('2', "labels", "a\nb\na\nc\n");
    log_template(4, 3);
    const auto shown = datasets_.dataset(entry());
    const auto cache = folder_.path() / "cache";
    const auto first = Projections(cache).pca_of(*shown);
    const auto path = cache / (first->key + ".pca");
    ASSERT_TRUE(std::filesystem::exists(path));
    const auto again = Projections(cache).pca_of(*shown);
    EXPECT_EQ(again->coordinates, first->coordinates);
    EXPECT_EQ(again->seconds, first->seconds) << "it was read, not computed";
    EXPECT_EQ(again->explained_variance, first->explained_variance);
    for (const std::uintmax_t size : {std::uintmax_t{0}, std::uintmax_t{40}}) {
        std::filesystem::resize_file(path, size);
        EXPECT_EQ(Projections(cache).pca_of(*shown)->coordinates, first->coordinates);
    }
    File(path, File::Mode::update).write_at(100, bytes_of("XX"));
    EXPECT_EQ(Projections(cache).pca_of(*shown)->coordinates, first->coordinates);
}

TEST_F(Jobs, AStoppedServerComputesNoMore) {
    log('1', "vectors", four_points);
    log('2', "labels", "a\nb\na\nc\n");
    log_template(4, 3);
    Projections projections(folder_.path() / "cache");
    projections.stop();
    EXPECT_THROW(projections.pca_of(*datasets_.dataset(entry())), Error);
}

TEST_F(Jobs, DatasetsThatNobodyUsesGoWhenThereAreTooMany) {
    Datasets small(store_, 1);
    log('1', "vectors", four_points);
    log('2', "labels", "a\nb\na\nc\n");
    log_template(4, 3);
    std::weak_ptr<const ShownDataset> first = small.dataset(entry());
    EXPECT_FALSE(first.expired()) << "the newest is kept whatever its size";
    log('2', "labels", "w\nx\ny\nz\n");
    small.dataset(entry());
    EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace oort
