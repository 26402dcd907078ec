// SPDX-License-Identifier: Apache-2.0
// Times oort::pca for bench/pca.py:
//     pca_bench POINTS N D N_COMPONENTS N_THREADS N_RUNS COMPONENTS
// POINTS holds N x D float32, row-major; COMPONENTS is written: k x D float32. Prints one JSON
// object.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "numeric/pca.h"

namespace {

using namespace oort;

Matrix read_points(const std::string& path, std::size_t n, std::size_t d) {
    Matrix points(n, d);
    std::ifstream file(path, std::ios::binary);
    const auto size = static_cast<std::streamsize>(n * d * sizeof(float));
    file.read(reinterpret_cast<char*>(points.row(0)), size);
    if (file.gcount() != size)
        throw Error(ErrorCode::corrupt, path + " is shorter than its shape says");
    return points;
}

/// From /proc, since getrusage still counts the parent's memory after fork and exec.
std::int64_t peak_rss_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kilobytes = 0;
        if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}

void run(char** arguments) {
    const auto number = [&](int i) { return static_cast<std::size_t>(std::stoull(arguments[i])); };
    const Matrix points = read_points(arguments[1], number(2), number(3));
    ThreadPool pool(std::stoi(arguments[5]));
    PcaResult result;
    JsonArray seconds;
    for (std::size_t i = 0; i < number(6); ++i) {
        const auto begin = std::chrono::steady_clock::now();
        result = pca(points.view(), {.n_components = std::stoi(arguments[4])}, pool);
        seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    std::ofstream out(arguments[7], std::ios::binary);
    out.write(reinterpret_cast<const char*>(result.components.data()),
              static_cast<std::streamsize>(result.components.size() * sizeof(float)));
    JsonObject report;
    report["seconds"] = seconds;
    report["explained_variance"] =
        JsonArray(result.explained_variance.begin(), result.explained_variance.end());
    report["total_variance"] = result.total_variance;
    report["peak_rss_bytes"] = peak_rss_bytes();
    std::printf("%s\n", to_text(report).c_str());
}

}  // namespace

int main(int n_arguments, char** arguments) {
    try {
        if (n_arguments != 8)
            throw Error(ErrorCode::invalid_argument,
                        "seven arguments are needed; see pca_bench.cpp");
        run(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pca_bench: %s\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
