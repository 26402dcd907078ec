// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "base/id.h"
#include "embedding/dataset.h"
#include "embedding/template.h"

namespace oort {
namespace {

TEST(Template, TensorsAreRawIfTheirPathEndsInBytesOrIsStillToBeMade) {
    EXPECT_TRUE(
        is_raw_tensor({.asset_id = "", .experiment_key = "", .path = "oss_data/iris.bytes"}));
    EXPECT_TRUE(
        is_raw_tensor({.asset_id = "", .experiment_key = "", .path = "/x?a=1&name=v.bytes"}));
    EXPECT_TRUE(is_raw_tensor({}));
    EXPECT_FALSE(is_raw_tensor({.asset_id = "", .experiment_key = "", .path = "v.bytes?x=1"}));
    EXPECT_FALSE(is_raw_tensor({.asset_id = "", .experiment_key = "", .path = "v.tsv"}));
}

TEST(ColumnKind, HasTheNamesOfTheWire) {
    EXPECT_EQ(to_name(ColumnKind::category), "category");
    EXPECT_EQ(to_name(ColumnKind::number), "number");
    EXPECT_EQ(to_name(ColumnKind::text), "text");
}

TEST(Vectors, ShareTheirNumbersAmongCopiesAndOutliveTheFirst) {
    Vectors copy;
    {
        const Vectors first(std::vector<float>{1, 2, 3});
        copy = first;
        EXPECT_EQ(copy.values().data(), first.values().data());
    }
    EXPECT_EQ(std::vector<float>(copy.values().begin(), copy.values().end()),
              (std::vector<float>{1, 2, 3}));
    EXPECT_TRUE(Vectors().values().empty());
}

TEST(Vectors, ReadAFileInPlaceAndIgnoreAnIncompleteLastNumber) {
    const auto path = std::filesystem::temp_directory_path() / ("oort-" + new_id());
    const float numbers[] = {1.5F, -2};
    write_file_durably(path,
                       std::string(reinterpret_cast<const char*>(numbers), sizeof numbers) + "ab");
    const Vectors vectors(std::make_shared<const MappedFile>(path));
    std::filesystem::remove(path);
    ASSERT_EQ(vectors.values().size(), 2U);
    EXPECT_EQ(vectors.values()[0], 1.5F);
    EXPECT_EQ(vectors.values()[1], -2);
}

}  // namespace
}  // namespace oort
