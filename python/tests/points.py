# SPDX-License-Identifier: Apache-2.0
"""Points to lay out."""

from __future__ import annotations

import numpy as np


def blobs(n: int = 300, d: int = 12, n_blobs: int = 5, seed: int = 0) -> tuple:
    """Well-separated clouds: n x d float32, and which cloud each row is of."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_blobs, n)
    centres = rng.normal(0, 6, (n_blobs, d))
    return (centres[labels] + rng.normal(0, 1, (n, d))).astype(np.float32), labels
