//! What the stories touch of all that can happen, and what none of them does.

use crate::domain::ids::ApplicationId;
use crate::domain::reason::ReasonCode;
use crate::engine::{self, Engine};
use crate::journey::{self, StateKind};
use crate::policy::Policy;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What stories touched, by kind and name.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    states: BTreeSet<String>,
    transitions: BTreeSet<String>,
    reasons: BTreeSet<String>,
    rules: BTreeSet<String>,
    /// The rules that could have applied.
    known_rules: BTreeSet<String>,
}

/// How much of one kind was touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// The kind: states, transitions, reasons or rules.
    pub what: &'static str,
    /// What no story touches.
    pub missing: Vec<String>,
    /// How many are touched.
    pub touched: usize,
    /// How many there are.
    pub of: usize,
}

impl Seen {
    /// What the history of an application touches.
    pub fn history(&mut self, application: &Value) {
        for entry in application["history"].as_array().into_iter().flatten() {
            let state = |key: &str| {
                let name = entry[key].as_str().unwrap_or_default();
                name.strip_prefix("STATE_").unwrap_or_default().to_lowercase()
            };
            let (before, event, after) = (state("before"), entry["event"].as_str().unwrap_or_default(), state("after"));
            self.states.insert(after.clone());
            self.transitions.insert(transition(&before, event, &after));
        }
    }

    /// What a decision and its explanation touch.
    pub fn decision(&mut self, application: &Value, explained: &Value) {
        let reasons = |value: &Value| value["decision"]["reasons"].as_array().cloned().unwrap_or_default();
        for reason in reasons(application).into_iter().chain(reasons(explained)) {
            self.reasons.extend(reason["code"].as_str().map(ToOwned::to_owned));
        }
    }

    /// Which rules of the policy applied to an application's newest decision.
    pub async fn rules(&mut self, engine: &Engine, application: &str) {
        let policy = &engine.generation().policy;
        self.known_rules.extend(policy.rule_names().map(|rule| name(policy, rule)));
        let Ok(id) = ApplicationId::parse(application) else { return };
        let Ok(merchant) = engine.merchant_of(id).await else { return };
        let Ok(history) = engine.application(merchant, id).await else { return };
        if let Some((decision, facts)) = engine::judged(history.iter().map(AsRef::as_ref), None) {
            self.rules.extend(policy.rules_that_apply(&facts, &decision.scores).map(|rule| name(policy, rule)));
        }
    }

    /// What another story touched.
    pub fn add(&mut self, other: Self) {
        self.states.extend(other.states);
        self.transitions.extend(other.transitions);
        self.reasons.extend(other.reasons);
        self.rules.extend(other.rules);
        self.known_rules.extend(other.known_rules);
    }

    /// What was touched of everything that there is. Reasons are those that decisions can give; `SIGNAL` and the like
    /// need models of a merchant's own.
    pub fn covered(&self) -> Vec<Covered> {
        let states = StateKind::ALL.iter().map(|state| state.name().to_owned()).collect();
        let transitions = journey::TRANSITIONS
            .iter()
            .map(|(before, event, after)| transition(before.map_or("", StateKind::name), event, after.name()));
        let reasons = ReasonCode::all().map(|code| code.name().to_owned()).collect();
        vec![
            covered("states", &states, &self.states),
            covered("transitions", &transitions.collect(), &self.transitions),
            covered("reasons", &reasons, &self.reasons),
            covered("rules", &self.known_rules, &self.rules),
        ]
    }
}

fn name(policy: &Policy, rule: &str) -> String {
    format!("{rule} ({})", policy.name())
}

fn transition(before: &str, event: &str, after: &str) -> String {
    if before.is_empty() { format!("{event} → {after}") } else { format!("{before}: {event} → {after}") }
}

fn covered(what: &'static str, all: &BTreeSet<String>, seen: &BTreeSet<String>) -> Covered {
    let missing: Vec<_> = all.difference(seen).cloned().collect();
    Covered { what, touched: all.len() - missing.len(), of: all.len(), missing }
}
