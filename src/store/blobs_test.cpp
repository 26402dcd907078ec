// SPDX-License-Identifier: Apache-2.0
#include "store/blobs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "store/temporary_store.h"

namespace oort {
namespace {

std::string content_of(const BlobStore& blobs, const Digest& digest) {
    return read_file(blobs.path(digest));
}

std::optional<ErrorCode> code_of(const auto& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

TEST(BlobStore, KeepsABlobUnderItsDigest) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    const Digest digest = put_blob(blobs, "abc");
    EXPECT_EQ(blobs.size(digest), 3u);
    EXPECT_EQ(content_of(blobs, digest), "abc");
    EXPECT_EQ(blobs.path(digest), folder.path() / "blobs" / "ba" / "78" / to_hex(digest));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "uploads"));
    EXPECT_EQ(code_of([&] { blobs.open(sha256("other")); }), ErrorCode::not_found);
}

TEST(BlobStore, KeepsTheEmptyBlob) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    EXPECT_EQ(blobs.size(put_blob(blobs, "")), 0u);
}

TEST(BlobStore, TakesABlobInPiecesAndSaysHowFarItIs) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    const Digest digest = sha256("abcdef");
    {
        const auto upload = blobs.upload(digest, 0, 6);
        upload->append(bytes_of("ab"));
        const BlobProgress progress = upload->finish();
        EXPECT_EQ(progress.offset, 2u);
        EXPECT_FALSE(progress.complete);
    }
    EXPECT_EQ(blobs.progress(digest).offset, 2u);
    EXPECT_FALSE(blobs.size(digest));
    const auto upload = blobs.upload(digest, 2, 6);
    upload->append(bytes_of("cdef"));
    EXPECT_TRUE(upload->finish().complete);
    EXPECT_TRUE(blobs.progress(digest).complete);
    EXPECT_EQ(content_of(blobs, digest), "abcdef");
}

TEST(BlobStore, GoesOnWithAPartialBlobAfterARestart) {
    const TemporaryFolder folder;
    const Digest digest = sha256("abcdef");
    {
        BlobStore blobs(folder.path());
        const auto upload = blobs.upload(digest, 0, 6);
        upload->append(bytes_of("abc"));  // Not finished: the connection broke.
    }
    BlobStore blobs(folder.path());
    EXPECT_EQ(blobs.progress(digest).offset, 3u);
    const auto upload = blobs.upload(digest, 3, 6);
    upload->append(bytes_of("def"));
    EXPECT_TRUE(upload->finish().complete);
    EXPECT_EQ(content_of(blobs, digest), "abcdef");
}

TEST(BlobStore, DropsATornPartialBlobOnceItIsKnownToBeOne) {
    const TemporaryFolder folder;
    const Digest digest = sha256("abcdef");
    BlobStore(folder.path());
    std::ofstream(folder.path() / "uploads" / (to_hex(digest) + ".part")) << "aXc";
    BlobStore blobs(folder.path());
    {
        const auto upload = blobs.upload(digest, 3, 6);
        upload->append(bytes_of("def"));
        EXPECT_EQ(code_of([&] { upload->finish(); }), ErrorCode::corrupt);
    }
    EXPECT_FALSE(blobs.size(digest));
    EXPECT_EQ(blobs.progress(digest).offset, 0u);
    EXPECT_EQ(put_blob(blobs, "abcdef"), digest);
    EXPECT_EQ(content_of(blobs, digest), "abcdef");
}

TEST(BlobStore, ForgetsPartialBlobsThatNobodyCameBackFor) {
    const TemporaryFolder folder;
    const Digest digest = sha256("abcdef");
    BlobStore(folder.path()).upload(digest, 0, 6)->append(bytes_of("abc"));
    const auto part = folder.path() / "uploads" / (to_hex(digest) + ".part");
    const auto age = [&](int days) {
        std::filesystem::last_write_time(
            part, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * days));
    };
    age(6);
    EXPECT_EQ(BlobStore(folder.path()).progress(digest).offset, 3u);
    age(8);
    EXPECT_EQ(BlobStore(folder.path()).progress(digest).offset, 0u);
    EXPECT_FALSE(std::filesystem::exists(part));
}

TEST(BlobStore, KeepsNothingOfBytesThatAreNotTheDigests) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    const Digest digest = sha256("abc");
    {
        const auto upload = blobs.upload(digest, 0, 3);
        upload->append(bytes_of("abd"));
        EXPECT_EQ(code_of([&] { upload->finish(); }), ErrorCode::corrupt);
    }
    EXPECT_FALSE(blobs.size(digest));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "uploads"));
}

TEST(BlobStore, RefusesAnOffsetThatIsNotTheEnd) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    const Digest digest = sha256("abcdef");
    blobs.upload(digest, 0, 6)->append(bytes_of("abc"));
    EXPECT_EQ(code_of([&] { blobs.upload(digest, 2, 6); }), ErrorCode::conflict);
    EXPECT_EQ(code_of([&] { blobs.upload(digest, 4, 6); }), ErrorCode::conflict);
    EXPECT_EQ(code_of([&] { blobs.upload(digest, 3, 2); }), ErrorCode::invalid_argument);
    const auto upload = blobs.upload(digest, 3, 6);
    EXPECT_EQ(code_of([&] { upload->append(bytes_of("defg")); }), ErrorCode::invalid_argument);
    upload->append(bytes_of("def"));
    EXPECT_TRUE(upload->finish().complete);
}

TEST(BlobStore, LetsOneWriterAtATimeAppend) {
    const TemporaryFolder folder;
    BlobStore blobs(folder.path());
    const Digest digest = sha256("abc");
    auto first = blobs.upload(digest, 0, 3);
    EXPECT_EQ(blobs.upload(digest, 0, 3), nullptr);
    first->append(bytes_of("a"));
    EXPECT_EQ(blobs.progress(digest).offset, 0u) << "what is not synced does not count";
    first.reset();
    EXPECT_EQ(blobs.progress(digest).offset, 1u);
    EXPECT_NE(blobs.upload(digest, 1, 3), nullptr);
}

TEST(BlobStore, FollowsNoLinkPlantedInItsFolder) {
    const TemporaryFolder folder;
    const Digest digest = sha256("abc");
    BlobStore blobs(folder.path());
    write_file_durably(folder.path() / "victim", "kept");
    std::filesystem::create_symlink(folder.path() / "victim",
                                    folder.path() / "uploads" / (to_hex(digest) + ".part"));
    EXPECT_ANY_THROW(blobs.upload(digest, 0, 3));
    EXPECT_EQ(read_file(folder.path() / "victim"), "kept");
}

}  // namespace
}  // namespace oort
