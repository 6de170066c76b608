//! Letters as HTML and as text.

use super::facts::{Facts, Notice};
use super::letter::{Letter, Part, Schedule, letter};
use crate::domain::reason::Language;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How wide lines of the text part are, in characters; addresses and what no line may break are longer.
const WIDTH: usize = 76;

/// A notice, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without anything personal but the merchant's name.
    pub subject: String,
    /// The HTML part, a whole document.
    pub html: String,
    /// The text part.
    pub text: String,
}

impl std::fmt::Debug for Rendered {
    /// Without anything personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rendered({})", self.subject)
    }
}

/// A notice in a language. `None`: it tells of a plan or an instalment that is not among the facts.
pub fn render(notice: &Notice, facts: &Facts, language: Language) -> Option<Rendered> {
    let letter = letter(notice, facts, language)?;
    Some(Rendered { html: as_html(&letter).into_string(), text: as_text(&letter), subject: letter.subject })
}

/// Colours by class, so that mailboxes in dark mode turn all of them and not half.
const DARK: &str = "@media (prefers-color-scheme:dark){\
    .page{background:#121212!important}.card{background:#1e1e1e!important}\
    .ink,.ink td,.ink th{color:#f2f2f2!important;border-color:#4d4d4d!important}\
    .soft{color:#c9c9c9!important}.button{background:#8fdcbd!important;color:#06281b!important}\
    .link{color:#8fdcbd!important}}";
const INK: &str = "color:#1c1c1c;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const SOFT: &str = "color:#565656;font-size:14px;line-height:1.5;margin:8px 0";
const LINK: &str = "color:#0b5c43";
const BUTTON: &str = "display:inline-block;background:#0b5c43;color:#ffffff;font-weight:600;text-decoration:none;\
    padding:14px 24px;border-radius:8px";
const CELL: &str = "text-align:left;padding:8px 8px 8px 0;border-bottom:1px solid #d0d0d0;vertical-align:top";
const NUMBER_CELL: &str = "text-align:right;padding:8px 8px 8px 0;border-bottom:1px solid #d0d0d0;white-space:nowrap;\
    vertical-align:top";
const HIDDEN: &str = "display:none;max-height:0;overflow:hidden;opacity:0";

fn as_html(letter: &Letter) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(letter.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (letter.subject) }
                style { ":root{color-scheme:light dark}" (PreEscaped(DARK)) }
            }
            body class="page" style="margin:0;padding:0;background:#f2f4f3" {
                div style=(HIDDEN) { (letter.preview) }
                div class="page" style="background:#f2f4f3;padding:16px 8px" {
                    div class="card ink" role="article" aria-labelledby="title" lang=(letter.language.code())
                        style={ "max-width:560px;margin:0 auto;background:#ffffff;border-radius:12px;padding:24px;" (INK) } {
                        h1 id="title" style="font-size:22px;line-height:1.3;margin:0 0 16px" { (letter.title) }
                        @for part in &letter.parts { (html_part(part)) }
                        hr style="border:0;border-top:1px solid #d0d0d0;margin:24px 0 16px";
                        p class="soft" style=(SOFT) {
                            @for (at, (label, url)) in letter.foot.iter().enumerate() {
                                @if at > 0 { " · " }
                                (link(label, url))
                            }
                        }
                        @for text in &letter.small { p class="soft" style=(SOFT) { (text) } }
                    }
                }
            }
        }
    }
}

fn html_part(part: &Part) -> Markup {
    html! {
        @match part {
            Part::Paragraph(text) => p style="margin:0 0 16px" { (text) },
            Part::Heading(text) => h2 style="font-size:18px;margin:24px 0 8px" { (text) },
            Part::List(items) => ul style="margin:0 0 16px;padding-left:20px" { @for item in items { li { (item) } } },
            Part::Schedule(schedule) => (html_schedule(schedule)),
            Part::Button { label, url } => p style="margin:24px 0" {
                a class="button" href=(web(url)) style=(BUTTON) { (label) }
            },
            Part::Links(links) => ul style="list-style:none;margin:0 0 16px;padding:0" {
                @for (label, url) in links { li style="padding:6px 0" { (link(label, url)) } }
            },
            Part::Support { text, email } => p style="margin:24px 0 0" {
                (text) " " a class="link" href={ "mailto:" (email) } style=(LINK) { (email) }
            },
        }
    }
}

fn html_schedule(schedule: &Schedule) -> Markup {
    let [number, due, amount, state] = &schedule.heads;
    html! {
        table class="ink" style="width:100%;border-collapse:collapse;font-size:15px;margin:8px 0 16px" {
            caption style="text-align:left;font-weight:600;padding:0 0 8px" { (schedule.caption) }
            thead { tr {
                th scope="col" style=(CELL) { (number) }
                th scope="col" style=(CELL) { (due) }
                th scope="col" style=(NUMBER_CELL) { (amount) }
                th scope="col" style=(CELL) { (state) }
            } }
            tbody {
                @for [number, due, amount, state] in &schedule.rows { tr {
                    th scope="row" style=(CELL) { (number) }
                    td style=(CELL) { (due) }
                    td style=(NUMBER_CELL) { (amount) }
                    td style={ (CELL) ";white-space:nowrap" } { (state) }
                } }
            }
            tfoot { tr {
                th scope="row" colspan="2" style=(CELL) { (schedule.total[0]) }
                td style={ (NUMBER_CELL) ";font-weight:600" } { (schedule.total[1]) }
                td style=(CELL) {}
            } }
        }
    }
}

fn link(label: &str, url: &str) -> Markup {
    html! { a class="link" href=(web(url)) style=(LINK) { (label) } }
}

/// An address of the web; anything else leads nowhere, so that no mail holds a script.
fn web(url: &str) -> &str {
    if url.starts_with("https://") || url.starts_with("http://") { url } else { "#" }
}

fn as_text(letter: &Letter) -> String {
    let mut blocks = vec![wrapped(&letter.title, "")];
    for part in &letter.parts {
        blocks.push(match part {
            Part::Paragraph(text) | Part::Heading(text) => wrapped(text, ""),
            Part::List(items) => joined(items.iter().map(|item| format!("- {}", wrapped(item, "  ")))),
            Part::Schedule(schedule) => text_schedule(schedule),
            Part::Button { label, url } => format!("{label}\n{}", web(url)),
            Part::Links(links) => joined(links.iter().map(|(label, url)| format!("{label}\n{}", web(url)))),
            Part::Support { text, email } => format!("{text} {email}"),
        });
    }
    blocks.push("--".into());
    blocks.push(joined(letter.foot.iter().map(|(label, url)| format!("{label}\n{}", web(url)))));
    blocks.extend(letter.small.iter().map(|text| wrapped(text, "")));
    let mut text = blocks.join("\n\n");
    text.push('\n');
    text
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn text_schedule(schedule: &Schedule) -> String {
    let width = |column: usize| {
        let cells = schedule.rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.chars().count()));
        cells.max().unwrap_or_default()
    };
    let (numbers, dates) = (width(0), width(1));
    let amounts = width(2).max(schedule.total[1].chars().count());
    let rows = schedule
        .rows
        .iter()
        .map(|[number, due, amount, state]| format!("{number:>numbers$}. {due:dates$}  {amount:>amounts$}  {state}"));
    let labels = numbers + 2 + dates;
    let total = format!("{:labels$}  {:>amounts$}", schedule.total[0], schedule.total[1]);
    format!("{}\n\n{}\n{total}", schedule.caption, joined(rows))
}

/// A paragraph in lines of [`WIDTH`] characters; those after the first begin with `indent`. Breaks at plain spaces only.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 16);
    let mut used = 0;
    for word in text.split(|letter: char| letter == ' ' || letter.is_control()).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if used == 0 {
            used = length;
        } else if used + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(indent);
            used = indent.len() + length;
        } else {
            lines.push(' ');
            used += 1 + length;
        }
        lines.push_str(word);
    }
    lines
}
