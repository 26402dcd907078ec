// SPDX-License-Identifier: Apache-2.0
#include "format/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "format/number_text.h"
#include "format/tensor.h"

namespace oort {

namespace {

// Codes by first appearance, then renumbered by frequency.
void encode(const std::vector<std::string>& cells, Column& column) {
    std::unordered_map<std::string_view, std::uint32_t> known;
    std::vector<std::string_view> values;
    std::vector<std::uint32_t> counts;
    column.codes.reserve(cells.size());
    for (const std::string& cell : cells) {
        if (cell.empty()) {
            column.codes.push_back(missing_code);
            ++column.n_missing;
            continue;
        }
        const auto [place, is_new] =
            known.try_emplace(cell, static_cast<std::uint32_t>(values.size()));
        if (is_new) {
            values.push_back(cell);
            counts.push_back(0);
        }
        ++counts[place->second];
        column.codes.push_back(place->second);
    }
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(
        order.begin(), order.end(), [&](auto a, auto b) { return counts[a] > counts[b]; });
    std::vector<std::uint32_t> place_of(values.size());
    for (std::uint32_t place = 0; place < order.size(); ++place) {
        place_of[order[place]] = place;
        column.values.emplace_back(values[order[place]]);
        column.counts.push_back(counts[order[place]]);
    }
    for (std::uint32_t& code : column.codes) {
        if (code != missing_code) code = place_of[code];
    }
}

// The number of each distinct value, or nothing if one of them is none or no number is finite.
std::optional<std::vector<double>> numbers_of(const std::vector<std::string>& values) {
    std::vector<double> numbers;
    bool any_finite = false;
    for (const std::string& value : values) {
        const std::optional<double> number = parse_number(value);
        if (!number) return std::nullopt;
        numbers.push_back(*number);
        any_finite = any_finite || std::isfinite(*number);
    }
    if (!any_finite) return std::nullopt;
    return numbers;
}

void hold_numbers(const std::vector<double>& numbers,
                  Column& column,
                  std::vector<std::string>& notes) {
    std::vector<float> narrowed(numbers.size());
    narrow(numbers, narrowed);
    column.numbers.reserve(column.codes.size());
    for (const std::uint32_t code : column.codes) {
        column.numbers.push_back(code == missing_code ? std::numeric_limits<float>::quiet_NaN()
                                                      : narrowed[code]);
    }
    bool merged = false;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (!std::isfinite(numbers[i])) continue;
        column.min = std::min(numbers[i], column.min.value_or(numbers[i]));
        column.max = std::max(numbers[i], column.max.value_or(numbers[i]));
        // Fractions are rounded wherever they are stored; whole numbers are ids, counts and times.
        merged = merged || (numbers[i] == std::floor(numbers[i]) &&
                            static_cast<double>(narrowed[i]) != numbers[i]);
    }
    if (merged) {
        notes.push_back(fmt::format(
            "Column \"{}\" has whole numbers beyond 2^24; as colours they are rounded to "
            "float32, as text they are exact.",
            column.name));
    }
}

}  // namespace

Column type_column(std::string_view name,
                   const std::vector<std::string>& cells,
                   std::vector<std::string>& notes) {
    Column column;
    column.name = name;
    encode(cells, column);
    if (const auto numbers = numbers_of(column.values)) {
        column.kind = ColumnKind::number;
        hold_numbers(*numbers, column, notes);
    } else {
        const bool few = column.values.size() <= 1000 || column.values.size() <= cells.size() / 2;
        column.kind = few ? ColumnKind::category : ColumnKind::text;
    }
    return column;
}

std::vector<Column> type_columns(const Table& table, std::vector<std::string>& notes) {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        std::string name = table.columns.size() == 1 ? "label" : fmt::format("column {}", i + 1);
        if (i < table.names.size() && !table.names[i].empty()) name = table.names[i];
        columns.push_back(type_column(name, table.columns[i], notes));
    }
    return columns;
}

}  // namespace oort
