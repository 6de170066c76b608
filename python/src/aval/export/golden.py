"""Rows where a model might go wrong: what a golden row is made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from .additive import NAN, Additive, Axis, Knots, Line, Names, Pair, Steps, numbers
from .columns import UNSEEN, is_text

#: How many rows of the data are golden.
OF_THE_DATA = 50
#: How many values of one input at most.
OF_AN_INPUT = 24


def rows(model: Additive, frame: pd.DataFrame, inputs: list[str]) -> pd.DataFrame:
    """Rows of the data, one in which everything is missing that may be, and each extreme of each input in a row of the data."""
    required = model.required()
    places = np.arange(OF_THE_DATA) * len(frame) // OF_THE_DATA
    chosen = frame[inputs].iloc[places].reset_index(drop=True)
    blank = chosen.iloc[[0]].copy()
    for name in inputs:
        if name not in required:
            blank[name] = pd.Series([NAN], dtype=chosen[name].dtype, index=blank.index)
    parts = [chosen, blank]
    for name in inputs:
        values = _thinned(_extremes(model, frame, name, required))
        part = chosen.iloc[np.arange(len(values)) % OF_THE_DATA].copy()
        part[name] = pd.Series(values, dtype=chosen[name].dtype, index=part.index) if values else part[name]
        parts.append(part)
    made = pd.concat(parts, ignore_index=True)
    # No row may lack what is required.
    return made[made[sorted(required)].notna().all(axis=1)].reset_index(drop=True) if required else made


def _extremes(model: Additive, frame: pd.DataFrame, name: str, required: set[str]) -> list[Any]:
    missing = [] if name in required else [NAN]
    if is_text(frame[name]):
        return [*missing, UNSEEN, "", *dict.fromkeys(_names(model, name))]
    x = numbers(frame[name])
    x = x[np.isfinite(x)]
    low, high = (float(x.min()), float(x.max())) if len(x) else (0.0, 1.0)
    span = max(high - low, 1.0)
    below = low - span
    if any(isinstance(term, (Line, Knots)) and term.input == name and term.log1p for term in model.terms):
        below = max(below, (low - 1.0) / 2.0)
    values = [low, high, below, high + 10.0 * span]
    for edge in dict.fromkeys(_edges(model, name)):
        values += [edge, float(np.nextafter(edge, -np.inf))]
    if any(isinstance(term, (Line, Knots)) and term.input == name and term.log1p for term in model.terms):
        values = [value for value in values if value > -1.0]
    return [*missing, *values]


def _names(model: Additive, name: str) -> Iterable[str]:
    for term in model.terms:
        if isinstance(term, Names) and term.input == name:
            yield from term.points
        for axis in _axes(term, name):
            yield from axis.names or ()


def _edges(model: Additive, name: str) -> Iterable[float]:
    for term in model.terms:
        if isinstance(term, Steps) and term.input == name:
            yield from map(float, [*term.edges, *term.special])
        if isinstance(term, Knots) and term.input == name:
            yield from map(float, np.expm1(term.x) if term.log1p else term.x)
        for axis in _axes(term, name):
            yield from map(float, axis.edges if axis.edges is not None else ())


def _axes(term: object, name: str) -> list[Axis]:
    return [axis for axis in (term.first, term.second) if axis.input == name] if isinstance(term, Pair) else []


def _thinned(values: list[Any]) -> list[Any]:
    """At most so many, evenly; the first few, which are the far ones, always."""
    if len(values) <= OF_AN_INPUT:
        return values
    first, rest = values[:6], values[6:]
    places = np.linspace(0, len(rest) - 1, OF_AN_INPUT - 6).round().astype(int)
    return [*first, *(rest[place] for place in places)]
