// SPDX-License-Identifier: Apache-2.0
// The curve by which UMAP turns a distance d in the layout into a membership: 1 / (1 + a d^(2b)).
// Source: McInnes, Healy, Melville 2018 (arXiv:1802.03426) section 3.2; umap-learn 0.5,
// find_ab_params.
#pragma once

namespace oort {

struct UmapCurve {
    double a = 1;
    double b = 1;
};

/// a and b by least squares against the wished curve at 300 distances in [0, 3 spread]: 1 up to
/// min_dist, exp(-(d - min_dist) / spread) beyond it; for distances measured in units of the
/// spread. Throws Error(invalid_argument) unless 0 <= min_dist <= spread and spread > 0.
UmapCurve fit_umap_curve(double min_dist, double spread);

}  // namespace oort
