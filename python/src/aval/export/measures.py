"""How good scores are: the same measures, computed the same way, as those of `aval model evaluate`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .additive import Floats


def measures(log_odds: Floats, probability: Floats, bad: npt.NDArray[np.bool_], on: str) -> dict[str, Any]:
    """The `metrics` of a model file."""
    rows, all_bad = len(bad), int(bad.sum())
    if all_bad in (0, rows):
        raise ValueError(f"expected rows of both kinds, found {all_bad} bad among {rows}")
    order = np.argsort(-probability, kind="stable")
    p, b = probability[order], bad[order].astype(np.float64)
    # Rows of equal score are taken together.
    ends = np.append(np.flatnonzero(np.diff(p)), rows - 1)
    caught = np.cumsum(b)[ends]
    passed = (ends + 1) - caught
    more_caught, more_passed = np.diff(caught, prepend=0.0), np.diff(passed, prepend=0.0)
    auc = float((more_passed * (caught - more_caught / 2.0)).sum() / (all_bad * (rows - all_bad)))
    ks = float(np.abs(caught / all_bad - passed / (rows - all_bad)).max())
    truth = np.clip(np.where(bad, probability, 1.0 - probability), 1e-15, 1.0 - 1e-15)
    groups = np.array_split(np.arange(rows), [rows * tenth // 10 for tenth in range(1, 10)])
    gaps = [len(group) / rows * abs(float(p[group].mean() - b[group].mean())) for group in groups if len(group)]
    ranked = np.sort(log_odds)
    return {
        "on": on,
        "rows": rows,
        "auc": auc,
        "ks": ks,
        "gini": 2.0 * auc - 1.0,
        "brier": float(((probability - bad) ** 2).mean()),
        "log_loss": float(-np.log(truth).mean()),
        "ece": float(sum(gaps)),
        "average_precision": float((more_caught / all_bad * caught / (ends + 1)).sum()),
        "deciles": [float(ranked[rows * tenth // 10]) for tenth in range(1, 10)],
    }
