// SPDX-License-Identifier: Apache-2.0
// From the files of an entry to a dataset.
#pragma once

#include <memory>

#include "base/file.h"
#include "embedding/dataset.h"
#include "embedding/template.h"

namespace oort {

/// The files that an entry names, found by whoever keeps them.
struct DatasetFiles {
    std::shared_ptr<const MappedFile> tensor = {};    ///< required
    std::shared_ptr<const MappedFile> metadata = {};  ///< may be null
};

/// Reads and checks an entry's files. The tensor decides the number of rows; a table of labels that
/// is too short is filled with missing values and one too long is cut, both noted. Throws
/// Error(corrupt) if the tensor cannot be read as the entry says.
Dataset read_dataset(const Entry& entry, const DatasetFiles& files);

}  // namespace oort
