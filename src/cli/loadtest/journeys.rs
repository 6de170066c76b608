//! A load of whole journeys: purchases of which some are stepped up and walked to an end, as customers would: most give
//! what they are asked for, some mistype, refuse, pay at once or leave.

use super::own::Own;
use super::requests::{mixed, request};
use crate::cli::{Failure, print, print_json};
use crate::domain::consent;
use crate::mock;
use crate::provider::http::{Client as Http, Method as Verb, Request, Transport};
use crate::rpc::client::{Client, Method};
use crate::rpc::json;
use crate::rpc::proto::{self, DecideRequest};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The most journeys under way; more are not begun, and counted.
const MOST: usize = 4_096;
/// How often a customer looks where a journey stands.
const LOOK: Duration = Duration::from_millis(100);
/// How long one journey may take before it counts as stuck: longer than a provider is given that takes no calls for now.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long one call to a page may take.
const PAGE: Duration = Duration::from_secs(20);
/// How often the server's memory is read.
const MEMORY_EVERY: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Default)]
struct Measured {
    /// The journeys by how they ended.
    endings: BTreeMap<String, u64>,
    /// Latencies in microseconds and failures, by call.
    calls: BTreeMap<&'static str, (Option<Histogram<u64>>, u64)>,
    /// The server's resident memory, in KiB, once a second.
    memory: Vec<u64>,
}

/// One driver for all journeys.
struct Driver {
    client: Client,
    http: Arc<dyn Transport>,
    run: String,
    measured: Mutex<Measured>,
}

/// Runs journeys against a server of its own with mocks beside it; ends with 1 where a call failed or a journey is stuck.
pub(super) fn run(rate: f64, duration: Duration, dir: &Path, as_json: bool) -> Result<ExitCode, Failure> {
    let own = Own::durable(dir, None, &["--mock-providers"])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let (measured, shed) = runtime.block_on(drive(&own, rate, duration))?;
    let (text, good, shown) = tell(&measured, shed, begun.elapsed());
    match as_json {
        true => print_json(&shown),
        false => print(&text),
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn drive(own: &Own, rate: f64, duration: Duration) -> Result<(Measured, u64), Failure> {
    let driver = Arc::new(Driver {
        client: Client::connect(&format!("http://{}", own.addr), None).await?,
        http: Arc::new(Http::new()?),
        run: super::run_name()?,
        measured: Mutex::default(),
    });
    let places = Arc::new(Semaphore::new(MOST));
    let mut journeys = JoinSet::new();
    let (begun, mut shed, mut read) = (tokio::time::Instant::now(), 0, tokio::time::Instant::now());
    for n in 0..(rate * duration.as_secs_f64()).ceil() as u64 {
        tokio::time::sleep_until(begun + Duration::from_secs_f64(n as f64 / rate)).await;
        if read.elapsed() >= MEMORY_EVERY {
            read = tokio::time::Instant::now();
            driver.measured().memory.extend(own.memory_kib());
        }
        let Ok(place) = places.clone().try_acquire_owned() else {
            shed += 1;
            continue;
        };
        let driver = driver.clone();
        journeys.spawn(async move {
            let ended = tokio::time::timeout(PATIENCE, driver.journey(n)).await;
            let ended = ended.unwrap_or_else(|_| "stuck".into());
            *driver.measured().endings.entry(ended).or_default() += 1;
            drop(place);
        });
        while journeys.try_join_next().is_some() {}
    }
    while journeys.join_next().await.is_some() {}
    driver.measured().memory.extend(own.memory_kib());
    Ok((std::mem::take(&mut *driver.measured()), shed))
}

impl Driver {
    fn measured(&self) -> std::sync::MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks one journey; how it ended.
    async fn journey(&self, n: u64) -> String {
        let purchase = json::print(&purchase(&self.run, n));
        let Some(mut shown) = self.call("DecisionService/Decide", &purchase).await else { return "failed".into() };
        let id = shown["applicationId"].as_str().unwrap_or_default().to_owned();
        for step in 0.. {
            let state = shown["state"].as_str().unwrap_or_default();
            if !matches!(state, "STATE_CHALLENGED" | "STATE_VERIFYING") {
                return state.trim_start_matches("STATE_").to_lowercase();
            }
            let asked = json!({ "applicationId": id, "requestId": format!("{}-{n}-{step}", self.run) });
            let chance = mixed(n ^ step << 40) % 100;
            let next = match (shown["challenge"]["phase"].as_str().unwrap_or_default(), chance) {
                ("CHALLENGE_PHASE_CONSENT_NEEDED" | "CHALLENGE_PHASE_ACTION_NEEDED", 0..4) => {
                    self.call("DecisionService/PayInFull", &asked).await
                }
                ("CHALLENGE_PHASE_CONSENT_NEEDED" | "CHALLENGE_PHASE_ACTION_NEEDED", 4..7) => {
                    self.call("DecisionService/Cancel", &asked).await
                }
                ("CHALLENGE_PHASE_CONSENT_NEEDED", 7..15) => {
                    self.call("VerificationService/RefuseConsent", &asked).await
                }
                ("CHALLENGE_PHASE_CONSENT_NEEDED", _) => {
                    let asked = with(asked, "consentTextId", consent::BANK_HISTORY.id);
                    self.call("VerificationService/GrantConsent", &asked).await
                }
                ("CHALLENGE_PHASE_ACTION_NEEDED", _) if shown["challenge"]["codeLength"].is_number() => {
                    let code = if chance < 20 { mock::OTHER_CODE } else { mock::CODE };
                    self.call("VerificationService/SubmitCode", &with(asked, "code", code)).await
                }
                ("CHALLENGE_PHASE_ACTION_NEEDED", _) => {
                    let page = shown["challenge"]["redirectUrl"].as_str().unwrap_or_default();
                    self.visit(page).await;
                    self.look(&id).await
                }
                _ => {
                    tokio::time::sleep(LOOK).await;
                    self.look(&id).await
                }
            };
            // What the state forbids by now happened meanwhile: it is looked at again.
            match next {
                Some(next) => shown = next,
                None => match self.look(&id).await {
                    Some(next) => shown = next,
                    None => return "failed".into(),
                },
            }
        }
        "stuck".into()
    }

    async fn look(&self, id: &str) -> Option<Value> {
        self.call("DecisionService/GetApplication", &json!({ "applicationId": id })).await
    }

    /// Makes a call; `None`: it failed, or the state forbids it, which is no failure.
    async fn call(&self, name: &'static str, request: &Value) -> Option<Value> {
        let method = Method::find(name).ok()?;
        let begun = Instant::now();
        let answer = self.client.call(&method, "the request", &request.to_string()).await;
        let failed = match &answer {
            Ok(_) => false,
            Err(error) => error.refused().is_none_or(|refused| refused.code != "FAILED_PRECONDITION"),
        };
        self.record(name, begun, failed);
        answer.ok().map(|answer| answer.message)
    }

    fn record(&self, name: &'static str, begun: Instant, failed: bool) {
        let mut measured = self.measured();
        let (latencies, failures) = measured.calls.entry(name).or_default();
        if latencies.is_none() {
            // Three digits are always possible.
            *latencies = Histogram::new(3).ok();
        }
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        // A histogram that grows as it must takes every value.
        if let Some(latencies) = latencies {
            let _ = latencies.record(micros);
        }
        *failures += u64::from(failed);
    }

    /// Goes to a page, ends it well, and follows the way back.
    async fn visit(&self, page: &str) {
        let begun = Instant::now();
        let mut next = Some(mock::finish_url(page, ""));
        let mut good = false;
        for _ in 0..4 {
            let Some(url) = next.take() else { break };
            let Ok(answer) = self.http.send(&Request::new(Verb::Get, url), PAGE).await else { break };
            good = answer.status == 200;
            next = answer.header("location").map(ToOwned::to_owned);
        }
        self.record("a provider's page and back", begun, !good);
    }
}

fn with(mut request: Value, key: &str, value: &str) -> Value {
    request[key] = value.into();
    request
}

/// The `n`-th purchase: one in ten of a guest who has it sent abroad, one in ten of a customer who stretches.
fn purchase(run: &str, n: u64) -> DecideRequest {
    let mut wire = request(run, n);
    let (Some(purchase), Some(customer)) = (&mut wire.purchase, &mut wire.customer) else { return wire };
    let money = |amount_minor| Some(proto::Money { amount_minor, currency: "EUR".into() });
    match mixed(n ^ 0xa5a5) % 10 {
        0 => {
            purchase.amount = money(98_000);
            purchase.shipping_method = "express".into();
            purchase.shipping_address = Some(proto::Address {
                line1: "Hafenstrasse 3".into(),
                city: "Hamburg".into(),
                postal_code: "20457".into(),
                country: "DE".into(),
                ..Default::default()
            });
            customer.history = Some(proto::AccountHistory { guest: Some(true), ..Default::default() });
            (customer.given_name, customer.family_name) = ("Camille".into(), "Martin".into());
            customer.birth_date = "1990-05-14".into();
        }
        1 => {
            purchase.amount = money(60_000);
            purchase.plan = Some(proto::PlanChoice { instalment_count: 10, ..Default::default() });
            if let Some(card) = &mut purchase.card {
                card.funding = "prepaid".into();
            }
            // The same few again and again: whoever buys much on credit is asked for more.
            let who = n % 64;
            customer.customer_id = format!("stretched-{run}-{who}");
            customer.email = format!("stretched.{run}.{who}@example.org");
        }
        _ => {}
    }
    wire
}

/// What was measured, for people and for machines, and whether all was well.
fn tell(measured: &Measured, shed: u64, took: Duration) -> (String, bool, Value) {
    let journeys: u64 = measured.endings.values().sum();
    let failed: u64 = measured.calls.values().map(|(_, failed)| failed).sum();
    let lost: u64 = ["stuck", "failed"].iter().filter_map(|ending| measured.endings.get(*ending)).sum();
    let per_second = journeys as f64 / took.as_secs_f64();
    let mut lines =
        vec![format!("{journeys} journeys, {per_second:.1} a second; {shed} not begun, too many were under way")];
    for (ending, count) in &measured.endings {
        lines.push(format!("  {ending:14} {count:>8}  {:>6.2} %", *count as f64 * 100.0 / journeys.max(1) as f64));
    }
    lines.push(format!("{:38} {:>8} {:>7} {:>9} {:>9}", "call", "calls", "failed", "p50 ms", "p99 ms"));
    let mut calls = Vec::new();
    for (name, (latencies, failed)) in &measured.calls {
        let ms = |q| latencies.as_ref().map_or(0.0, |it| it.value_at_quantile(q) as f64 / 1_000.0);
        let count = latencies.as_ref().map_or(0, Histogram::len);
        lines.push(format!("{name:38} {count:>8} {failed:>7} {:>9.2} {:>9.2}", ms(0.5), ms(0.99)));
        calls.push(json!({ "call": name, "calls": count, "failed": failed, "p50_ms": ms(0.5), "p99_ms": ms(0.99) }));
    }
    let mib = |at: usize| measured.memory.get(at).map_or(0, |kib| kib / 1_024);
    let last = measured.memory.len().saturating_sub(1);
    let memory = [mib(0), mib(last / 2), mib(last)];
    let [start, half, end] = memory;
    lines.push(format!(
        "the server's memory: {start} MiB in the beginning, {half} MiB at half time, {end} MiB in the end"
    ));
    let shown = json!({
        "journeys": journeys, "not_begun": shed, "per_second": per_second, "endings": measured.endings, "calls": calls,
        "memory_mib": memory,
    });
    (lines.join("\n"), failed + lost == 0, shown)
}
