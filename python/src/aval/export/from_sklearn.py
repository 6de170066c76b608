"""Scikit-learn: a logistic regression, alone or behind a pipeline, calibrated or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from .additive import Additive, Calibration, Floats, Isotonic, NotExact, Platt, Term
from .columns import Column, Text, raw, transformed
from .fitted import Fitted

Prepare = Callable[[pd.DataFrame], Any]


def read(estimator: Any, frame: pd.DataFrame) -> Fitted | None:
    """The fitted estimator; `None` if it is none of scikit-learn's."""
    if not isinstance(estimator, BaseEstimator):
        return None
    if not is_classifier(estimator) and not isinstance(estimator, Pipeline):
        raise NotExact(type(estimator).__name__, "fit a classifier of two classes")
    return _classifier(estimator, raw(frame), lambda rows: rows)


def _classifier(estimator: Any, columns: Sequence[Column], prepare: Prepare) -> Fitted:
    if hasattr(estimator, "best_estimator_"):
        return _classifier(estimator.best_estimator_, columns, prepare)
    if type(estimator).__name__ == "FrozenEstimator":
        return _classifier(estimator.estimator, columns, prepare)
    if isinstance(estimator, Pipeline):
        before = estimator[:-1]
        columns = transformed(before, columns)
        ready = prepare if len(before.steps) == 0 else lambda rows: before.transform(prepare(rows))
        return _classifier(estimator.steps[-1][1], columns, ready)
    if isinstance(estimator, CalibratedClassifierCV):
        return _calibrated(estimator, columns, prepare)
    if isinstance(estimator, LogisticRegression):
        return _logistic(estimator, columns, prepare)
    name = type(estimator).__name__
    if name == "ExplainableBoostingClassifier":
        from . import from_interpret

        return from_interpret.read_behind(estimator, columns, prepare)
    trees = any(word in name for word in ("Tree", "Forest", "Boosting", "XGB", "LGBM", "CatBoost"))
    instead = "use interpret's ExplainableBoostingClassifier" if trees else "use LogisticRegression"
    raise NotExact(f"the classifier {name}", instead)


def _logistic(estimator: Any, columns: Sequence[Column], prepare: Prepare) -> Fitted:
    classes = tuple(estimator.classes_)
    if len(classes) != 2:
        raise NotExact(f"a classifier of {len(classes)} classes", "fit one of two: bad and good")
    terms: list[Term] = []
    for column, weight in zip(columns, estimator.coef_[0], strict=True):
        if isinstance(column, Text):
            raise NotExact(f"the category {column.input} without an encoder", "encode it")
        terms.append(column.scaled(float(weight)))
    intercept = float(np.asarray(estimator.intercept_).ravel()[0])

    def log_odds(rows: pd.DataFrame) -> Floats:
        return np.asarray(estimator.decision_function(prepare(rows)), dtype=np.float64)

    def probability(rows: pd.DataFrame) -> Floats:
        return np.asarray(estimator.predict_proba(prepare(rows))[:, 1], dtype=np.float64)

    return Fitted(Additive(intercept, terms), log_odds, probability, (classes[0], classes[1]))


def _calibrated(estimator: Any, columns: Sequence[Column], prepare: Prepare) -> Fitted:
    parts = estimator.calibrated_classifiers_
    if len(parts) != 1:
        what = f"CalibratedClassifierCV with an ensemble of {len(parts)}, an average of probabilities,"
        raise NotExact(what, "fit it with ensemble=False, or around a FrozenEstimator")
    [part] = parts
    inner = _classifier(part.estimator, columns, prepare)
    if inner.model.calibration is not None:
        raise NotExact("a calibration of a calibration", "calibrate once")
    [calibrator] = part.calibrators
    model = Additive(inner.model.intercept, inner.model.terms, _calibration(calibrator, estimator.method))

    def probability(rows: pd.DataFrame) -> Floats:
        return np.asarray(estimator.predict_proba(prepare(rows))[:, 1], dtype=np.float64)

    return Fitted(model, inner.log_odds, probability, inner.classes)


def _calibration(calibrator: Any, method: str) -> Calibration:
    if method == "sigmoid":
        if not calibrator.a_ < 0.0:
            raise NotExact("a sigmoid calibration that turns the scores round", "look for the fault in the scores")
        return Platt(-float(calibrator.a_), -float(calibrator.b_))
    if method == "isotonic":
        return Isotonic(
            np.asarray(calibrator.X_thresholds_, np.float64), np.asarray(calibrator.y_thresholds_, np.float64)
        )
    raise NotExact(f"CalibratedClassifierCV(method={method!r})", "use 'sigmoid' or 'isotonic'")
