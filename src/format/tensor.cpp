// SPDX-License-Identifier: Apache-2.0
#include "format/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/error.h"
#include "format/number_text.h"

namespace oort {

namespace {

constexpr std::int32_t exponent_bits = 0x7F800000;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::size_t count_nonfinite_rows(std::span<const float> values, const TensorShape& shape) {
    std::size_t n_rows = 0;
    for (std::size_t row = 0; row < shape.n_rows; ++row) {
        const auto numbers = values.subspan(row * shape.n_dims, shape.n_dims);
        // The exponent of NaN and infinities is all ones, the largest there is: a loop without
        // branches.
        std::int32_t largest = 0;
        for (const float x : numbers) {
            largest = std::max(largest, std::bit_cast<std::int32_t>(x) & exponent_bits);
        }
        n_rows += largest == exponent_bits;
    }
    return n_rows;
}

// Text of a message from outside: short, and on one line.
std::string quoted(std::string_view cell) {
    std::string text;
    for (const char c : cell.substr(0, 40))
        text.push_back(static_cast<unsigned char>(c) < 32 ? ' ' : c);
    return fmt::format("\"{}{}\"", text, cell.size() > 40 ? "…" : "");
}

std::vector<std::string_view> cells_of(std::string_view line) {
    std::vector<std::string_view> cells;
    for (std::size_t begin = 0;;) {
        const std::size_t end = line.find('\t', begin);
        cells.push_back(trimmed(line.substr(begin, end - begin)));
        if (end == std::string_view::npos) return cells;
        begin = end + 1;
    }
}

// Comet's SDK writes rows of one number as Python lists.
std::string_view without_brackets(std::string_view cell) {
    if (cell.size() >= 2 && cell.front() == '[' && cell.back() == ']') {
        return trimmed(cell.substr(1, cell.size() - 2));
    }
    return cell;
}

std::string_view without_quotes(std::string_view cell) {
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
        return cell.substr(1, cell.size() - 2);
    }
    return cell;
}

bool is_number(std::string_view cell) {
    return parse_number(without_brackets(without_quotes(cell))).has_value();
}

// More digits than the nine that any float32 can be written with.
bool has_many_digits(std::string_view cell) {
    std::size_t n_digits = 0;
    for (const char c : cell.substr(0, cell.find_first_of("eE"))) {
        const bool leading_zero = c == '0' && n_digits == 0;
        n_digits += c >= '0' && c <= '9' && !leading_zero;
    }
    return n_digits > 9;
}

class TsvReader {
  public:
    TsvReader(std::string_view text, std::optional<TensorShape> expected)
        : text_(text), expected_(expected) {}

    Tensor read() {
        if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
        reserve();
        while (!text_.empty()) {
            const std::size_t end = std::min(text_.find('\n'), text_.size());
            const std::string_view line = text_.substr(0, end);
            text_.remove_prefix(std::min(end + 1, text_.size()));
            ++line_number_;
            if (!trimmed(line).empty()) read_line(cells_of(line));
        }
        return finish();
    }

  private:
    void reserve() {
        // A number takes two bytes at least, so a promise beyond that is not worth memory.
        if (!expected_) return;
        const std::size_t most = text_.size() / 2 + 1;
        if (expected_->n_dims == 0 || expected_->n_rows <= most / expected_->n_dims) {
            values_.reserve(expected_->n_rows * expected_->n_dims);
        }
    }

    void read_line(const std::vector<std::string_view>& cells) {
        if (n_rows_ == 0 && !header_seen_ && is_header(cells)) {
            header_seen_ = true;
            return;
        }
        const bool has_label = cells.size() > 1 && !cells[0].empty() && !is_number(cells[0]);
        if (has_label) {
            labels_.resize(n_rows_);
            labels_.emplace_back(without_quotes(cells[0]));
        }
        const std::size_t n_numbers = cells.size() - has_label;
        if (n_rows_ == 0) n_dims_ = n_numbers;
        if (n_numbers != n_dims_) {
            throw Error(
                ErrorCode::corrupt,
                fmt::format("line {} of the vectors has {} numbers: the lines before it have {}",
                            line_number_,
                            n_numbers,
                            n_dims_));
        }
        for (std::size_t i = has_label; i < cells.size(); ++i) read_cell(cells[i], i + 1);
        ++n_rows_;
    }

    // A line of words with more words than a label, where a number is due in every other line.
    bool is_header(const std::vector<std::string_view>& cells) const {
        const bool no_number = std::none_of(cells.begin(), cells.end(), is_number);
        const bool any_word =
            std::any_of(cells.begin(), cells.end(), [](auto c) { return !c.empty(); });
        const bool only_label = cells.size() == 2 && cells[1].empty();
        return no_number && any_word && !only_label;
    }

    void read_cell(std::string_view cell, std::size_t place) {
        cell = without_brackets(without_quotes(cell));
        if (cell.empty()) {
            ++n_blank_;
            values_.push_back(std::numeric_limits<float>::quiet_NaN());
            return;
        }
        const std::optional<double> number = parse_number(cell);
        if (!number) {
            throw Error(ErrorCode::corrupt,
                        fmt::format("line {} of the vectors, cell {}: {} is not a number",
                                    line_number_,
                                    place,
                                    quoted(cell)));
        }
        const auto value = static_cast<float>(*number);
        values_.push_back(value);
        if (std::isinf(value) && !std::isinf(*number)) {
            ++narrowing_.n_overflowed;
        } else if (cell.size() > 9 && has_many_digits(cell) && std::isfinite(value) &&
                   static_cast<double>(value) != *number) {
            ++narrowing_.n_rounded;  // with fewer digits the text is a float32 written short
        }
    }

    Tensor finish() {
        Tensor tensor{.shape = {n_rows_, n_dims_}, .vectors = {}, .labels = {}, .notes = {}};
        if (expected_) check_shape(tensor.notes);
        auto note = [&](std::string sentence) { tensor.notes.push_back(std::move(sentence)); };
        if (header_seen_)
            note(
                "The first line of the vectors is not made of numbers and was left out as a "
                "header.");
        if (!labels_.empty()) {
            labels_.resize(n_rows_);
            note("The vectors' lines begin with words; they were taken as labels.");
        }
        if (n_blank_ > 0)
            note(fmt::format("{} cells of the vectors are blank and became NaN.", n_blank_));
        if (auto sentence = narrowing_note(narrowing_)) note(*std::move(sentence));
        tensor.n_nonfinite_rows = count_nonfinite_rows(values_, tensor.shape);
        tensor.vectors = Vectors(std::move(values_));
        tensor.labels = std::move(labels_);
        return tensor;
    }

    void check_shape(std::vector<std::string>& notes) const {
        if (n_dims_ != expected_->n_dims && (n_rows_ > 0 || expected_->n_rows > 0)) {
            throw Error(ErrorCode::corrupt,
                        fmt::format("the vectors have {} numbers a line: the template says {}",
                                    n_dims_,
                                    expected_->n_dims));
        }
        if (n_rows_ != expected_->n_rows) {
            notes.push_back(fmt::format("The vectors have {} rows where the template says {}.",
                                        n_rows_,
                                        expected_->n_rows));
        }
    }

    std::string_view text_;
    std::optional<TensorShape> expected_;
    std::vector<float> values_;
    std::vector<std::string> labels_;
    std::size_t n_rows_ = 0;
    std::size_t n_dims_ = 0;
    std::size_t line_number_ = 0;
    std::size_t n_blank_ = 0;
    Narrowing narrowing_;
    bool header_seen_ = false;
};

}  // namespace

Tensor read_raw_tensor(std::shared_ptr<const MappedFile> file, const TensorShape& shape) {
    const std::size_t size = file->bytes().size();
    const bool fits = shape.n_dims == 0
                          ? size == 0 && shape.n_rows == 0
                          : size % sizeof(float) == 0 && size / sizeof(float) % shape.n_dims == 0 &&
                                size / sizeof(float) / shape.n_dims == shape.n_rows;
    if (!fits) {
        throw Error(
            ErrorCode::corrupt,
            fmt::format("the vectors' file has {} bytes: {} x {} float32 numbers need another size",
                        size,
                        shape.n_rows,
                        shape.n_dims));
    }
    Tensor tensor{.shape = shape, .vectors = Vectors(std::move(file)), .labels = {}, .notes = {}};
    tensor.n_nonfinite_rows = count_nonfinite_rows(tensor.vectors.values(), shape);
    return tensor;
}

Tensor read_tensor_tsv(std::string_view text, std::optional<TensorShape> expected) {
    return TsvReader(text, expected).read();
}

std::string write_tensor_tsv(const TensorShape& shape, std::span<const float> values) {
    const bool fits = shape.n_dims == 0 ? values.empty() && shape.n_rows == 0
                                        : values.size() % shape.n_dims == 0 &&
                                              values.size() / shape.n_dims == shape.n_rows;
    if (!fits) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "{} values do not fill {} x {}", values.size(), shape.n_rows, shape.n_dims));
    }
    std::string text;
    text.reserve(values.size() * 8);
    for (std::size_t i = 0; i < values.size(); ++i) {
        char digits[64];
        const auto result = std::to_chars(digits, digits + sizeof digits, values[i]);
        text.append(digits, result.ptr);
        text.push_back((i + 1) % shape.n_dims == 0 ? '\n' : '\t');
    }
    return text;
}

}  // namespace oort
