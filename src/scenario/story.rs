//! A story as it is written: what is given, and the steps with what is expected of each.

use super::expect::Expected;
use crate::domain::challenge::ChallengeKind;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::time::Timestamp;
use crate::text::Refusal;
use crate::text::yaml::{self, Placed};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The most steps of one story.
const MAX_STEPS: usize = 200;
/// The longest jump of the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 86_400);
/// When a story begins that does not say when.
const BEGINS: &str = "2026-03-02T10:00:00Z";

/// One story.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A story of aval: a scenario file")]
pub struct Story {
    /// What it tells, in a sentence.
    pub story: String,
    /// What it begins with.
    #[serde(default)]
    pub given: Given,
    /// What happens, one thing after the other.
    pub steps: Vec<Placed<Step>>,
}

/// What a story begins with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The directory of the models, from the story's own; left out, the command's.
    #[serde(default)]
    pub models: Option<Placed<PathBuf>>,
    /// The policy, from the story's own directory; left out, the command's.
    #[serde(default)]
    pub policy: Option<Placed<PathBuf>>,
    /// When it begins (RFC 3339); left out, 2026-03-02T10:00:00Z, a Monday.
    #[serde(default)]
    pub now: Option<Placed<String>>,
    /// How the providers behave, by the names of docs/mock-providers.md; left out, the values in the requests choose.
    #[serde(default)]
    pub providers: BTreeMap<ChallengeKind, Placed<Provider>>,
    /// Kinds that nobody is configured to verify.
    #[serde(default)]
    pub unserved: Vec<ChallengeKind>,
}

/// How a provider behaves.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The path of docs/mock-providers.md.
    #[serde(default)]
    pub path: Option<String>,
    /// Who stands on the document: `given_names`, `family_name`, `birth_date`.
    #[serde(default)]
    pub person: Option<Value>,
    /// What becomes of its notices: `duplicate`, `late`, `reordered`, `forged`, `stale`, `early`, `none`.
    #[serde(default)]
    pub notices: Vec<String>,
    /// Whether every attempt goes so; left out, only the next.
    #[serde(default)]
    pub standing: bool,
}

/// One step: exactly one of the things that can happen, and what is expected of it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The gateway asks for a decision: a DecideRequest in proto3 JSON. `like` names parts of `parts.yaml` that are laid
    /// over each other, in their order, before what stands here.
    #[serde(default)]
    pub decide: Option<Value>,
    /// The customer enters a code.
    #[serde(default)]
    pub code: Option<String>,
    /// Something that needs no more words.
    #[serde(default, rename = "do")]
    pub act: Option<Deed>,
    /// The customer goes to the provider's page, ends it with this path (empty: as the values choose) and comes back.
    #[serde(default)]
    pub visit: Option<String>,
    /// The customer goes to the provider's page, ends it with this path and never comes back.
    #[serde(default)]
    pub leave: Option<String>,
    /// The customer's words for the reviewer.
    #[serde(default)]
    pub statement: Option<String>,
    /// A person decides.
    #[serde(default)]
    pub review: Option<Resolution>,
    /// The gateway reports how the purchase turned out.
    #[serde(default)]
    pub report: Option<RepaymentOutcome>,
    /// Time passes: such as `30s`, `10m`, `2h`, `14d`.
    #[serde(default)]
    pub wait: Option<Placed<String>>,
    /// From now on a provider behaves so.
    #[serde(default)]
    pub providers: Option<BTreeMap<ChallengeKind, Placed<Provider>>>,
    /// Somebody sends a notice in a provider's name.
    #[serde(default)]
    pub notice: Option<RawNotice>,
    /// Any call: `SERVICE/METHOD`, with `request`.
    #[serde(default)]
    pub call: Option<String>,
    /// The request of `call` in proto3 JSON; `$application` stands for the application's id.
    #[serde(default)]
    pub request: Option<Value>,
    /// Which application it is about, by the name that its `decide` has; left out, the latest.
    #[serde(default)]
    pub on: Option<Placed<String>>,
    /// The name of the application that `decide` submits.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
    /// The request id; left out, `step-` and the number of the step.
    #[serde(default)]
    pub request_id: Option<String>,
    /// What is expected.
    #[serde(default)]
    pub expect: Option<Expected>,
}

/// A notice that somebody sends.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNotice {
    /// In whose name: `twilio_verify`, `idcheck` or `powens`.
    pub provider: String,
    /// Its headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Value,
}

/// Something that needs no more words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The gateway looks at the application.
    Look,
    /// The last request is sent once more, as it was; with `request_id`, as another request of the same content.
    Repeat,
    /// The customer wants another code.
    ResendCode,
    /// The customer consents.
    GrantConsent,
    /// The customer does not consent.
    RefuseConsent,
    /// The customer pays the whole amount at once.
    PayInFull,
    /// The customer gives up.
    Cancel,
    /// The merchant gives up.
    MerchantCancels,
    /// The customer asks for a person's review.
    RequestReview,
    /// A reviewer looks at what waits.
    ListReviews,
}

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The purchase may be paid in instalments.
    Granted,
    /// It may not.
    Refused,
}

/// A file of reusable parts: pieces of DecideRequests by name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Parts(pub BTreeMap<String, Value>);

/// A story with its text.
#[derive(Debug, Clone)]
pub struct Told {
    /// The name of its file.
    pub file: String,
    /// Its text.
    pub source: String,
    /// The story.
    pub story: Story,
}

impl Told {
    /// Reads a story and checks what can be checked before it runs.
    pub fn read(file: &str, source: &str) -> Result<Self, Refusal> {
        let story: Story = yaml::parse(file, source)?;
        let told = Self { file: file.into(), source: source.into(), story };
        told.begins()?;
        if told.story.steps.is_empty() || told.story.steps.len() > MAX_STEPS {
            let message = format!("expected 1 to {MAX_STEPS} steps, found {}", told.story.steps.len());
            return Err(Refusal::new(file, source, 0..0, message, "split the story"));
        }
        for step in &told.story.steps {
            told.check(step)?;
        }
        Ok(told)
    }

    /// When it begins.
    pub fn begins(&self) -> Result<Timestamp, Refusal> {
        let text = self.story.given.now.as_ref().map_or(BEGINS, |now| now.value.as_str());
        let at = text.parse::<jiff::Timestamp>().ok();
        let at = at.and_then(|at| Timestamp::from_ms(at.as_millisecond()).ok());
        let refuse = || match &self.story.given.now {
            Some(now) => now.refusal(&self.file, &self.source, "expected a time", "such as 2026-03-02T10:00:00Z"),
            None => Refusal::new(&self.file, &self.source, 0..0, "the story begins at no time", ""),
        };
        at.ok_or_else(refuse)
    }

    fn check(&self, placed: &Placed<Step>) -> Result<(), Refusal> {
        let step = &placed.value;
        let refuse = |message: String, mend: &str| Err(placed.refusal(&self.file, &self.source, message, mend));
        let things = step.things();
        match things.as_slice() {
            [_] => {}
            [] => {
                return refuse("this step does nothing".into(), "add one of decide, code, do, visit, wait, call, …");
            }
            several => return refuse(format!("one step does {}", several.join(" and ")), "make each its own step"),
        }
        if step.request.is_some() && step.call.is_none() {
            return refuse("`request` belongs to `call`".into(), "add `call`, or leave `request` out");
        }
        if step.name.is_some() && step.decide.is_none() {
            return refuse("`as` names what `decide` submits".into(), "use `on` to say which application is meant");
        }
        if let Some(wait) = &step.wait {
            self.wait(wait)?;
        }
        let answered = !matches!(things.as_slice(), ["wait" | "leave" | "providers" | "notice"]);
        if let Some(expected) = &step.expect {
            expected.check(answered).map_err(|(key, message)| {
                let span = super::lines::of_key(&self.source, placed.span(&self.source).start, key);
                Refusal::new(&self.file, &self.source, span, message, "leave it out")
            })?;
        }
        Ok(())
    }

    /// How long a step waits.
    pub fn wait(&self, text: &Placed<String>) -> Result<Duration, Refusal> {
        let refuse =
            |expected: &str| text.refusal(&self.file, &self.source, expected, "write such as 30s, 10m, 2h or 14d");
        let (digits, unit) =
            text.value.split_at(text.value.len() - text.value.ends_with(['s', 'm', 'h', 'd']) as usize);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(refuse("expected a time span")),
        };
        let count: u64 = digits.parse().map_err(|_| refuse("expected a time span"))?;
        let wait = count.checked_mul(seconds).map(Duration::from_secs).filter(|wait| *wait <= LONGEST_WAIT);
        wait.ok_or_else(|| refuse("expected at most 60 days"))
    }
}

impl Step {
    /// What the step does, by the names of its keys.
    pub fn things(&self) -> Vec<&'static str> {
        let all = [
            ("decide", self.decide.is_some()),
            ("code", self.code.is_some()),
            ("do", self.act.is_some()),
            ("visit", self.visit.is_some()),
            ("leave", self.leave.is_some()),
            ("statement", self.statement.is_some()),
            ("review", self.review.is_some()),
            ("report", self.report.is_some()),
            ("wait", self.wait.is_some()),
            ("providers", self.providers.is_some()),
            ("notice", self.notice.is_some()),
            ("call", self.call.is_some()),
        ];
        all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }
}

/// Lays one JSON value over another: members of objects one by one, everything else whole.
pub fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}
