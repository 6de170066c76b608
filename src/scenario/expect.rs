//! What is expected of a step, and what came: both as plain values under the same names, so that one comparison, one
//! report and one `--update` serve all of them.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is expected. Only what is named is compared.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Where the application stands: `accepted`, `challenged`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the newest decision says: `accept`, `decline` or `step_up`.
    #[serde(default)]
    pub outcome: Option<String>,
    /// The codes of its reasons, most weighty first: all of them.
    #[serde(default)]
    pub reasons: Option<Vec<String>>,
    /// What the customer is told of it: the codes, most weighty first.
    #[serde(default)]
    pub told: Option<Vec<String>>,
    /// Whether something was missing that should have been there.
    #[serde(default)]
    pub degraded: Option<bool>,
    /// The evidence held when it was decided.
    #[serde(default)]
    pub evidence: Option<Vec<String>>,
    /// The names of the models that scored.
    #[serde(default)]
    pub models: Option<Vec<String>>,
    /// The input of the nearest change that would have led to another outcome; null: there is none.
    #[serde(default, deserialize_with = "some")]
    pub flip: Option<Value>,
    /// What is asked of the customer: `sms_code`, `id_document` or `bank_history`; null: nothing.
    #[serde(default, deserialize_with = "some")]
    pub challenge: Option<Value>,
    /// How far that has come: `consent_needed`, `starting`, `action_needed` or `verifying`.
    #[serde(default)]
    pub phase: Option<String>,
    /// How many tries are left.
    #[serde(default)]
    pub attempts_left: Option<i64>,
    /// How often a code may still be sent again.
    #[serde(default)]
    pub resends_left: Option<i64>,
    /// Whether the customer may pay in one go.
    #[serde(default)]
    pub pay_in_full: Option<bool>,
    /// How many instalments the schedule has.
    #[serde(default)]
    pub instalments: Option<i64>,
    /// How the accepted plan stands: `in_progress`, `paid`, `late`, `late_contact` or `default`.
    #[serde(default)]
    pub plan: Option<String>,
    /// What has become of each instalment: `pending`, `paid`, `incident`, `claimed` or `covered`.
    #[serde(default)]
    pub payments: Option<Vec<String>>,
    /// What the customer is to pay with each instalment, in minor units.
    #[serde(default)]
    pub totals: Option<Vec<i64>>,
    /// When each instalment is due.
    #[serde(default)]
    pub due_dates: Option<Vec<String>>,
    /// What is still to be paid, in minor units.
    #[serde(default)]
    pub left_to_pay: Option<i64>,
    /// How much of what was refunded goes back to the customer, in minor units.
    #[serde(default)]
    pub paid_back: Option<i64>,
    /// Who gave up: `customer` or `merchant`.
    #[serde(default)]
    pub cancelled_by: Option<String>,
    /// What happened to the application from its beginning on, by name.
    #[serde(default)]
    pub history: Option<Vec<String>>,
    /// The outcomes reported so far.
    #[serde(default)]
    pub outcomes: Option<Vec<String>>,
    /// How many applications wait for a person.
    #[serde(default)]
    pub waiting: Option<i64>,
    /// What the customer of the first of them stated.
    #[serde(default)]
    pub statements: Option<Vec<String>>,
    /// Whether the answer is that of an earlier request.
    #[serde(default)]
    pub replayed: Option<bool>,
    /// The status of a refusal, such as `FAILED_PRECONDITION`; without it the step must succeed.
    #[serde(default)]
    pub error: Option<String>,
    /// The reason of a refusal, such as `REQUEST_ID_REUSED`.
    #[serde(default)]
    pub error_reason: Option<String>,
    /// The fields that a refusal names.
    #[serde(default)]
    pub fields: Option<Vec<String>>,
    /// The state that a refusal names.
    #[serde(default)]
    pub in_state: Option<String>,
    /// When a refusal says to try again, in seconds.
    #[serde(default)]
    pub retry_after: Option<i64>,
    /// The calls to providers since the step before, such as `twilio_verify POST 201`.
    #[serde(default)]
    pub calls: Option<Vec<String>>,
}

/// A value that may be null and still is there.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Keys that mean something where nothing was asked.
const WITHOUT_ANSWER: &[&str] = &["calls"];

impl Expected {
    /// Every key that is named, with its value.
    pub fn named(&self) -> Vec<(&'static str, Value)> {
        let mut named = Vec::new();
        macro_rules! take {
            ($($key:ident)*) => {$(
                if let Some(value) = &self.$key {
                    named.push((stringify!($key), serde_json::json!(value)));
                }
            )*};
        }
        take!(error error_reason fields in_state retry_after state outcome reasons told degraded evidence models flip
            challenge phase attempts_left resends_left pay_in_full instalments plan payments totals due_dates
            left_to_pay paid_back cancelled_by history outcomes waiting statements replayed calls);
        named
    }

    /// Refuses what cannot be: by key, with why.
    pub fn check(&self, answered: bool) -> Result<(), (&'static str, String)> {
        let named = self.named();
        if !answered {
            let idle = named.iter().find(|(key, _)| !WITHOUT_ANSWER.contains(key));
            if let Some((key, _)) = idle {
                return Err((key, format!("nothing is answered here, so `{key}` cannot be expected")));
            }
        }
        let of_error =
            |key: &str| matches!(key, "error" | "error_reason" | "fields" | "in_state" | "retry_after" | "calls");
        match named.iter().find(|(key, _)| of_error(key) == self.error.is_none() && *key != "calls") {
            Some((key, _)) if self.error.is_some() => {
                Err((key, format!("a refusal has no `{key}`: impossible together with `error`")))
            }
            Some((key, _)) => Err((key, format!("`{key}` is of a refusal: it needs `error`"))),
            None => Ok(()),
        }
    }
}

/// What came of a step, by the same names.
#[derive(Debug, Clone, Default)]
pub struct Came(pub Map<String, Value>);

impl Came {
    /// A value; null where there is none.
    pub fn get(&self, key: &str) -> Value {
        self.0.get(key).cloned().unwrap_or(Value::Null)
    }

    /// Sets a value.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// What an application says.
    pub fn application(&mut self, application: &Value) {
        let codes = |list: &Value, key: &str| {
            let items = list.as_array().into_iter().flatten();
            Value::from_iter(items.filter_map(|item| item.get(key).cloned()))
        };
        let number = |value: &Value| Value::from(value.as_i64().unwrap_or(0));
        let (decision, challenge) = (&application["decision"], &application["challenge"]);
        self.set("state", word(&application["state"], "STATE_"));
        self.set("outcome", word(&decision["outcome"], "OUTCOME_"));
        self.set("reasons", codes(&decision["reasons"], "code"));
        self.set("models", codes(&decision["models"], "name"));
        self.set("degraded", decision["degraded"].as_bool().unwrap_or(false));
        self.set("challenge", word(&challenge["kind"], "CHALLENGE_KIND_"));
        self.set("phase", word(&challenge["phase"], "CHALLENGE_PHASE_"));
        self.set("attempts_left", number(&challenge["attemptsLeft"]));
        self.set("resends_left", number(&challenge["resendsLeft"]));
        self.set("pay_in_full", application["payInFull"].is_object());
        self.set("instalments", application["plan"]["instalments"].as_array().map_or(0, Vec::len));
        self.plan(&application["plan"]);
        self.set("cancelled_by", word(&application["cancelledBy"], "PARTY_"));
        let outcomes = application["outcomes"].as_array().into_iter().flatten();
        self.set("outcomes", Value::from_iter(outcomes.map(|one| word(&one["outcome"], "REPAYMENT_OUTCOME_"))));
    }

    /// What a plan says.
    pub fn plan(&mut self, plan: &Value) {
        let each = |of: &dyn Fn(&Value) -> Value| {
            Value::from_iter(plan["instalments"].as_array().into_iter().flatten().map(of))
        };
        self.set("plan", word(&plan["state"], "PLAN_STATE_"));
        self.set("payments", each(&|one| word(&one["state"], "INSTALMENT_STATE_")));
        self.set("totals", each(&|one| minor(&one["totalAmountMinor"])));
        self.set("due_dates", each(&|one| one["dueDate"].clone()));
        self.set("left_to_pay", minor(&plan["leftToPayMinor"]));
        self.set("paid_back", minor(&plan["paidBackMinor"]));
    }

    /// What an explanation says.
    pub fn explanation(&mut self, explained: &Value) {
        let told = explained["customerReasons"].as_array().into_iter().flatten();
        self.set("told", Value::from_iter(told.map(|one| one["code"].clone())));
        let evidence = explained["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let kinds = evidence.map(|kind| kind.trim_start_matches("CHALLENGE_KIND_").to_lowercase());
        self.set("evidence", Value::from_iter(kinds));
        self.set("flip", explained["nearestFlip"]["input"].clone());
    }
}

/// The name of an enum's value, as stories write it; null where there is none.
fn word(value: &Value, prefix: &str) -> Value {
    match value.as_str() {
        Some(name) => Value::from(name.strip_prefix(prefix).unwrap_or(name).to_lowercase()),
        None => Value::Null,
    }
}

/// An amount, which proto3 JSON writes as a text; 0 where there is none.
fn minor(value: &Value) -> Value {
    Value::from(value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0))
}
