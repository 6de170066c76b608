"""What cannot be exact is refused by name, with what to do instead; parts of the exporter where it might go wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tables
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

from aval.export import NotExact, to_model_file
from aval.export.edges import lowest

X, Y = tables.made_up(600)
NUMBERS = X[["amount", "visits"]]
NAMES = X[["shop", "device"]]


def behind(*steps: Any) -> Any:
    return make_pipeline(*steps, LogisticRegression(max_iter=2000))


@pytest.mark.parametrize(
    ("fitted", "frame", "what", "instead"),
    [
        (behind(PCA()), NUMBERS, "transformer PCA", "leave it out"),
        (behind(PolynomialFeatures(2)), NUMBERS, "transformer PolynomialFeatures", "bins, a spline of degree 1"),
        (behind(KNNImputer()), NUMBERS, "transformer KNNImputer", "SimpleImputer"),
        (behind(SplineTransformer(degree=3)), NUMBERS, "SplineTransformer(degree=3)", "degree=1 with more knots"),
        (behind(SplineTransformer(degree=1, extrapolation="error")), NUMBERS, "extrapolation='error'", "'constant'"),
        (behind(FunctionTransformer(np.sqrt)), NUMBERS, "FunctionTransformer(sqrt)", "np.log1p"),
        (behind(StandardScaler(), FunctionTransformer(np.exp)), NUMBERS, "FunctionTransformer(exp)", "np.log1p"),
        (behind(SimpleImputer(missing_values=3.0)), NUMBERS, "missing_values=3.0", "write NaN in its place"),
        (behind(OneHotEncoder()), NAMES, "handle_unknown='error'", "no refit is needed"),
        (CalibratedClassifierCV(behind(StandardScaler()), cv=3), NUMBERS, "an ensemble of 3", "ensemble=False"),
        (GradientBoostingClassifier(n_estimators=3), NUMBERS, "GradientBoostingClassifier", "ExplainableBoosting"),
    ],
)
def test_refused_by_name(fitted: Any, frame: pd.DataFrame, what: str, instead: str) -> None:
    with pytest.raises(NotExact) as refused:
        exported(fitted.fit(frame, Y), frame)
    assert what in str(refused.value)
    assert instead in str(refused.value)


def test_the_mend_of_an_encoder_needs_no_refit() -> None:
    fitted = behind(OneHotEncoder()).fit(NAMES, Y)
    fitted[0].set_params(handle_unknown="ignore")
    assert len(exported(fitted, NAMES).content["terms"]) == 2


def test_single_precision_is_noticed() -> None:
    frame = NUMBERS.astype("float32")
    fitted = behind(StandardScaler()).fit(frame, Y)
    fitted[-1].coef_ = fitted[-1].coef_ * np.float32(1.1)

    class Rounded(LogisticRegression):
        def decision_function(self, rows: Any) -> Any:
            return super().decision_function(rows).astype("float32")

    rounded = Rounded().fit(NUMBERS, Y)
    with pytest.raises(NotExact, match="away from the fitted object on row"):
        exported(rounded, NUMBERS)


def test_more_than_two_classes_are_refused() -> None:
    with pytest.raises(NotExact, match="3 classes"):
        exported(LogisticRegression().fit(NUMBERS, np.arange(len(NUMBERS)) % 3), NUMBERS)


def test_a_statsmodels_probit_is_refused() -> None:
    import statsmodels.api as sm

    fitted = sm.Probit(Y, sm.add_constant(NUMBERS)).fit(disp=0)
    with pytest.raises(NotExact, match="Probit"):
        exported(fitted, NUMBERS)


@pytest.mark.parametrize("threshold", [-1e300, -1.5, -1e-310, 0.0, 5e-324, 0.1, 3.0, 1e300])
def test_the_lowest_double_that_reaches_a_threshold(threshold: float) -> None:
    def forward(x: Any) -> Any:
        return (x - 0.3) / 0.7

    x = lowest(forward, threshold)
    assert forward(np.array([x]))[0] >= threshold > forward(np.array([np.nextafter(x, -np.inf)]))[0]
    assert lowest(lambda x: x, threshold) == threshold


def exported(fitted: Any, frame: pd.DataFrame) -> Any:
    return to_model_file(fitted, frame, Y, name="m", version="1", target="fraud", source="a test")
