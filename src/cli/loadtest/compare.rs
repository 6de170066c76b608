//! The durable decision beside a call that does nothing, with the same messages, in turns, in one run: absolute figures
//! do not travel from machine to machine, their ratio does.

use super::drive::{Loop, Measured, drive};
use super::own::{self, Own};
use super::{DECIDE, EMPTY, Failure, Loadtest, print, print_json, requests, run_name, shown};
use crate::rpc::client::encoded;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The core of the servers, and that of the load.
const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;

/// One row of the table.
struct Row {
    name: &'static str,
    measured: Measured,
    /// How much of one core the server used while it was measured and warmed up.
    server: Option<f64>,
    /// How much of the server's core was left then.
    idle: Option<f64>,
}

impl Row {
    /// Answers for each second of the server's CPU time, whatever else ran on its core.
    fn per_cpu_second(&self) -> f64 {
        self.measured.per_second / self.server.unwrap_or(f64::NAN)
    }
}

/// Measures, and prints the table.
pub(super) fn run(test: &Loadtest) -> Result<ExitCode, Failure> {
    let pinned = own::can_pin() && own::pin_self(LOAD_CORE);
    if !pinned {
        eprintln!("not pinned: that takes two cores and the program taskset; the ratio says less then");
    }
    let core = pinned.then_some(SERVER_CORE);
    let durable = Own::durable(&test.dir, core, &[])?;
    let run = run_name()?;
    let answer = durable.ask(requests::request(&run, u64::MAX >> 1))?;
    let answer = encoded(&answer);
    let file = std::env::temp_dir().join(format!("aval-answer-{run}"));
    std::fs::write(&file, &answer)?;
    let empty = Own::empty(&file, core);
    std::fs::remove_file(&file)?;
    let empty = empty?;
    let closed = Loop::Closed { streams: test.streams as usize };
    let (mut rows, mut turn) = (Vec::new(), 0);
    for _ in 0..test.turns {
        for (name, own, path) in [("empty", &empty, EMPTY), ("durable", &durable, DECIDE)] {
            turn += 1;
            eprintln!("{name}, turn {} of {} ...", turn, 2 * test.turns);
            rows.push(measure(test, name, own, path, closed, &format!("{run}-{turn}"))?);
        }
    }
    let of = |name, value: fn(&Row) -> f64| median(rows.iter().filter(|row| row.name == name).map(value));
    let per_second = |name| of(name, |row| row.measured.per_second);
    let (most_empty, most_durable) = (per_second("empty"), per_second("durable"));
    let cpu_ratio = of("durable", Row::per_cpu_second) / of("empty", Row::per_cpu_second);
    let half = Loop::Open { rate: (most_durable / 2.0).max(1.0) };
    eprintln!("half load ...");
    rows.push(measure(test, "empty at half load", &empty, EMPTY, half, &format!("{run}-e"))?);
    rows.push(measure(test, "durable at half load", &durable, DECIDE, half, &format!("{run}-h"))?);
    let request_bytes = encoded(&requests::request(&run, 1)).len();
    let ratio = most_durable / most_empty;
    if test.json {
        let rows: Vec<_> = rows.iter().map(json_row).collect();
        print_json(&serde_json::json!({
            "pinned": pinned, "request_bytes": request_bytes, "answer_bytes": answer.len(), "rows": rows,
            "empty_per_second": most_empty, "durable_per_second": most_durable, "ratio": ratio,
            "cpu_ratio": cpu_ratio,
        }));
    } else {
        print(&table(&rows, pinned, request_bytes, answer.len()));
        print(&format!("durable ÷ empty, medians: {most_durable:.0} ÷ {most_empty:.0} = {ratio:.2}"));
        print(&format!("the same for each second of the server's CPU time: {cpu_ratio:.2}"));
    }
    let good = rows.iter().all(|row| row.measured.failed + row.measured.unanswered == 0);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(test: &Loadtest, name: &'static str, own: &Own, path: &str, kind: Loop, run: &str) -> Result<Row, Failure> {
    let now = || (own.cpu_time(), own::idle_time(SERVER_CORE));
    let before = now();
    let load = test.load(own.addr, path, kind, run);
    let begin = Instant::now();
    let measured = drive(&load).map_err(|error| Failure::failed(format!("{name}: {error}")))?;
    let (after, took) = (now(), begin.elapsed());
    let share = |after: Option<Duration>, before: Option<Duration>| {
        Some(after?.saturating_sub(before?).as_secs_f64() / took.as_secs_f64())
    };
    Ok(Row { name, measured, server: share(after.0, before.0), idle: share(after.1, before.1) })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
    let lower = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN);
    (lower + upper) / 2.0
}

fn json_row(row: &Row) -> serde_json::Value {
    let mut shown = shown(&row.measured);
    shown["name"] = row.name.into();
    shown["server_core_share"] = row.server.into();
    shown["server_core_idle"] = row.idle.into();
    shown
}

fn table(rows: &[Row], pinned: bool, request_bytes: usize, answer_bytes: usize) -> String {
    let place = if pinned { "servers on core 0, load on core 1" } else { "not pinned" };
    let mut text = format!("{place}; request {request_bytes} B, answer {answer_bytes} B\n\n");
    let heads = ["calls/s", "p50 ms", "p99 ms", "p99.9 ms", "server", "idle", "calls/CPU s", "failed"];
    text += &format!("{:<22}{}\n", "", heads.map(|head| format!("{head:>12}")).concat());
    let percent = |share: Option<f64>| share.map_or(String::from("?"), |share| format!("{:.0} %", share * 100.0));
    for row in rows {
        let quantile = |q| format!("{:.2}", row.measured.quantile_ms(q));
        let cells = [
            format!("{:.0}", row.measured.per_second),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
            percent(row.server),
            percent(row.idle),
            format!("{:.0}", row.per_cpu_second()),
            (row.measured.failed + row.measured.unanswered).to_string(),
        ];
        text += &format!("{:<22}{}\n", row.name, cells.map(|cell| format!("{cell:>12}")).concat());
    }
    text += "\nserver: its share of its core; idle: what nobody used of that core. Where there is much idle under full load, the\n\
             load was too slow; where there is none and the server has less than 100 %, others ran on its core.";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, expected) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 2.5), (vec![7.0], 7.0)] {
            assert_eq!(median(values.into_iter()), expected);
        }
    }
}
