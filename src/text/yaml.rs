//! YAML from text.
//!
//! A parser that is bounded in size, depth and repetition, and whose refusals name the place, what was expected, what
//! came and the nearest name that would have been known. [`Placed`] and [`Entries`] remember where a value stood, so
//! that a check that comes after parsing can point at it too.

use super::Refusal;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_saphyr::{Error, Location, Spanned};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// How deep values may be nested.
const MAX_DEPTH: usize = 24;
/// How many values a file may hold.
const MAX_NODES: usize = 200_000;
/// How many anchors a file may define.
const MAX_ANCHORS: usize = 64;
/// How many aliases may refer to them.
const MAX_ALIASES: usize = 256;
/// How many values all aliases together may stand for: less than that an alias of aliases of aliases would make.
const MAX_REPEATED_EVENTS: usize = 20_000;
/// How much of an offending text a message repeats, in characters.
const MAX_QUOTED: usize = 40;

/// Reads one document. `file` is its name in refusals.
pub fn parse<T: DeserializeOwned>(file: &str, source: &str) -> Result<T, Refusal> {
    if source.len() > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes, found {}", source.len());
        return Err(Refusal::new(file, source, 0..0, message, "split the file or shorten its lists"));
    }
    if source.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Err(Refusal::new(file, source, 0..0, "expected keys with values, found nothing", ""));
    }
    serde_saphyr::from_str_with_options(source, options())
        .map_err(|error| refusal(file, source, error.without_snippet()))
}

fn options() -> serde_saphyr::Options {
    let alias_limits = serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED_EVENTS };
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_anchors: MAX_ANCHORS,
            max_aliases: MAX_ALIASES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES,
        },
        alias_limits: alias_limits,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

/// The parser's error in our words.
fn refusal(file: &str, source: &str, error: &Error) -> Refusal {
    let span = error.location().map_or(0..0, |location| span_of(source, &location));
    let found = quoted(&source[span.clone()]);
    let (message, mend) = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key `{field}`"), one_of(field, expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let near = nearest(variant, expected.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            (format!("expected one of {}, found `{variant}`", expected.join(", ")), near.unwrap_or_default())
        }
        Error::SerdeMissingField { field, .. } => {
            (format!("the key `{field}` is missing here"), format!("add `{field}:` with its value"))
        }
        Error::DuplicateMappingKey { key, .. } => (
            format!("the key {} stands here a second time", key.as_ref().map_or(found, |key| format!("`{key}`"))),
            "keep one of them".into(),
        ),
        Error::InvalidScalar { ty, .. } => (format!("expected {}, found {found}", in_words(ty)), String::new()),
        Error::InvalidBooleanStrict { .. } => {
            (format!("expected true or false, found {found}"), "write true or false".into())
        }
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("expected {expected}, found {unexpected}"), String::new())
        }
        Error::MergeKeyNotAllowed { .. } => ("merge keys (`<<`) are not read".into(), "write the keys out".into()),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            (format!("the file is too large or too deep: {}", plain(error)), "shorten its lists and aliases".into())
        }
        Error::AliasError { error, .. } => {
            let Refusal { message, mend, .. } = refusal(file, source, error);
            (message, mend)
        }
        other => (plain(other), String::new()),
    };
    Refusal::new(file, source, span, message, mend)
}

/// The parser's own words, on one line and without the place.
fn plain(error: &Error) -> String {
    use serde_saphyr::MessageFormatter;
    serde_saphyr::UserMessageFormatter.format_message(error).replace('\n', " ")
}

fn in_words(rust_type: &str) -> &str {
    match rust_type {
        "bool" | "boolean" => "true or false",
        "f32" | "f64" | "float" | "floating point" => "a number",
        ty if ty.starts_with('u') || ty.contains("unsigned") => "a whole number that is not negative",
        ty if ty.starts_with('i') => "a whole number",
        ty => ty,
    }
}

fn one_of(found: &str, expected: &[&str]) -> String {
    match nearest(found, expected.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if expected.is_empty() => "remove it".into(),
        None => format!("the keys known here are {}", expected.join(", ")),
    }
}

/// A text as a message repeats it: one line, shortened.
pub fn quoted(text: &str) -> String {
    let line = text.lines().next().unwrap_or("").trim_end();
    match line.char_indices().nth(MAX_QUOTED) {
        _ if line.is_empty() => "nothing".into(),
        Some((end, _)) => format!("`{}…`", &line[..end]),
        None => format!("`{line}`"),
    }
}

/// The name that `wanted` is most likely a slip of, if one is near: at most a third of its letters differ.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (wanted.chars().count() / 3).max(1);
    let distances = names.into_iter().map(|name| (distance(wanted, name), name));
    distances.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour (Damerau, 1964).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, right) in b.iter().enumerate() {
            let mut cost = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(left != right));
            if i > 0 && j > 0 && *left == b[j - 1] && a[i - 1] == *right {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

fn span_of(source: &str, location: &Location) -> Range<usize> {
    let span = location.span();
    let bytes = span.byte_offset().zip(span.byte_len()).map(|(start, length)| (start as usize, length as usize));
    let (start, length) = bytes.unwrap_or_else(|| {
        let line_start: usize =
            source.split_inclusive('\n').take(location.line().saturating_sub(1) as usize).map(str::len).sum();
        let column = (location.column() as usize).saturating_sub(1);
        (line_start + source[line_start..].chars().take(column).map(char::len_utf8).sum::<usize>(), 1)
    });
    let start = (0..=start.min(source.len())).rev().find(|&at| source.is_char_boundary(at)).unwrap_or(0);
    let end = start.saturating_add(length).min(source.len());
    let end = (end..=source.len()).find(|&at| source.is_char_boundary(at)).unwrap_or(source.len());
    start..end
}

/// A value that remembers where it stood in its file.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    at: Location,
}

impl<T> Placed<T> {
    /// The bytes of `source` that it was read from; of text with quotes, the quotes too.
    pub fn span(&self, source: &str) -> Range<usize> {
        span_of(source, &self.at)
    }

    /// A refusal that points at this value.
    pub fn refusal(&self, file: &str, source: &str, message: impl Into<String>, mend: impl Into<String>) -> Refusal {
        Refusal::new(file, source, self.span(source), message, mend)
    }
}

impl Placed<String> {
    /// Where, in `source`, the byte `offset` of this text stands. Quotes and block marks are skipped; a text with
    /// escapes is only known by its beginning.
    pub fn offset_in_source(&self, source: &str, offset: usize) -> usize {
        let start = self.span(source).start;
        let rest = &source[start..];
        let skipped = match rest.chars().next() {
            Some('"' | '\'') => 1,
            Some('|' | '>') => rest.find('\n').map_or(0, |at| at + 1),
            _ => 0,
        };
        let wanted = self.value.get(..offset).unwrap_or("").chars().filter(|c| !c.is_whitespace()).count();
        let mut seen = rest[skipped..].char_indices().filter(|(_, c)| !c.is_whitespace());
        let mut written = self.value.chars().filter(|c| !c.is_whitespace());
        for _ in 0..wanted {
            match (seen.next(), written.next()) {
                (Some((_, there)), Some(here)) if there == here => {}
                _ => return start,
            }
        }
        seen.next().map_or(start, |(at, _)| start + skipped + at)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, at: spanned.referenced })
    }
}

impl<T: Serialize> Serialize for Placed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A mapping in the order of the file, whose keys remember where they stood.
#[derive(Debug, Clone)]
pub struct Entries<V>(pub Vec<(Placed<String>, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names with values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Entries<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("EntriesOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <std::collections::BTreeMap<String, V>>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read by the parser only")]
    struct Shop {
        name: Placed<String>,
        #[serde(default)]
        amount_minor: Option<i64>,
        #[serde(default)]
        share: Option<f64>,
        #[serde(default)]
        open: Option<bool>,
        #[serde(default)]
        kind: Option<crate::domain::decision::Outcome>,
        #[serde(default)]
        merchants: Entries<Placed<u32>>,
    }

    #[test]
    fn refusals_name_the_place_what_came_and_the_mend() {
        for (source, expected) in [
            ("name: a\namount_mino: 1\n", "f:2:1: unknown key `amount_mino`; did you mean `amount_minor`?"),
            ("name: a\namount_minor: ten\n", "f:2:15: expected a whole number, found `ten`"),
            ("name: a\nshare: much\n", "f:2:8: expected a number, found `much`"),
            ("name: a\nopen: yes\n", "f:2:7: expected true or false, found `yes`; write true or false"),
            (
                "name: a\nkind: acept\n",
                "f:2:7: expected one of accept, decline, step_up, found `acept`; did you mean `accept`?",
            ),
            ("amount_minor: 1\n", "f:1:1: the key `name` is missing here; add `name:` with its value"),
            ("name: a\nname: b\n", "f:2:1: the key `name` stands here a second time; keep one of them"),
            ("# nothing\n", "f:1:1: expected keys with values, found nothing"),
            (
                "name: a\nmerchants: { x: 1, y: -2 }\n",
                "f:2:23: expected a whole number that is not negative, found `-2`",
            ),
        ] {
            assert_eq!(parse::<Shop>("f", source).unwrap_err().to_string(), expected, "{source}");
        }
    }

    #[test]
    fn bounds_hold_against_hostile_files() {
        let refused = |source: &str| parse::<serde_json::Value>("f", source).unwrap_err().to_string();
        assert!(refused(&"x".repeat(MAX_BYTES + 1)).contains("at most"), "size");
        assert!(refused(&"[".repeat(MAX_DEPTH + 1)).starts_with("f:1:"), "depth");
        let lines = (1..9).map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")));
        let laughs = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{}", lines.collect::<String>());
        assert!(refused(&laughs).contains("too large or too deep"), "{}", refused(&laughs));
    }

    #[test]
    fn values_and_keys_remember_where_they_stood() {
        let source = "name: \"é b\"\nmerchants:\n  shop: 7\n  other: 8\n";
        let shop: Shop = parse("f", source).unwrap();
        assert_eq!(&source[shop.name.span(source)], "\"é b\"");
        assert_eq!(shop.name.offset_in_source(source, 3), 10);
        let (key, value) = &shop.merchants.0[1];
        assert_eq!((key.value.as_str(), value.value), ("other", 8));
        assert_eq!(key.refusal("f", source, "m", "").to_string(), "f:4:3: m");
        assert_eq!(value.refusal("f", source, "m", "").to_string(), "f:4:10: m");
    }

    #[test]
    fn a_place_inside_a_text_is_found_in_every_style() {
        for (source, at) in [
            ("w: a >  b\n", 8),
            ("w: 'a >  b'\n", 9),
            ("w: |\n  a\n  >  b\n", 14),
            ("w: >-\n  a >\n  b\n", 14),
            ("w: a >\n  b\n", 9),
        ] {
            let read: BTreeMap<String, Placed<String>> = parse("f", source).unwrap();
            let text = &read["w"];
            let b = text.value.find('b').unwrap();
            assert_eq!(text.offset_in_source(source, b), at, "{source:?} {:?}", text.value);
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["amount_minor", "accept_below", "plans"];
        for (wanted, found) in
            [("acept_below", Some("accept_below")), ("plan", Some("plans")), ("zzz", None), ("palns", Some("plans"))]
        {
            assert_eq!(nearest(wanted, names), found, "{wanted}");
        }
    }
}
