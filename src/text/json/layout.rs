//! JSON for people to read: what fits on a line stands on one.

use serde::Serialize;

/// How long a line may be, in characters.
const WIDTH: usize = 116;

/// Writes a value as JSON with a line for everything that is short, keys in the order of their declaration.
pub fn layout(value: &impl Serialize) -> serde_json::Result<String> {
    let pretty = serde_json::to_string_pretty(value)?;
    let lines: Vec<&str> = pretty.lines().collect();
    let mut text = String::with_capacity(pretty.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        match folded(&lines[at..]) {
            Some((joined, taken)) => {
                text.push_str(&joined);
                at += taken;
            }
            None => {
                text.push_str(line);
                at += 1;
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// The list or object that opens on the first line, as one line, and how many lines it took; `None`: none opens, or it
/// is too long. A line of pretty JSON holds one value, and one that closes stands under the one that opened it.
fn folded(lines: &[&str]) -> Option<(String, usize)> {
    let first = lines.first().filter(|line| line.ends_with(['[', '{']))?;
    let indent = indent_of(first);
    let mut joined = (*first).to_owned();
    let mut opened = true;
    for (at, line) in lines.iter().enumerate().skip(1) {
        let part = line.trim_start();
        let closes = part.starts_with([']', '}']);
        // Braces stand apart from what they hold, brackets do not.
        if !(opened && joined.ends_with('[') || part.starts_with(']')) {
            joined.push(' ');
        }
        joined.push_str(part);
        if joined.chars().count() > WIDTH {
            return None;
        }
        if closes && indent_of(line) == indent {
            return Some((joined, at + 1));
        }
        opened = part.ends_with(['[', '{']);
    }
    None
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stands_on_a_line_and_nothing_is_lost() {
        let value = serde_json::json!({
            "edges": [1.5, -2.0, 3e-7], "empty": [], "none": {},
            "long": vec!["a \"quoted\" text that ends with [ {"; 6],
            "rows": [{ "inputs": { "a": null }, "p": 0.25 }, { "inputs": { "a": [1, [2]] }, "p": 1.0 }],
        });
        let text = layout(&value).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(text.contains("\n  \"edges\": [1.5, -2.0, 3e-7],\n"), "{text}");
        assert!(text.contains("{ \"inputs\": { \"a\": [1, [2]] }, \"p\": 1.0 }"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH + 2), "{text}");
    }
}
