//! What every explanation promises, whatever was decided.

use crate::domain::decision::MOST_TOLD;
use crate::domain::reason::{Audience, ReasonCode};
use serde_json::Value;

/// How far the terms' sum may be from the score: what adding in another order may lose.
const ROUNDING: f64 = 1e-9;

/// The promises that an explanation breaks, in words.
pub fn broken(explained: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let outcome = explained["decision"]["outcome"].as_str().unwrap_or_default();
    let told: Vec<_> = list(&explained["customerReasons"]).collect();
    if (outcome == "OUTCOME_ACCEPT") != told.is_empty() {
        broken.push(format!("{outcome} tells the customer {} reasons", told.len()));
    }
    if told.len() > MOST_TOLD {
        broken.push(format!("the customer is told {} reasons, at most {MOST_TOLD} are", told.len()));
    }
    for reason in told {
        let code = reason["code"].as_str().unwrap_or_default();
        if ReasonCode::parse(code).is_some_and(|code| code.audience() != Audience::Customer) {
            broken.push(format!("the customer is told {code}, which is for the gateway's eyes"));
        }
        for language in ["en", "fr"] {
            if reason["text"][language].as_str().is_none_or(str::is_empty) {
                broken.push(format!("{code} has no text in {language}"));
            }
        }
    }
    for score in list(&explained["scores"]) {
        let number = |value: &Value| value.as_f64().unwrap_or(0.0);
        let shares: f64 = list(&score["contributions"]).map(|term| number(&term["contribution"])).sum();
        let apart = (number(&score["intercept"]) + shares - number(&score["logOdds"])).abs();
        if apart > ROUNDING {
            broken.push(format!("the contributions of {} miss its score by {apart}", score["model"]["name"]));
        }
    }
    if list(&explained["diagnostics"]).any(|found| found["message"].as_str().is_some_and(|m| m.contains("aval replay")))
    {
        broken.push("a score comes out differently from the one stored".into());
    }
    let flip = &explained["nearestFlip"]["outcome"];
    if !flip.is_null() && *flip == explained["decision"]["outcome"] {
        broken.push(format!("the nearest flip leads to {flip} again"));
    }
    broken
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn broken_promises_are_named() {
        let reason = |code: &str| json!({ "code": code, "text": { "en": "x.", "fr": "y." } });
        let good = json!({
            "decision": { "outcome": "OUTCOME_DECLINE" },
            "customerReasons": [reason("DEFAULT_SCORE")],
            "scores": [{ "intercept": -1.0, "logOdds": 1.0, "contributions": [{ "contribution": 2.0 }] }],
            "nearestFlip": { "outcome": "OUTCOME_ACCEPT" },
        });
        assert_eq!(broken(&good), Vec::<String>::new());
        let breaks = |change: &dyn Fn(&mut Value)| {
            let mut explained = good.clone();
            change(&mut explained);
            broken(&explained).len()
        };
        assert_eq!(breaks(&|it| it["customerReasons"] = json!([])), 1);
        assert_eq!(breaks(&|it| it["customerReasons"] = json!([reason("FRAUD_SCORE")])), 1);
        assert_eq!(breaks(&|it| it["customerReasons"] = json!(vec![reason("DEFAULT_SCORE"); 5])), 1);
        assert_eq!(breaks(&|it| it["customerReasons"][0]["text"]["fr"] = json!("")), 1);
        assert_eq!(breaks(&|it| it["scores"][0]["logOdds"] = json!(1.1)), 1);
        assert_eq!(breaks(&|it| it["nearestFlip"]["outcome"] = json!("OUTCOME_DECLINE")), 1);
    }
}
