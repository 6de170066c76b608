"""The built binary scores every row as the fitted object does: to 1e-9 in log-odds, missing values and strangers too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fits
import numpy as np
import pandas as pd
import pytest
import tables
from conftest import run

from aval.export import to_model_file
from aval.export.model_file import _read, plain


@pytest.mark.parametrize("kind", fits.EVERY)
def test_made_up(kind: str, aval: Path, tmp_path: Path) -> None:
    X, y = tables.made_up()
    holds(fits.EVERY[kind], tables.with_holes(X), y, aval, tmp_path)


@pytest.mark.parametrize("kind", fits.EVERY)
def test_taiwan(kind: str, aval: Path, tmp_path: Path, data: Path) -> None:
    holds(fits.EVERY[kind], *tables.taiwan(data), aval, tmp_path)


@pytest.mark.parametrize("kind", fits.EVERY)
def test_german(kind: str, aval: Path, tmp_path: Path, data: Path) -> None:
    holds(fits.EVERY[kind], *tables.german(data), aval, tmp_path)


def holds(fit: fits.Fit, X: pd.DataFrame, y: Any, aval: Path, tmp: Path) -> None:
    """Fits on a table with holes, exports, and compares on it, on the whole table, and on others with strangers."""
    holed = tables.with_holes(X)
    fitted = fit(holed, y)
    file = to_model_file(
        fitted, holed, y, name="parity", version="1", target="default", source="a test", inputs=tables.signal
    )
    path = file.write(tmp / "parity.model.json")
    run(aval, "model", "check", path)
    read = _read(fitted, plain(holed)).of(1)
    # The models of names are asked for strangers; those that read none would only skip them.
    for frame in (holed, X, tables.with_strangers(tables.with_holes(X, seed=3))):
        frame = plain(frame)
        frame.rename(columns=tables.signal).to_csv(tmp / "rows.csv", index=False)
        run(aval, "model", "score", path, tmp / "rows.csv", "--out", tmp / "scores.csv")
        scores = pd.read_csv(tmp / "scores.csv", float_precision="round_trip")
        required = sorted(file.model.required())
        answered = frame[required].notna().all(axis=1).to_numpy()
        assert (scores["log_odds"].notna() == answered).all(), "only rows without what is required have no score"
        assert answered.sum() > len(frame) // 5
        apart = np.abs(scores["log_odds"].to_numpy()[answered] - read.log_odds(frame[answered]))
        assert apart.max() <= 1e-9, f"{apart.max()} on row {apart.argmax()}"
        # A calibration's own slope multiplies what the log-odds are apart.
        apart = np.abs(scores["probability"].to_numpy()[answered] - read.probability(frame[answered]))
        assert apart.max() <= 1e-9, f"{apart.max()} on row {apart.argmax()}"


def test_the_measures_are_those_of_the_binary(aval: Path, tmp_path: Path) -> None:
    X, y = tables.made_up()
    file = to_model_file(
        fits.platt(X, y), X, y, name="m", version="1", target="fraud", source="a test", inputs=tables.signal
    )
    path = file.write(tmp_path / "m.model.json")
    X.rename(columns=tables.signal).assign(bad=y).to_csv(tmp_path / "rows.csv", index=False)
    found = json.loads(run(aval, "model", "evaluate", path, tmp_path / "rows.csv", "--label", "bad", "--json"))
    for name, value in file.content["metrics"].items():
        if name not in ("on", "deciles"):
            assert found[name] == pytest.approx(value, rel=1e-9), name


def test_the_bad_class_may_be_the_first(aval: Path, tmp_path: Path) -> None:
    X, y = tables.made_up()
    words = np.where(y == 1, "bad", "good")
    for fit in (fits.linear, fits.platt, fits.isotonic):
        file = to_model_file(
            fit(X, words), X, words, bad="bad", name="m", version="1", target="fraud", source="s", inputs=tables.signal
        )
        run(aval, "model", "check", file.write(tmp_path / "m.model.json"))
        assert file.content["metrics"]["auc"] > 0.7
