use super::*;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    name: String,
    rows: Option<u64>,
    terms: Vec<Term>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Term {
    Linear(Linear),
    Flat,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Linear {
    center: f64,
}

fn refusal(source: &str) -> String {
    let read = Document::parse("m.json", source.as_bytes(), 1 << 20).and_then(|document| document.read::<Sample>());
    read.expect_err(source).to_string()
}

#[test]
fn reads_types() {
    let source = r#"{"name": "\u00e9\ud83d\ude00\n", "rows": 18446744073709551615, "terms": [{"linear": {"center": -0}}, "flat"]}"#;
    let document = Document::parse("m.json", source.as_bytes(), 1 << 20).unwrap();
    let sample: Sample = document.read().unwrap();
    assert_eq!((sample.name.as_str(), sample.rows), ("é😀\n", Some(u64::MAX)));
    assert_eq!(sample.terms, [Term::Linear(Linear { center: 0.0 }), Term::Flat]);
    let at = document.refuse("/terms/0/linear/center", "too small", "add 1");
    assert_eq!((at.line, at.column), (1, source.find("-0").unwrap() + 1));
    assert_eq!(document.refuse("/terms/7/x", "m", "").column, source.find('[').unwrap() + 1);
}

#[test]
fn faults_have_their_place_and_mend() {
    for (source, expected) in [
        ("{\n  \"nam\": 1}", "m.json:2:3: `/nam`: the field `nam` is not known; write `name`"),
        ("{\"name\": 1}", "m.json:1:10: `/name`: expected a text, found 1; write a value of that type"),
        ("{\"name\": \"a\"}", "m.json:1:1: the field `terms` is missing; add `terms`"),
        (
            "{\"name\": \"a\",\n \"terms\": [{\"linear\": {\"center\": \"x\"}}]}",
            "m.json:2:34: `/terms/0/linear/center`: expected a number, found the text \"x\"; write a value of that type",
        ),
        (
            "{\"name\": \"a\", \"terms\": [{\"linera\": 1}]}",
            "m.json:1:26: `/terms/0`: `linera` is not known here; write `linear`",
        ),
        (
            "{\"name\": \"a\", \"terms\": [\"linear\"]}",
            "m.json:1:25: `/terms/0`: `linear` needs its values; write `{\"linear\": {…}}`",
        ),
        ("{\"rows\": -1}", "m.json:1:10: `/rows`: expected a whole number from 0, found -1; write such a value"),
        (
            "{\"name\": \"a\", \"terms\": {}}",
            "m.json:1:24: `/terms`: expected a list, found an object; write a value of that type",
        ),
    ] {
        assert_eq!(refusal(source), expected);
    }
}

#[test]
fn text_that_is_no_json_is_refused() {
    for (source, expected) in [
        ("", "expected a value, found the end of the file"),
        ("{} {", "expected the end of the file"),
        ("{\"a\": NaN}", "JSON has no NaN and no infinity"),
        ("[-Infinity]", "expected a digit, found `I`"),
        ("[1e999]", "infinite as a double"),
        ("[01]", "expected a number, found `01`"),
        ("[1,]", "expected a value, found `]`"),
        ("{\"a\": 1,}", "expected a key, found `}`"),
        ("{\"a\": 1, \"a\": 2}", "the key `a` stands here twice"),
        ("{\"a\" 1}", "expected `:`, found `1`"),
        ("[1 2]", "expected `,` or `]`, found `2`"),
        ("\"a", "a text does not end"),
        ("\"\n\"", "control character"),
        ("\"\\ud800\"", "two escapes"),
        ("\"\\x\"", "an escape is not known"),
        (&"[".repeat(1_000), "more than 32 deep"),
        ("é", "expected a value, found `é`"),
    ] {
        let refusal = Document::parse("m.json", source.as_bytes(), 1 << 20).expect_err(source).to_string();
        assert!(refusal.contains(expected), "{source}: {refusal}");
    }
    let long = Document::parse("m.json", b"[1]", 2).unwrap_err().to_string();
    assert!(long.contains("the file has 3 bytes: at most 2 are read"), "{long}");
    let binary = Document::parse("m.json", b"[\n\xff]", 9).unwrap_err().to_string();
    assert!(binary.starts_with("m.json:2:1: expected UTF-8"), "{binary}");
}

/// The tree as serde_json's, for comparison.
fn as_serde(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(as_serde).collect(),
        Value::Object(members) => members.iter().map(|(key, node)| (key.text.clone(), as_serde(node))).collect(),
    }
}

fn numbers_as_doubles(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => number.as_f64().into(),
        serde_json::Value::Array(items) => items.into_iter().map(numbers_as_doubles).collect(),
        serde_json::Value::Object(members) => members.into_iter().map(|(k, v)| (k, numbers_as_doubles(v))).collect(),
        other => other,
    }
}

proptest! {
    #[test]
    fn agrees_with_serde_json(source in r#"([\[\]{},:" ]|"[a-z]"|\\u00e9|null|true|-?[0-9]{1,3}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?|"k":){0,12}"#) {
        let theirs = serde_json::from_str::<serde_json::Value>(&source);
        match Document::parse("m.json", source.as_bytes(), 1 << 20) {
            Ok(document) => prop_assert_eq!(as_serde(document.root()), numbers_as_doubles(theirs.unwrap())),
            Err(refusal) => prop_assert!(theirs.is_err() || refusal.message.contains("twice"), "{}: {}", source, refusal),
        }
    }

    #[test]
    fn every_double_comes_back(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let source = serde_json::to_string(&number).unwrap();
        let document = Document::parse("m.json", source.as_bytes(), 1 << 20).unwrap();
        prop_assert_eq!(document.read::<f64>().unwrap().to_bits(), number.to_bits());
    }
}
