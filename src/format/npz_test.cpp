// SPDX-License-Identifier: Apache-2.0
#include "format/npz.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/id.h"
#include "format/npy.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

// numpy.savez_compressed(file, x=numpy.arange(64, dtype="<i2").reshape(4, 16),
// y=numpy.array([1.5, -2.0])) of NumPy 2.
constexpr std::string_view numpy_hex =
    "504b03042d000000080000002100495d2933ffffffffffffffff05001400782e6e7079010010000001000000000000"
    "b2000000000000009dc8bb4ec2600040e15341b98a082877f905f56fa52a9752a1826c6c10160727d2d81a4c0825ad"
    "61213e852f2cbc82673bdfefec6d3a7f57d8b2938e1b7cf8d21272f8d591ba909f9effeddbeb85e73beec127f62a70"
    "f71e2ced8dbb7fd5d045dbd474f123fe5b1c148e0811e698132244891127419253529c91e69c0c59725c70499e0245"
    "4a94a950e58a1a826bea34b8e1963b242a1af734d179e091275ab4e9d0c5a087c9337d0658bc3064c42b63fe00504b"
    "03042d000000080000002100b098c541ffffffffffffffff05001400792e6e70790100100090000000000000004d00"
    "0000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a"
    "12774bcc294e058a17672416a402f91a463a9a3a0ab50a14002e0630f8610fa1190e0000504b01022d032d00000008"
    "0000002100495d2933b200000000010000050000000000000000000000800100000000782e6e7079504b01022d032d"
    "000000080000002100b098c5414d000000900000000500000000000000000000008001e9000000792e6e7079504b05"
    "060000000002000200660000006d0100000000";

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

/// A folder that vanishes with the test.
class Npz : public ::testing::Test {
  protected:
    Npz() { std::filesystem::create_directory(folder_); }

    ~Npz() override { std::filesystem::remove_all(folder_); }

    std::shared_ptr<const MappedFile> file_with(std::string_view content) const {
        const auto path = folder_ / new_id();
        File(path, File::Mode::create_new).write(content);
        return std::make_shared<const MappedFile>(path);
    }

    std::string refusal(std::string_view content, std::string_view key, ErrorCode code) const {
        try {
            read_npz(file_with(content), key, "x.npz");
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.what();
            return error.what();
        }
        return "nothing was thrown";
    }

    std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("oort-" + new_id());
};

TEST_F(Npz, WhatWasWrittenIsRead) {
    const std::vector<std::int32_t> indices{1, 2, 0, -1};
    const std::vector<float> distances{};
    const std::vector<std::size_t> square{2, 2};
    const std::vector<std::size_t> nothing{0, 2};
    const std::vector<NpzArray> arrays{
        {"indices", npy_header(NumberType::int32, square), std::as_bytes(std::span(indices))},
        {"distances", npy_header(NumberType::float32, nothing), {}}};
    const auto path = folder_ / "written.npz";
    File file(path, File::Mode::create_new);
    write_npz(file, arrays);
    const auto mapped = std::make_shared<const MappedFile>(path);
    EXPECT_EQ(npz_keys(mapped->bytes(), "x.npz"),
              (std::vector<std::string>{"indices", "distances"}));
    const NpzMember member = read_npz(mapped, "indices", "x.npz");
    const NpyArray array = read_npy(member.bytes(), "x.npz:indices");
    EXPECT_EQ(array.shape, square);
    EXPECT_EQ(to_float64(array), (std::vector<double>{1, 2, 0, -1}));
    const NpzMember empty = read_npz(mapped, "distances", "x.npz");
    EXPECT_EQ(read_npy(empty.bytes(), "x.npz:distances").shape, nothing);
}

TEST_F(Npz, NumPysDeflatedArchiveIsRead) {
    const auto file = file_with(from_hex(numpy_hex));
    const NpzMember x = read_npz(file, "x", "x.npz");
    const NpyArray array = read_npy(x.bytes(), "x.npz:x");
    EXPECT_EQ(array.shape, (std::vector<std::size_t>{4, 16}));
    const std::vector<double> values = to_float64(array);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(values[i], static_cast<double>(i));
    const NpzMember y = read_npz(file, "y", "x.npz");
    EXPECT_EQ(to_float64(read_npy(y.bytes(), "x.npz:y")), (std::vector<double>{1.5, -2}));
}

TEST_F(Npz, AKeyThatIsNotThereIsSaidWithThoseThatAre) {
    EXPECT_EQ(refusal(from_hex(numpy_hex), "z", ErrorCode::not_found),
              "x.npz has no array z: it has x, y");
}

TEST_F(Npz, DamageIsSeen) {
    const std::string good = from_hex(numpy_hex);
    const std::string said = "x.npz is no .npz archive, or damaged";
    EXPECT_EQ(refusal("", "x", ErrorCode::corrupt), said);
    EXPECT_EQ(refusal("no archive at all, but long enough for one", "x", ErrorCode::corrupt), said);
    EXPECT_EQ(refusal(good.substr(0, good.size() - 30), "x", ErrorCode::corrupt), said);
    std::string flipped = good;
    flipped[100] = static_cast<char>(flipped[100] ^ 1);
    EXPECT_EQ(refusal(flipped, "x", ErrorCode::corrupt), said);
    std::string beyond = good;
    beyond[beyond.size() - 3] = 0x7F;  // the directory begins far behind the end
    EXPECT_EQ(refusal(beyond, "x", ErrorCode::corrupt), said);
}

TEST_F(Npz, ASizeThatCannotBeIsNotAllocated) {
    std::string bytes = from_hex(numpy_hex);
    const std::size_t central = bytes.find("PK\1\2");
    bytes.replace(central + 24, 4, "\xF0\xFF\xFF\xFF");  // almost 4 GiB out of 178 bytes
    EXPECT_EQ(refusal(bytes, "x", ErrorCode::corrupt), "x.npz is no .npz archive, or damaged");
}

TEST_F(Npz, OtherWaysToPackAreRefused) {
    std::string bytes = from_hex(numpy_hex);
    const std::size_t central = bytes.find("PK\1\2");
    bytes[central + 10] = 12;  // bzip2
    EXPECT_EQ(refusal(bytes, "x", ErrorCode::invalid_argument),
              "x in x.npz is encrypted or packed in a way that is not read");
}

TEST_F(Npz, AnyBytesAreReadOrRefused) {
    TestRandom random(7);
    const std::string good = from_hex(numpy_hex);
    for (int trial = 0; trial < 3000; ++trial) {
        const auto file = file_with(random.damaged(good));
        try {
            const NpzMember member = read_npz(file, "x", "x.npz");
            read_npy(member.bytes(), "x.npz:x");
        } catch (const Error& error) {
            EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
        }
    }
}

}  // namespace
}  // namespace oort
