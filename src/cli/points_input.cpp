// SPDX-License-Identifier: Apache-2.0
#include "cli/points_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "format/npy.h"
#include "format/number_text.h"
#include "format/projector_config.h"
#include "format/tensor.h"
#include "numeric/tsne.h"

namespace oort {

namespace {

constexpr std::uintmax_t max_template_bytes = std::uintmax_t{1} << 20;
constexpr std::string_view npz_mark = ".npz:";

// MappedFile follows no link, which is right in the server's folders but not for a person's files.
std::shared_ptr<const MappedFile> map_file(const std::string& path) {
    std::error_code fault;
    const auto target = std::filesystem::canonical(path, fault);
    if (fault || !std::filesystem::is_regular_file(target)) {
        throw Error(ErrorCode::not_found, fmt::format("{} is not a file", path));
    }
    return std::make_shared<const MappedFile>(target);
}

struct ArchivePlace {
    std::string file;
    std::string key;  // empty: none was named
};

std::optional<ArchivePlace> archive_place(const std::string& input) {
    if (const std::size_t at = input.rfind(npz_mark); at != std::string::npos) {
        return ArchivePlace{input.substr(0, at + npz_mark.size() - 1),
                            input.substr(at + npz_mark.size())};
    }
    if (input.ends_with(".npz")) return ArchivePlace{input, {}};
    return std::nullopt;
}

NpzMember open_member(const ArchivePlace& place) {
    const auto file = map_file(place.file);
    std::string key = place.key;
    if (key.empty()) {
        const std::vector<std::string> keys = npz_keys(file->bytes(), place.file);
        if (keys.size() != 1) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{} holds {} arrays ({}): name one as {}:KEY",
                                    place.file,
                                    keys.size(),
                                    fmt::join(keys, ", "),
                                    place.file));
        }
        key = keys[0];
    }
    return read_npz(file, key, place.file);
}

std::string_view name_of(NumberType type) {
    switch (type) {
        case NumberType::boolean: return "bool";
        case NumberType::int8: return "int8";
        case NumberType::int16: return "int16";
        case NumberType::int32: return "int32";
        case NumberType::int64: return "int64";
        case NumberType::uint8: return "uint8";
        case NumberType::uint16: return "uint16";
        case NumberType::uint32: return "uint32";
        case NumberType::uint64: return "uint64";
        case NumberType::float16: return "float16";
        case NumberType::float32: return "float32";
        case NumberType::float64: return "float64";
    }
    return {};
}

/// How the elements can be read where they stand, if they can.
std::optional<ElementType> type_in_place(const NpyArray& array) {
    if (array.is_big_endian || array.is_fortran) return std::nullopt;
    switch (array.type) {
        case NumberType::boolean:
        case NumberType::uint8: return ElementType::uint8;
        case NumberType::float16: return ElementType::float16;
        case NumberType::float32: return ElementType::float32;
        default: return std::nullopt;
    }
}

bool is_aligned(const std::byte* data, std::size_t size) {
    return reinterpret_cast<std::uintptr_t>(data) % size == 0;
}

/// The number of columns that a template beside the file gives it.
std::optional<std::size_t> columns_by_template(const std::filesystem::path& path) {
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    std::vector<std::filesystem::path> configs;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() == ".json" && file.is_regular_file() &&
            file.file_size() <= max_template_bytes) {
            configs.push_back(file.path());
        }
    }
    std::sort(configs.begin(), configs.end());
    for (const auto& config : configs) {
        try {
            const auto mapped = map_file(config.string());
            const auto bytes = mapped->bytes();
            const Template found =
                read_projector_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
            for (const Entry& entry : found.entries) {
                const std::filesystem::path tensor(entry.tensor.path);
                if (tensor.filename() == path.filename()) return entry.n_dims;
            }
        } catch (const Error&) {
            continue;  // another kind of JSON
        }
    }
    return std::nullopt;
}

/// Codes 0, 1, … for the values in rising order.
std::vector<std::uint32_t> codes_of_numbers(const std::vector<double>& values) {
    std::map<double, std::uint32_t> codes;
    for (const double value : values) {
        if (!std::isnan(value) && value != -1) codes.emplace(value, 0);
    }
    std::uint32_t next = 0;
    for (auto& [value, code] : codes) code = next++;
    std::vector<std::uint32_t> labels;
    labels.reserve(values.size());
    for (const double value : values) {
        const auto found = std::isnan(value) ? codes.end() : codes.find(value);
        labels.push_back(found == codes.end() ? missing_label : found->second);
    }
    return labels;
}

std::vector<std::uint32_t> codes_of_lines(std::string_view text,
                                          const std::string& input,
                                          std::size_t n_rows) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(trimmed(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (lines.size() == n_rows + 1) lines.erase(lines.begin());
    std::map<std::string_view, std::uint32_t> codes;
    std::vector<std::uint32_t> labels;
    for (const std::string_view line : lines) {
        if (line.find('\t') != std::string_view::npos) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{} has more than one column: one label a line", input));
        }
        if (line.empty()) {
            labels.push_back(missing_label);
            continue;
        }
        const auto next = static_cast<std::uint32_t>(codes.size());
        labels.push_back(codes.emplace(line, next).first->second);
    }
    return labels;
}

std::vector<double> numbers_of(std::span<const std::byte> bytes, const std::string& name) {
    const NpyArray array = read_npy(bytes, name);
    const TensorShape shape = array.as_matrix();
    if (shape.n_dims != 1 && shape.n_rows != 0) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "{} is {} x {}: labels are one number a row", name, shape.n_rows, shape.n_dims));
    }
    return to_float64(array);
}

}  // namespace

PointsInput::PointsInput(const std::string& input, std::optional<std::size_t> columns) {
    if (const auto place = archive_place(input)) {
        member_ = std::make_unique<NpzMember>(open_member(*place));
        take_array(member_->bytes(), input);
    } else if (input.ends_with(".npy")) {
        file_ = map_file(input);
        take_array(file_->bytes(), input);
    } else if (input.ends_with(".bytes")) {
        take_raw(input, columns);
    } else if (input.ends_with(".tsv") || input.ends_with(".txt")) {
        take_text(input);
    } else {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is none of .npy, .npz:KEY, .tsv and .bytes", input));
    }
    if (view_.n_rows == 0 || view_.n_columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is {} x {}: at least one row and one column are needed",
                                input,
                                view_.n_rows,
                                view_.n_columns));
    }
}

void PointsInput::own(std::vector<float> values, std::size_t n_rows, std::size_t n_columns) {
    owned_ = std::move(values);
    view_ = {owned_.data(), n_rows, n_columns, ElementType::float32};
}

void PointsInput::take_array(std::span<const std::byte> bytes, const std::string& name) {
    const NpyArray array = read_npy(bytes, name);
    const TensorShape shape = array.as_matrix();
    type_name_ = name_of(array.type);
    const std::optional<ElementType> type = type_in_place(array);
    if (type && is_aligned(array.elements.data(), oort::size_bytes(*type))) {
        view_ = {array.elements.data(), shape.n_rows, shape.n_dims, *type};
        return;
    }
    Narrowing narrowing;
    own(to_float32(array, narrowing), shape.n_rows, shape.n_dims);
    if (auto sentence = narrowing_note(narrowing)) notes_.push_back(*std::move(sentence));
    file_.reset();
    member_.reset();
}

void PointsInput::take_raw(const std::string& input, std::optional<std::size_t> columns) {
    file_ = map_file(input);
    if (!columns) columns = columns_by_template(input);
    if (!columns || *columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} does not say how many columns it has: give --columns, or "
                                "keep the template that names it in the same folder",
                                input));
    }
    const std::size_t size = file_->bytes().size();
    if (size % (*columns * sizeof(float)) != 0) {
        throw Error(
            ErrorCode::corrupt,
            fmt::format(
                "{} has {} bytes: no whole number of rows of {} float32", input, size, *columns));
    }
    type_name_ = "float32";
    view_ = {
        file_->bytes().data(), size / sizeof(float) / *columns, *columns, ElementType::float32};
}

void PointsInput::take_text(const std::string& input) {
    const auto file = map_file(input);
    const auto bytes = file->bytes();
    Tensor tensor = read_tensor_tsv({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    type_name_ = "text";
    notes_ = std::move(tensor.notes);
    vectors_ = std::move(tensor.vectors);
    view_ = {
        vectors_.values().data(), tensor.shape.n_rows, tensor.shape.n_dims, ElementType::float32};
}

void PointsInput::release() noexcept {
    file_.reset();
    member_.reset();
    owned_ = {};
    vectors_ = {};
}

std::vector<std::uint32_t> read_labels(const std::string& input, std::size_t n_rows) {
    std::vector<std::uint32_t> labels;
    if (const auto place = archive_place(input)) {
        const NpzMember member = open_member(*place);
        labels = codes_of_numbers(numbers_of(member.bytes(), input));
    } else {
        const auto file = map_file(input);
        const auto bytes = file->bytes();
        labels =
            input.ends_with(".npy")
                ? codes_of_numbers(numbers_of(bytes, input))
                : codes_of_lines(
                      {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, input, n_rows);
    }
    if (labels.size() != n_rows) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} has {} labels but there are {} rows: one label per row",
                                input,
                                labels.size(),
                                n_rows));
    }
    return labels;
}

}  // namespace oort
