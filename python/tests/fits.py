"""Fitted objects of every kind that can be exported, on any table: the cases that parity is held on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from aval.export.columns import is_text

Fit = Callable[[pd.DataFrame, Any], Any]


def kinds(X: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The columns of numbers and those of names."""
    names = [column for column in X if is_text(X[column])]
    return [column for column in X if column not in names], names


def regression() -> LogisticRegression:
    return LogisticRegression(C=0.5, max_iter=4000)


def linear(X: pd.DataFrame, y: Any) -> Any:
    numbers, names = kinds(X)
    scalers = [StandardScaler(), MinMaxScaler(), RobustScaler(), MaxAbsScaler()]
    parts: list[Any] = [
        (
            f"scaled{at}",
            make_pipeline(SimpleImputer(strategy="median", add_indicator=at % 2 == 0), scaler),
            numbers[at::4],
        )
        for at, scaler in enumerate(scalers)
        if numbers[at::4]
    ]
    encoder = OneHotEncoder(handle_unknown="ignore", drop="if_binary")
    parts.append(("named", make_pipeline(SimpleImputer(strategy="most_frequent", add_indicator=True), encoder), names))
    return make_pipeline(ColumnTransformer(parts), regression()).fit(X, y)


def binned(X: pd.DataFrame, y: Any) -> Any:
    numbers, names = kinds(X)
    quantiles = {"strategy": "quantile", "quantile_method": "averaged_inverted_cdf"}
    scaled = make_pipeline(SimpleImputer(), StandardScaler(), KBinsDiscretizer(6, **quantiles))
    # Bins of scaled values of whole numbers: their edges lie on values of the data.
    ordinal = make_pipeline(
        SimpleImputer(), MinMaxScaler(), KBinsDiscretizer(4, encode="ordinal", **quantiles), StandardScaler()
    )
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    named = make_pipeline(encoder, OneHotEncoder(handle_unknown="ignore"))
    parts = [("scaled", scaled, numbers[::2]), ("ordinal", ordinal, numbers[1::2]), ("named", named, names)]
    return make_pipeline(ColumnTransformer(parts), regression()).fit(X, y)


def splined(X: pd.DataFrame, y: Any) -> Any:
    numbers, names = kinds(X)
    positive = [column for column in numbers if X[column].min() >= 0.0]
    others = [column for column in numbers if column not in positive]
    logs = make_pipeline(
        FunctionTransformer(np.log1p, feature_names_out="one-to-one"),
        SimpleImputer(add_indicator=True),
        StandardScaler(),
    )
    curved = make_pipeline(
        SimpleImputer(strategy="median"),
        FunctionTransformer(np.log1p),
        SplineTransformer(n_knots=5, degree=1, knots="quantile", extrapolation="linear"),
    )
    level = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=0), StandardScaler(), SplineTransformer(degree=1)
    )
    on = SplineTransformer(degree=1, n_knots=4, extrapolation="continue", include_bias=False)
    union = ColumnTransformer(
        [
            ("logs", logs, positive[::2]),
            ("curved", curved, [column for column in positive[1::2] if X[column].nunique() > 20]),
            ("level", level, others[::2] or numbers[:1]),
            ("on", make_pipeline(SimpleImputer(), on), others[1::2] or numbers[:1]),
            ("named", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20), names),
        ]
    )
    return Pipeline([("columns", union), ("fit", regression())]).fit(X, y)


def codes(X: pd.DataFrame, y: Any) -> Any:
    numbers, names = kinds(X)
    few = [column for column in numbers if X[column].nunique() < 20][:4]
    parts = [("codes", OneHotEncoder(handle_unknown="ignore"), [*few, *names])]
    return make_pipeline(ColumnTransformer(parts), regression()).fit(X, y)


def platt(X: pd.DataFrame, y: Any) -> Any:
    return CalibratedClassifierCV(linear(X, y), ensemble=False, cv=2).fit(X, y)


def isotonic(X: pd.DataFrame, y: Any) -> Any:
    return CalibratedClassifierCV(FrozenEstimator(linear(X, y)), method="isotonic", ensemble=False, cv=2).fit(X, y)


def boosted(X: pd.DataFrame, y: Any) -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    machine = ExplainableBoostingClassifier(
        interactions=6, max_rounds=80, outer_bags=2, n_jobs=1, random_state=0,
        feature_types=["nominal" if is_text(X[column]) else "continuous" for column in X],
    )  # fmt: skip
    return machine.fit(X, y)


def scorecard(X: pd.DataFrame, y: Any) -> Any:
    from optbinning import BinningProcess, Scorecard

    _, names = kinds(X)
    process = BinningProcess(list(X.columns), categorical_variables=names, special_codes=[-2], max_n_prebins=8)
    return Scorecard(process, regression()).fit(X, y, metric_special="empirical", metric_missing="empirical")


def logit(X: pd.DataFrame, y: Any) -> Any:
    import statsmodels.api as sm

    numbers, _ = kinds(X)
    whole = X[numbers].dropna()
    used = sorted(numbers, key=lambda column: float(whole[column].std()))[:5]
    return sm.Logit(np.asarray(y)[whole.index], sm.add_constant(whole[used])).fit(disp=0)


EVERY: dict[str, Fit] = {
    fit.__name__: fit for fit in (linear, binned, splined, codes, platt, isotonic, boosted, scorecard, logit)
}
