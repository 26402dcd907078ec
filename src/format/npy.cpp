// SPDX-License-Identifier: Apache-2.0
#include "format/npy.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace oort {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t header_alignment = 64;

struct TypeName {
    std::string_view text;  // without the byte order
    NumberType type;
    std::size_t size;
};

// In the order of the enum.
constexpr std::array<TypeName, 12> type_names{{{"b1", NumberType::boolean, 1},
                                               {"i1", NumberType::int8, 1},
                                               {"i2", NumberType::int16, 2},
                                               {"i4", NumberType::int32, 4},
                                               {"i8", NumberType::int64, 8},
                                               {"u1", NumberType::uint8, 1},
                                               {"u2", NumberType::uint16, 2},
                                               {"u4", NumberType::uint32, 4},
                                               {"u8", NumberType::uint64, 8},
                                               {"f2", NumberType::float16, 2},
                                               {"f4", NumberType::float32, 4},
                                               {"f8", NumberType::float64, 8}}};

/// Walks over the Python dict that a header is.
class HeaderReader {
  public:
    HeaderReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    /// Fills everything but the elements.
    NpyArray read() {
        expect('{');
        bool has_type = false;
        bool has_order = false;
        bool has_shape = false;
        while (!take('}')) {
            const std::string_view key = word();
            expect(':');
            if (key == "descr") {
                read_type();
                has_type = true;
            } else if (key == "fortran_order") {
                array_.is_fortran = read_truth();
                has_order = true;
            } else if (key == "shape") {
                read_shape();
                has_shape = true;
            } else {
                fail();
            }
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        skip_blanks();
        if (!has_type || !has_order || !has_shape || !text_.empty()) fail();
        if (array_.shape.size() < 2) array_.is_fortran = false;
        return std::move(array_);
    }

  private:
    [[noreturn]] void fail() const {
        throw Error(ErrorCode::corrupt,
                    fmt::format("{} is damaged: its header is not NumPy's", name_));
    }

    void skip_blanks() {
        while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) {
            text_.remove_prefix(1);
        }
    }

    bool take(char c) {
        skip_blanks();
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    void expect(char c) {
        if (!take(c)) fail();
    }

    std::string_view word() {
        const char quote = take('\'') ? '\'' : '"';
        if (quote == '"') expect('"');
        const std::size_t end = text_.find(quote);
        if (end == std::string_view::npos) fail();
        const std::string_view found = text_.substr(0, end);
        text_.remove_prefix(end + 1);
        return found;
    }

    void read_type() {
        skip_blanks();
        if (!text_.empty() && text_.front() == '[') refuse("records");
        std::string_view type = word();
        if (type.empty()) fail();
        const char order = type.front();
        const bool has_order = order == '<' || order == '>' || order == '|' || order == '=';
        if (has_order) type.remove_prefix(1);
        for (const TypeName& known : type_names) {
            if (known.text != type) continue;
            array_.type = known.type;
            const bool is_native = order == '=' || !has_order;
            const bool is_big = is_native ? std::endian::native == std::endian::big : order == '>';
            array_.is_big_endian = is_big && known.size > 1;
            return;
        }
        const char kind = type.empty() ? ' ' : type.front();
        if (kind == 'O') refuse("Python objects");
        if (kind == 'U' || kind == 'S' || kind == 'a') refuse("text");
        if (kind == 'V') refuse("records");
        if (kind == 'c') refuse("complex numbers");
        if (kind == 'M' || kind == 'm') refuse("dates");
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} holds numbers of type {}, which are not read", name_, type));
    }

    [[noreturn]] void refuse(std::string_view what) const {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} holds {}: only arrays of real numbers are read", name_, what));
    }

    bool read_truth() {
        skip_blanks();
        for (const auto& [text, value] : {std::pair{std::string_view("True"), true},
                                          std::pair{std::string_view("False"), false}}) {
            if (!text_.starts_with(text)) continue;
            text_.remove_prefix(text.size());
            return value;
        }
        fail();
    }

    void read_shape() {
        expect('(');
        while (!take(')')) {
            skip_blanks();
            std::size_t length = 0;
            const auto [end, fault] =
                std::from_chars(text_.data(), text_.data() + text_.size(), length);
            if (fault != std::errc()) fail();
            text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
            take('L');  // Python 2 wrote long integers so
            array_.shape.push_back(length);
            if (!take(',')) {
                expect(')');
                break;
            }
        }
    }

    std::string_view text_;
    std::string_view name_;
    NpyArray array_;
};

/// Product of the shape times the size of an element; nothing if that is no size at all.
std::optional<std::size_t> bytes_wanted(const NpyArray& array) {
    std::size_t bytes = size_bytes(array.type);
    bool is_empty = false;
    for (const std::size_t length : array.shape) {
        if (length == 0) is_empty = true;
        if (length > 0 && bytes > std::numeric_limits<std::size_t>::max() / length) {
            return std::nullopt;
        }
        bytes *= std::max<std::size_t>(length, 1);
    }
    return is_empty ? 0 : bytes;
}

template <class T>
T element(const std::byte* at, bool is_swapped) {
    std::array<std::byte, sizeof(T)> bytes;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[i] = at[is_swapped ? sizeof(T) - 1 - i : i];
    }
    return std::bit_cast<T>(bytes);
}

double from_half(std::uint16_t half) {
    const int exponent = (half >> 10) & 31;
    const double fraction = half & 1023;
    const double sign = (half & 0x8000) != 0 ? -1 : 1;
    if (exponent == 31) {
        return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN();
    }
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(1024 + fraction, exponent - 25);
}

double number(NumberType type, const std::byte* at, bool is_swapped) {
    switch (type) {
        case NumberType::boolean: return *at == std::byte{0} ? 0 : 1;
        case NumberType::int8: return element<std::int8_t>(at, false);
        case NumberType::int16: return element<std::int16_t>(at, is_swapped);
        case NumberType::int32: return element<std::int32_t>(at, is_swapped);
        case NumberType::int64: return static_cast<double>(element<std::int64_t>(at, is_swapped));
        case NumberType::uint8: return element<std::uint8_t>(at, false);
        case NumberType::uint16: return element<std::uint16_t>(at, is_swapped);
        case NumberType::uint32: return element<std::uint32_t>(at, is_swapped);
        case NumberType::uint64: return static_cast<double>(element<std::uint64_t>(at, is_swapped));
        case NumberType::float16: return from_half(element<std::uint16_t>(at, is_swapped));
        case NumberType::float32: return static_cast<double>(element<float>(at, is_swapped));
        case NumberType::float64: return element<double>(at, is_swapped);
    }
    return 0;
}

/// Calls body(i, number) for the elements in the order of C, i counting from 0.
template <class Body>
void for_each_number(const NpyArray& array, const Body& body) {
    const std::size_t size = size_bytes(array.type);
    const bool is_swapped =
        array.is_big_endian != (std::endian::native == std::endian::big) && size > 1;
    const std::size_t n = array.size();
    if (!array.is_fortran) {
        for (std::size_t i = 0; i < n; ++i) {
            body(i, number(array.type, array.elements.data() + i * size, is_swapped));
        }
        return;
    }
    // The strides of the order of Fortran, walked with the last index fastest.
    std::vector<std::size_t> strides(array.shape.size(), size);
    for (std::size_t a = 1; a < strides.size(); ++a) {
        strides[a] = strides[a - 1] * array.shape[a - 1];
    }
    std::vector<std::size_t> index(array.shape.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
        body(i, number(array.type, array.elements.data() + at, is_swapped));
        for (std::size_t a = index.size(); a-- > 0;) {
            at += strides[a];
            if (++index[a] < array.shape[a]) break;
            at -= strides[a] * array.shape[a];
            index[a] = 0;
        }
    }
}

}  // namespace

std::size_t size_bytes(NumberType type) noexcept {
    return type_names[static_cast<std::size_t>(type)].size;
}

std::size_t NpyArray::size() const noexcept {
    return elements.size() / size_bytes(type);
}

TensorShape NpyArray::as_matrix() const noexcept {
    TensorShape matrix{shape.empty() ? 1 : shape[0], 1};
    for (std::size_t a = 1; a < shape.size(); ++a) matrix.n_dims *= shape[a];
    return matrix;
}

NpyArray read_npy(std::span<const std::byte> bytes, std::string_view name) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!text.starts_with(magic)) {
        throw Error(ErrorCode::corrupt,
                    fmt::format("{} is no .npy file: it does not begin as one", name));
    }
    const auto cut_short = [&] {
        return Error(ErrorCode::corrupt, fmt::format("{} is damaged: it is cut short", name));
    };
    if (text.size() < magic.size() + 4) throw cut_short();
    const auto byte_at = [&](std::size_t i) {
        return static_cast<std::size_t>(std::to_integer<unsigned>(bytes[i]));
    };
    const std::size_t version = byte_at(magic.size());
    if (version < 1 || version > 3) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is a .npy of version {}: 1 to 3 are read", name, version));
    }
    const std::size_t length_at = magic.size() + 2;
    const std::size_t length_size = version == 1 ? 2 : 4;
    const std::size_t header_at = length_at + length_size;
    if (text.size() < header_at) throw cut_short();
    std::size_t length = 0;
    for (std::size_t i = length_size; i-- > 0;) length = length << 8 | byte_at(length_at + i);
    if (text.size() - header_at < length) throw cut_short();
    NpyArray array = HeaderReader(text.substr(header_at, length), name).read();
    if (array.shape.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} holds a single number, not an array", name));
    }
    const std::optional<std::size_t> wanted = bytes_wanted(array);
    const auto rest = bytes.subspan(header_at + length);
    if (!wanted || *wanted > rest.size()) throw cut_short();
    array.elements = rest.first(*wanted);
    return array;
}

std::vector<float> to_float32(const NpyArray& array, Narrowing& narrowing) {
    std::vector<float> values(array.size());
    for_each_number(array, [&](std::size_t i, double exact) {
        const auto value = static_cast<float>(exact);
        values[i] = value;
        if (static_cast<double>(value) == exact || std::isnan(exact)) return;
        if (std::isinf(value)) {
            ++narrowing.n_overflowed;
        } else {
            ++narrowing.n_rounded;
        }
    });
    return values;
}

std::vector<double> to_float64(const NpyArray& array) {
    std::vector<double> values(array.size());
    for_each_number(array, [&](std::size_t i, double value) { values[i] = value; });
    return values;
}

std::string npy_header(NumberType type, std::span<const std::size_t> shape) {
    const bool is_byte = size_bytes(type) == 1;
    std::string dict = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': (",
                                   is_byte ? "|" : "<",
                                   type_names[static_cast<std::size_t>(type)].text);
    for (const std::size_t length : shape) dict += fmt::format("{}, ", length);
    if (shape.size() > 1) dict.resize(dict.size() - 2);
    if (shape.size() == 1) dict.resize(dict.size() - 1);
    dict += "), }";
    const std::size_t head = magic.size() + 4;
    const std::size_t whole =
        (head + dict.size() + header_alignment) / header_alignment * header_alignment;
    dict.resize(whole - head - 1, ' ');
    dict += '\n';
    CHECK(dict.size() <= 0xFFFF);
    std::string header(magic);
    header += '\1';
    header += '\0';
    header += static_cast<char>(dict.size() & 0xFF);
    header += static_cast<char>(dict.size() >> 8);
    return header + dict;
}

}  // namespace oort
