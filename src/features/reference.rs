//! The catalogue for people: `docs/features.md`.

use super::catalogue::FAMILIES;
use super::{Feature, FeatureKind, count};
use std::fmt::Write;

const HEAD: &str = "# Features

What a model, a rule or an export may name. Generated from the catalogue in `src/features/`; a test keeps it current
(`AVAL_UPDATE=1 cargo test --lib features::reference` writes it anew).

What was not given is missing: `null` in rules, empty in exports, and the missing branch of a model's term. It is never
zero. The reason is the one a model's term gives unless the model names another. The code is the number under which
values are stored; it is never used for anything else.
";

/// The reference page of the catalogue, in Markdown.
pub fn reference() -> String {
    let mut page = format!(
        "{HEAD}\nThere are {} of them, and beside them every signal of a merchant, as `signal_<name>`.\n",
        count()
    );
    for family in &FAMILIES {
        let _ = write!(page, "\n## {}\n\n", family.title);
        if !family.about.is_empty() {
            let _ = write!(page, "{}\n\n", family.about);
        }
        page.push_str("| feature | kind | what it says | missing when | reason | code |\n|---|---|---|---|---|---|\n");
        family.features.iter().for_each(|feature| row(feature, &mut page));
    }
    page
}

fn row(feature: &Feature, page: &mut String) {
    let Feature { name, doc, missing, reason, code, values, .. } = feature;
    let kind = match feature.kind {
        FeatureKind::Number => feature.unit.to_owned(),
        FeatureKind::Boolean => "yes or no".to_owned(),
        FeatureKind::Category if values.is_empty() => "a name".to_owned(),
        FeatureKind::Category => values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "),
    };
    let _ = writeln!(page, "| `{name}` | {kind} | {doc} | {missing} | `{reason}` | {code} |");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/features.md");
        if std::env::var_os("AVAL_UPDATE").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
            std::fs::write(path, reference()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == reference(),
            "docs/features.md is not what the catalogue says: run `AVAL_UPDATE=1 cargo test --lib features::reference` \
             and commit the page"
        );
    }
}
