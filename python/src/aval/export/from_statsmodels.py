"""Statsmodels: `Logit` on a design whose columns are inputs, with or without a constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .additive import Additive, Floats, Line, NotExact, Term, numbers
from .columns import is_text
from .fitted import Fitted

_CONSTANTS = ("const", "Intercept")


def read(results: Any, frame: pd.DataFrame) -> Fitted | None:
    """The results of a fit; `None` if they are none of statsmodels'."""
    model = getattr(results, "model", None)
    if model is None or not type(model).__module__.startswith("statsmodels."):
        return None
    if type(model).__name__ != "Logit":
        raise NotExact(f"statsmodels' {type(model).__name__}", "fit a Logit")
    if getattr(model, "offset", None) is not None:
        raise NotExact("a Logit with an offset", "make the offset an input")
    weights = dict(zip(model.exog_names, np.asarray(results.params, dtype=np.float64), strict=True))
    terms: list[Term] = []
    for name, weight in weights.items():
        if name in _CONSTANTS:
            continue
        if name not in frame or is_text(frame[name]):
            instead = "fit on columns that are inputs, or encode by a scikit-learn pipeline with LogisticRegression"
            raise NotExact(f"the design column {name!r}", instead)
        terms.append(Line(name).scaled(float(weight)))
    intercept = float(sum(weights.get(name, 0.0) for name in _CONSTANTS))

    def design(rows: pd.DataFrame) -> Floats:
        columns = [np.ones(len(rows)) if name in _CONSTANTS else numbers(rows[name]) for name in weights]
        return np.column_stack(columns)

    def log_odds(rows: pd.DataFrame) -> Floats:
        return np.asarray(model.predict(results.params, exog=design(rows), which="linear"), dtype=np.float64)

    def probability(rows: pd.DataFrame) -> Floats:
        return np.asarray(model.predict(results.params, exog=design(rows)), dtype=np.float64)

    return Fitted(Additive(intercept, terms), log_odds, probability)
