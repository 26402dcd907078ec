// SPDX-License-Identifier: Apache-2.0
#include "numeric/tsne_checkpoint.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"

namespace oort {

namespace {

struct Header {
    std::uint32_t magic = 0x4E53544F;  // "OTSN" read as little-endian
    std::uint32_t version = 1;
    std::uint64_t n_rows = 0;
    std::uint64_t n_edges = 0;
    std::uint32_t n_components = 0;
    std::uint32_t n_iterations = 0;
    std::uint32_t iteration = 0;
    std::uint32_t grid_rows = 0;
    std::uint32_t grid_columns = 0;
    std::uint32_t reserved = 0;
};

static_assert(sizeof(Header) == 48);

Header header_of(const TsneOptimiser& optimiser) {
    Header header;
    header.n_rows = optimiser.n;
    header.n_edges = optimiser.graph.n_edges();
    header.n_components = static_cast<std::uint32_t>(optimiser.n_dims);
    header.n_iterations = static_cast<std::uint32_t>(optimiser.options.n_iterations);
    header.iteration = static_cast<std::uint32_t>(optimiser.iteration);
    if (optimiser.grid) {
        header.grid_rows = static_cast<std::uint32_t>(optimiser.grid->size().n_rows);
        header.grid_columns = static_cast<std::uint32_t>(optimiser.grid->size().n_columns);
    }
    return header;
}

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

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorCode::corrupt, "the checkpoint of this t-SNE cannot be used: " + why);
}

void check_finite(std::span<const std::byte> floats) {
    for (std::size_t at = 0; at < floats.size(); at += sizeof(float)) {
        float value = 0;
        std::memcpy(&value, floats.data() + at, sizeof value);
        if (!std::isfinite(value)) refuse("it has numbers that are not finite");
    }
}

/// Throws Error(corrupt) unless it is a permutation.
std::vector<std::uint32_t> read_order(std::span<const std::byte> bytes) {
    std::vector<std::uint32_t> order(bytes.size() / sizeof(std::uint32_t));
    std::memcpy(order.data(), bytes.data(), bytes.size());
    std::vector<bool> is_there(order.size());
    for (const std::uint32_t row : order) {
        if (row >= order.size() || is_there[row]) refuse("its order of the points is none");
        is_there[row] = true;
    }
    return order;
}

/// By which a reorder() leads from one order to the other.
std::vector<std::uint32_t> step_between(std::span<const std::uint32_t> from,
                                        std::span<const std::uint32_t> to) {
    std::vector<std::uint32_t> place(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) place[from[i]] = static_cast<std::uint32_t>(i);
    std::vector<std::uint32_t> step(to.size());
    for (std::size_t i = 0; i < to.size(); ++i) step[i] = place[to[i]];
    return step;
}

Header read_header(std::span<const std::byte> bytes, const TsneOptimiser& optimiser) {
    const Header wanted = header_of(optimiser);
    Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != wanted.magic || header.version != wanted.version)
        refuse("it does not begin as one of version " + std::to_string(wanted.version));
    if (header.n_rows != wanted.n_rows || header.n_edges != wanted.n_edges ||
        header.n_components != wanted.n_components || header.n_iterations != wanted.n_iterations ||
        header.iteration > header.n_iterations) {
        refuse("it is of other points or options");
    }
    if (!optimiser.grid && (header.grid_rows != 0 || header.grid_columns != 0))
        refuse("it has a grid where none is used");
    return header;
}

}  // namespace

std::vector<std::byte> write_tsne_checkpoint(const TsneOptimiser& optimiser) {
    const Header header = header_of(optimiser);
    const std::size_t size = optimiser.n * optimiser.stride * sizeof(float);
    const std::size_t order_size = optimiser.n * sizeof(std::uint32_t);
    std::vector<std::byte> bytes(sizeof header + order_size + 3 * size + sizeof(std::uint64_t));
    std::byte* const floats = bytes.data() + sizeof header + order_size;
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, optimiser.order.data(), order_size);
    std::memcpy(floats, optimiser.points.data(), size);
    std::memcpy(floats + size, optimiser.movement.data(), size);
    std::memcpy(floats + 2 * size, optimiser.gains.data(), size);
    const std::size_t end = bytes.size() - sizeof(std::uint64_t);
    const std::uint64_t sum = sum_of(std::span(bytes).first(end));
    std::memcpy(bytes.data() + end, &sum, sizeof sum);
    return bytes;
}

void read_tsne_checkpoint(std::span<const std::byte> bytes, TsneOptimiser& optimiser) {
    const std::size_t size = optimiser.n * optimiser.stride * sizeof(float);
    const std::size_t order_size = optimiser.n * sizeof(std::uint32_t);
    const std::size_t wanted_size = sizeof(Header) + order_size + 3 * size + sizeof(std::uint64_t);
    if (bytes.size() != wanted_size) {
        refuse("it has " + std::to_string(bytes.size()) + " bytes, not " +
               std::to_string(wanted_size));
    }
    const Header header = read_header(bytes, optimiser);
    const std::size_t end = bytes.size() - sizeof(std::uint64_t);
    std::uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + end, sizeof sum);
    if (sum != sum_of(bytes.first(end))) refuse("its bytes are damaged");
    const auto order = read_order(bytes.subspan(sizeof header, order_size));
    check_finite(bytes.subspan(sizeof header + order_size, 3 * size));
    if (optimiser.grid) optimiser.grid->set_size({header.grid_rows, header.grid_columns});
    optimiser.reorder(step_between(optimiser.order, order));
    const std::byte* const floats = bytes.data() + sizeof header + order_size;
    std::memcpy(optimiser.points.data(), floats, size);
    std::memcpy(optimiser.movement.data(), floats + size, size);
    std::memcpy(optimiser.gains.data(), floats + 2 * size, size);
    optimiser.iteration = static_cast<int>(header.iteration);
    optimiser.write_layout();
}

}  // namespace oort
