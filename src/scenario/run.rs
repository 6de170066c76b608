//! Telling one story: each step happens, and what came of it is compared with what is expected.

use super::coverage::Seen;
use super::expect::Came;
use super::story::{Deed, Parts, Provider, Resolution, Step, Told, lay_over};
use super::world::World;
use super::{Difference, Failure, lines};
use crate::domain::challenge::ChallengeKind;
use crate::mock::Script;
use crate::rpc::client::{Answer, CallError, Refused};
use crate::text::yaml::Placed;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The key of the parts in a `decide`.
const LIKE: &str = "like";
/// What stands for the application's id in the request of a `call`.
const APPLICATION: &str = "$application";
/// Why a step about an application cannot be taken.
const NO_APPLICATION: &str = "there is no application yet: `decide` submits one";

/// How often, and how many times, a server is asked whether a provider has begun.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 400;

/// What telling a story came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What went wrong, if anything did.
    pub failures: Vec<Failure>,
    /// What it touched.
    pub seen: Seen,
    /// What came of each step that expected something else.
    pub came: Vec<Surprise>,
}

/// What came of a step that expected something else.
#[derive(Debug)]
pub struct Surprise {
    /// Where the step begins.
    pub step: usize,
    /// What came, under the keys that the step names, as far as they can be expected of what came.
    pub values: Vec<(&'static str, Value)>,
    /// The keys under which something else was expected.
    pub wrong: Vec<&'static str>,
}

/// A story that is being told.
struct Telling<'a> {
    told: &'a Told,
    parts: &'a Parts,
    world: &'a World,
    /// The applications by name, and the latest.
    applications: BTreeMap<String, String>,
    latest: Option<String>,
    /// All of them, those without a name too.
    all: BTreeSet<String>,
    /// The last request, to be sent once more.
    last: Option<(String, Value)>,
    explained: BTreeSet<String>,
    outcome: Outcome,
}

/// Tells a story.
pub async fn tell(told: &Told, parts: &Parts, world: &World) -> Outcome {
    let mut telling = Telling {
        told,
        parts,
        world,
        applications: BTreeMap::new(),
        latest: None,
        all: BTreeSet::new(),
        last: None,
        explained: BTreeSet::new(),
        outcome: Outcome::default(),
    };
    for (kind, provider) in &told.story.given.providers {
        telling.script(*kind, provider);
    }
    for (at, step) in told.story.steps.iter().enumerate() {
        // After a step that could not be taken nothing that follows means anything.
        if telling.step(at + 1, step).await.is_none() {
            break;
        }
    }
    telling.end().await;
    telling.outcome
}

impl Telling<'_> {
    fn fail(&mut self, at: usize, message: impl Into<String>) {
        let line = lines::number(&self.told.source, at);
        self.outcome.failures.push(Failure { line, message: message.into(), differences: Vec::new(), step: None });
    }

    fn script(&mut self, kind: ChallengeKind, placed: &Placed<Provider>) {
        let Provider { path, person, notices, standing } = &placed.value;
        let script = json!({ "kind": kind, "path": path, "person": person, "notices": notices, "standing": standing });
        let script = serde_json::from_value::<Script>(script).map_err(|error| error.to_string());
        if let Err(error) = script.and_then(|script| self.world.script(script)) {
            self.fail(placed.span(&self.told.source).start, error);
        }
    }

    /// Takes a step; `None`: it could not be taken.
    async fn step(&mut self, number: usize, placed: &Placed<Step>) -> Option<()> {
        let (step, at) = (&placed.value, placed.span(&self.told.source).start);
        let application = match self.application(step) {
            Ok(application) => application,
            Err(message) => return self.stop(at, message),
        };
        let mut came = Came::default();
        if let Some(wait) = &step.wait {
            self.world.wait(self.told.wait(wait).ok()?).await;
        } else if let Some(outcome) = &step.leave {
            let left = match &application {
                Some(application) => self.visit(application, outcome).await.map(drop),
                None => Err(NO_APPLICATION.to_owned()),
            };
            if let Err(message) = left {
                return self.stop(at, message);
            }
        } else if let Some(providers) = &step.providers {
            providers.iter().for_each(|(kind, provider)| self.script(*kind, provider));
        } else if let Some(notice) = &step.notice {
            let headers: Vec<_> =
                notice.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
            let sent = self.world.notice(&notice.provider, &headers, notice.body.to_string().as_bytes());
            if let Err(message) = sent {
                return self.stop(at, message);
            }
        } else {
            let (method, request) = match self.request(number, step, application.as_deref()).await {
                Ok(asked) => asked,
                Err(message) => return self.stop(at, message),
            };
            let request = self.at_its_time(&method, request);
            let answer = self.world.call(&method, &request).await;
            self.last = Some((method.clone(), request));
            self.take(at, step, &method, answer, &mut came).await;
        }
        self.settle().await;
        let calls = self.world.take_calls();
        came.set("calls", Value::from_iter(calls.iter().map(|c| format!("{} {} {}", c.provider, c.method, c.status))));
        self.compare(placed, &came);
        Some(())
    }

    fn stop(&mut self, at: usize, message: String) -> Option<()> {
        self.fail(at, message);
        None
    }

    /// The application that a step is about.
    fn application(&self, step: &Step) -> Result<Option<String>, String> {
        match &step.on {
            Some(name) => match self.applications.get(&name.value) {
                Some(id) => Ok(Some(id.clone())),
                None => Err(format!("no application is named `{}` by now: `as` names one", name.value)),
            },
            None => Ok(self.latest.clone()),
        }
    }

    /// The call that a step makes.
    async fn request(&self, number: usize, step: &Step, application: Option<&str>) -> Result<(String, Value), String> {
        let request_id = step.request_id.clone().unwrap_or_else(|| format!("step-{number}"));
        let request_id = if self.world.is_own() { request_id } else { self.unique(&request_id) };
        if let Some(decide) = &step.decide {
            return Ok(("DecisionService/Decide".into(), self.purchase(decide, &request_id)?));
        }
        if let (Some(Deed::Repeat), Some((method, request))) = (step.act, &self.last) {
            let mut request = request.clone();
            if step.request_id.is_some() {
                request["requestId"] = json!(request_id);
            }
            return Ok((method.clone(), request));
        }
        if let Some(method) = &step.call {
            let mut request = step.request.clone().unwrap_or_else(|| json!({}));
            fill(&mut request, application.unwrap_or_default());
            return Ok((method.clone(), request));
        }
        if step.act == Some(Deed::ListReviews) {
            return Ok(("ReviewService/ListReviews".into(), json!({})));
        }
        let application = application.ok_or(NO_APPLICATION)?;
        let mut asked = json!({ "requestId": request_id, "applicationId": application });
        let mut add = |key: &str, value: Value| asked[key] = value;
        let method = match step {
            Step { code: Some(code), .. } => {
                add("code", json!(code));
                "VerificationService/SubmitCode"
            }
            Step { visit: Some(outcome), .. } => {
                add("parameters", json!(self.visit(application, outcome).await?));
                "VerificationService/CompleteRedirect"
            }
            Step { statement: Some(statement), .. } => {
                add("statement", json!(statement));
                "ReviewService/SubmitStatement"
            }
            Step { review: Some(resolution), .. } => {
                let resolution = if *resolution == Resolution::Granted { "GRANTED" } else { "REFUSED" };
                add("resolution", json!(format!("REVIEW_RESOLUTION_{resolution}")));
                "ReviewService/ResolveReview"
            }
            Step { report: Some(outcome), .. } => {
                add("outcome", json!(format!("REPAYMENT_OUTCOME_{}", outcome.name().to_uppercase())));
                "DecisionService/ReportOutcome"
            }
            Step { act: Some(deed), .. } => match deed {
                Deed::Repeat => return Err("there is no request to repeat".into()),
                Deed::Look | Deed::ListReviews => {
                    asked = json!({ "applicationId": application, "history": true });
                    "DecisionService/GetApplication"
                }
                Deed::ResendCode => "VerificationService/ResendCode",
                Deed::GrantConsent => {
                    add("consentTextId", json!(crate::domain::consent::BANK_HISTORY.id));
                    "VerificationService/GrantConsent"
                }
                Deed::RefuseConsent => "VerificationService/RefuseConsent",
                Deed::PayInFull => "DecisionService/PayInFull",
                Deed::Cancel => {
                    add("by", json!("PARTY_CUSTOMER"));
                    "DecisionService/Cancel"
                }
                Deed::MerchantCancels => "DecisionService/Cancel",
                Deed::RequestReview => "ReviewService/RequestReview",
            },
            _ => return Err("this step does nothing".into()),
        };
        Ok((method.into(), asked))
    }

    /// A server may take times from requests: then everything happens when the story begins. Others do not look at it.
    fn at_its_time(&self, method: &str, mut request: Value) -> Value {
        let reads = [
            "GetApplication",
            "ListReviews",
            "ListApplications",
            "ExplainDecision",
            "QuotePlans",
            "GetPlan",
            "GetReceipt",
        ];
        let is_command = !reads.iter().any(|read| method.ends_with(read));
        if let (false, true, Ok(begins)) = (self.world.is_own(), is_command, self.told.begins()) {
            let known = request.get("occurredAt").is_some();
            if let Some(request) = request.as_object_mut().filter(|_| !known) {
                request.insert("occurredAt".into(), begins.to_string().into());
            }
        }
        request
    }

    /// A request id that no other run uses.
    fn unique(&self, request_id: &str) -> String {
        use std::hash::{BuildHasher, RandomState};
        thread_local!(static RUN: u64 = RandomState::new().hash_one(0));
        let story = crate::domain::decision::Digest::of(self.told.file.as_bytes()).to_string();
        format!("{request_id}-{:08x}-{}", RUN.with(|run| *run as u32), &story[..8])
    }

    fn purchase(&self, decide: &Value, request_id: &str) -> Result<Value, String> {
        let mut request = json!({});
        let named = match &decide[LIKE] {
            Value::Null => Vec::new(),
            Value::String(one) => vec![one.as_str()],
            list => list.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        };
        for name in named {
            let known = || match self.parts.0.keys().map(String::as_str).collect::<Vec<_>>() {
                none if none.is_empty() => "there is no parts.yaml beside or above the story".to_owned(),
                names => format!("there are {}", names.join(", ")),
            };
            let part = self.parts.0.get(name);
            lay_over(&mut request, part.ok_or_else(|| format!("no part is named `{name}`; {}", known()))?);
        }
        let mut own = decide.clone();
        own.as_object_mut().map(|own| own.remove(LIKE));
        lay_over(&mut request, &own);
        if request["requestId"].is_null() {
            request["requestId"] = json!(request_id);
        }
        Ok(request)
    }

    /// Goes to the page that the application leads to, and comes back.
    async fn visit(&self, application: &str, outcome: &str) -> Result<BTreeMap<String, String>, String> {
        let look = json!({ "applicationId": application });
        let answer = self.world.call("DecisionService/GetApplication", &look).await.map_err(|e| e.to_string())?;
        let page = answer.message["challenge"]["redirectUrl"].as_str().unwrap_or_default();
        if page.is_empty() {
            let state = answer.message["state"].as_str().unwrap_or_default();
            return Err(format!("there is no page to go to: the application is {state}"));
        }
        self.world.visit(page, outcome).await
    }

    /// Takes an answer to a call.
    async fn take(&mut self, at: usize, step: &Step, method: &str, answer: Result<Answer, CallError>, came: &mut Came) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                match error.refused() {
                    Some(refused) => self.refused(&refused, came),
                    None => self.fail(at, error.to_string()),
                }
                return;
            }
        };
        came.set("replayed", answer.replayed);
        let waiting = answer.message["applications"].as_array();
        if method.ends_with("ListReviews") {
            came.set("waiting", waiting.map_or(0, Vec::len));
            let statements = answer.message["applications"][0]["review"]["statements"].as_array();
            came.set("statements", statements.cloned().unwrap_or_default());
        }
        if method.ends_with("GetPlan") {
            came.plan(&answer.message);
        }
        let Some(application) = answer.message["applicationId"].as_str().map(ToOwned::to_owned) else { return };
        if step.decide.is_some() {
            let name = step.name.clone().unwrap_or_default();
            self.applications.insert(name, application.clone());
            self.all.insert(application.clone());
            self.latest = Some(application.clone());
        }
        came.application(&answer.message);
        // What follows from the answer is part of what happened, however soon it does.
        self.world.settle().await;
        let look = json!({ "applicationId": application, "history": true });
        if let Ok(whole) = self.world.call("DecisionService/GetApplication", &look).await {
            let history = whole.message["history"].as_array().cloned().unwrap_or_default();
            came.set("history", Value::from_iter(history.iter().map(|entry| entry["event"].clone())));
        }
        let decision = answer.message["decision"]["decisionId"].clone();
        self.explain(at, &application, &decision, &answer.message, came).await;
    }

    fn refused(&mut self, refused: &Refused, came: &mut Came) {
        came.set("error", refused.code.clone());
        came.set("error_reason", refused.reason.clone());
        came.set("in_state", refused.state.clone());
        came.set("fields", Value::from_iter(refused.fields.iter().cloned()));
        came.set("retry_after", refused.retry_after.map(|after| after.as_secs()));
    }

    /// Every decision is explained, and every explanation holds what explanations promise.
    async fn explain(&mut self, at: usize, application: &str, decision: &Value, shown: &Value, came: &mut Came) {
        let ask = json!({ "applicationId": application, "decisionId": decision });
        let explained = match self.world.call("DecisionService/ExplainDecision", &ask).await {
            Ok(answer) => answer.message,
            Err(error) => return self.fail(at, format!("the decision cannot be explained: {error}")),
        };
        came.explanation(&explained);
        if !self.explained.insert(decision.as_str().unwrap_or_default().to_owned()) {
            return;
        }
        for broken in super::promise::broken(&explained) {
            self.fail(at, format!("the explanation breaks its promise: {broken}"));
        }
        self.outcome.seen.decision(shown, &explained);
        if let World::Own(own) = self.world {
            self.outcome.seen.rules(own.engine(), application).await;
        }
    }

    fn compare(&mut self, placed: &Placed<Step>, came: &Came) {
        let (source, at) = (&self.told.source, placed.span(&self.told.source).start);
        let mut named = placed.value.expect.as_ref().map(|expected| expected.named()).unwrap_or_default();
        let refused = !came.get("error").is_null();
        if refused && !named.iter().any(|(key, _)| *key == "error") {
            named.push(("error", Value::Null));
        }
        let differences: Vec<_> = (named.iter())
            .filter(|(key, expected)| *expected != came.get(key))
            .map(|(key, expected)| Difference {
                line: lines::number(source, lines::of_key(source, at, key).start),
                key,
                expected: lines::flow(expected),
                came: lines::flow(&came.get(key)),
            })
            .collect();
        if placed.value.expect.is_some() && !differences.is_empty() {
            let fits = |key: &str| key == "calls" || is_of_refusal(key) == refused;
            let values = named.iter().filter(|(key, _)| fits(key)).map(|(key, _)| (*key, came.get(key))).collect();
            let wrong = differences.iter().map(|difference| difference.key).collect();
            self.outcome.came.push(Surprise { step: at, values, wrong });
        }
        if !differences.is_empty() {
            let line = differences.first().map_or(0, |difference| difference.line);
            let message = format!("{} came out differently", placed.value.things().join(", "));
            self.outcome.failures.push(Failure { line, message, differences, step: Some(at) });
        }
    }

    /// Everything that follows from a step happens. On a server that is known of what a provider is asked at once.
    async fn settle(&self) {
        self.world.settle().await;
        let Some(application) = self.latest.as_ref().filter(|_| !self.world.is_own()) else { return };
        for _ in 0..LOOKS {
            let look = json!({ "applicationId": application });
            let answer = self.world.call("DecisionService/GetApplication", &look).await;
            let phase = answer.ok().and_then(|answer| answer.message["challenge"]["phase"].as_str().map(str::to_owned));
            if phase.as_deref() != Some("CHALLENGE_PHASE_STARTING") {
                return;
            }
            self.world.wait(LOOK).await;
        }
    }

    /// What the story touched, by the histories of its applications.
    async fn end(&mut self) {
        for application in std::mem::take(&mut self.all) {
            let look = json!({ "applicationId": application, "history": true });
            if let Ok(answer) = self.world.call("DecisionService/GetApplication", &look).await {
                self.outcome.seen.history(&answer.message);
            }
        }
    }
}

fn is_of_refusal(key: &str) -> bool {
    matches!(key, "error" | "error_reason" | "fields" | "in_state" | "retry_after")
}

/// Puts the application's id where it is asked for.
fn fill(value: &mut Value, application: &str) {
    match value {
        Value::String(text) if text == APPLICATION => *text = application.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, application)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, application)),
        _ => {}
    }
}
