"""A model of default on the Taiwan credit cards, its columns sent as signals: five servers, one a fold, each deciding
on the customers that its model has not seen."""

import asyncio
import json
import pathlib
import sys

import pandas as pd
from aval.v1 import decision_pb2, types_pb2
from server import Client, aval, serving
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent


def read(data: pathlib.Path) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Columns without sex, marriage and age; the default; the fold."""
    frame = pd.read_csv(data / "taiwan.csv")
    folds = pd.read_csv(data / "taiwan_folds.csv").set_index("row").fold.reindex(range(len(frame)))
    label = next(name for name in frame.columns if name.lower().startswith("default"))
    barred = {"id", "sex", "marriage", "age", label.lower()}
    columns = [name for name in frame.columns if name.lower() not in barred]
    features = frame[columns].rename(columns={name: name.lower().replace(".", "_") for name in columns})
    return features, frame[label], folds


async def answers(address: str, features: pd.DataFrame) -> list[float]:
    client = Client(address)
    requests = []
    for row in features.itertuples():
        signals = {name: types_pb2.Signal(number=float(getattr(row, name))) for name in features.columns}
        requests.append(
            decision_pb2.DecideRequest(
                request_id=f"taiwan-{row.Index}",
                purchase=types_pb2.Purchase(
                    amount=types_pb2.Money(amount_minor=10_000, currency="EUR"),
                    plan=types_pb2.PlanChoice(instalment_count=3),
                ),
                customer=types_pb2.Customer(customer_id=str(row.Index)),
                signals=signals,
            )
        )
    scores = []
    for at in range(0, len(requests), 256):
        for answer in await client.wave("Decide", requests[at : at + 256]):
            scores.append(answer.decision.scores.default_probability)
    await client.close()
    return scores


def main():
    data, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    features, label, folds = read(data)
    print(f"\nTaiwan credit cards: {len(features):,} customers, {features.shape[1]} columns as signals")
    ours, theirs, apart = [], [], 0.0
    for fold in sorted(folds.unique()):
        seen, unseen = folds != fold, folds == fold
        models = work / f"taiwan-{fold}"
        models.mkdir(exist_ok=True)
        rows = features[seen].add_prefix("signal_").assign(defaulted=label[seen])
        rows.to_csv(models / "train.csv", index=False)
        model = str(models / "taiwan.model.json")
        aval("model", "train", str(models / "train.csv"), "--spec", str(HERE / "taiwan.train.yaml"), "--out", model)
        with serving("--policy", "policies/handbook.yaml", "--models", str(models), "--store", "memory") as address:
            scores = asyncio.run(answers(address, features[unseen]))
        ours.append(roc_auc_score(label[unseen], scores))
        peer = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12))
        peer.fit(features[seen], label[seen])
        theirs.append(roc_auc_score(label[unseen], peer.predict_proba(features[unseen])[:, 1]))
        terms = [term["linear"] for term in json.loads(pathlib.Path(model).read_text())["terms"]]
        weights = dict(zip((f"signal_{name}" for name in features.columns), peer[-1].coef_[0]))
        apart = max(apart, *(abs(term["coef"] - weights[term["input"]]) for term in terms))
    print(f"\n{'fold':>6}{'aval':>9}{'sklearn':>9}")
    for fold, (a, b) in enumerate(zip(ours, theirs)):
        print(f"{fold:6}{a:9.4f}{b:9.4f}")
    mean, peer_mean = sum(ours) / len(ours), sum(theirs) / len(theirs)
    good = max(abs(a - b) for a, b in zip(ours, theirs)) <= 0.001 and apart <= 1e-6
    print(f"{'mean':>6}{mean:9.4f}{peer_mean:9.4f}   {'as promised' if good else 'TOO FAR'} (at most 0.001 apart on a fold)")
    print(f"coefficients: at most {apart:.1e} away from scikit-learn's (at most 1e-6)")
    sys.exit(0 if good else 1)


main()
