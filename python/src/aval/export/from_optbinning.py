"""Optbinning: a `Scorecard`, whose bins and points are asked of the fitted binning itself."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd

from .additive import NAN, Additive, Floats, Names, NotExact, Steps, Term
from .columns import UNSEEN
from .fitted import Fitted


def read(scorecard: Any, frame: pd.DataFrame) -> Fitted | None:
    """A fitted scorecard; `None` if it is none of optbinning's."""
    kind = type(scorecard)
    if not kind.__module__.startswith("optbinning."):
        return None
    if kind.__name__ != "Scorecard" or not hasattr(scorecard.estimator_, "coef_"):
        raise NotExact(f"optbinning's {kind.__name__}", "fit a Scorecard with LogisticRegression as its estimator")
    binning, estimator = scorecard.binning_process_, scorecard.estimator_
    selected = [str(name) for name in binning.get_support(names=True)]
    terms = [
        _term(scorecard, frame, name).scaled(float(weight))
        for name, weight in zip(selected, estimator.coef_[0], strict=True)
    ]
    classes = tuple(estimator.classes_)

    def log_odds(rows: pd.DataFrame) -> Floats:
        return np.asarray(scorecard.decision_function(rows[list(binning.variable_names)]), dtype=np.float64)

    def probability(rows: pd.DataFrame) -> Floats:
        return np.asarray(scorecard.predict_proba(rows[list(binning.variable_names)])[:, 1], dtype=np.float64)

    return Fitted(Additive(float(estimator.intercept_[0]), terms), log_odds, probability, (classes[0], classes[1]))


def _term(scorecard: Any, frame: pd.DataFrame, name: str) -> Term:
    binned = scorecard.binning_process_.get_binned_variable(name)

    def asked(values: list[Any], kind: str) -> Floats:
        return np.asarray(_evidence(scorecard, name, np.array(values, dtype=kind)), dtype=np.float64)

    special = _special(binned.special_codes)
    if binned.dtype == "categorical":
        known = [str(each) for each in itertools.chain(*binned.splits)]
        answers = asked([*known, *map(str, special), UNSEEN, NAN], "object")
        *points, other, missing = map(float, answers)
        return Names(name, dict(zip([*known, *map(str, special)], points, strict=True)), other, missing)
    edges = np.asarray(binned.splits, dtype=np.float64)
    bounds = [*edges, *special]
    inside = edges if len(edges) else np.array([0.0])
    below = np.nextafter(inside[0], -math.inf)
    while below in special:
        below = np.nextafter(below, -math.inf)
    points = [below, *(_inside(edge, edges, special) for edge in edges)]
    answers = asked([*points, *bounds[len(edges) :], NAN], "float64")
    count = len(points)
    table = dict(zip(map(float, special), map(float, answers[count:-1]), strict=True))
    return Steps(name, edges, answers[:count], float(answers[-1]), table)


def _inside(edge: float, edges: Floats, special: list[Any]) -> float:
    """A value at an edge, or just above it where the edge itself is special."""
    while edge in special:
        edge = float(np.nextafter(edge, math.inf))
    return edge


def _special(codes: Any) -> list[Any]:
    if codes is None:
        return []
    if isinstance(codes, dict):
        lists = [each if isinstance(each, (list, tuple, np.ndarray)) else [each] for each in codes.values()]
        return list(itertools.chain(*lists))
    return list(codes)


def _evidence(scorecard: Any, name: str, values: Any) -> Any:
    """The weight of evidence of some values of one variable, the others missing."""
    variables = list(scorecard.binning_process_.variable_names)
    kinds = {each: scorecard.binning_process_.get_binned_variable(each).dtype for each in variables}
    blank = {each: "object" if kind == "categorical" else "float64" for each, kind in kinds.items()}
    rows = pd.DataFrame({each: pd.Series([NAN] * len(values), dtype=kind) for each, kind in blank.items()})
    rows[name] = pd.Series(values)
    process = scorecard.binning_process_
    special, missing = scorecard._metric_special, scorecard._metric_missing
    made = process.transform(rows, metric=None, metric_special=special, metric_missing=missing)
    return np.asarray(made)[:, [str(each) for each in process.get_support(names=True)].index(name)]
