//! JSON (RFC 8259) from text to typed values, every value with its place: a refusal names the JSON Pointer (RFC 6901),
//! the line and the column.
//!
//! Stricter than the standard where leniency hides mistakes: a key may stand in an object once, and numbers that no
//! double can hold are refused.

mod layout;
mod typed;

pub use layout::layout;

use super::Refusal;
use serde::de::DeserializeOwned;
use std::ops::Range;

/// How deep lists and objects may stand in each other.
pub const MAX_DEPTH: usize = 32;

/// One value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The bytes of the text that it is written in.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, as the double nearest to it; its text stands at the node's span.
    Number(f64),
    /// Text.
    Text(String),
    /// `[…]`
    List(Vec<Node>),
    /// `{…}`, in the order of the file.
    Object(Vec<(Key, Node)>),
}

/// The key of a member.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The bytes of the text that it is written in.
    pub span: Range<usize>,
    /// The key.
    pub text: String,
}

/// A whole JSON text with the places of its values.
#[derive(Debug)]
pub struct Document<'a> {
    file: &'a str,
    source: &'a str,
    root: Node,
}

impl<'a> Document<'a> {
    /// Reads a JSON text. `file` is its name in refusals; one of more than `max_bytes` is refused unread.
    pub fn parse(file: &'a str, bytes: &'a [u8], max_bytes: usize) -> Result<Self, Refusal> {
        if bytes.len() > max_bytes {
            let message = format!("the file has {} bytes: at most {max_bytes} are read", bytes.len());
            return Err(Refusal::new(file, "", 0..0, message, "make it smaller"));
        }
        let source = std::str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).map(String::from_utf8_lossy).unwrap_or_default();
            let place = valid.len()..valid.len();
            Refusal::new(file, &valid, place, "expected UTF-8", "save the file as UTF-8")
        })?;
        let root = Parser { source, at: 0 }.document().map_err(|fault| {
            let Fault { at, message, mend } = fault;
            Refusal::new(file, source, at..at + 1, message, mend)
        })?;
        Ok(Self { file, source, root })
    }

    /// The outermost value.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The whole document as a `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        typed::read(&self.root, self.source).map_err(|fault| {
            let message = if fault.pointer.is_empty() {
                fault.message
            } else {
                format!("`{}`: {}", fault.pointer, fault.message)
            };
            let start = fault.start.unwrap_or_default();
            Refusal::new(self.file, self.source, start..start + 1, message, fault.mend)
        })
    }

    /// A refusal of the value at a JSON Pointer such as `/terms/3/linear/coef`; of what is around it, where there is
    /// no such value.
    pub fn refuse(&self, pointer: &str, message: impl std::fmt::Display, mend: impl Into<String>) -> Refusal {
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let key = step.replace("~1", "/").replace("~0", "~");
            let inner = match &node.value {
                Value::List(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
                Value::Object(members) => members.iter().find(|(known, _)| known.text == key).map(|(_, node)| node),
                _ => None,
            };
            let Some(inner) = inner else { break };
            node = inner;
        }
        let message = if pointer.is_empty() { message.to_string() } else { format!("`{pointer}`: {message}") };
        Refusal::new(self.file, self.source, node.span.clone(), message, mend)
    }
}

impl Node {
    /// The member of this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Value::Object(members) = &self.value else { return None };
        members.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }
}

/// A key as it stands in a JSON Pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Fault {
    at: usize,
    message: String,
    mend: String,
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn document(mut self) -> Result<Node, Fault> {
        let root = self.value(0)?;
        self.space();
        match self.peek() {
            None => Ok(root),
            Some(_) => Err(self.fault("expected the end of the file, found more text", "remove what follows")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        self.space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                let message = format!("lists and objects stand more than {MAX_DEPTH} deep in each other");
                return Err(self.fault(message, "make the file flatter"));
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            None => return Err(self.fault("expected a value, found the end of the file", "complete the file")),
            Some(_) => self.word()?,
        };
        Ok(Node { span: start..self.at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut members: Vec<(Key, Node)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                let mend = "write a key in quotation marks, and no comma after the last member";
                return Err(self.fault(format!("expected a key, found {}", self.found()), mend));
            }
            let text = self.text()?;
            if !known.insert(text.clone()) {
                let message = format!("the key `{text}` stands here twice");
                return Err(Fault { at: start, message, mend: "keep one of them".into() });
            }
            let key = Key { span: start..self.at, text };
            self.space();
            if !self.take(b':') {
                return Err(self.fault(format!("expected `:`, found {}", self.found()), "write `\"key\": value`"));
            }
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            self.comma("}")?;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            self.comma("]")?;
        }
    }

    fn comma(&mut self, end: &str) -> Result<(), Fault> {
        if self.take(b',') {
            return Ok(());
        }
        let mend = "put a comma between two, and none after the last";
        Err(self.fault(format!("expected `,` or `{end}`, found {}", self.found()), mend))
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.fault(format!("expected a digit, found {}", self.found()), JSON_NUMBER));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.fault("expected a digit after the point", JSON_NUMBER));
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.fault("expected a digit in the exponent", JSON_NUMBER));
            }
        }
        if matches!(self.peek(), Some(b'0'..=b'9' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'_')) {
            let message = format!("expected a number, found `{}`", self.word_from(start));
            return Err(Fault { at: start, message, mend: JSON_NUMBER.into() });
        }
        let text = self.source.get(start..self.at).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => {
                let message = format!("the number {text} is infinite as a double");
                Err(Fault { at: start, message, mend: "write a finite number".into() })
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self) -> Result<Value, Fault> {
        let word = self.word_from(self.at);
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            _ => {
                let bare = ["nan", "inf", "infinity"].iter().any(|name| word.eq_ignore_ascii_case(name));
                let mend = if bare {
                    "JSON has no NaN and no infinity: write a finite number, or null"
                } else {
                    "mend the syntax"
                };
                let found = if word.is_empty() { self.found() } else { format!("`{word}`") };
                return Err(self.fault(format!("expected a value, found {found}"), mend));
            }
        };
        self.at += word.len();
        Ok(value)
    }

    fn word_from(&self, start: usize) -> &str {
        let rest = self.source.get(start..).unwrap_or_default();
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
        let end = rest.char_indices().find(|(_, c)| !in_word(*c)).map_or(rest.len(), |(at, _)| at);
        rest.get(..end.min(40)).unwrap_or_default()
    }

    fn text(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.source.get(self.at..).unwrap_or_default();
            let plain = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escaped()?),
                Some(_) => {
                    return Err(self.fault("a text holds a control character", "write it as an escape such as \\n"));
                }
                None => return Err(self.fault("a text does not end", "put a quotation mark at its end")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let bad = |mend: &str| Fault { at: start, message: "an escape is not known".into(), mend: mend.into() };
        self.at += 1;
        let kind = self.peek().ok_or_else(|| bad("complete the text"))?;
        self.at += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let lone = "a character beyond U+FFFF is written as two escapes, \\ud83d\\ude00";
                let first = self.four_digits().ok_or_else(|| bad("write four hexadecimal digits after \\u"))?;
                let code = match first {
                    0xd800..=0xdbff => {
                        let follows = self.take(b'\\') && self.take(b'u');
                        let second = if follows { self.four_digits() } else { None };
                        let second = second.filter(|code| (0xdc00..=0xdfff).contains(code)).ok_or_else(|| bad(lone))?;
                        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    _ => first,
                };
                char::from_u32(code).ok_or_else(|| bad(lone))?
            }
            _ => return Err(bad("known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four digits")),
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.source.get(self.at..self.at + 4)?;
        let code = digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())??;
        self.at += 4;
        Some(code)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn found(&self) -> String {
        let next = self.source.get(self.at..).and_then(|rest| rest.chars().next());
        next.map_or_else(|| "the end of the file".into(), |c| format!("`{c}`"))
    }

    fn fault(&self, message: impl Into<String>, mend: impl Into<String>) -> Fault {
        Fault { at: self.at, message: message.into(), mend: mend.into() }
    }
}

const JSON_NUMBER: &str = "write a number such as -1.5 or 2e-3";

#[cfg(test)]
mod tests;
