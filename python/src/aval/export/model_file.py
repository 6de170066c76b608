"""Writing the model file: inputs, terms, the reference of reasons, golden rows from the fitted object itself, measures."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import from_interpret, from_optbinning, from_sklearn, from_statsmodels, golden
from .additive import Additive, Floats, NotExact, Pair, Term
from .columns import is_text
from .fitted import Fitted
from .measures import measures

#: How far the file's log-odds may be from the fitted object's.
TOLERANCE = 1e-9

#: From a column to the name of its input.
Naming = Mapping[str, str] | Callable[[str], str]


@dataclass(frozen=True)
class ModelFile:
    """A model file, not yet written."""

    content: dict[str, Any]
    model: Additive

    @property
    def text(self) -> str:
        """The file as it is written."""
        return json.dumps(self.content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Writes it, whole or not at all; a server loads what ends in `.model.json`."""
        path = Path(path)
        beside = path.with_name(path.name + ".part")
        beside.write_text(self.text, encoding="utf-8")
        return beside.replace(path)


def to_model_file(
    fitted: Any,
    X: pd.DataFrame,
    y: npt.ArrayLike,
    *,
    name: str,
    version: str,
    target: Literal["fraud", "default"],
    source: str,
    bad: Any = 1,
    inputs: Naming | None = None,
    reasons: Mapping[str, str] | None = None,
    holdout: tuple[pd.DataFrame, npt.ArrayLike] | None = None,
    requires: tuple[str, ...] = (),
    author: str | None = None,
    notes: str | None = None,
    created: datetime.datetime | None = None,
) -> ModelFile:
    """The model file of a fitted object.

    `X` and `y` are the training rows: inputs are named by the columns of `X`, and reasons are measured from the good rows.
    `bad` is the class that is bad. `inputs` renames columns to features of the catalogue or to `signal_<name>`;
    `reasons` names reason codes by column, for a pair that of its first. Measures are of `holdout` where there is one.

    Raises `NotExact` for what the file cannot hold exactly: known kinds by name, and anything whose log-odds differ by
    more than 1e-9 on any row of `X` or on a golden row.
    """
    if not isinstance(X, pd.DataFrame):
        raise TypeError("X must be a pandas DataFrame: its columns name the inputs")
    frame = plain(X)
    is_bad = np.asarray(y) == bad
    if len(is_bad) != len(frame):
        raise ValueError(f"X has {len(frame)} rows and y {len(is_bad)}")
    if len(frame) < golden.OF_THE_DATA:
        raise ValueError(f"expected at least {golden.OF_THE_DATA} rows, found {len(frame)}")
    read = _read(fitted, frame).of(bad)
    model = read.model.merged()
    read_columns = {name for term in model.terms for name in _columns(term)}
    columns = [column for column in frame.columns if column in read_columns]
    scored = _exact(read, model, frame)
    rows = golden.rows(model, _whole(frame, model), columns)
    rows = rows.join(_others(frame, columns, len(rows)))[list(frame.columns)]
    naming = _naming(inputs)
    on, where, what = ("training", frame, is_bad) if holdout is None else _held_out(holdout, bad)
    log_odds = scored if holdout is None else _exact(read, model, where)
    answered = np.isfinite(log_odds)
    golden_log_odds, golden_probability = _exact(read, model, rows), read.probability(rows)
    good = frame[~is_bad & np.isfinite(scored)]
    written = [term.written(frame) for term in model.terms]
    moved = [shift for _, _, shift in written]
    when = created or _now()
    content: dict[str, Any] = {"format": "aval-model/1", "name": name, "version": version, "target": target}
    content |= {"requires": list(requires)} if requires else {}
    content |= {
        "created": when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "trained_on": {"rows": len(frame), "bad_rate": float(is_bad.mean()), "source": source},
    }
    content |= {key: text for key, text in (("author", author), ("notes", notes)) if text is not None}
    required = model.required()
    content |= {
        "inputs": [_input(naming(column), frame[column], column in required) for column in columns],
        "intercept": model.intercept + sum(moved),
        "terms": [
            _named(kind, body, naming, (reasons or {}).get(term.input))
            for term, (kind, body, _) in zip(model.terms, written, strict=True)
        ],
    }
    content |= {"calibration": model.calibration.written()} if model.calibration else {}
    content |= {
        "reference": [float(term.at(good).mean()) - shift for term, shift in zip(model.terms, moved, strict=True)],
        "golden": [
            {
                "inputs": {naming(column): _cell(row[column], frame[column]) for column in columns},
                "log_odds": float(z),
                "probability": float(p),
            }
            for (_, row), z, p in zip(rows[columns].iterrows(), golden_log_odds, golden_probability, strict=True)
        ],
        "metrics": measures(log_odds[answered], read.probability(where[answered]), what[answered], on),
    }
    return ModelFile(content, model)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as doubles, yes and no as they are, names as text; what is missing is NaN."""

    def column(series: pd.Series[Any]) -> pd.Series[Any]:
        if pd.api.types.is_bool_dtype(series) and not series.isna().any():
            return series.astype(bool)
        if not is_text(series):
            return series.astype("float64")
        return series.astype("object").where(series.notna(), np.nan)

    return pd.DataFrame({str(name): column(frame[name]) for name in frame.columns}).reset_index(drop=True)


def _read(fitted: Any, frame: pd.DataFrame) -> Fitted:
    # Machines and scorecards look like scikit-learn's own classes, so they are asked first.
    for read in (from_interpret.read, from_optbinning.read, from_statsmodels.read, from_sklearn.read):
        found = read(fitted, frame)
        if found is not None:
            return found
    raise NotExact(type(fitted).__name__, "fit one of the classes that docs/python.md lists")


def _exact(read: Fitted, model: Additive, frame: pd.DataFrame) -> Floats:
    """The fitted object's log-odds; NaN where it has no answer. The model's own must be the same."""
    mine = model.log_odds(frame)
    known = np.isfinite(mine)
    theirs = np.full(len(frame), np.nan)
    if known.any():
        theirs[known] = read.log_odds(frame[known])
    apart = np.abs(mine - theirs)
    if (apart[known] > TOLERANCE).any():
        row = int(np.argmax(np.where(known, apart, 0.0)))
        what = f"this {type(model).__name__.lower()} form, which is {apart[row]:.3g} away from the fitted object on row {row},"
        raise NotExact(what, "look for single precision or for a subclass that computes otherwise")
    return theirs


def _held_out(holdout: tuple[pd.DataFrame, npt.ArrayLike], bad: Any) -> tuple[str, pd.DataFrame, npt.NDArray[np.bool_]]:
    return "holdout", plain(holdout[0]), np.asarray(holdout[1]) == bad


def _whole(frame: pd.DataFrame, model: Additive) -> pd.DataFrame:
    """The rows that hold what is required."""
    required = sorted(model.required())
    return frame[frame[required].notna().all(axis=1)] if required else frame


def _others(frame: pd.DataFrame, columns: list[str], count: int) -> pd.DataFrame:
    """Columns that the fitted object wants to see and does not read, from the first rows."""
    others = [column for column in frame.columns if column not in columns]
    return frame[others].iloc[np.arange(count) % len(frame)].reset_index(drop=True)


def _naming(inputs: Naming | None) -> Callable[[str], str]:
    if inputs is None:
        return lambda column: column
    if callable(inputs):
        return inputs
    return lambda column: inputs.get(column, column)


def _columns(term: Term) -> list[str]:
    return [term.first.input, term.second.input] if isinstance(term, Pair) else [term.input]


def _input(name: str, column: pd.Series[Any], required: bool) -> dict[str, Any]:
    kind = "category" if is_text(column) else "boolean" if pd.api.types.is_bool_dtype(column) else "number"
    return {"name": name, "type": kind} | ({"required": True} if required else {})


def _named(kind: str, body: dict[str, Any], naming: Callable[[str], str], reason: str | None) -> dict[str, Any]:
    """A term with its inputs' own names."""
    if "input" in body:
        body = body | {"input": naming(body["input"])}
    for axis in ("first", "second"):
        if axis in body:
            body = body | {axis: body[axis] | {"input": naming(body[axis]["input"])}}
    return {kind: body | ({"reason": reason} if reason else {})}


def _cell(value: Any, column: pd.Series[Any]) -> float | str | bool | None:
    if pd.isna(value):
        return None
    if is_text(column):
        return str(value)
    return bool(value) if pd.api.types.is_bool_dtype(column) else float(value)


def _now() -> datetime.datetime:
    """The time of making, or what SOURCE_DATE_EPOCH says (reproducible-builds.org/specs/source-date-epoch)."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.now(datetime.UTC)
    return now if seconds is None else datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
