// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_checkpoint.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace oort {

namespace {

struct Header {
    std::uint32_t magic = 0x504D554F;  // "OUMP" read as little-endian
    std::uint32_t version = 1;
    std::uint64_t n_rows = 0;
    std::uint32_t n_components = 0;
    std::uint32_t n_epochs = 0;
    std::uint32_t epoch = 0;
    std::uint32_t reserved = 0;
};

static_assert(sizeof(Header) == 32);

/// FNV-1a over words of four bytes, the size of everything that is written.
std::uint64_t sum_of(std::span<const std::byte> bytes) {
    std::uint64_t sum = 0xCBF29CE484222325ULL;
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data() + i, 4);
        sum = (sum ^ word) * 0x100000001B3ULL;
    }
    return sum;
}

Header header_of(const UmapOptimiser& optimiser) {
    Header header;
    header.n_rows = optimiser.n_rows();
    header.n_components = static_cast<std::uint32_t>(optimiser.n_components());
    header.n_epochs = static_cast<std::uint32_t>(optimiser.n_epochs());
    header.epoch = static_cast<std::uint32_t>(optimiser.epoch());
    return header;
}

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::corrupt, "the checkpoint of this UMAP cannot be used: " + why);
}

}  // namespace

std::vector<std::byte> write_umap_checkpoint(const UmapOptimiser& optimiser) {
    const Header header = header_of(optimiser);
    const std::size_t size = optimiser.points().size() * sizeof(float);
    std::vector<std::byte> bytes(sizeof header + 2 * size + sizeof(std::uint64_t));
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, optimiser.points().data(), size);
    std::memcpy(bytes.data() + sizeof header + size, optimiser.velocity().data(), size);
    const std::size_t end = bytes.size() - sizeof(std::uint64_t);
    const std::uint64_t sum = sum_of(std::span(bytes).first(end));
    std::memcpy(bytes.data() + end, &sum, sizeof sum);
    return bytes;
}

void read_umap_checkpoint(std::span<const std::byte> bytes, UmapOptimiser& optimiser) {
    const Header wanted = header_of(optimiser);
    const std::size_t size = optimiser.points().size() * sizeof(float);
    const std::size_t size_in_all = sizeof wanted + 2 * size + sizeof(std::uint64_t);
    if (bytes.size() != size_in_all)
        refuse(fmt::format("it has {} bytes, not {}", bytes.size(), size_in_all));
    Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != wanted.magic || header.version != wanted.version)
        refuse(fmt::format("it does not begin as one of version {}", wanted.version));
    if (header.n_rows != wanted.n_rows || header.n_components != wanted.n_components ||
        header.n_epochs != wanted.n_epochs || header.epoch > header.n_epochs) {
        refuse(fmt::format("it is of {} rows in {} dimensions at epoch {} of {}",
                           header.n_rows,
                           header.n_components,
                           header.epoch,
                           header.n_epochs));
    }
    const std::size_t end = bytes.size() - sizeof(std::uint64_t);
    std::uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + end, sizeof sum);
    if (sum != sum_of(bytes.first(end))) refuse("its bytes are damaged");
    const auto* floats = bytes.data() + sizeof header;
    optimiser.resume(static_cast<int>(header.epoch), floats, floats + size);
}

}  // namespace oort
