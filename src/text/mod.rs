//! Floor 1: YAML and JSON from text to typed values, with positions. It opens nothing: callers read the files.
//!
//! A file that cannot be used ends in one [`Refusal`]: which file, which line and column, what was expected, what
//! came, and how to mend it.

pub mod json;
pub mod nearest;
pub mod yaml;

use miette::{Diagnostic, LabeledSpan, SourceCode};
use std::fmt;
use std::ops::Range;

/// Why a file was refused, and where, and how to mend it. Prints as one plain line; through `miette` it also shows
/// the offending lines.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file's name, as the caller knows it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What was expected and what came.
    pub message: String,
    /// What to do about it.
    pub mend: String,
    source: String,
    span: Range<usize>,
}

impl Refusal {
    /// A refusal of `file` about the bytes `span` of its `source`.
    pub fn new(
        file: &str,
        source: &str,
        span: Range<usize>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let start = (0..=span.start.min(source.len())).rev().find(|&at| source.is_char_boundary(at)).unwrap_or(0);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            file: file.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            mend: mend.into(),
            source: source.into(),
            span: start..span.end.clamp(start, source.len()),
        }
    }

    /// A refusal at a line and column, both from 1, as parsers report them.
    pub fn at(
        file: &str,
        source: &str,
        line: usize,
        column: usize,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let line_start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let in_line = source[line_start..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
        let start = line_start + in_line;
        Self::new(file, source, start..start + 1, message, mend)
    }
}

impl Refusal {
    /// For machines: file, line, column, message and mend.
    pub fn to_json(&self) -> serde_json::Value {
        let Self { file, line, column, message, mend, .. } = self;
        serde_json::json!({
            "file": file, "ok": false, "line": line, "column": column, "message": message, "mend": mend,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if self.mend.is_empty() { Ok(()) } else { write!(f, "; {}", self.mend) }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Refusal {}

impl Diagnostic for Refusal {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.mend.is_empty()).then(|| Box::new(&self.mend) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some("here".into()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_file_line_column_and_mend() {
        let source = "a: 1\né: zwei\n";
        let by_span = Refusal::new("p.yaml", source, 9..13, "expected a number, found \"zwei\"", "write 2");
        assert_eq!(by_span.to_string(), "p.yaml:2:4: expected a number, found \"zwei\"; write 2");
        let told = serde_json::json!({
            "file": "p.yaml", "ok": false, "line": 2, "column": 4,
            "message": "expected a number, found \"zwei\"", "mend": "write 2",
        });
        assert_eq!(by_span.to_json(), told);
        assert_eq!(Refusal::at("p.yaml", source, 2, 4, "", "").line, 2);
        assert_eq!(Refusal::at("p.yaml", source, 99, 99, "", "").line, 3);
    }
}
