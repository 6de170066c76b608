"""What an exporter hands over: the additive model, and the fitted object's own answers to hold it against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from .additive import Additive, Floats


@dataclass(frozen=True)
class Fitted:
    """A fitted object, read."""

    model: Additive
    #: The log-odds before calibration, as the fitted object itself computes them.
    log_odds: Callable[[pd.DataFrame], Floats]
    #: The probability after calibration, as the fitted object itself computes it.
    probability: Callable[[pd.DataFrame], Floats]
    #: The two classes; the model and the answers are of the second.
    classes: tuple[Any, Any] = (0, 1)

    def of(self, bad: Any) -> Fitted:
        """The same for the class that is bad."""
        if bad == self.classes[1]:
            return self
        if bad != self.classes[0]:
            raise ValueError(f"bad={bad!r} is not one of the classes {list(self.classes)}")
        log_odds, probability = self.log_odds, self.probability
        return replace(
            self,
            model=self.model.turned(),
            log_odds=lambda frame: -log_odds(frame),
            probability=lambda frame: 1.0 - probability(frame),
            classes=(self.classes[1], bad),
        )
