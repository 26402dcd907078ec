// SPDX-License-Identifier: Apache-2.0
#include "format/dataset_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/id.h"
#include "format/metadata.h"
#include "format/projector_config.h"
#include "format/tensor.h"

namespace oort {
namespace {

namespace fs = std::filesystem;

const fs::path here = fs::path(__FILE__).parent_path();

std::shared_ptr<const MappedFile> file_with(std::string_view content) {
    const auto path = fs::temp_directory_path() / ("oort-" + new_id());
    write_file_durably(path, content);
    auto file = std::make_shared<const MappedFile>(path);
    fs::remove(path);
    return file;
}

Entry entry_of(std::size_t n_rows, std::size_t n_dims, std::string path) {
    return {.title = "t", .n_rows = n_rows, .n_dims = n_dims, .tensor = {"", "", std::move(path)}};
}

TEST(DatasetFiles, TensorAndLabelsMakeADataset) {
    const Dataset dataset =
        read_dataset(entry_of(2, 2, "v.tsv"), {file_with("1\t2\n3\tnan\n"), file_with("a\nb\n")});
    EXPECT_EQ(dataset.title, "t");
    EXPECT_EQ(dataset.n_rows, 2U);
    EXPECT_EQ(dataset.n_dims, 2U);
    EXPECT_EQ(dataset.n_nonfinite_rows, 1U);
    ASSERT_EQ(dataset.columns.size(), 1U);
    EXPECT_EQ(dataset.columns[0].name, "label");
    EXPECT_EQ(dataset.columns[0].values, (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(dataset.notes.empty());
}

TEST(DatasetFiles, LabelsAreOptional) {
    const Dataset dataset = read_dataset(entry_of(1, 2, "v.tsv"), {file_with("1\t2\n"), nullptr});
    EXPECT_TRUE(dataset.columns.empty());
}

TEST(DatasetFiles, TooFewAndTooManyLabelsAreAlignedAndSaid) {
    const auto read = [](std::string_view labels) {
        return read_dataset(entry_of(3, 1, "v.tsv"), {file_with("1\n2\n3\n"), file_with(labels)});
    };
    const Dataset few = read("a\n");
    EXPECT_EQ(few.columns.at(0).codes, (std::vector<std::uint32_t>{0, missing_code, missing_code}));
    EXPECT_EQ(few.columns.at(0).n_missing, 2U);
    const Dataset many = read("a\nb\nc\nd\ne\n");
    EXPECT_EQ(many.columns.at(0).codes.size(), 3U);
    EXPECT_EQ(many.notes.back(),
              "There are 5 rows of labels for 3 points: the last 2 were left out.");
}

TEST(DatasetFiles, WordsInTheTensorAreAColumn) {
    const Dataset dataset = read_dataset(
        entry_of(2, 1, "v.tsv"), {file_with("a\t1\nb\t2\n"), file_with("x\ty\n1\t2\n3\t4\n")});
    ASSERT_EQ(dataset.columns.size(), 3U);
    EXPECT_EQ(dataset.columns[0].values, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(dataset.columns[2].name, "y");
}

TEST(DatasetFiles, ATensorThatDoesNotFitTheEntryIsCorrupt) {
    EXPECT_THROW(read_dataset(entry_of(2, 2, "v.bytes"), {file_with("1234"), nullptr}), Error);
    EXPECT_THROW(read_dataset(entry_of(2, 2, "v.tsv"), {file_with("1\t2\t3\n"), nullptr}), Error);
}

TEST(Malformed, EachFileIsRefusedOrReadAsItsKindSays) {
    int n_files = 0;
    for (const auto& file : fs::directory_iterator(here / "malformed")) {
        const std::string name = file.path().filename().string();
        const std::string text = read_file(file.path());
        ++n_files;
        try {
            if (name.starts_with("template-")) {
                read_projector_config(text);
                ADD_FAILURE() << name << " was read";
            } else if (name.starts_with("vectors-")) {
                read_tensor_tsv(text);
                ADD_FAILURE() << name << " was read";
            } else {
                ASSERT_TRUE(name.starts_with("labels-")) << name;
                const Dataset dataset =
                    read_dataset(entry_of(2, 1, "v.tsv"), {file_with("1\n2\n"), file_with(text)});
                for (const Column& column : dataset.columns)
                    EXPECT_EQ(column.codes.size(), 2U) << name;
            }
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::corrupt) << name;
            EXPECT_FALSE(name.starts_with("labels-")) << name << ": " << error.what();
            EXPECT_LT(std::string_view(error.what()).size(), 300U) << name;
        }
    }
    EXPECT_GT(n_files, 30);
}

TEST(TensorFlowDemo, ItsConfigAndIrisAreRead) {
    const fs::path demo =
        here.parent_path().parent_path().parent_path() / "shared/data/tf-demo/oss_data";
    if (!fs::exists(demo / "oss_demo_projector_config.json")) {
        GTEST_SKIP() << "the TensorFlow projector's demo files are not beside the repository";
    }
    const Template config =
        read_projector_config(read_file(demo / "oss_demo_projector_config.json"));
    ASSERT_EQ(config.entries.size(), 5U);
    EXPECT_EQ(config.entries[2].sprite->tile_width, 28);
    EXPECT_EQ(config.entries[4].title, "GNMT Interlingua");
    for (const Entry& entry : config.entries) EXPECT_FALSE(entry.tensor.names_asset());
    const Dataset iris =
        read_dataset(config.entries[3],
                     {std::make_shared<const MappedFile>(demo / "iris_tensors.bytes"),
                      std::make_shared<const MappedFile>(demo / "iris_labels.tsv")});
    EXPECT_EQ(iris.n_rows, 150U);
    EXPECT_EQ(iris.n_dims, 4U);
    EXPECT_FLOAT_EQ(iris.vectors.values()[0], 5.1F);
    ASSERT_EQ(iris.columns.size(), 5U);
    EXPECT_EQ(iris.columns[0].kind, ColumnKind::number);
    EXPECT_EQ(iris.columns[0].name, "sepal-length");
    EXPECT_EQ(iris.columns[0].min, 4.3);
    EXPECT_EQ(iris.columns[4].kind, ColumnKind::category);
    EXPECT_EQ(iris.columns[4].counts, (std::vector<std::uint32_t>{50, 50, 50}));
    EXPECT_TRUE(iris.notes.empty());
}

}  // namespace
}  // namespace oort
