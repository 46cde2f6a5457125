"""What the workers do: fit a ridge regression with one choice of parameters, and say how wrong it is on what it has not seen.

Name this file in `cluster.yaml`: compute: { functions: [/path/to/ridge.py] }
"""

from __future__ import annotations

from typing import Any

from cluster_ai import progress, task


@task(description="Cross-validated error of a polynomial ridge regression.")
def ridge_error(choice: dict[str, Any], rows: int = 400, folds: int = 5, seed: int = 7) -> float:
    """The mean squared error over all folds for `choice`: {"degree": …, "penalty": …}."""
    import numpy as np

    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, rows)
    y = np.sin(3 * x) + random.normal(0, 0.1, rows)
    features = np.vander(x, int(choice["degree"]) + 1)
    parts = np.array_split(random.permutation(rows), folds)
    errors = []
    for number, held_out in enumerate(parts):
        rest = np.concatenate([part for part in parts if part is not held_out])
        known, wanted = features[rest], y[rest]
        weights = np.linalg.solve(known.T @ known + choice["penalty"] * np.eye(features.shape[1]), known.T @ wanted)
        errors.append(float(np.mean((features[held_out] @ weights - y[held_out]) ** 2)))
        progress((number + 1) / folds)
    return sum(errors) / folds
