//! The hosted pages: what the customer sees, plain enough for a person, `curl` and a test.

use super::answer::Answer;
use super::paths::{self, BankPath};
use super::script::Person;
use crate::domain::challenge::ChallengeKind;
use crate::provider::http::query;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
    label{display:block;margin:.5rem 0}input,select{font:inherit;width:20rem;max-width:100%}\
    button{font:inherit;padding:.4rem 1rem}table{border-collapse:collapse}th,td{text-align:left;padding:.2rem .6rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}\
    li{margin:.3rem 0}small{color:#555}";

/// Where a page at this address ends with this outcome.
pub fn finish_url(page: &str, outcome: &str) -> String {
    let (address, held) = page.split_once('?').unwrap_or((page, ""));
    let chosen = query(&[("outcome", outcome)]);
    let parameters: Vec<_> = [held, chosen.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    format!("{address}/finish?{}", parameters.join("&"))
}

pub(super) fn frame(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    page.into_string()
}

/// A page that is not there, or not any more.
pub fn gone() -> String {
    frame(
        "This page is not there",
        &html! { p { "Its link is wrong, used or too old. Begin again where you came from." } },
    )
}

/// Whether a text is the address of a page: what a browser is led to must not be a script.
pub fn is_address(url: &str) -> bool {
    (url.starts_with("http://") || url.starts_with("https://")) && url.len() <= 2_048
}

impl super::Mock {
    /// Where browsers find the mock: as it is set, or where this call found it.
    pub fn base_url(&self, headers: &axum::http::HeaderMap) -> String {
        let host = || headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        self.options().public_url.clone().unwrap_or_else(|| format!("http://{}", host()))
    }
}

/// A button for each way that the page can end.
fn outcomes(kind: ChallengeKind, label: impl Fn(&paths::Row) -> &'static str) -> Markup {
    html! {
        ul {
            @for row in paths::rows(kind).iter().filter(|row| !label(row).is_empty()) {
                li { button name="outcome" value=(row.path) { (label(row)) } " " small { (row.what) } }
            }
        }
    }
}

/// The capture of a document.
pub fn capture(address: &str, person: &Person) -> String {
    let action = format!("{address}/finish");
    let field = |label: &str, name: &str, kind: &str, value: &str| {
        html! { label { (label) br; input name=(name) type=(kind) value=(value); } }
    };
    let body = html! {
        p { "This is a mock of IDCheck. No camera: say what stands on the document, and how the check ends." }
        form method="get" action=(action) {
            (field("Given names", "given_names", "text", &person.given_names))
            (field("Family name", "family_name", "text", &person.family_name))
            (field("Date of birth", "birth_date", "date", &person.birth_date))
            p { button name="outcome" value="" { "Finish" } " " small { "A genuine document, unless the family name is a magic value." } }
            h2 { "Or end it otherwise" }
            (outcomes(ChallengeKind::IdDocument, |row| row.path))
        }
    };
    frame("Identity check", &body)
}

/// The choice of a bank; `again`: one was chosen, and asks for the customer again.
pub fn banks(action: &str, held: &[(&str, &str)], again: bool) -> String {
    let body = html! {
        p { "This is a mock of Powens. No password: the bank that you choose decides what it says." }
        form method="get" action=(action) {
            @for (name, value) in held { input type="hidden" name=(name) value=(value); }
            @if again {
                p { "Your bank asks for you again." }
                p { button name="outcome" value="" { "Confirm" } }
                p { button name="outcome" value=(BankPath::Refused.name()) { "Refuse" } }
            } @else {
                (outcomes(ChallengeKind::BankHistory, |row| row.magic))
            }
        }
    };
    frame("Connect your bank", &body)
}

/// `GET /`: what there is.
pub async fn index() -> Answer {
    let body = html! {
        p { "Mocks of Twilio Verify, IDCheck and Powens. These values choose how things go." }
        @for kind in ChallengeKind::ALL {
            h2 { (kind.name()) }
            table {
                thead { tr { th scope="col" { "Path" } th scope="col" { "Value" } th scope="col" { "What happens" } } }
                tbody {
                    @for row in paths::rows(kind) { tr { th scope="row" { (row.path) } td { (row.magic) } td { (row.what) } } }
                }
            }
        }
    };
    Answer::page(200, frame("Mock providers", &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_only_text() {
        let evil = "\"><script>alert(1)</script>";
        let person = Person { given_names: evil.into(), family_name: evil.into(), birth_date: evil.into() };
        for page in [capture("/p", &person), banks("/p", &[("state", evil)], true)] {
            assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
        }
        assert!(is_address("https://shop.test/back?a=b") && !is_address("javascript:alert(1)") && !is_address(""));
    }

    #[test]
    fn pages_can_be_used_by_everybody() {
        for page in [capture("/p", &Person::default()), banks("/p", &[], false), gone()] {
            assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">") && page.contains("<title>"), "{page}");
            let inputs = page.matches("<input").count() - page.matches("type=\"hidden\"").count();
            assert_eq!(inputs, page.matches("<label>").count(), "every field has a label");
        }
    }
}
