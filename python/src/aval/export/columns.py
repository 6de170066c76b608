"""Scikit-learn's transformers: from the inputs to the columns that the classifier weighs.

Each column reads one input and is a `Term`, or `Text` as long as it is a category that nothing has encoded. What has
only so many values is asked of the fitted transformer itself, value by value; what is linear is composed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from sklearn import compose, impute, pipeline, preprocessing

from .additive import NAN, Floats, Knots, Line, Names, NotExact, Steps, Term
from .edges import lowest

#: A name that no data holds.
UNSEEN = "\u0001never seen"


@dataclass(frozen=True)
class Text:
    """A category that nothing has encoded; a missing value counts as `fill`."""

    input: str
    fill: str | None = None


Column: TypeAlias = Term | Text


def raw(frame: pd.DataFrame) -> list[Column]:
    """The columns of a frame before anything is done to them."""
    return [Text(name) if is_text(frame[name]) else Line(name) for name in frame.columns]


def is_text(column: pd.Series[Any]) -> bool:
    """Whether a column is a category in the model file: anything but numbers and yes or no."""
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def transformed(transformer: Any, columns: Sequence[Column]) -> list[Column]:
    """The columns that a fitted transformer makes of some columns."""
    if transformer in ("passthrough", None):
        return list(columns)
    if isinstance(transformer, str) and transformer == "drop":
        return []
    for kind, handler in _HANDLERS.items():
        if isinstance(transformer, kind):
            return handler(transformer, columns)
    name = type(transformer).__name__
    raise NotExact(f"the transformer {name}", _INSTEAD.get(name, "use one of those that docs/python.md lists"))


def _pipeline(steps: pipeline.Pipeline, columns: Sequence[Column]) -> list[Column]:
    for _, transformer in steps.steps:
        columns = transformed(transformer, columns)
    return list(columns)


def _column_transformer(of: compose.ColumnTransformer, columns: Sequence[Column]) -> list[Column]:
    if of.transformer_weights:
        raise NotExact(
            "ColumnTransformer(transformer_weights=…)", "leave the weights out: the classifier finds its own"
        )
    names = list(getattr(of, "feature_names_in_", range(len(columns))))
    made: list[Column] = []
    for _, transformer, chosen in of.transformers_:
        read = [columns[place] for place in _places(chosen, names)]
        # What reads no column is not fitted.
        made += transformed(transformer, read) if read else []
    return made


def _places(chosen: Any, names: list[Any]) -> list[int]:
    """Which columns a ColumnTransformer chose, by place."""
    if isinstance(chosen, (str, int, np.integer)):
        chosen = [chosen]
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            first = names.index(chosen.start) if chosen.start is not None else 0
            last = names.index(chosen.stop) if chosen.stop is not None else len(names) - 1
            return list(range(first, last + 1))
        return list(range(len(names)))[chosen]
    chosen = list(chosen)
    if chosen and all(isinstance(each, (bool, np.bool_)) for each in chosen):
        return [place for place, wanted in enumerate(chosen) if wanted]
    return [names.index(each) if isinstance(each, str) else int(each) for each in chosen]


def _union(of: pipeline.FeatureUnion, columns: Sequence[Column]) -> list[Column]:
    if of.transformer_weights:
        raise NotExact("FeatureUnion(transformer_weights=…)", "leave the weights out: the classifier finds its own")
    return [made for _, transformer in of.transformer_list for made in transformed(transformer, columns)]


def _imputer(of: impute.SimpleImputer, columns: Sequence[Column]) -> list[Column]:
    marker = of.missing_values
    if not (marker is None or marker is pd.NA or (isinstance(marker, float) and math.isnan(marker))):
        raise NotExact(f"SimpleImputer(missing_values={marker!r})", "write NaN in its place before fitting")
    filled = [_filled(column, fill) for column, fill in zip(columns, of.statistics_, strict=True)]
    kept = [column for column in filled if column is not None]
    flags = [_flag(columns[place]) for place in of.indicator_.features_] if of.add_indicator else []
    return [*kept, *flags]


def _filled(column: Column, fill: Any) -> Column | None:
    if isinstance(column, Text):
        return replace(column, fill=str(fill)) if column.fill is None else column
    if isinstance(fill, float) and math.isnan(fill):
        return None
    if not math.isnan(column.missing):
        return column
    if isinstance(column, Line):
        return replace(column, fill=(float(fill) - column.offset) / column.slope, filled=float(fill))
    return replace(column, missing=float(fill))


def _flag(column: Column) -> Column:
    if isinstance(column, Text):
        return Names.flag_of_missing(column.input)
    return Names.flag_of_missing(column.input) if isinstance(column, Names) else Steps.flag_of_missing(column.input)


def _standard(of: preprocessing.StandardScaler, columns: Sequence[Column]) -> list[Column]:
    return _about(columns, of.mean_ if of.with_mean else None, of.scale_ if of.with_std else None)


def _robust(of: preprocessing.RobustScaler, columns: Sequence[Column]) -> list[Column]:
    return _about(columns, of.center_ if of.with_centering else None, of.scale_ if of.with_scaling else None)


def _max_abs(of: preprocessing.MaxAbsScaler, columns: Sequence[Column]) -> list[Column]:
    return _about(columns, None, of.scale_)


def _about(columns: Sequence[Column], centers: Floats | None, scales: Floats | None) -> list[Column]:
    """(x - center) / scale, each column by its own; None: 0 and 1."""
    count = len(columns)
    centers = np.zeros(count) if centers is None else centers
    scales = np.ones(count) if scales is None else scales
    return [
        _scaled(column, partial(_centered, less=m, by=s), 1.0 / s, -m / s)
        for column, m, s in zip(columns, centers, scales, strict=True)
    ]


def _min_max(of: preprocessing.MinMaxScaler, columns: Sequence[Column]) -> list[Column]:
    if of.clip:
        raise NotExact("MinMaxScaler(clip=True)", "use SplineTransformer(degree=1, extrapolation='constant')")
    pairs = zip(columns, of.scale_, of.min_, strict=True)
    return [_scaled(column, partial(_stretched, by=s, plus=m), s, m) for column, s, m in pairs]


def _centered(x: Floats, less: float, by: float) -> Floats:
    return (x - less) / by


def _stretched(x: Floats, by: float, plus: float) -> Floats:
    return x * by + plus


def _scaled(column: Column, step: Callable[[Floats], Floats], by: float, plus: float) -> Column:
    if isinstance(column, Text):
        raise NotExact(f"scaling the category {column.input}", "encode it first")
    scaled = column.scaled(float(by), float(plus))
    return scaled.step(step) if isinstance(scaled, Line) else scaled


def _function(of: preprocessing.FunctionTransformer, columns: Sequence[Column]) -> list[Column]:
    if of.func is None:
        return list(columns)
    if of.func is not np.log1p or of.kw_args:
        name = getattr(of.func, "__name__", repr(of.func))
        raise NotExact(
            f"FunctionTransformer({name})", "use np.log1p, or compute the value before and send it as a signal"
        )
    return [_log1p(column) for column in columns]


def _log1p(column: Column) -> Column:
    if isinstance(column, (Steps, Names)):
        return column.mapped(np.log1p)
    if not isinstance(column, Line) or column.log1p or (column.slope, column.offset) != (1.0, 0.0):
        raise NotExact("log1p after another transformation", "let log1p come before scaling, splines and bins")
    return replace(column, log1p=True, fill=float(np.log1p(column.fill))).step(np.log1p)


def _bins(of: preprocessing.KBinsDiscretizer, columns: Sequence[Column]) -> list[Column]:
    made: list[Column] = []
    for column, edges, count in zip(columns, of.bin_edges_, of.n_bins_, strict=True):
        inner = np.asarray(edges[1:-1], dtype=np.float64)
        place = _steps(column, inner)
        if of.encode == "ordinal":
            made.append(place)
        else:
            made += [place.mapped(partial(_equal, at=at)) for at in range(count)]
    return made


def _equal(values: Floats, at: float) -> Floats:
    """1 where a value is `at`, else 0; NaN stays."""
    return np.where(np.isnan(values), values, (values == at).astype(np.float64))


def _steps(column: Column, edges: Floats) -> Steps | Names:
    """The number of the interval in which a column lies."""

    def interval(values: Floats) -> Floats:
        return np.where(np.isnan(values), values, np.searchsorted(edges, values, side="right").astype(np.float64))

    if isinstance(column, (Steps, Names)):
        return column.mapped(interval)
    if not isinstance(column, Line):
        raise NotExact("KBinsDiscretizer after another transformation", "let it read the input, scaled or not")
    own = np.array([lowest(column.forward, edge) for edge in edges]) if column.path else edges
    missing = float(interval(np.array([column.filled]))[0])
    # Edges that lie between two neighbouring doubles of the input are one.
    kept, first = np.unique(own, return_index=True)
    last = np.append(first[1:], len(own)) if len(own) else first
    return Steps(column.input, kept, np.array([0.0, *last.astype(np.float64)]), missing)


def _spline(of: preprocessing.SplineTransformer, columns: Sequence[Column]) -> list[Column]:
    if of.degree != 1:
        raise NotExact(f"SplineTransformer(degree={of.degree})", "use degree=1 with more knots")
    if of.extrapolation in ("error", "periodic"):
        raise NotExact(
            f"SplineTransformer(extrapolation={of.extrapolation!r})", "use 'constant', 'linear' or 'continue'"
        )
    splines = of.bsplines_
    knots = [np.asarray(spline.t[1:-1], dtype=np.float64) for spline in splines]
    middle = [float(each[0]) for each in knots]
    made: list[Column] = []
    for place, (column, v) in enumerate(zip(columns, knots, strict=True)):
        if not isinstance(column, Line):
            raise NotExact("SplineTransformer after another transformation", "let it read the input, scaled or not")
        far = v[-1] - v[0]
        probes = np.array([*v, v[0] - far, v[-1] + far, column.filled])
        matrix = np.tile(np.array(middle), (len(probes), 1))
        matrix[:, place] = probes
        known = ~np.isnan(probes) | (getattr(of, "handle_missing", "error") != "error")
        basis = np.full((len(probes), of.n_features_out_), NAN)
        basis[known] = _asked(of, matrix[known], [])
        width = of.n_features_out_ // len(splines)
        for y in basis[:, place * width : (place + 1) * width].T:
            x = (v - column.offset) / column.slope
            below, above = (y[0] - y[-3]) / far, (y[-2] - y[-4]) / far
            outside = {"below": float(below * column.slope), "above": float(above * column.slope)}
            made.append(Knots(column.input, column.log1p, x, y[: len(v)], missing=float(y[-1]), **outside))
    return made


def _encoder(of: Any, columns: Sequence[Column]) -> list[Column]:
    """Encoders of names and of numbers that stand for names: every value is asked of the encoder itself."""
    name = type(of).__name__
    if of.handle_unknown == "error":
        instead = (
            "set handle_unknown='ignore' (OneHotEncoder) or 'use_encoded_value' (OrdinalEncoder); no refit is needed"
        )
        raise NotExact(f"{name}(handle_unknown='error'), which has no answer to a name unseen in training,", instead)
    known = [[value for value in categories if not pd.isna(value)] for categories in of.categories_]
    base = [values[0] if values else UNSEEN for values in known]
    start = _asked(of, [base], columns)[0]
    made: dict[int, Column] = {}
    for place, (column, values) in enumerate(zip(columns, known, strict=True)):
        marker = next((value for value in of.categories_[place] if pd.isna(value)), NAN)
        texts = isinstance(column, Text)
        unseen = UNSEEN if texts else max([0.0, *map(float, values)]) + 1.0
        fill = column.fill if isinstance(column, Text) and column.fill is not None else marker
        probes = [*values, unseen, fill]
        rows = [[*base[:place], probe, *base[place + 1 :]] for probe in probes]
        answers = _asked(of, rows, columns)
        own = [at for at in range(len(start)) if len(set(answers[:, at].tolist())) > 1]
        for at in own:
            made[at] = _table(column, values, answers[:, at])
    constant = [at for at in range(len(start)) if at not in made]
    for at in constant:
        made[at] = _table(columns[0], [], np.array([start[at]] * 2))
    return [made[at] for at in range(len(start))]


def _table(column: Column, values: list[Any], answers: Floats) -> Column:
    """A column by its values; the last two answers are for an unseen value and for a missing one."""
    *points, other, missing = map(float, answers)
    if isinstance(column, Text):
        return Names(
            column.input, {str(value): each for value, each in zip(values, points, strict=True)}, other, missing
        )
    table = {float(value): each for value, each in zip(values, points, strict=True)}
    if isinstance(column, Line):
        if column.path:
            raise NotExact(f"encoding {column.input} after another transformation", "let the encoder read the input")
        if not math.isnan(column.fill):
            missing = table.get(column.fill, other)
        return Steps(column.input, np.array([]), np.array([other]), missing, table)
    if isinstance(column, (Steps, Names)):
        return column.mapped(
            lambda values: np.array([missing if math.isnan(v) else table.get(v, other) for v in values])
        )
    raise NotExact(f"encoding {column.input} after another transformation", "let the encoder read the input")


def _asked(of: Any, rows: Any, columns: Sequence[Column]) -> Floats:
    """What a fitted transformer makes of some rows."""
    names = list(getattr(of, "feature_names_in_", range(len(rows[0]))))
    frame = pd.DataFrame(list(rows), columns=names)
    for name, column in zip(names, columns, strict=False):
        frame[name] = frame[name].astype("object" if isinstance(column, Text) else "float64")
    made = of.transform(frame if hasattr(of, "feature_names_in_") else frame.to_numpy())
    made = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
    return np.asarray(made, dtype=np.float64)


_HANDLERS: dict[type, Callable[[Any, Sequence[Column]], list[Column]]] = {
    pipeline.Pipeline: _pipeline,
    pipeline.FeatureUnion: _union,
    compose.ColumnTransformer: _column_transformer,
    impute.SimpleImputer: _imputer,
    preprocessing.StandardScaler: _standard,
    preprocessing.RobustScaler: _robust,
    preprocessing.MaxAbsScaler: _max_abs,
    preprocessing.MinMaxScaler: _min_max,
    preprocessing.FunctionTransformer: _function,
    preprocessing.KBinsDiscretizer: _bins,
    preprocessing.SplineTransformer: _spline,
    preprocessing.OneHotEncoder: _encoder,
    preprocessing.OrdinalEncoder: _encoder,
}

_INSTEAD = {
    "PCA": "leave it out: a component mixes inputs, so that no reason is exact",
    "TruncatedSVD": "leave it out: a component mixes inputs, so that no reason is exact",
    "PolynomialFeatures": "use bins, a spline of degree 1, or interpret's ExplainableBoostingClassifier for interactions",
    "PowerTransformer": "use FunctionTransformer(np.log1p), or a spline of degree 1",
    "QuantileTransformer": "use KBinsDiscretizer(strategy='quantile'), or a spline of degree 1 with quantile knots",
    "KNNImputer": "use SimpleImputer: what it fills in depends on the other inputs",
    "IterativeImputer": "use SimpleImputer: what it fills in depends on the other inputs",
    "Normalizer": "use StandardScaler: it divides by the other inputs",
    "TargetEncoder": "use OneHotEncoder(handle_unknown='ignore'), or optbinning's BinningProcess",
}
