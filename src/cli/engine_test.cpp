// SPDX-License-Identifier: Apache-2.0
#include "cli/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/json.h"
#include "cli/command_line_fixture.h"
#include "cli/progress_bar.h"
#include "format/npy.h"
#include "format/npz.h"
#include "format/tensor.h"
#include "numeric/as_given.h"
#include "numeric/projection.h"
#include "numeric/random.h"

namespace oort {
namespace {

template <class T>
std::string raw(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// The commands on files of one small set of points, n x d.
class Engine : public CommandLine {
  protected:
    static constexpr std::size_t n = 80;
    static constexpr std::size_t d = 5;

    Engine() {
        Random random(4);
        for (std::size_t i = 0; i < n * d; ++i) {
            const double centre = i % d == i / d % 2 ? 6 : 0;
            values_.push_back(static_cast<float>(centre + random.normal()));
        }
        write("x.npy", npy(NumberType::float32, {n, d}, raw(values_)));
    }

    static std::string npy(NumberType type,
                           const std::vector<std::size_t>& shape,
                           const std::string& elements) {
        return npy_header(type, shape) + elements;
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(path(name), std::ios::binary) << content;
    }

    std::vector<float> read_layout(const std::string& name) const {
        const std::string bytes = read_file(path(name));
        Narrowing narrowing;
        return to_float32(read_npy(std::as_bytes(std::span(bytes)), name), narrowing);
    }

    std::vector<double> read_member(const std::string& name, const std::string& key) const {
        const NpzMember member =
            read_npz(std::make_shared<const MappedFile>(path(name)), key, name);
        return to_float64(read_npy(member.bytes(), key));
    }

    /// Runs and returns what was said on standard error, which must be one line.
    std::string refused(const std::vector<std::string>& arguments, int code = 2) const {
        EXPECT_EQ(run(arguments), code) << err();
        const std::string said = err();
        EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
        return said;
    }

    std::vector<std::string> project_with(const std::vector<std::string>& more) const {
        std::vector<std::string> arguments{
            "project", path("x.npy"), "--out", path("y.npy"), "--set", "n_epochs=20"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }

    bool has_leftovers() const {
        for (const auto& file : std::filesystem::directory_iterator(folder_)) {
            if (file.path().extension() == ".tmp") return true;
        }
        return false;
    }

    std::vector<float> values_;
};

TEST_F(Engine, ProjectGivesTheBytesOfTheLibrary) {
    for (const Method method : {Method::pca, Method::tsne, Method::umap}) {
        ProjectionRequest request;
        request.method = method;
        request.n_components = 3;
        request.tsne.n_iterations = 30;
        request.tsne.seed = request.umap.seed = 7;
        request.umap.n_epochs = 30;
        ThreadPool pool(1);
        Projection projection(MatrixView{values_.data(), n, d}, request, pool);
        while (!projection.is_done()) projection.step(1000);

        const std::string name(names_of(method)[static_cast<std::size_t>(method)]);
        std::vector<std::string> arguments{"project",
                                           path("x.npy"),
                                           "--method",
                                           name,
                                           "--dims",
                                           "3",
                                           "--out",
                                           path("y.npy"),
                                           "--seed",
                                           "7",
                                           "--threads",
                                           "2",
                                           "--report",
                                           path("r.json")};
        if (method == Method::tsne) arguments.insert(arguments.end(), {"--set", "n_iterations=30"});
        if (method == Method::umap) arguments.insert(arguments.end(), {"--set", "n_epochs=30"});
        ASSERT_EQ(run(arguments), 0) << err();
        const std::vector<float> layout = read_layout("y.npy");
        ASSERT_EQ(layout.size(), 3 * n);
        EXPECT_EQ(std::memcmp(layout.data(), projection.layout().data, 3 * n * sizeof(float)), 0)
            << name;
        const Json report = parse_json(read_file(path("r.json")), "report");
        EXPECT_EQ(to_text(report.at("request")), to_text(to_json(request)));
        EXPECT_EQ(report.at("n_rows_used").as_int64(), static_cast<int>(n));
        EXPECT_EQ(report.at("n_threads").as_int64(), 2);
        EXPECT_GT(report.at("seconds").as_object().size(), 1u);
        EXPECT_FALSE(report.at("instruction_set").as_string().empty());
    }
    EXPECT_FALSE(has_leftovers());
}

TEST_F(Engine, EveryFormOfThePointsGivesTheSame) {
    ASSERT_EQ(run(project_with({})), 0) << err();
    const std::vector<float> expected = read_layout("y.npy");
    const std::string npy_file = read_file(path("x.npy"));
    const TensorShape shape{n, d};
    write("x.tsv", write_tensor_tsv(shape, values_));
    write("x.bytes", raw(values_));
    write(
        "config.json",
        R"({"embeddings": [{"tensorName": "a", "tensorShape": [80, 5], "tensorPath": "x.bytes"}]})");
    {
        File archive(path("x.npz"), File::Mode::create_new);
        const std::array<std::size_t, 2> sizes{n, d};
        const NpzArray array{
            "points", npy_header(NumberType::float32, sizes), std::as_bytes(std::span(values_))};
        write_npz(archive, {&array, 1});
    }
    std::vector<double> wide(values_.begin(), values_.end());
    write("wide.npy", npy(NumberType::float64, {n, d}, raw(wide)));
    write("cube.npy", npy(NumberType::float32, {n, 1, d}, raw(values_)));
    for (const std::string input :
         {"x.tsv", "x.bytes", "x.npz", "x.npz:points", "wide.npy", "cube.npy"}) {
        ASSERT_EQ(run({"project", path(input), "--set", "n_epochs=20", "--out", path("z.npy")}), 0)
            << input << err();
        EXPECT_EQ(read_layout("z.npy"), expected) << input;
    }
    std::filesystem::remove(path("config.json"));
    ASSERT_EQ(run({"project",
                   path("x.bytes"),
                   "--columns",
                   "5",
                   "--set",
                   "n_epochs=20",
                   "--out",
                   path("z.npy")}),
              0)
        << err();
    EXPECT_EQ(read_layout("z.npy"), expected);
}

TEST_F(Engine, WhatIsWrongIsSaidInOneLine) {
    const auto said = [&](const std::vector<std::string>& more) {
        return refused(project_with(more));
    };
    EXPECT_EQ(said({"--set", "n_neighbors=900"}),
              "oort: n_neighbors 900 is out of range: 2..200\n");
    EXPECT_EQ(said({"--set", "neighbors=9"}),
              "oort: neighbors is no option of UMAP: it has n_neighbors, min_dist, spread, metric, "
              "n_epochs, label_weight, seed\n");
    EXPECT_EQ(said({"--set", "min_dist"}), "oort: --set min_dist is not of the form NAME=VALUE\n");
    EXPECT_EQ(said({"--set", "metric=manhattan"}),
              "oort: metric \"manhattan\" is none of euclidean, cosine, dot\n");
    EXPECT_EQ(said({"--dims", "4"}), "oort: n_components 4 is out of range: 2..3\n");
    EXPECT_EQ(said({"--method", "mds"}), "oort: method \"mds\" is none of pca, tsne, umap\n");
    EXPECT_EQ(said({"--cpu", "abacus"}).find("oort: cpu abacus is none of "), 0u);
    EXPECT_EQ(refused({"project", path("none.npy"), "--out", path("y.npy")}, 4),
              "oort: " + path("none.npy") + " is not a file\n");
    write("x.doc", "words");
    EXPECT_EQ(refused({"project", path("x.doc"), "--out", path("y.npy")}),
              "oort: " + path("x.doc") + " is none of .npy, .npz:KEY, .tsv and .bytes\n");
    write("o.npy", npy(NumberType::float32, {0, 3}, ""));
    EXPECT_NE(refused({"project", path("o.npy"), "--out", path("y.npy")}).find("is 0 x 3"),
              std::string::npos);
    write("x.bytes", raw(values_));
    EXPECT_NE(refused({"project", path("x.bytes"), "--out", path("y.npy")}).find("give --columns"),
              std::string::npos);
    EXPECT_NE(refused({"project", path("x.npy"), "--out", path("no/such/folder/y.npy")}, 4)
                  .find("is not a folder"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(path("y.npy")));
    EXPECT_FALSE(has_leftovers());
}

TEST_F(Engine, LabelsAreReadFromNumbersAndLines) {
    std::vector<std::int64_t> codes;
    std::string lines = "kind\n";
    for (std::size_t i = 0; i < n; ++i) {
        codes.push_back(i % 7 == 0 ? -1 : static_cast<int>(i % 3));
        lines += i % 7 == 0 ? "\n" : std::string(1, static_cast<char>('a' + i % 3)) + "\n";
    }
    write("l.npy", npy(NumberType::int64, {n}, raw(codes)));
    write("l.tsv", lines);
    ASSERT_EQ(run(project_with({})), 0) << err();
    const std::vector<float> plain = read_layout("y.npy");
    ASSERT_EQ(run(project_with({"--labels", path("l.npy")})), 0) << err();
    const std::vector<float> by_numbers = read_layout("y.npy");
    ASSERT_EQ(run(project_with({"--labels", path("l.tsv")})), 0) << err();
    EXPECT_NE(plain, by_numbers);
    EXPECT_EQ(by_numbers, read_layout("y.npy"));
    write("few.npy", npy(NumberType::int64, {3}, raw(std::vector<std::int64_t>{1, 2, 3})));
    EXPECT_EQ(
        refused(project_with({"--labels", path("few.npy")})),
        "oort: " + path("few.npy") + " has 3 labels but there are 80 rows: one label per row\n");
}

TEST_F(Engine, NeighborsAreWrittenAsTheLibraryFindsThem) {
    values_[2 * d] = std::numeric_limits<float>::quiet_NaN();
    write("x.npy", npy(NumberType::float32, {n, d}, raw(values_)));
    ASSERT_EQ(run({"neighbors",
                   path("x.npy"),
                   "--k",
                   "6",
                   "--metric",
                   "cosine",
                   "--out",
                   path("g.npz"),
                   "--report",
                   path("r.json")}),
              0)
        << err();
    EXPECT_NE(err().find("1 of 80 rows"), std::string::npos) << err();
    ThreadPool pool(1);
    const Neighbors expected = neighbors_as_given(
        MatrixView{values_.data(), n, d}, {.n_neighbors = 6, .metric = Metric::cosine}, pool);
    const std::vector<double> indices = read_member("g.npz", "indices");
    const std::vector<double> distances = read_member("g.npz", "distances");
    ASSERT_EQ(indices.size(), n * 6);
    for (std::size_t i = 0; i < n * 6; ++i) {
        EXPECT_EQ(indices[i], static_cast<double>(static_cast<std::int32_t>(expected.indices[i])));
        if (i / 6 == 2) {
            EXPECT_EQ(indices[i], -1);
            EXPECT_TRUE(std::isnan(distances[i]));
        } else {
            EXPECT_EQ(static_cast<float>(distances[i]), expected.distances[i]);
        }
    }
    const Json report = parse_json(read_file(path("r.json")), "report");
    EXPECT_TRUE(report.at("is_exact").as_bool());
    EXPECT_NE(refused({"neighbors", path("x.npy"), "--k", "0", "--out", path("g.npz")})
                  .find("n_neighbors 0 is out of range: 1..1000"),
              std::string::npos);
}

TEST_F(Engine, QualityOfTheFirstTwoColumnsIsPrinted) {
    ASSERT_EQ(run({"project", path("x.npy"), "--method", "pca", "--out", path("y.npy")}), 0);
    std::vector<std::int32_t> codes;
    for (std::size_t i = 0; i < n; ++i) codes.push_back(static_cast<std::int32_t>(i % 2));
    write("l.npy", npy(NumberType::int32, {n}, raw(codes)));
    ASSERT_EQ(run({"quality",
                   path("x.npy"),
                   path("y.npy"),
                   "--labels",
                   path("l.npy"),
                   "--set",
                   "n_neighbors=5",
                   "--out",
                   path("q.npz")}),
              0)
        << err();
    const Json said = parse_json(out(), "quality");
    EXPECT_EQ(said.at("n_neighbors").as_int64(), 5);
    EXPECT_EQ(said.at("n_rows_measured").as_int64(), 80);
    EXPECT_FALSE(said.at("is_sampled").as_bool());
    EXPECT_GT(said.at("trustworthiness").as_double(), 0.6);
    EXPECT_GT(said.at("label_hit").as_double(), 0.9);
    const std::vector<double> overlap = read_member("q.npz", "overlap");
    ASSERT_EQ(overlap.size(), n);
    double sum = 0;
    for (const double value : overlap) sum += value;
    EXPECT_NEAR(sum / n, said.at("overlap").as_double(), 1e-6);
    write("short.npy", npy(NumberType::float32, {1, 2}, raw(std::vector<float>{1, 2})));
    EXPECT_NE(refused({"quality", path("x.npy"), path("short.npy")}).find("1 rows"),
              std::string::npos);
}

TEST_F(Engine, AStopLeavesNothingBehind) {
    const pid_t child = start({"project",
                               path("x.npy"),
                               "--set",
                               "n_epochs=100000",
                               "--out",
                               path("y.npy"),
                               "--threads",
                               "1"});
    for (int i = 0; i < 1000 && !has_leftovers(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::kill(child, SIGINT);
    EXPECT_EQ(wait(child), 130);
    EXPECT_EQ(err(), "oort: the computation was cancelled\n");
    EXPECT_FALSE(std::filesystem::exists(path("y.npy")));
    EXPECT_FALSE(has_leftovers());
}

TEST(ProgressBar, OneLineSaysStagePercentAndTimeLeft) {
    EXPECT_EQ(progress_line({0.5, 12.2}, Stage::optimise, 100, 200),
              "optimise   [############------------]  50 %  13 s left  (100 of 200)");
    EXPECT_EQ(progress_line({0, 75}, Stage::clean, 0, 0),
              "clean      [------------------------]   0 %  1 min 15 s left");
    EXPECT_EQ(progress_line({1, 7260}, Stage::neighbors, 0, 0),
              "neighbors  [########################] 100 %  2 h 01 min left");
}

}  // namespace
}  // namespace oort
