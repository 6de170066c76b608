"""The tables that parity is held on: one made up here, and with `--data` Taiwan's and German's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

#: Columns that a model may not read.
BARRED = ["SEX", "MARRIAGE", "AGE", "ID", "personal_status_and_sex", "age_in_years", "foreign_worker"]


def made_up(rows: int = 1500) -> tuple[pd.DataFrame, np.ndarray]:
    """A table with what is difficult in the real ones: ties on edges, codes, skew, rare names, missing values."""
    chance = np.random.default_rng(7)
    amount = np.round(np.exp(chance.normal(4.0, 1.2, rows)), 2)
    X = pd.DataFrame(
        {
            "amount": amount,
            "late": chance.choice([-2, -1, 0, 1, 2, 3, 8], rows, p=[0.1, 0.2, 0.4, 0.15, 0.1, 0.04, 0.01]).astype(
                float
            ),
            "limit": chance.integers(1, 50, rows) * 10_000.0,
            "balance": np.round(chance.normal(0.0, 50_000.0, rows)),
            "visits": chance.poisson(3.0, rows).astype(float),
            "share": chance.random(rows).round(1),
            "shop": chance.choice(
                ["phones", "garden", 'a "quoted", one', "été", "rare"], rows, p=[0.4, 0.3, 0.2, 0.09, 0.01]
            ),
            "device": chance.choice(["old", "new"], rows),
        }
    )
    z = 0.9 * X["late"] + 0.4 * np.log1p(amount) - 0.5 * (X["shop"] == "garden") * (X["visits"] > 3) - 3.0
    y = (chance.random(rows) < 1.0 / (1.0 + np.exp(-z))).astype(int)
    return X, y.to_numpy()


def taiwan(data: Path) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(data / "taiwan.csv")
    y = table.pop("default.payment.next.month")
    return table.drop(columns=[column for column in BARRED if column in table]).astype(float), y.to_numpy()


def german(data: Path) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(data / "german.csv")
    y = (table.pop("creditability") == "bad").astype(int)
    kept = table.drop(columns=[column for column in BARRED if column in table])
    return kept.astype({column: float for column in kept if pd.api.types.is_numeric_dtype(kept[column])}), y.to_numpy()


def with_holes(X: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """The table with one cell in fifteen missing."""
    chance = np.random.default_rng(seed)
    holed = X.copy()
    for column in holed:
        holed.loc[chance.random(len(holed)) < 1 / 15, column] = np.nan
    return holed


def with_strangers(X: pd.DataFrame) -> pd.DataFrame:
    """The table with names that nobody has seen, one in twenty."""
    chance = np.random.default_rng(2)
    strange = X.copy()
    for column in strange:
        if not pd.api.types.is_numeric_dtype(strange[column]):
            strange.loc[chance.random(len(strange)) < 1 / 20, column] = "never seen, nor heard of"
    return strange


def signal(column: str) -> str:
    """The name of the input that a column becomes."""
    return f"signal_{column.lower()}"[:60]
