//! Where expectations stand in a story's text: to point at them, and to write them anew.

use serde_json::Value;
use std::ops::Range;

/// How wide a line is written.
const WIDTH: usize = 118;

/// The bytes of a key of what the step that begins at `step` expects; of the step, where the key is not found.
pub fn of_key(source: &str, step: usize, key: &str) -> Range<usize> {
    key_of(source, step, key).unwrap_or(step..step + 1)
}

fn key_of(source: &str, step: usize, key: &str) -> Option<Range<usize>> {
    let extent = expectation(source, step).unwrap_or(step..end_of_step(source, step));
    let text = source.get(extent.clone())?;
    let at = text.match_indices(key).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + key.len()..].chars().next();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_') && after == Some(':')
    })?;
    Some(extent.start + at..extent.start + at + key.len())
}

/// The bytes of a key's value, where it stands on the key's line or in brackets that begin there.
fn value_of(source: &str, step: usize, key: &str) -> Option<Range<usize>> {
    let key = key_of(source, step, key)?;
    let in_braces = expectation(source, step).is_some_and(|at| {
        let text = source[at].trim_start_matches("expect:").trim_start();
        text.starts_with('{')
    });
    let from = key.end + 1;
    let start = from + source[from..].find(|c| c != ' ')?;
    let (mut depth, mut quote, mut before) = (0, None, ' ');
    let end = source[start..].char_indices().find(|(_, c)| {
        let ends = match (quote, *c) {
            (Some(open), c) => {
                quote = Some(open).filter(|open| *open != c);
                false
            }
            (None, '"' | '\'') => {
                quote = Some(*c);
                false
            }
            (None, '[' | '{') => {
                depth += 1;
                false
            }
            (None, ']' | '}') if depth > 0 => {
                depth -= 1;
                false
            }
            (None, ']' | '}') => in_braces,
            (None, ',') => depth == 0 && in_braces,
            (None, '#') => depth == 0 && before == ' ',
            (None, c) => depth == 0 && c == '\n',
        };
        before = *c;
        ends
    });
    let end = end.map_or(source.len(), |(at, _)| start + at);
    let end = start + source[start..end].trim_end().len();
    (start < end).then_some(start..end)
}

/// The number of the line in which a byte stands, from 1.
pub fn number(source: &str, at: usize) -> usize {
    source.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Where a step that begins at `step` ends: before the next line that is indented no deeper than its dash.
fn end_of_step(source: &str, step: usize) -> usize {
    let line = source[..step].rfind('\n').map_or(0, |at| at + 1);
    let dash = source[line..step].find('-').unwrap_or(0);
    end_of_block(source, step, dash)
}

/// Where what begins at `from` ends: before the next line that is indented by `depth` or less.
fn end_of_block(source: &str, from: usize, depth: usize) -> usize {
    let mut at = from;
    loop {
        let Some(next) = source[at..].find('\n').map(|end| at + end + 1) else { return source.len() };
        let line = &source[next..];
        let text = line.lines().next().unwrap_or_default();
        let indent = text.len() - text.trim_start().len();
        if next >= source.len() || (!text.trim().is_empty() && indent <= depth && !text.trim_start().starts_with('#')) {
            return next;
        }
        at = next;
    }
}

/// Where what the step that begins at `step` expects stands, from its key on.
fn expectation(source: &str, step: usize) -> Option<Range<usize>> {
    let end = end_of_step(source, step);
    let body = &source[step..end];
    let place = body.match_indices("expect:").map(|(at, _)| at).find(|at| {
        let start = body[..*at].rfind('\n').map_or(0, |line| line + 1);
        body[start..*at].trim().is_empty()
    })?;
    let start = step + place;
    Some(start..end_of_block(source, start, indent(source, start)).min(end))
}

fn indent(source: &str, at: usize) -> usize {
    at - source[..at].rfind('\n').map_or(0, |line| line + 1)
}

/// The text with what was wrong in the expectation of the step that begins at `step` put right: value by value where
/// that can be, and else all of it anew. `None`: it is not found.
pub fn mend(source: &str, step: usize, values: &[(&str, Value)], wrong: &[&str]) -> Option<String> {
    let by_value = || {
        let mut text = source.to_owned();
        for key in wrong {
            let (_, value) = values.iter().find(|(name, _)| name == key)?;
            let place = value_of(&text, step, key)?;
            text.replace_range(place, &flow(value));
        }
        Some(text)
    };
    by_value().or_else(|| rewrite(source, step, values))
}

/// The text with the expectation of the step that begins at `step` written anew; `None`: it is not found.
fn rewrite(source: &str, step: usize, values: &[(&str, Value)]) -> Option<String> {
    let Range { start, end } = expectation(source, step)?;
    Some(format!("{}{}\n{}", &source[..start], render(indent(source, start), values), &source[end..]))
}

/// An expectation: on one line where it fits, else a key a line.
fn render(indent: usize, values: &[(&str, Value)]) -> String {
    let pairs: Vec<_> = values.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
    let one = format!("expect: {{ {} }}", pairs.join(", "));
    if indent + one.len() <= WIDTH {
        return one;
    }
    let margin = " ".repeat(indent + 2);
    let lines: Vec<_> = pairs.iter().map(|pair| format!("{margin}{pair}")).collect();
    format!("expect:\n{}", lines.join("\n"))
}

/// A value as it stands in YAML.
pub fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text stands for itself without quotes.
fn is_plain(text: &str) -> bool {
    let word = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ' ' | '/' | '-'));
    let starts = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    word && starts && !matches!(text, "true" | "false" | "null" | "yes" | "no") && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "story: x\nsteps:\n  - decide: { like: [a] }\n    # why\n    expect: { state: accepted }\n  \
        - code: \"1\"\n    expect:\n      state: declined\n      reasons: [A]\n  - wait: 1s\n";

    #[test]
    fn keys_are_found_in_their_step() {
        let second = TEXT.find("code:").unwrap();
        let found = of_key(TEXT, second, "state");
        assert_eq!((number(TEXT, found.start), &TEXT[found]), (8, "state"));
        assert_eq!(number(TEXT, of_key(TEXT, second, "absent").start), 6);
    }

    #[test]
    fn expectations_are_written_anew_and_nothing_else() {
        let (first, second) = (TEXT.find("decide:").unwrap(), TEXT.find("code:").unwrap());
        let once = rewrite(TEXT, first, &[("state", json!("expired"))]).unwrap();
        assert_eq!(once, TEXT.replace("{ state: accepted }", "{ state: expired }"));
        let twice = rewrite(TEXT, second, &[("reasons", json!(["A", "B"])), ("flip", json!(null))]).unwrap();
        let block = "expect:\n      state: declined\n      reasons: [A]";
        assert_eq!(twice, TEXT.replace(block, "expect: { reasons: [A, B], flip: null }"));
        assert_eq!(rewrite(TEXT, TEXT.find("wait:").unwrap(), &[]), None);
    }

    #[test]
    fn what_is_wrong_is_mended_where_it_stands() {
        let text = "steps:\n  - call: x\n    request: { state: a }\n    expect:\n      # Why.\n      state: accepted # so\n      \
            told: [A,\n        B]\n  - code: \"1\"\n    expect: { state:  accepted, told: [A, \"}\"], flip: null }\n";
        let (first, second) = (text.find("call:").unwrap(), text.find("code:").unwrap());
        let values = [("state", json!("declined")), ("told", json!(["C"])), ("flip", json!("amount"))];
        let once = mend(text, first, &values, &["state", "told"]).unwrap();
        let told = text.replace("state: accepted # so", "state: declined # so").replace("[A,\n        B]", "[C]");
        assert_eq!(once, told);
        let twice = mend(text, second, &values, &["told", "state", "flip"]).unwrap();
        let flow = "{ state:  accepted, told: [A, \"}\"], flip: null }";
        assert_eq!(twice, text.replace(flow, "{ state:  declined, told: [C], flip: amount }"));
        // A refusal where none was expected has other keys.
        let anew = mend(text, second, &[("error", json!("NOT_FOUND"))], &["error", "state"]).unwrap();
        assert_eq!(anew, text.replace(flow, "{ error: NOT_FOUND }"));
        assert_eq!(number(text, of_key(text, first, "state").start), 6, "what is expected, not what is asked");
    }

    #[test]
    fn what_is_wide_stands_a_key_a_line() {
        let long: Vec<_> = (0..20).map(|n| format!("REASON_{n}")).collect();
        let text = render(4, &[("state", json!("declined")), ("reasons", json!(long))]);
        assert!(text.starts_with("expect:\n      state: declined\n      reasons: [REASON_0, "), "{text}");
        assert_eq!(flow(&json!("twilio_verify POST /x 201")), "twilio_verify POST /x 201");
        assert_eq!((flow(&json!("true")), flow(&json!(""))), ("\"true\"".into(), "\"\"".into()));
    }
}
