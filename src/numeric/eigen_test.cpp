// SPDX-License-Identifier: Apache-2.0
#include "numeric/eigen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "numeric/block_krylov.h"
#include "numeric/dense_eigen.h"
#include "numeric/krylov_eigen.h"
#include "numeric/random.h"

namespace oort {
namespace {

/// A symmetric matrix with these eigenvalues: three random reflections of the diagonal.
SymmetricMatrix with_eigenvalues(const std::vector<double>& eigenvalues) {
    const std::size_t m = eigenvalues.size();
    SymmetricMatrix matrix{m, std::vector<double>(m * m, 0.0)};
    for (std::size_t i = 0; i < m; ++i) matrix.values[i * m + i] = eigenvalues[i];
    Random random(5);
    for (int reflection = 0; reflection < 3; ++reflection) {
        std::vector<double> v(m);
        std::vector<double> image(m, 0.0);
        double length = 0;
        for (double& value : v) {
            value = random.normal();
            length += value * value;
        }
        for (double& value : v) value /= std::sqrt(length);
        double along = 0;
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < m; ++j) image[i] += matrix.values[i * m + j] * v[j];
            along += image[i] * v[i];
        }
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < m; ++j) {
                matrix.values[i * m + j] +=
                    4 * along * v[i] * v[j] - 2 * (v[i] * image[j] + image[i] * v[j]);
            }
        }
    }
    return matrix;
}

std::vector<double> eigenvalues_of(std::size_t m, const std::function<double(double)>& value) {
    std::vector<double> eigenvalues(m);
    for (std::size_t i = 0; i < m; ++i) eigenvalues[i] = value(static_cast<double>(i));
    return eigenvalues;
}

void expect_eigenpairs(const SymmetricMatrix& matrix,
                       const EigenPairs& pairs,
                       const std::vector<double>& expected,
                       std::size_t k) {
    const std::size_t m = matrix.size;
    const double largest = std::max(expected[0], 1e-300);
    ASSERT_EQ(pairs.values.size(), k);
    ASSERT_EQ(pairs.vectors.size(), k * m);
    for (std::size_t c = 0; c < k; ++c) {
        EXPECT_NEAR(pairs.values[c], expected[c], 1e-11 * largest) << c;
        const double* v = &pairs.vectors[c * m];
        double residual = 0;
        for (std::size_t i = 0; i < m; ++i) {
            double error = -pairs.values[c] * v[i];
            for (std::size_t j = 0; j < m; ++j) error += matrix.values[i * m + j] * v[j];
            residual += error * error;
        }
        EXPECT_LE(std::sqrt(residual), 2e-10 * largest) << c;
        for (std::size_t b = 0; b <= c; ++b) {
            double product = 0;
            for (std::size_t i = 0; i < m; ++i) product += v[i] * pairs.vectors[b * m + i];
            EXPECT_NEAR(product, b == c ? 1.0 : 0.0, 1e-9) << b << " " << c;
        }
    }
}

TEST(LargestEigenpairs, AreRightForSpectraOfEveryShape) {
    const std::size_t m = 240;
    const std::vector<std::vector<double>> spectra = {
        eigenvalues_of(m, [](double i) { return std::pow(0.9, i); }),       // falling fast
        eigenvalues_of(m, [](double i) { return 1.0 / (1.0 + i); }),        // falling slowly
        eigenvalues_of(m, [](double i) { return 1.0 - i / 1000.0; }),       // nearly flat
        eigenvalues_of(m, [](double) { return 7.0; }),                      // all equal
        eigenvalues_of(m, [](double i) { return i < 40 ? 2.0 : 1.0; }),     // many equal on top
        eigenvalues_of(m, [](double i) { return i < 3 ? 3.0 - i : 0.0; }),  // rank below k
        eigenvalues_of(m, [](double i) { return i < 12 ? 1.0 + i * 0 : 1e-13; }),  // noise below
        eigenvalues_of(m, [](double) { return 0.0; }),
    };
    ThreadPool pool(2);
    for (std::size_t s = 0; s < spectra.size(); ++s) {
        for (const std::size_t k : {1U, 10U, 12U, 13U, 40U}) {
            SCOPED_TRACE(testing::Message() << "spectrum " << s << ", k " << k);
            const SymmetricMatrix matrix = with_eigenvalues(spectra[s]);
            expect_eigenpairs(
                matrix, largest_eigenpairs(SymmetricMatrix(matrix), k, pool), spectra[s], k);
        }
    }
}

TEST(LargestEigenpairs, AreAllThereInASmallMatrix) {
    ThreadPool pool(1);
    for (const std::size_t m : {1U, 2U, 3U, 17U}) {
        const std::vector<double> eigenvalues =
            eigenvalues_of(m, [](double i) { return 5.0 - i / 8.0; });
        const SymmetricMatrix matrix = with_eigenvalues(eigenvalues);
        expect_eigenpairs(
            matrix, largest_eigenpairs(SymmetricMatrix(matrix), m, pool), eigenvalues, m);
    }
}

TEST(KrylovEigenpairs, FindsWhatTheDenseSolverFinds) {
    const std::vector<double> eigenvalues =
        eigenvalues_of(300, [](double i) { return std::pow(0.8, i); });
    const SymmetricMatrix matrix = with_eigenvalues(eigenvalues);
    ThreadPool pool(2);
    const std::optional<EigenPairs> found = krylov_eigenpairs(matrix, 10, pool, {});
    ASSERT_TRUE(found);
    const EigenPairs dense = dense_eigenpairs(SymmetricMatrix(matrix), 10);
    for (std::size_t c = 0; c < 10; ++c) {
        EXPECT_NEAR(found->values[c], dense.values[c], 1e-13);
        double cosine = 0;
        for (std::size_t i = 0; i < 300; ++i)
            cosine += found->vectors[c * 300 + i] * dense.vectors[c * 300 + i];
        EXPECT_NEAR(std::abs(cosine), 1.0, 1e-13);
    }
}

TEST(KrylovEigenpairs, FindsEveryCopyOfAValueThatIsThereOften) {
    // Blocks of 16 vectors find 16 copies and then go on to smaller values.
    const std::vector<double> eigenvalues = eigenvalues_of(600, [](double i) {
        return i < 20 ? 3 - i / 20 : i < 46 ? 1.5 : 0.2 * std::pow(0.8, i - 46);
    });
    const SymmetricMatrix matrix = with_eigenvalues(eigenvalues);
    ThreadPool pool(2);
    const std::optional<EigenPairs> found = krylov_eigenpairs(matrix, 44, pool, {});
    ASSERT_TRUE(found);
    for (std::size_t c = 0; c < 44; ++c) EXPECT_NEAR(found->values[c], eigenvalues[c], 1e-9) << c;
}

TEST(BlockKrylov, TellsTheLargestValueThatSomeVectorsLack) {
    const std::size_t m = 100;
    const auto value = [](std::size_t i) { return std::pow(0.8, static_cast<double>(i)); };
    const auto apply = [&](std::vector<Thin> pieces) {
        for (Thin& piece : pieces) {
            for (std::size_t i = 0; i < piece.size(); ++i) piece[i] *= value(i / thin_width);
        }
        return pieces;
    };
    ThreadPool pool(2);
    const std::stop_token stop;
    BlockKrylov search(m, 4, apply, pool, stop);
    for (const std::size_t lacking : {3U, 16U}) {
        Thin axes(m * thin_width, 0.0);
        for (std::size_t c = 0; c < thin_width; ++c)
            axes[c * thin_width + c] = c == lacking ? 0.0 : 1.0;
        const auto [largest, vectors] = search.largest_beside({axes});
        EXPECT_NEAR(largest, value(lacking), 1e-9);
        double length = 0;
        for (std::size_t c = 0; c < thin_width; ++c)
            length += vectors[lacking * thin_width + c] * vectors[lacking * thin_width + c];
        EXPECT_NEAR(length, 1, 1e-6);
    }
}

TEST(KrylovEigenpairs, GivesUpWhereItCannotServe) {
    ThreadPool pool(2);
    EXPECT_FALSE(krylov_eigenpairs(
        with_eigenvalues(std::vector<double>(100, 1.0)), 10, pool, {}));  // too small
    EXPECT_FALSE(krylov_eigenpairs(
        with_eigenvalues(std::vector<double>(200, 0.0)), 10, pool, {}));  // no largest
}

TEST(KrylovEigenpairs, StopsWhenAsked) {
    std::stop_source source;
    source.request_stop();
    ThreadPool pool(1);
    EXPECT_THROW(krylov_eigenpairs(
                     with_eigenvalues(std::vector<double>(200, 1.0)), 10, pool, source.get_token()),
                 Error);
}

}  // namespace
}  // namespace oort
