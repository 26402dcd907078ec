// SPDX-License-Identifier: Apache-2.0
// Projections over HTTP with a real worker beside a real server: what is refused and why, that a
// layout has the bytes of one computed without both, and how sockets live and end. Killed processes
// are the matter of tests/crash.
#include <cmath>
#include <cstring>
#include <thread>

#include "jobs/worker.h"
#include "numeric/random.h"
#include "server/server_fixture.h"

namespace oort {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t n_rows = 300;
constexpr std::size_t n_dims = 6;

HttpOptions short_deadlines() {
    HttpOptions options;
    options.sockets.handshake_deadline = milliseconds(300);
    options.sockets.silence_deadline = milliseconds(400);
    options.sockets.check_every = milliseconds(50);
    options.sockets.max_sockets = 3;
    return options;
}

std::vector<float> some_points(std::size_t n) {
    Random random(3);
    std::vector<float> values;
    for (std::size_t i = 0; i < n * n_dims; ++i) {
        const auto group = static_cast<double>((i / n_dims) % 4);
        values.push_back(static_cast<float>(random.normal() + 6 * group));
    }
    return values;
}

std::string_view bytes_view(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

class ProjectionsTest : public ServerTest {
  protected:
    ProjectionsTest() : ServerTest(short_deadlines()) { log_points(n_rows); }

    void log_points(std::size_t n) {
        points_ = some_points(n);
        std::string labels;
        for (std::size_t i = 0; i < n; ++i) labels += i % 4 == 0 ? "one\n" : "two\n";
        const auto path = [](char id, std::string_view end) {
            return fmt::format(
                "/api/asset/download?assetId={}&experimentKey={}{}", std::string(32, id), key, end);
        };
        log('1', "vectors", bytes_view(points_));
        log('2', "labels", labels);
        log('c',
            "embeddings",
            fmt::format(R"({{"embeddings":[{{"tensorName":"t","tensorShape":[{},{}],)"
                        R"("tensorPath":"{}","metadataPath":"{}"}}]}})",
                        n,
                        n_dims,
                        path('1', "&name=vectors.bytes"),
                        path('2', "")));
    }

    void log(char id, std::string_view type, std::string_view content) {
        ASSERT_EQ(put_blob(content).status, 200);
        const std::string body = fmt::format(
            R"({{"writer":"{}","first":0,"records":[)"
            R"({{"kind":"experiment","at":1,"workspace":"w","project":"p","name":null}},)"
            R"({{"kind":"asset","at":2,"id":"{}","name":"x","type":"{}","sha256":"{}","size":{}}}]}})",
            new_id(),
            std::string(32, id),
            type,
            to_hex(sha256(content)),
            content.size());
        const Reply reply = put_json(fmt::format("/api/v1/experiments/{}/records", key), body);
        ASSERT_EQ(reply.status, 200) << reply.body;
    }

    /// `members` are those beside the dataset's name: R"("method":"umap",…)".
    Reply post(std::string_view members, std::string_view where = "") const {
        return ask("POST",
                   fmt::format("/api/v1/projections{}", where),
                   {{"Content-Type", "application/json"}},
                   fmt::format(R"({{"experiment":"{}","template":"{}","entry":0,{}}})",
                               key,
                               std::string(32, 'c'),
                               members));
    }

    std::string key_of(std::string_view members) const {
        const Reply reply = post(members);
        EXPECT_LT(reply.status, 300) << reply.body;
        return text_of(reply.json(), "key");
    }

    static std::string text_of(const Json& json, std::string_view member) {
        return std::string(std::string_view(json.at(member).as_string()));
    }

    std::string path_of(const std::string& projection, std::string_view end = "") const {
        return fmt::format("/api/v1/projections/{}{}", projection, end);
    }

    Json status(const std::string& projection) const {
        return ask("GET", path_of(projection)).json();
    }

    Reply act(const std::string& projection, std::string_view action) const {
        return ask("PATCH",
                   path_of(projection),
                   {{"Content-Type", "application/json"}},
                   fmt::format(R"({{"action":"{}"}})", action));
    }

    Json wait_for(const std::string& projection, std::string_view state) const {
        for (int i = 0; i < 6000; ++i) {
            Json now = status(projection);
            if (text_of(now, "state") == state) return now;
            if (text_of(now, "state") == "failed") ADD_FAILURE() << to_text(now);
            std::this_thread::sleep_for(milliseconds(10));
        }
        ADD_FAILURE() << to_text(status(projection));
        return {};
    }

    void start_worker() {
        WorkerOptions options{.server = {.url = server_->url(), .token = worker_token()}};
        options.n_threads = 2;
        options.ask_every = milliseconds(5);
        options.server.patience_s = 0.1;
        options.courier.checkpoint_every = milliseconds(50);
        options.courier.beat_every = milliseconds(20);
        worker_ = std::jthread([options](const std::stop_token& stop) {
            try {
                run_worker(options, stop);
            } catch (const LostServer&) {
                // The test is over.
            }
        });
    }

    /// n x n_components as the server gives it, back in file order.
    std::vector<float> layout(const std::string& projection, std::size_t n_components) const {
        const Reply drawn = ask("GET", path_of(projection, "/layout"));
        EXPECT_EQ(drawn.status, 200) << drawn.body;
        const Reply order = ask(
            "GET",
            fmt::format(
                "/api/v1/experiments/{}/templates/{}/entries/0/order", key, std::string(32, 'c')));
        const std::size_t n = order.body.size() / sizeof(std::uint32_t);
        std::vector<float> values(n * n_components);
        EXPECT_EQ(drawn.body.size(), values.size() * sizeof(float));
        for (std::size_t p = 0; p < n; ++p) {
            std::uint32_t row = 0;
            std::memcpy(&row, order.body.data() + p * sizeof(row), sizeof(row));
            for (std::size_t k = 0; k < n_components; ++k) {
                std::memcpy(&values[row * n_components + k],
                            drawn.body.data() + (k * n + p) * sizeof(float),
                            sizeof(float));
            }
        }
        return values;
    }

    std::vector<float> points_;
    std::jthread worker_;
};

std::vector<float> straight(const std::vector<float>& points,
                            std::string_view request,
                            const std::vector<std::uint32_t>& rows = {},
                            const std::vector<std::uint32_t>& labels = {}) {
    ThreadPool pool(1);
    const Json json = parse_json(request, "the request");
    Projection projection(MatrixView{points.data(), points.size() / n_dims, n_dims},
                          projection_request_from_json(json.as_object()),
                          pool,
                          rows,
                          labels);
    while (!projection.is_done()) projection.step(7);
    const MatrixView layout = projection.layout();
    return {layout.data, layout.data + layout.n_rows * layout.n_columns};
}

TEST_F(ProjectionsTest, WhatCannotBeProjectedIsRefusedWithASentence) {
    const std::vector<std::pair<std::string_view, std::string_view>> refused{
        {R"("method":"lda")", "method \"lda\" is none of pca, tsne, umap"},
        {R"("n_components":2)", "\"method\""},
        {R"("method":"umap","n_components":4)", "n_components 4 is out of range: 2..3"},
        {R"("method":"umap","options":{"n_neighbors":1})", "n_neighbors 1 is out of range: 2..200"},
        {R"("method":"umap","options":{"perplexity":5})", "\"perplexity\" is not an option"},
        {R"("method":"tsne","options":{"perplexity":"5"})",
         "perplexity \"5\" is not of the right type"},
        {R"("method":"umap","rows":[])", "\"rows\" must be an array of row numbers"},
        {R"("method":"umap","rows":[3,2])", "\"rows\" must be ascending: row 2 comes after row 3"},
        {R"("method":"umap","rows":[2,2])", "row 2 stands twice in \"rows\""},
        {R"("method":"umap","rows":[-1])", "row -1 is no row number"},
        {R"("method":"umap","rows":[0.5])", "row 5E-1 is no row number"},
        {R"("method":"umap","rows":[1,300])", "row 300 is out of range: the dataset has 300 rows"},
        {R"("method":"umap","supervise_by":"colour")",
         "supervise_by \"colour\" is no column of the dataset:"},
        {R"("method":"pca","supervise_by":"label")", "pca takes no labels"},
        {R"("method":"umap","colour":1)", "\"colour\" is no member of a projection"}};
    for (const auto& [members, sentence] : refused) {
        for (const std::string_view where : {"", "/estimate"}) {
            const Reply reply = post(members, where);
            EXPECT_EQ(reply.status, 400) << members;
            EXPECT_NE(reply.body.find(to_text(Json(sentence)).substr(1, sentence.size() / 2)),
                      std::string::npos)
                << members << "\n"
                << reply.body;
        }
    }
    EXPECT_EQ(server_->app().queue.n_queued(), 0);
}

TEST_F(ProjectionsTest, AnEstimateQueuesNothing) {
    const Json estimate = post(R"("method":"tsne")", "/estimate").json();
    EXPECT_TRUE(estimate.at("state").is_null());
    EXPECT_GT(estimate.at("estimate").at("seconds").to_number<double>(), 0);
    EXPECT_EQ(server_->app().queue.n_queued(), 0);
    const std::string asked = key_of(R"("method":"tsne")");
    EXPECT_EQ(text_of(estimate, "key"), asked);
    const Json again = post(R"("method":"tsne")", "/estimate").json();
    EXPECT_EQ(text_of(again, "state"), "queued");
}

TEST_F(ProjectionsTest, TheKeyTellsApartWhatIsNotTheSame) {
    const std::string plain = key_of(R"("method":"umap")");
    EXPECT_EQ(key_of(R"("method":"umap","options":{"min_dist":0.1})"), plain)
        << "a default that is said is the same";
    std::string all = "0";
    for (std::size_t i = 1; i < n_rows; ++i) all += fmt::format(",{}", i);
    EXPECT_EQ(key_of(fmt::format(R"("method":"umap","rows":[{}])", all)), plain)
        << "all rows are the same as none named";
    std::set<std::string> keys{plain};
    for (const std::string_view members : {R"("method":"umap","n_components":3)",
                                           R"("method":"umap","options":{"seed":1})",
                                           R"("method":"umap","rows":[1,2,3])",
                                           R"("method":"umap","rows":[1,2,4])",
                                           R"("method":"umap","supervise_by":"label")",
                                           R"("method":"tsne")"}) {
        EXPECT_TRUE(keys.insert(key_of(members)).second) << members;
    }
}

TEST_F(ProjectionsTest, AWorkerGivesTheBytesOfAProjectionWithoutOne) {
    start_worker();
    const std::string request = R"("method":"umap","n_components":3,"options":{"n_epochs":40})";
    const std::string projection = key_of(request);
    const Json done = wait_for(projection, "done");
    EXPECT_EQ(layout(projection, 3), straight(points_, "{" + request + "}"));
    EXPECT_EQ(text_of(done, "stage"), "done");
    EXPECT_EQ(done.at("iteration").as_int64(), 40);
    EXPECT_TRUE(done.at("queue_position").is_null());
    EXPECT_EQ(done.at("report").at("n_rows").as_int64(), std::int64_t{n_rows});
    const Reply drawn = ask("GET", path_of(projection, "/layout"));
    EXPECT_EQ(drawn.header("etag"), "\"" + projection + "\"");
    EXPECT_EQ(ask("GET", path_of(projection, "/layout"), {{"If-None-Match", drawn.header("etag")}})
                  .status,
              304);
    EXPECT_EQ(post(request).status, 200);
    EXPECT_EQ(act(projection, "pause").status, 409);
    EXPECT_EQ(ask("DELETE", path_of(projection)).status, 409);
}

TEST_F(ProjectionsTest, RowsAndLabelsReachTheWorker) {
    start_worker();
    std::vector<std::uint32_t> rows;
    std::string named;
    for (std::uint32_t row = 5; row < n_rows; row += 3) {
        rows.push_back(row);
        named += fmt::format("{}{}", named.empty() ? "" : ",", row);
    }
    const std::string umap = R"("method":"umap","options":{"n_epochs":30})";
    const std::string some = key_of(fmt::format(R"({},"rows":[{}])", umap, named));
    const Json done = wait_for(some, "done");
    EXPECT_TRUE(done.at("rows_given").as_bool());
    EXPECT_EQ(done.at("n_rows").as_int64(), static_cast<std::int64_t>(rows.size()));
    const std::vector<float> shown = layout(some, 2);
    const std::vector<float> truth = straight(points_, "{" + umap + "}", rows);
    ASSERT_EQ(shown.size(), 2 * n_rows) << "an array has a value for every row";
    for (std::size_t i = 0, row = 0; row < n_rows; ++row) {
        const bool asked = i < rows.size() && rows[i] == row;
        EXPECT_EQ(std::isnan(shown[2 * row]), !asked) << row;
        if (!asked) continue;
        EXPECT_EQ(shown[2 * row + 1], truth[2 * i + 1]) << row;
        ++i;
    }
    const std::string supervised =
        key_of(umap.substr(0, umap.size()) + R"(,"supervise_by":"label")");
    EXPECT_EQ(text_of(wait_for(supervised, "done"), "supervise_by"), "label");
    std::vector<std::uint32_t> labels;
    for (std::size_t i = 0; i < n_rows; ++i) labels.push_back(i % 4 == 0 ? 1 : 0);
    EXPECT_EQ(layout(supervised, 2), straight(points_, "{" + umap + "}", {}, labels));
}

TEST_F(ProjectionsTest, OnePointAndFourEndWell) {
    start_worker();
    for (const std::size_t n : {std::size_t{1}, std::size_t{4}}) {
        log_points(n);
        for (const std::string_view method : {"pca", "tsne", "umap"}) {
            const std::string projection = key_of(fmt::format(R"("method":"{}")", method));
            wait_for(projection, "done");
            for (const float value : layout(projection, 2)) {
                EXPECT_TRUE(std::isfinite(value)) << method << " " << n;
            }
        }
    }
}

TEST_F(ProjectionsTest, TheQueueMovesInOrderAndPersonsAreObeyed) {
    const std::string long_one = R"("method":"umap","options":{"n_epochs":100000})";
    const std::string first = key_of(long_one);
    const std::string second = key_of(R"("method":"pca")");
    const std::string third = key_of(R"("method":"pca","n_components":3)");
    EXPECT_EQ(status(first).at("queue_position").as_int64(), 1);
    EXPECT_EQ(status(third).at("queue_position").as_int64(), 3);
    EXPECT_EQ(text_of(act(second, "stop").json(), "state"), "stopped");
    EXPECT_EQ(status(third).at("queue_position").as_int64(), 2);
    EXPECT_EQ(text_of(act(second, "continue").json(), "state"), "queued");
    EXPECT_EQ(status(second).at("queue_position").as_int64(), 3) << "behind those that waited";
    start_worker();
    wait_for(first, "running");
    EXPECT_EQ(act(first, "continue").status, 200) << "it runs already";
    EXPECT_EQ(act(first, "jump").status, 400);
    EXPECT_EQ(text_of(ask("DELETE", path_of(first)).json(), "state"), "cancelled");
    EXPECT_EQ(act(first, "continue").status, 409);
    wait_for(third, "done");
    wait_for(second, "done");
    EXPECT_EQ(ask("GET", path_of(std::string(64, '0'))).status, 404);
}

TEST_F(ProjectionsTest, ALostLeaseTakesNothingMore) {
    const std::string projection = key_of(R"("method":"umap")");
    const Headers worker{{"Authorization", "Bearer " + worker_token()}};
    const auto send = [&](std::string_view method, std::string_view target, std::string_view body) {
        Headers headers = worker;
        headers.emplace_back("Content-Type",
                             method == "POST" ? "application/json" : "application/octet-stream");
        return ask(method, target, headers, body);
    };
    const Reply leased = send("POST", "/api/v1/leases", R"({"worker":"w","supervisor":""})");
    ASSERT_EQ(leased.status, 200) << leased.body;
    const std::string lease = "/api/v1/leases/" + text_of(leased.json(), "lease");
    const std::string progress =
        R"({"stage":"reduce","iteration":0,"n_iterations":0,"seconds_elapsed":1.5,)"
        R"("seconds_left":null,"notes":[]})";
    const Reply beat = send("POST", lease + "/progress", progress);
    EXPECT_EQ(beat.body, R"({"state":"running","n_watchers":0})");
    EXPECT_EQ(text_of(status(projection), "stage"), "reduce");
    EXPECT_EQ(ask("GET", lease + "/points", worker).body, bytes_view(points_));
    EXPECT_EQ(ask("GET", lease + "/rows", worker).status, 404);
    EXPECT_EQ(
        send("PUT", lease + "/frame?n_components=2&iteration=1&n_iterations=2", "short").status,
        400);
    EXPECT_EQ(send("POST",
                   lease + "/end",
                   fmt::format(R"({{"outcome":"done","layout":"{}","report":{{}},"progress":{}}})",
                               to_hex(sha256("never sent")),
                               progress))
                  .status,
              400);
    EXPECT_EQ(send("POST", "/api/v1/leases", R"({"worker":"v","supervisor":""})").status, 204);
    ask("DELETE", path_of(projection));
    EXPECT_EQ(send("POST", lease + "/progress", progress).status, 409);
    EXPECT_EQ(ask("GET", lease + "/points", worker).status, 409);
    EXPECT_EQ(send("PUT", lease + "/checkpoint?progress=%7B%7D", "x").status, 409);
    EXPECT_EQ(send("POST", lease + "/end", R"({"outcome":"released"})").status, 409);
    EXPECT_EQ(text_of(status(projection), "state"), "cancelled");
}

/// The browser's end of a WebSocket, as far as these tests go.
class Socket {
  public:
    Socket(std::uint16_t port, const std::string& head) : wire_(port) { wire_.send(head); }

    Reply answer() { return wire_.receive("HEAD"); }  // 101 has no body, whatever it says

    Wire& wire() { return wire_; }

  private:
    Wire wire_;
};

class Sockets : public ProjectionsTest {
  protected:
    std::string upgrade(const std::string& projection, Headers headers = {}) const {
        Headers all{{"Connection", "keep-alive, Upgrade"},
                    {"Upgrade", "websocket"},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
        all.insert(all.end(), headers.begin(), headers.end());
        return bytes("GET", path_of(projection, "/frames?encoding=float32"), all);
    }
};

TEST_F(Sockets, AreOpenedForOurOwnPageOnlyAndOthersAreToldWhy) {
    const std::string projection = key_of(R"("method":"umap")");
    Socket own(port(), upgrade(projection, {{"Origin", "http://" + host()}}));
    const Reply answer = own.answer();
    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        << "the example of RFC 6455, section 1.3";
    const auto refused = [&](const Headers& headers) {
        Socket socket(port(), upgrade(projection, headers));
        return socket.wire().receive().status;
    };
    EXPECT_EQ(refused({{"Origin", "http://evil.com"}}), 403);
    EXPECT_EQ(refused({{"Origin", "null"}}), 403);
    EXPECT_EQ(refused({{"Host", "evil.com"}}), 421);
    EXPECT_EQ(refused({{"Authorization", "Bearer " + worker_token()}}), 401);
    EXPECT_EQ(refused({{"Content-Length", "5"}}), 400);
    Socket unknown(port(), upgrade(std::string(64, '0')));
    EXPECT_EQ(unknown.wire().receive().status, 404);
    const Reply plain = ask("GET", path_of(projection, "/frames"));
    EXPECT_EQ(plain.status, 426);
    EXPECT_EQ(plain.header("upgrade"), "websocket");
}

TEST_F(Sockets, AreLimitedInNumberAndFreedAgain) {
    const std::string projection = key_of(R"("method":"umap")");
    {
        std::vector<std::unique_ptr<Socket>> open;
        for (int i = 0; i < 3; ++i) {
            open.push_back(std::make_unique<Socket>(port(), upgrade(projection)));
            EXPECT_EQ(open.back()->answer().status, 101);
        }
        Socket fourth(port(), upgrade(projection));
        EXPECT_EQ(fourth.wire().receive().status, 503);
    }
    for (int i = 0; i < 500; ++i) {
        Socket later(port(), upgrade(projection));
        if (later.answer().status == 101) return;
        std::this_thread::sleep_for(milliseconds(10));
    }
    ADD_FAILURE() << "sockets of those who left are not freed";
}

TEST_F(Sockets, EndWithTheSessionThatOpenedThem) {
    const std::string projection = key_of(R"("method":"umap")");
    Access& access = server_->app().store.access();
    const Secret session = access.make_session();
    Socket socket(port(), upgrade(projection, {{"Authorization", "Bearer " + session.text}}));
    ASSERT_EQ(socket.answer().status, 101);
    access.end_session(session.text);
    std::string heard = socket.wire().drain();
    ASSERT_GE(heard.size(), 4u);
    EXPECT_EQ(heard.substr(heard.size() - 4), "\x88\x02\x03\xf0") << "goodbye, 1008";
}

TEST_F(Sockets, EndWhenThePeerTalksOrFallsSilent) {
    const std::string projection = key_of(R"("method":"umap")");
    Socket talker(port(), upgrade(projection));
    ASSERT_EQ(talker.answer().status, 101);
    talker.wire().send(std::string("\x81\x82\0\0\0\0hi", 8));
    EXPECT_NE(talker.wire().drain().find("\x88\x02\x03\xf0"), std::string::npos);
    Socket mute(port(), upgrade(projection));
    ASSERT_EQ(mute.answer().status, 101);
    EXPECT_NE(mute.wire().drain().find("\x89"), std::string::npos) << "it was pinged, then cut off";
}

TEST_F(Sockets, AreToldWhenTheServerGoesAway) {
    const std::string projection = key_of(R"("method":"umap")");
    Socket socket(port(), upgrade(projection));
    ASSERT_EQ(socket.answer().status, 101);
    const Stopwatch watch;
    std::jthread stopper([&] { server_->stop(std::chrono::seconds(5)); });
    EXPECT_NE(socket.wire().drain().find("\x88\x02\x03\xe9"), std::string::npos) << "1001";
}

TEST_F(Sockets, SendStateFramesAndTheEnd) {
    start_worker();
    const std::string projection = key_of(R"("method":"umap","options":{"n_epochs":40})");
    wait_for(projection, "done");
    Socket socket(port(), upgrade(projection));
    ASSERT_EQ(socket.answer().status, 101);
    const std::string heard = socket.wire().drain();
    const std::size_t frame = heard.find("OFRM");
    const std::size_t text = heard.find(R"("state":"done")");
    ASSERT_NE(frame, std::string::npos);
    ASSERT_NE(text, std::string::npos);
    EXPECT_LT(frame, text) << "the last word comes last";
    EXPECT_NE(heard.find("\x88\x02\x03\xe8"), std::string::npos) << "goodbye, 1000";
    const std::vector<float> truth = layout(projection, 2);
    float x = 0;
    std::memcpy(&x, heard.data() + frame + 32, sizeof(x));
    EXPECT_NE(std::find(truth.begin(), truth.end(), x), truth.end());
}

}  // namespace
}  // namespace oort
