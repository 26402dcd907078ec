// SPDX-License-Identifier: Apache-2.0
// Projections: computed once per (tensor, shape, options, code version), kept on disk under that
// key, and the same bytes for everybody who asks again.
#pragma once

#include <filesystem>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "jobs/datasets.h"
#include "numeric/parallel.h"
#include "numeric/pca.h"

namespace oort {

/// A PCA as it is kept: without the components and the mean, which no view needs yet. Immutable.
struct PcaProjection {
    std::string key;  ///< hex
    std::size_t n_rows = 0;
    std::size_t n_components = 0;
    std::vector<float>
        coordinates;  ///< n_components blocks of n_rows, in file order; NaN: left out
    std::vector<double> explained_variance;
    double total_variance = 0;
    std::size_t n_rows_used = 0;
    double seconds = 0;  ///< that the computation took
    std::vector<std::string> notes;

    /// Of the k-th component, in 0..1; 0 if the points do not vary at all.
    double explained_variance_ratio(std::size_t k) const;
};

/// Thread-safe.
class Projections {
  public:
    /// folder  made if absent; its files may be removed at any time.
    explicit Projections(const std::filesystem::path& folder);

    /// The PCA of the dataset's vectors: from memory, from disk, or computed now. Throws
    /// Error(cancelled) after stop(), else as pca() does.
    std::shared_ptr<const PcaProjection> pca_of(const ShownDataset& dataset,
                                                const PcaOptions& options = {});

    /// Makes computations that run end soon.
    void stop() { stopper_.request_stop(); }

  private:
    using Shared = std::shared_ptr<const PcaProjection>;

    Shared compute(const ShownDataset& dataset, const PcaOptions& options, const std::string& key);

    std::filesystem::path folder_;
    ThreadPool pool_;
    std::stop_source stopper_;
    std::mutex mutex_;
    std::map<std::string, std::shared_future<Shared>> computing_;
    std::list<Shared> kept_;  ///< last used first
};

}  // namespace oort
