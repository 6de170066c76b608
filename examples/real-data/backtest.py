"""All 1,754,155 transactions of the Fraud Detection Handbook with features computed by aval as of each transaction's time,
decided again under two models, and scored by scikit-learn from the same Parquet file on the same machine."""

import json
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from server import AVAL, ROOT, aval
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
RATE = re.compile(r"(\d+) rows in ([\d.]+) s: (\d+) rows a second on (\d+) threads")


def history(data: pathlib.Path, file: pathlib.Path) -> int:
    raw = pd.read_parquet(data / "fdh_raw.parquet").sort_values(["TX_DATETIME", "TRANSACTION_ID"], kind="stable")
    minor = (raw.TX_AMOUNT.astype(float) * 100).round().astype("int64")
    pd.DataFrame(
        {
            "occurred_at": raw.TX_DATETIME,
            "customer_id": raw.CUSTOMER_ID.astype(str),
            "terminal_id": raw.TERMINAL_ID.astype(str),
            "amount_minor": minor,
            "currency": "EUR",
            "outcome": raw.TX_FRAUD.map({0: "paid", 1: "fraud"}),
        }
    ).to_parquet(file, index=False)
    return len(raw)


def train(table: pathlib.Path, models: pathlib.Path, spec: str, until: str) -> pathlib.Path:
    """One model in a directory of its own, fitted to the handbook's features from 2018-07-25 until a day."""
    models.mkdir(exist_ok=True)
    file = models / "spec.yaml"
    file.write_text(re.sub(r"(?m)^to: .*$", f"to: {until}T00:00:00Z", spec))
    aval("model", "train", str(table), "--spec", str(file), "--out", str(models / "handbook.model.json"))
    return models


def backtest(table: pathlib.Path, candidate: pathlib.Path, against: pathlib.Path, threads: int, *more: str) -> tuple[str, float]:
    """What is printed, and the rows a second."""
    command = [AVAL, "backtest", "--from", str(table), "--policy", "policies/handbook.yaml", "--models", str(candidate)]
    command += ["--against-models", str(against), "--threads", str(threads), "--fraud-loss", "1", "--margin-bps", "100"]
    done = subprocess.run([*command, *more], capture_output=True, text=True, cwd=ROOT)
    found = RATE.search(done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(f"aval backtest ended with {done.returncode}: {done.stderr}")
    return done.stdout, float(found[3])


def scikit_learn(table: pathlib.Path, inputs: list[str]) -> tuple[float, float]:
    """Rows a second of reading the columns and scoring them by two pipelines, and of scoring alone."""
    labelled = pd.read_parquet(table, columns=[*inputs, "decided_at", "fraud"])
    week = labelled.decided_at.between("2018-07-25", "2018-08-01", inclusive="left")
    models = []
    for c in (1.0, 0.1):
        fitted = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1_000))
        training = labelled[week]
        models.append(fitted.fit(training[inputs].fillna(0).to_numpy(float), training.fraud.to_numpy(bool)))
    del labelled
    began = time.monotonic()
    rows = pd.read_parquet(table, columns=inputs)
    values = rows.fillna(0).to_numpy(float)
    read = time.monotonic()
    scores = [model.predict_proba(values)[:, 1] for model in models]
    ended = time.monotonic()
    assert all(np.isfinite(score).all() for score in scores)
    return len(values) / (ended - began), len(values) / (ended - read)


def main():
    data, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    print("The Fraud Detection Handbook: all of it, decided again", flush=True)
    spec = (HERE / "handbook.train.yaml").read_text()
    inputs = re.findall(r"input: (\w+)", spec)
    count = history(data, work / "all.parquet")
    table = work / "features.parquet"
    began = time.monotonic()
    aval("features", str(work / "all.parquet"), "--out", str(table), "--only", ",".join(inputs))
    seconds = time.monotonic() - began
    print(f"{count:,} transactions, their features computed in {seconds:.0f} s ({count / seconds:,.0f}/s)", flush=True)
    week = train(table, work / "week", spec, "2018-08-01")
    month = train(table, work / "month", spec, "2018-08-22")
    report, both = backtest(table, month, week, 2, "--by", "month")
    print(report)
    _, one = backtest(table, month, week, 1)
    whole, alone = scikit_learn(table, inputs)
    found = json.loads(backtest(table, month, week, 2, "--json")[0])
    assert found["rows"] + found["left_out"]["no_purchase"] == count, "every transaction is decided again or left out"
    print(f"\nrows a second, two models of {len(inputs)} inputs, from the same Parquet file")
    rates = {
        "aval backtest (decisions, flips, segments), 2 threads": both,
        "aval backtest, 1 thread": one,
        "scikit-learn: read_parquet and predict_proba": whole,
        "scikit-learn: predict_proba alone, in memory": alone,
    }
    for name, rate in rates.items():
        print(f"{name:58}{rate:12,.0f}")
    (work / "backtest.json").write_text(json.dumps({"rows": count, **rates}, indent=2))


main()
