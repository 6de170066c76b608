"""The handbook's measures, by scikit-learn and by the handbook's own definitions."""

import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score


def card_precision_top_k(scored: pd.DataFrame, k: int = 100) -> float:
    """CP@k: the mean over the days of (fraudulent cards among the k highest-scored cards) / k; cards found on an
    earlier day are left out. Columns: day, card, fraud, score."""
    found: set = set()
    shares = []
    for _, day in scored.groupby("day", sort=True):
        cards = day[~day.card.isin(found)].groupby("card").agg(score=("score", "max"), fraud=("fraud", "max"))
        top = cards.sort_values("score", ascending=False, kind="stable").head(k)
        compromised = top.index[top.fraud == 1]
        shares.append(len(compromised) / k)
        found.update(compromised)
    return sum(shares) / len(shares)


def measures(scored: pd.DataFrame) -> tuple[float, float, float]:
    """ROC AUC, average precision and CP@100."""
    return (
        roc_auc_score(scored.fraud, scored.score),
        average_precision_score(scored.fraud, scored.score),
        card_precision_top_k(scored),
    )
