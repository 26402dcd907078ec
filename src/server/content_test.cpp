// SPDX-License-Identifier: Apache-2.0
// Blobs: coming in by pieces, going out by ranges, and harmless in a browser.
#include "server/content.h"

#include <thread>

#include "server/server_fixture.h"

namespace oort {
namespace {

class Content : public ServerTest {
  protected:
    Reply patch(const std::string& path,
                std::size_t offset,
                std::size_t length,
                std::string_view body) {
        return ask(
            "PATCH",
            path,
            {{"Upload-Offset", std::to_string(offset)}, {"Upload-Length", std::to_string(length)}},
            body);
    }

    /// What comes when one byte of the asset's blob, in the middle, is another than was stored.
    Reply ask_for_damaged(std::size_t size) {
        const std::string content(size, 'q');
        log_asset(content);
        damage_blob(server_->app().store.blobs(), sha256(content), size / 2);
        Wire wire(port());
        wire.send(bytes("GET", content_path()));
        const Reply reply = wire.receive();
        EXPECT_EQ(reply.header("content-length"), std::to_string(size));
        EXPECT_TRUE(wire.is_closed_by_peer());
        return reply;
    }
};

std::string blob_path(std::string_view content) {
    return fmt::format("/api/v1/blobs/{}", to_hex(sha256(content)));
}

TEST_F(Content, ComesInPiecesWithTheDurableOffsetToldEachTime) {
    const std::string content(300'000, 'z');
    const std::string path = blob_path(content);
    EXPECT_EQ(ask("HEAD", path).status, 404);
    EXPECT_EQ(ask("HEAD", path).header("upload-offset"), "0");
    const Reply first = patch(path, 0, content.size(), content.substr(0, 200'000));
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.body, R"({"offset":200000,"complete":false})");
    EXPECT_EQ(ask("HEAD", path).header("upload-offset"), "200000");
    const Reply last = patch(path, 200'000, content.size(), content.substr(200'000));
    EXPECT_EQ(last.body, R"({"offset":300000,"complete":true})");
    const Reply known = ask("HEAD", path);
    EXPECT_EQ(known.status, 200);
    EXPECT_EQ(known.header("upload-offset"), "300000");
    EXPECT_EQ(known.header("upload-length"), "300000");
    EXPECT_EQ(patch(path, 0, content.size(), content).status, 200)
        << "sent again, it is still there";
    EXPECT_EQ(put_blob("").body, R"({"offset":0,"complete":true})");
}

TEST_F(Content, AtAWrongOffsetIsAConflictThatNamesTheRightOne) {
    const std::string content = "abcdef";
    patch(blob_path(content), 0, 6, "abc");
    const Reply reply = patch(blob_path(content), 1, 6, "bcdef");
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.header("upload-offset"), "3");
    EXPECT_EQ(patch(blob_path(content), 3, 6, "def").status, 200);
}

TEST_F(Content, ThatIsNotTheDigestsIsDropped) {
    EXPECT_EQ(patch(blob_path("abc"), 0, 3, "abd").status, 422);
    EXPECT_EQ(ask("HEAD", blob_path("abc")).header("upload-offset"), "0");
    EXPECT_EQ(patch(blob_path("abc"), 0, 3, "abc").status, 200);
}

TEST_F(Content, OverItsLengthOrWithoutHeadersIsRefused) {
    EXPECT_EQ(patch(blob_path("abc"), 0, 3, "abcd").status, 400);
    EXPECT_EQ(ask("PATCH", blob_path("abc"), {{"Upload-Offset", "0"}}, "abc").status, 400);
    EXPECT_EQ(
        ask("PATCH", blob_path("abc"), {{"Upload-Offset", "-1"}, {"Upload-Length", "3"}}, "abc")
            .status,
        400);
    EXPECT_EQ(ask("PATCH",
                  blob_path("abc"),
                  {{"Upload-Offset", "0"}, {"Upload-Length", "99999999999999"}},
                  "abc")
                  .status,
              400);
}

TEST_F(Content, CutOffInTheMiddleGoesOnWhereItEnded) {
    std::string content(3'000'000, 'a');
    for (std::size_t i = 0; i < content.size(); i += 7) content[i] = static_cast<char>(i * 31);
    const std::string path = blob_path(content);
    {
        Wire wire(port());
        wire.send(bytes("PATCH",
                        path,
                        {{"Upload-Offset", "0"},
                         {"Upload-Length", std::to_string(content.size())},
                         {"Content-Length", std::to_string(content.size())}},
                        std::string_view(content).substr(0, 2'000'000)));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::size_t offset = 0;
    Reply reply;
    for (int i = 0; i < 100; ++i) {
        offset = std::stoul(ask("HEAD", path).header("upload-offset"));
        reply = patch(path, offset, content.size(), std::string_view(content).substr(offset));
        if (reply.status == 200) break;
        EXPECT_EQ(reply.status, 409);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(reply.status, 200);
    EXPECT_GE(offset, 1'000'000u) << "what had come was kept";
    EXPECT_EQ(server_->app().store.blobs().size(sha256(content)), content.size());
}

TEST_F(Content, WrittenByAnotherRequestIsAConflictToTryAgain) {
    const std::string content = "abcdef";
    Wire wire(port());
    wire.send(bytes("PATCH",
                    blob_path(content),
                    {{"Upload-Offset", "0"}, {"Upload-Length", "6"}, {"Content-Length", "6"}},
                    "abc"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const Reply reply = patch(blob_path(content), 0, 6, content);
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.header("retry-after"), "1");
    wire.send("def");
    EXPECT_EQ(wire.receive().status, 200);
}

TEST_F(Content, IsServedWholeByRangeAndNotAtAllIfUnchanged) {
    log_asset("0123456789");
    const Reply whole = ask("GET", content_path());
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, "0123456789");
    EXPECT_EQ(whole.header("etag"), fmt::format("\"{}\"", to_hex(sha256("0123456789"))));
    const auto range = [&](const std::string& text) {
        return ask("GET", content_path(), {{"Range", text}});
    };
    EXPECT_EQ(range("bytes=2-4").status, 206);
    EXPECT_EQ(range("bytes=2-4").body, "234");
    EXPECT_EQ(range("bytes=2-4").header("content-range"), "bytes 2-4/10");
    EXPECT_EQ(range("bytes=7-").body, "789");
    EXPECT_EQ(range("bytes=-3").body, "789");
    EXPECT_EQ(range("bytes=0-99").body, "0123456789");
    EXPECT_EQ(range("bytes=10-").status, 416);
    EXPECT_EQ(range("bytes=10-").header("content-range"), "bytes */10");
    EXPECT_EQ(range("bytes=-0").status, 416);
    for (const char* text :
         {"bytes=5-2", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes=", "bytes=--1"}) {
        EXPECT_EQ(range(text).status, 200) << text;
    }
    EXPECT_EQ(
        ask("GET", content_path(), {{"Range", "bytes=2-4"}, {"If-Range", "\"other\""}}).status,
        200);
    EXPECT_EQ(ask("GET", content_path(), {{"If-None-Match", whole.header("etag")}}).status, 304);
    EXPECT_EQ(
        ask("GET", content_path(), {{"If-None-Match", "\"x\", W/" + whole.header("etag")}}).status,
        304);
    EXPECT_EQ(ask("GET", content_path(), {{"If-None-Match", "\"x\""}}).status, 200);
    EXPECT_EQ(ask("HEAD", content_path()).header("content-length"), "10");
}

TEST_F(Content, IsServedByThePathsOfTemplates) {
    log_asset("0123456789");
    const std::string query = fmt::format("{}&experimentKey={}&name=v.bytes", asset_id, key);
    EXPECT_EQ(ask("GET", fmt::format("/api/asset/download?assetId={}", query)).body, "0123456789");
    EXPECT_EQ(ask("GET", fmt::format("/api/image/download?imageId={}", query)).body, "0123456789");
    EXPECT_EQ(ask("GET", "/api/asset/download").status, 400);
    const std::string other(32, 'b');
    EXPECT_EQ(
        ask("GET", fmt::format("/api/asset/download?assetId={}&experimentKey={}", asset_id, other))
            .status,
        404);
}

TEST_F(Content, RunsNoScriptInABrowser) {
    log_asset("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
              "image",
              "x\"\r\n.svg</script>");
    const Reply reply = ask("GET", content_path());
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("content-type"), "application/octet-stream");
    EXPECT_EQ(reply.header("content-security-policy"), "sandbox; default-src 'none'");
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.header("content-disposition").substr(0, 38),
              "attachment; filename=\"x___.svg__script");
}

TEST_F(Content, ThatIsAPictureIsShownWhateverItsName) {
    const std::string png(
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\0IEND\xae"
        "\x42`\x82",
        45);
    log_asset(png, "image", "evil.html");
    const Reply reply = ask("GET", content_path());
    EXPECT_EQ(reply.header("content-type"), "image/png");
    EXPECT_EQ(reply.header("content-disposition"), "");
    EXPECT_EQ(reply.header("content-security-policy"), "sandbox; default-src 'none'");
}

TEST_F(Content, ThatWasCutShortOnTheDiskIsNotServed) {
    log_asset("0123456789");
    std::filesystem::resize_file(server_->app().store.blobs().path(sha256("0123456789")), 4);
    const Reply reply = ask("GET", content_path());
    EXPECT_EQ(reply.status, 422);
    EXPECT_EQ(reply.error_code(), "corrupt");
}

TEST_F(Content, ThatChangedOnTheDiskBreaksOffBeforeItsEnd) {
    const Reply reply = ask_for_damaged(2'000'000);
    EXPECT_GT(reply.body.size(), 0u) << "it is hashed while it is sent";
    EXPECT_LT(reply.body.size(), 2'000'000u);
    EXPECT_EQ(ask("GET", content_path(), {{"Range", "bytes=1-2"}}).body, "qq");
}

TEST_F(Content, ThatIsSmallAndChangedOnTheDiskIsNotSentAtAll) {
    EXPECT_EQ(ask_for_damaged(10).body, "");
}

TEST_F(Content, LargerThanAnyBufferGoesThroughWhole) {
    std::string content(5'000'001, 'q');
    for (std::size_t i = 0; i < content.size(); i += 3) content[i] = static_cast<char>(i * 17);
    log_asset(content);
    EXPECT_EQ(sha256(ask("GET", content_path()).body), sha256(content));
    EXPECT_EQ(ask("GET", content_path(), {{"Range", "bytes=4999999-"}}).body,
              content.substr(4'999'999));
}

}  // namespace
}  // namespace oort
