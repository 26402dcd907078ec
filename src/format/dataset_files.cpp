// SPDX-License-Identifier: Apache-2.0
#include "format/dataset_files.h"

#include <fmt/format.h>

#include "base/check.h"
#include "format/columns.h"
#include "format/metadata.h"
#include "format/tensor.h"

namespace oort {

namespace {

std::string_view text_of(const MappedFile& file) {
    const auto bytes = file.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Tensor read_tensor(const Entry& entry, const std::shared_ptr<const MappedFile>& file) {
    const TensorShape shape{.n_rows = entry.n_rows, .n_dims = entry.n_dims};
    if (is_raw_tensor(entry.tensor)) return read_raw_tensor(file, shape);
    return read_tensor_tsv(text_of(*file), shape);
}

void append(std::vector<std::string>& notes, const std::vector<std::string>& more) {
    notes.insert(notes.end(), more.begin(), more.end());
}

// Every column as long as the tensor.
void align(Table& table, std::size_t n_rows, std::vector<std::string>& notes) {
    const std::size_t n_given = table.n_rows();
    if (n_given == n_rows) return;
    for (auto& column : table.columns) column.resize(n_rows);
    notes.push_back(
        n_given < n_rows
            ? fmt::format("There are {} rows of labels for {} points: the last {} have none.",
                          n_given,
                          n_rows,
                          n_rows - n_given)
            : fmt::format("There are {} rows of labels for {} points: the last {} were left out.",
                          n_given,
                          n_rows,
                          n_given - n_rows));
}

}  // namespace

Dataset read_dataset(const Entry& entry, const DatasetFiles& files) {
    CHECK(files.tensor);
    Tensor tensor = read_tensor(entry, files.tensor);
    Dataset dataset;
    dataset.title = entry.title;
    dataset.n_rows = tensor.shape.n_rows;
    dataset.n_dims = tensor.shape.n_dims;
    dataset.vectors = std::move(tensor.vectors);
    dataset.n_nonfinite_rows = tensor.n_nonfinite_rows;
    dataset.notes = std::move(tensor.notes);
    if (!tensor.labels.empty()) {
        dataset.columns.push_back(type_column("label", tensor.labels, dataset.notes));
    }
    if (files.metadata) {
        Metadata metadata = read_metadata(text_of(*files.metadata), dataset.n_rows);
        append(dataset.notes, metadata.notes);
        align(metadata.table, dataset.n_rows, dataset.notes);
        for (Column& column : type_columns(metadata.table, dataset.notes)) {
            dataset.columns.push_back(std::move(column));
        }
    }
    return dataset;
}

}  // namespace oort
