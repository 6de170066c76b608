"""The additive model that every fitted object is turned into first: log-odds = intercept + a sum of terms.

A term reads one input, or two (`Pair`), and knows three things: its values for a column of inputs (`at`), itself scaled
and shifted (`scaled`), and how it stands in the model file (`written`). Where `missing` is NaN the fitted object has no
answer for a missing value, and the input is written as required.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
NAN = math.nan


class NotExact(ValueError):
    """The fitted object has something that the model file cannot hold exactly. The message says what to do instead."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"{what} cannot be exported exactly; {instead}")
        self.what = what
        self.instead = instead


def numbers(column: pd.Series[Any]) -> Floats:
    """A column as doubles, NaN where missing."""
    values: Floats = column.astype("float64").to_numpy(dtype=np.float64, na_value=NAN)
    return values


@dataclass(frozen=True)
class Line:
    """slope · t + offset, where t is x or ln(1 + x); a missing value counts as t = `fill`, and `flag` is added."""

    input: str
    slope: float = 1.0
    offset: float = 0.0
    log1p: bool = False
    fill: float = NAN
    flag: float = 0.0
    #: What the fitted object computes from x, step by step, to the bit: where edges lie depends on it.
    path: tuple[Callable[[Floats], Floats], ...] = ()
    #: What it has made of a missing value, to the bit: a mean may lie on an edge, too.
    filled: float = NAN

    @property
    def missing(self) -> float:
        return self.slope * self.fill + self.offset + self.flag

    def step(self, step: Callable[[Floats], Floats]) -> Line:
        """One more step of the path."""
        return replace(self, path=(*self.path, step), filled=float(step(np.array([self.filled]))[0]))

    def forward(self, x: Floats) -> Floats:
        """What the fitted object makes of x."""
        for step in self.path:
            x = step(x)
        return x

    def scaled(self, by: float, plus: float = 0.0) -> Line:
        return replace(self, slope=self.slope * by, offset=self.offset * by + plus, flag=self.flag * by)

    def at(self, frame: pd.DataFrame) -> Floats:
        x = numbers(frame[self.input])
        value = self.slope * (np.log1p(x) if self.log1p else x) + self.offset
        return np.where(np.isnan(x), self.missing, value)

    def plus(self, other: Term) -> Line | None:
        if isinstance(other, Steps) and other.is_flag():
            present = float(other.values[0])
            return replace(self, offset=self.offset + present, flag=self.flag + other.missing - present)
        if isinstance(other, Line) and (self.log1p, self.fill) == (other.log1p, other.fill):
            slope, offset = self.slope + other.slope, self.offset + other.offset
            return replace(self, slope=slope, offset=offset, flag=self.flag + other.flag, path=())
        return None

    def written(self, frame: pd.DataFrame) -> tuple[str, dict[str, Any], float]:
        x = numbers(frame[self.input])
        t = np.log1p(x) if self.log1p else x
        t = t[np.isfinite(t)]
        center = float(t.mean()) if len(t) else 0.0
        scale = float(t.std()) if len(t) else 1.0
        scale = scale if scale > 0.0 else 1.0
        fill = center if math.isnan(self.fill) else self.fill
        body: dict[str, Any] = {"input": self.input}
        if self.log1p:
            body["transform"] = "log1p"
        body |= {"impute": math.expm1(fill) if self.log1p else fill, "center": center, "scale": scale}
        body["coef"] = self.slope * scale
        if self.flag != 0.0:
            body["missing_flag"] = self.flag
        return "linear", body, self.offset + self.slope * center


@dataclass(frozen=True)
class Steps:
    """Values by interval, closed at its lower edge; `special` values count first."""

    input: str
    edges: Floats
    values: Floats
    missing: float = NAN
    special: Mapping[float, float] = field(default_factory=dict)

    @staticmethod
    def flag_of_missing(name: str) -> Steps:
        """1 where the input is missing, else 0."""
        return Steps(name, np.array([]), np.array([0.0]), 1.0)

    def is_flag(self) -> bool:
        """Whether it says no more than whether the value is there."""
        return len(self.edges) == 0 and not self.special

    def scaled(self, by: float, plus: float = 0.0) -> Steps:
        return self.mapped(lambda values: values * by + plus)

    def mapped(self, function: Callable[[Floats], Floats]) -> Steps:
        """Every value through a function."""
        special = list(self.special)
        all_values = function(np.array([*self.values, self.missing, *self.special.values()]))
        count = len(self.values)
        rest = dict(zip(special, map(float, all_values[count + 1 :]), strict=True))
        return replace(self, values=all_values[:count], missing=float(all_values[count]), special=rest)

    def at(self, frame: pd.DataFrame) -> Floats:
        x = numbers(frame[self.input])
        value = self.values[np.searchsorted(self.edges, x, side="right").clip(0, len(self.values) - 1)]
        for known, special in self.special.items():
            value = np.where(x == known, special, value)
        return np.where(np.isnan(x), self.missing, value)

    def plus(self, other: Term) -> Steps | None:
        if not isinstance(other, Steps):
            return None
        if len(self.edges) and len(other.edges) and not np.array_equal(self.edges, other.edges):
            return None
        edges = self.edges if len(self.edges) else other.edges
        values = self._on(edges) + other._on(edges)
        special = {value: self._of(value) + other._of(value) for value in [*self.special, *other.special]}
        return Steps(self.input, edges, values, self.missing + other.missing, special)

    def _on(self, edges: Floats) -> Floats:
        return self.values if len(self.edges) == len(edges) else np.full(len(edges) + 1, self.values[0])

    def _of(self, value: float) -> float:
        return self.special.get(value, float(self.values[np.searchsorted(self.edges, value, side="right")]))

    def written(self, _: pd.DataFrame) -> tuple[str, dict[str, Any], float]:
        body: dict[str, Any] = {"input": self.input, "edges": floats(self.edges), "points": floats(self.values)}
        body["missing"] = or_zero(self.missing)
        if self.special:
            body["special"] = [{"value": value, "points": points} for value, points in self.special.items()]
        return "bins", body, 0.0


@dataclass(frozen=True)
class Knots:
    """Piecewise linear in t (x or ln(1 + x)); outside the knots on lines of the slopes `below` and `above`."""

    input: str
    log1p: bool
    x: Floats
    y: Floats
    below: float
    above: float
    missing: float = NAN

    def scaled(self, by: float, plus: float = 0.0) -> Knots:
        y, missing = self.y * by + plus, self.missing * by + plus
        return replace(self, y=y, below=self.below * by, above=self.above * by, missing=missing)

    def at(self, frame: pd.DataFrame) -> Floats:
        x = numbers(frame[self.input])
        t = np.log1p(x) if self.log1p else x
        first, last = self.x[0], self.x[-1]
        value = np.interp(t, self.x, self.y)
        value = np.where(t < first, self.y[0] + self.below * (t - first), value)
        value = np.where(t > last, self.y[-1] + self.above * (t - last), value)
        return np.where(np.isnan(x), self.missing, value)

    def plus(self, other: Term) -> Knots | None:
        if isinstance(other, Steps) and other.is_flag():
            base = float(other.values[0])
            return replace(self, y=self.y + base, missing=self.missing + other.missing)
        if isinstance(other, Knots) and self.log1p == other.log1p and np.array_equal(self.x, other.x):
            below, above = self.below + other.below, self.above + other.above
            missing = self.missing + other.missing
            return replace(self, y=self.y + other.y, below=below, above=above, missing=missing)
        return None

    def written(self, _: pd.DataFrame) -> tuple[str, dict[str, Any], float]:
        body: dict[str, Any] = {"input": self.input}
        if self.log1p:
            body["transform"] = "log1p"
        body |= {"x": floats(np.expm1(self.x) if self.log1p else self.x), "y": floats(self.y)}
        body |= {side: slope for side, slope in (("below", self.below), ("above", self.above)) if slope != 0.0}
        return "knots", body | {"missing": or_zero(self.missing)}, 0.0


@dataclass(frozen=True)
class Names:
    """Values by name."""

    input: str
    points: Mapping[str, float]
    other: float
    missing: float = NAN

    @staticmethod
    def flag_of_missing(name: str) -> Names:
        """1 where the input is missing, else 0."""
        return Names(name, {}, 0.0, 1.0)

    def scaled(self, by: float, plus: float = 0.0) -> Names:
        return self.mapped(lambda values: values * by + plus)

    def mapped(self, function: Callable[[Floats], Floats]) -> Names:
        """Every value through a function."""
        *points, other, missing = map(float, function(np.array([*self.points.values(), self.other, self.missing])))
        return replace(self, points=dict(zip(self.points, points, strict=True)), other=other, missing=missing)

    def at(self, frame: pd.DataFrame) -> Floats:
        column = frame[self.input]
        value = [self.points.get(name, self.other) for name in column]
        return np.where(column.isna(), self.missing, np.array(value, dtype=np.float64))

    def plus(self, other: Term) -> Names | None:
        if not isinstance(other, Names):
            return None
        names = [*self.points, *(name for name in other.points if name not in self.points)]
        points = {name: self.points.get(name, self.other) + other.points.get(name, other.other) for name in names}
        return Names(self.input, points, self.other + other.other, self.missing + other.missing)

    def written(self, _: pd.DataFrame) -> tuple[str, dict[str, Any], float]:
        # The format wants one name at least; one that counts as any other changes nothing.
        points = dict(self.points) or {"other": self.other}
        return (
            "category",
            {"input": self.input, "points": points, "other": self.other, "missing": or_zero(self.missing)},
            0.0,
        )


@dataclass(frozen=True)
class Axis:
    """One input of a pair: its edges, or its names with the place of each."""

    input: str
    edges: Floats | None = None
    names: Mapping[str, int] | None = None

    def places(self, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
        """The place of every row: 0 where missing."""
        column = frame[self.input]
        if self.names is not None:
            other = len(self.names) + 1
            place = np.array([self.names.get(name, other) for name in column], dtype=np.int64)
            return np.where(column.isna(), 0, place)
        x = numbers(column)
        return np.where(
            np.isnan(x), 0, 1 + np.searchsorted(self.edges if self.edges is not None else [], x, side="right")
        )

    def written(self) -> dict[str, Any]:
        if self.names is not None:
            return {"input": self.input, "names": sorted(self.names, key=lambda name: (self.names or {})[name])}
        return {"input": self.input, "edges": floats(self.edges if self.edges is not None else [])}


@dataclass(frozen=True)
class Pair:
    """Values by two inputs together."""

    first: Axis
    second: Axis
    points: Floats
    missing: float = 0.0

    @property
    def input(self) -> str:
        return self.first.input

    def scaled(self, by: float, plus: float = 0.0) -> Pair:
        return replace(self, points=self.points * by + plus)

    def at(self, frame: pd.DataFrame) -> Floats:
        value: Floats = self.points[self.first.places(frame), self.second.places(frame)]
        return value

    def plus(self, _: Term) -> None:
        return None

    def written(self, _: pd.DataFrame) -> tuple[str, dict[str, Any], float]:
        rows = [floats(row) for row in self.points]
        return "pair", {"first": self.first.written(), "second": self.second.written(), "points": rows}, 0.0


Term: TypeAlias = Line | Steps | Knots | Names | Pair


@dataclass(frozen=True)
class Platt:
    """a · z + b."""

    a: float
    b: float

    def turned(self) -> Platt:
        return Platt(self.a, -self.b)

    def written(self) -> dict[str, Any]:
        return {"platt": {"a": self.a, "b": self.b}}


@dataclass(frozen=True)
class Isotonic:
    """Probabilities at some log-odds, linear between them and level outside."""

    x: Floats
    y: Floats

    def turned(self) -> Isotonic:
        return Isotonic(-self.x[::-1], 1.0 - self.y[::-1])

    def written(self) -> dict[str, Any]:
        return {"isotonic": {"x": floats(self.x), "y": floats(self.y)}}


Calibration: TypeAlias = Platt | Isotonic


@dataclass(frozen=True)
class Additive:
    """intercept + Σ terms, then an optional calibration."""

    intercept: float
    terms: Sequence[Term]
    calibration: Calibration | None = None

    def turned(self) -> Additive:
        """The model of the other class."""
        calibration = self.calibration.turned() if self.calibration else None
        return Additive(-self.intercept, [term.scaled(-1.0) for term in self.terms], calibration)

    def merged(self) -> Additive:
        """Terms that read one input the same way, such as the columns of a one-hot encoding, become one."""
        merged: list[Term] = []
        # What only says whether a value is there goes into another term of the input.
        for term in sorted(self.terms, key=lambda term: isinstance(term, Steps) and term.is_flag()):
            for at, known in enumerate(merged):
                both = known.plus(term) if known.input == term.input and not isinstance(term, Pair) else None
                if both is not None:
                    merged[at] = both
                    break
            else:
                merged.append(term)
        return replace(self, terms=merged)

    def log_odds(self, frame: pd.DataFrame) -> Floats:
        """The sum before calibration; NaN where a required value is missing."""
        total = np.full(len(frame), self.intercept)
        for term in self.terms:
            total = total + term.at(frame)
        return total

    def required(self) -> set[str]:
        """The inputs without which there is no answer."""
        return {term.input for term in self.terms if math.isnan(term.missing)}


def floats(values: npt.ArrayLike) -> list[float]:
    """Numbers as JSON has them."""
    return [float(value) for value in np.asarray(values, dtype=np.float64)]


def or_zero(number: float) -> float:
    """What stands in the file where a value is required: never read."""
    return 0.0 if math.isnan(number) else number
