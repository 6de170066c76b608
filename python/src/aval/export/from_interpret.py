"""Interpret: `ExplainableBoostingClassifier`, its terms of one input and of two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .additive import Additive, Axis, Floats, Line, Names, NotExact, Pair, Steps, Term
from .columns import Column, Text, raw
from .fitted import Fitted


def read(machine: Any, frame: pd.DataFrame) -> Fitted | None:
    """A fitted machine; `None` if it is none of interpret's."""
    if not type(machine).__module__.startswith("interpret."):
        return None
    return read_behind(machine, raw(frame), lambda rows: rows)


def read_behind(machine: Any, columns: Sequence[Column], prepare: Callable[[pd.DataFrame], Any]) -> Fitted:
    """A machine that reads these columns."""
    name = type(machine).__name__
    if name != "ExplainableBoostingClassifier":
        raise NotExact(f"interpret's {name}", "fit an ExplainableBoostingClassifier")
    classes = tuple(machine.classes_)
    if len(classes) != 2 or getattr(machine, "link_", "logit") != "logit":
        raise NotExact(f"a machine of {len(classes)} classes", "fit one of two: bad and good")
    for column in columns:
        untouched = column.fill is None if isinstance(column, Text) else column == Line(column.input)
        if not untouched:
            raise NotExact("a machine behind other transformers", "fit it on the inputs: it bins and fills by itself")
    names = [column.input for column in columns]
    of_text = {column.input for column in columns if isinstance(column, Text)}
    terms = [
        _term(machine, at, [names[place] for place in places], of_text)
        for at, places in enumerate(machine.term_features_)
    ]

    def log_odds(rows: pd.DataFrame) -> Floats:
        return np.asarray(machine.decision_function(prepare(rows)), dtype=np.float64)

    def probability(rows: pd.DataFrame) -> Floats:
        return np.asarray(machine.predict_proba(prepare(rows))[:, 1], dtype=np.float64)

    intercept = float(np.asarray(machine.intercept_).ravel()[0])
    return Fitted(Additive(intercept, terms), log_odds, probability, (classes[0], classes[1]))


def _term(machine: Any, at: int, names: list[str], of_text: set[str]) -> Term:
    places = machine.term_features_[at]
    scores = np.asarray(machine.term_scores_[at], dtype=np.float64)
    if len(places) > 2:
        raise NotExact(f"the interaction of {len(places)} inputs {', '.join(names)}", "fit interactions of two")
    axes = [
        _axis(machine, place, len(places), name, name in of_text) for place, name in zip(places, names, strict=True)
    ]
    for number, axis in enumerate(axes):
        scores = _spread(scores, number, axis, machine, places[number], len(places))
    if len(axes) == 2:
        return Pair(axes[0], axes[1], scores)
    [axis] = axes
    if axis.names is not None:
        points = {name: float(scores[place]) for name, place in axis.names.items()}
        return Names(axis.input, points, float(scores[-1]), float(scores[0]))
    edges = axis.edges if axis.edges is not None else np.array([])
    return Steps(axis.input, edges, scores[1:], float(scores[0]))


def _level(machine: Any, place: int, order: int) -> Any:
    """The bins of a feature in terms of so many inputs: the finest are for terms of one."""
    levels = machine.bins_[place]
    return levels[min(len(levels), order) - 1]


def _axis(machine: Any, place: int, order: int, name: str, text: bool) -> Axis:
    level = _level(machine, place, order)
    if not isinstance(level, dict):
        if text:
            raise NotExact(f"numbers written as text in {name}", "make the column one of numbers")
        return Axis(name, edges=np.asarray(level, dtype=np.float64))
    if not text:
        instead = "declare it as 'continuous' in feature_types, or make the column one of text"
        raise NotExact(f"numbers that count as names in {name}", instead)
    return Axis(name, names={each: at for at, each in enumerate(level, start=1)})


def _spread(scores: Floats, number: int, axis: Axis, machine: Any, place: int, order: int) -> Floats:
    """The scores with one place for each name or interval, and the place for what is unseen only after names."""
    level = _level(machine, place, order)
    if axis.names is None:
        return np.take(scores, range(len(level) + 2), axis=number)
    last = scores.shape[number] - 1
    return np.take(scores, [0, *(int(level[name]) for name in axis.names), last], axis=number)
