//! The page for people: `docs/mock-providers.md`, generated.

use super::paths;
use super::sms::CODE;
use crate::domain::challenge::ChallengeKind;
use std::fmt::Write;

/// What stands before the tables.
const HEAD: &str = "# The mock of the providers

Generated from the list in `src/mock/paths.rs`; a test keeps it current
(`AVAL_UPDATE=1 cargo test --lib mock::document` writes it anew).

`aval mock-providers` plays the APIs of Twilio Verify (codes by SMS), IDCheck (identity documents) and Powens (bank
histories), with the pages that a customer sees there. No text message is sent, no camera is opened and no bank is asked.
It prints the settings with which a server uses it. Its secrets are public: run it on loopback or in a closed test
network only.

The mock of IDCheck, as the adapter that it is for, is **experimental**: it was written without an account there, so the
signature of notices and some values are not confirmed.

What stands below is the same wherever the mock runs: on its own, beside a server, or inside a story. A value chooses the
path of one attempt; a script can choose it too, by the path's name:

    POST /admin/script    {\"kind\": \"id_document\", \"path\": \"forged\"}             the next attempt of the kind
                          {\"kind\": \"sms_code\", \"path\": \"down\", \"standing\": true}   all, until another stands
    DELETE /admin/script  forgets all scripts
    GET /admin/paths      the tables below as JSON
    GET /admin/calls      the calls that were made, without personal data

A script may hold `attempt` (the name of the attempt it is for; for a bank history the `state` that comes back from the
page), `person` (`given_names`, `family_name`, `birth_date`: who stands on the document) and `notices`, a list of what
becomes of the provider's notices:

";

/// What is said of one kind before its table.
fn about(kind: ChallengeKind) -> (&'static str, &'static str, String) {
    match kind {
        ChallengeKind::SmsCode => (
            "Codes by SMS",
            "The number ends in",
            format!(
                "The code is `{CODE}`. Five codes are sent to a number and five are tried; a verification lives for 10 \
                 minutes. Numbers such as +33639980006 are never given to anybody (ARCEP keeps +33 6 39 98 for films)."
            ),
        ),
        ChallengeKind::IdDocument => (
            "Identity documents",
            "The family name is",
            "The page asks who stands on the document: Camille Martin, born 1990-05-14, unless something else is typed. \
             A family name below chooses the path, and so does a button."
                .to_owned(),
        ),
        ChallengeKind::BankHistory => (
            "Bank histories",
            "The bank is",
            "The customer chooses a bank on the page. Each has about four months of rows, which depend on the day only."
                .to_owned(),
        ),
    }
}

/// The page, in Markdown.
pub fn document() -> String {
    let mut page = HEAD.to_owned();
    let _ = writeln!(page, "| notices | what becomes of them |\n|---|---|");
    for row in paths::twists() {
        let _ = writeln!(page, "| `{}` | {} |", row.path, row.what);
    }
    let _ = writeln!(page, "\nA notice that is not answered 200 is sent three times.");
    for kind in ChallengeKind::ALL {
        let (title, column, text) = about(kind);
        let _ = write!(page, "\n## {title} (`{}`)\n\n{text}\n\n", kind.name());
        let _ = writeln!(page, "| path | {column} | what happens |\n|---|---|---|");
        for row in paths::rows(kind) {
            let _ = writeln!(page, "| `{}` | {} | {} |", row.path, row.magic, row.what);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/mock-providers.md");
        if std::env::var_os("AVAL_UPDATE").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == document(),
            "docs/mock-providers.md is not what the mock does: run `AVAL_UPDATE=1 cargo test --lib mock::document` and \
             commit the page"
        );
    }
}
