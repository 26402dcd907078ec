// SPDX-License-Identifier: Apache-2.0
#include "format/projector_config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/id.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

const std::string id = "0123456789abcdef0123456789abcdef";
const std::string key = "fedcba9876543210fedcba9876543210";

TEST(ProjectorConfig, IsWrittenAsTheSdkWritesIt) {
    Entry entry{.title = "Comet \"Embedding\"", .n_rows = 4, .n_dims = 3, .tensor = {id, key, ""}};
    entry.metadata = AssetRef{id, key, ""};
    entry.sprite = SpriteRef{{id, key, ""}, 28, 20};
    EXPECT_EQ(write_projector_config({{entry}, {}}),
              R"({"embeddings":[{"tensorName":"Comet \"Embedding\"","tensorShape":[4,3],)"
              R"("tensorPath":"/api/asset/download?assetId=)" +
                  id + "&experimentKey=" + key + "&name=vectors-" + id +
                  R"(.bytes","metadataPath":"/api/asset/download?assetId=)" + id +
                  "&experimentKey=" + key +
                  R"(","sprite":{"imagePath":"/api/image/download?imageId=)" + id +
                  "&experimentKey=" + key + R"(","singleImageDim":[28,20]}}]})");
    EXPECT_EQ(write_projector_config({}), R"({"embeddings":[]})");
}

TEST(ProjectorConfig, ReferencesNeedAPathOrIds) {
    const Entry none{.title = "a", .n_rows = 1, .n_dims = 1};
    EXPECT_THROW(write_projector_config({{none}, {}}), Error);
    const Entry bad{
        .title = "a", .n_rows = 1, .n_dims = 1, .tensor = {"../../etc/passwd", key, ""}};
    EXPECT_THROW(write_projector_config({{bad}, {}}), Error);
}

TEST(ProjectorConfig, PathsOfTheDemoAreKeptAsTextAndNameNoAsset) {
    const Template config = read_projector_config(R"({"embeddings": [{"tensorName": "Word2Vec All",
        "tensorShape": [71291, 200.0], "tensorPath": "oss_data/w.bytes", "metadataPath": "../l.tsv",
        "bookmarksPath": "b.txt", "sprite": {"imagePath": "s.png", "singleImageDim": [28, 28]}}],
        "modelCheckpointPath": "Demo datasets"})");
    ASSERT_EQ(config.entries.size(), 1U);
    const Entry& entry = config.entries[0];
    EXPECT_EQ(entry.title, "Word2Vec All");
    EXPECT_EQ(entry.n_rows, 71291U);
    EXPECT_EQ(entry.n_dims, 200U);
    EXPECT_EQ(entry.tensor, (AssetRef{"", "", "oss_data/w.bytes"}));
    EXPECT_EQ(entry.metadata, (AssetRef{"", "", "../l.tsv"}));
    EXPECT_EQ(entry.bookmarks, (AssetRef{"", "", "b.txt"}));
    EXPECT_EQ(entry.sprite, (SpriteRef{{"", "", "s.png"}, 28, 28}));
    EXPECT_EQ(config.notes.size(), 3U);
    const Template again = read_projector_config(write_projector_config(config));
    EXPECT_EQ(again, config);
}

TEST(ProjectorConfig, WhatIsWrittenIsReadBack) {
    TestRandom random(12);
    for (int round = 0; round < 500; ++round) {
        Template config;
        for (std::size_t n = random.below(5); n > 0; --n) {
            const auto ref = [&] {
                const std::string a = new_id();
                return parse_asset_ref("/api/asset/download?assetId=" + a +
                                       "&experimentKey=" + key);
            };
            Entry entry{.title = random.damaged("epoch-1 \"é\""),
                        .n_rows = random.below(1000),
                        .n_dims = random.below(1000),
                        .tensor = ref()};
            for (char& c : entry.title) c = static_cast<char>(c & 0x7F);  // text, not bytes
            if (random.below(2) == 0) entry.metadata = ref();
            if (random.below(2) == 0)
                entry.sprite = SpriteRef{ref(), 1 + static_cast<int>(random.below(99)), 7};
            config.entries.push_back(entry);
        }
        ASSERT_EQ(read_projector_config(write_projector_config(config)), config);
    }
}

TEST(ProjectorConfig, DamageNeverDoesMoreThanThrow) {
    TestRandom random(13);
    Entry entry{.title = "a", .n_rows = 4, .n_dims = 3, .tensor = {id, key, ""}};
    entry.sprite = SpriteRef{{id, key, ""}, 28, 20};
    const std::string whole = write_projector_config({{entry, entry}, {}});
    int n_refused = 0;
    for (int round = 0; round < 5000; ++round) {
        try {
            for (const Entry& e : read_projector_config(random.damaged(whole)).entries) {
                ASSERT_TRUE(e.tensor.asset_id.empty() || is_id(e.tensor.asset_id));
                ASSERT_TRUE(!e.sprite || e.sprite->tile_width > 0);
            }
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::corrupt);
            ++n_refused;
        }
    }
    EXPECT_GT(n_refused, 1000);
    EXPECT_LT(n_refused, 5000);
}

TEST(AssetRef, IdsAreReadOutOfBothForms) {
    for (const std::string& path :
         {"/api/asset/download?assetId=" + id + "&experimentKey=" + key,
          "/api/image/download?imageId=" + id + "&experimentKey=" + key,
          "/api/asset/download?experimentKey=" + key + "&x=1&assetId=" + id + "&name=v.bytes",
          "https://www.comet.com/api/image/download?imageId=" + id + "&experimentKey=" + key +
              "#x"}) {
        EXPECT_EQ(parse_asset_ref(path), (AssetRef{id, key, path})) << path;
    }
    EXPECT_EQ(parse_asset_ref("/api/asset/download?assetId=" + id).experiment_key, "");
    EXPECT_EQ(parse_asset_ref("/api/asset/download?assetId=" + id).asset_id, id);
}

TEST(AssetRef, AnythingElseNamesNoAsset) {
    for (const std::string& path :
         std::vector<std::string>{"",
                                  "?",
                                  "vectors.tsv",
                                  "/etc/passwd",
                                  "/api/asset/download",
                                  "/api/asset/download?assetId=" + id.substr(1),
                                  "/api/asset/download?assetId=" + id + "0",
                                  "/api/asset/download?assetId=../../../../../../../../../secret",
                                  "/api/asset/download?assetId=ABCDEF0123456789ABCDEF0123456789",
                                  "/api/asset/download?xassetId=" + id,
                                  "/api/asset/download?assetId=" + id + "&assetId=" + key,
                                  "/api/asset/download?assetId=" + id + "&experimentKey=..",
                                  "/api/other?assetId=" + id,
                                  "/api/asset/download#?assetId=" + id}) {
        const AssetRef ref = parse_asset_ref(path);
        EXPECT_FALSE(ref.names_asset()) << path;
        EXPECT_EQ(ref.experiment_key, "");
        EXPECT_EQ(ref.path, path);
    }
}

}  // namespace
}  // namespace oort
