//! `aval notice`: what customers are written.

use super::{Failure, print, print_json};
use crate::domain::reason::Language;
use crate::notice::{made_up, receipt, render};
use maud::{DOCTYPE, html};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Shows what customers are written.
#[derive(Debug, clap::Subcommand)]
pub enum NoticeCommand {
    Preview(Preview),
}

impl NoticeCommand {
    /// Does it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Preview(preview) => preview.run(),
        }
    }
}

/// Writes every mail in each language, as HTML and as text, and the receipts as PDF, from made-up facts.
///
/// Begin with index.html in the folder. Nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval notice preview\n  aval notice preview --out notices --json")]
pub struct Preview {
    /// The folder to write to; made where it is missing.
    #[arg(long, value_name = "DIR", default_value = "target/notices")]
    out: PathBuf,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that was written.
struct Shown {
    language: Language,
    name: &'static str,
    subject: String,
    /// The files, each with what it is.
    files: Vec<(&'static str, String)>,
}

impl Preview {
    fn run(self) -> Result<ExitCode, Failure> {
        let out = self.out.as_path();
        std::fs::create_dir_all(out).map_err(|error| Failure::input(out, error))?;
        let mut shown = Vec::new();
        for language in Language::ALL {
            for (name, notice, facts) in made_up::notices(language) {
                let Some(mail) = render(&notice, &facts, language) else { continue };
                let (html, text) = (file(name, language, "html"), file(name, language, "txt"));
                write(out, &html, mail.html.as_bytes())?;
                write(out, &text, format!("{}\n\n{}", mail.subject, mail.text).as_bytes())?;
                shown.push(Shown {
                    language,
                    name,
                    subject: mail.subject,
                    files: vec![("HTML", html), ("text", text)],
                });
            }
            if let Some(facts) = made_up::receipt(language) {
                let name = file("receipt", language, "pdf");
                let pdf = receipt::pdf(&facts, language).map_err(|error| Failure::failed(error.to_string()))?;
                write(out, &name, &pdf)?;
                shown.push(Shown { language, name: "receipt_pdf", subject: String::new(), files: vec![("PDF", name)] });
            }
        }
        write(out, "index.html", index(&shown).as_bytes())?;
        if self.json {
            print_json(&serde_json::json!({ "index": out.join("index.html"), "notices": as_json(&shown) }));
        } else {
            print(&format!("{} notices, to be read from {}", shown.len(), out.join("index.html").display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn file(name: &str, language: Language, ending: &str) -> String {
    format!("{name}.{}.{ending}", language.code())
}

fn write(out: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = out.join(name);
    std::fs::write(&path, bytes).map_err(|error| Failure::input(&path, error))
}

fn as_json(shown: &[Shown]) -> Vec<serde_json::Value> {
    let one = |one: &Shown| {
        let files: Vec<&String> = one.files.iter().map(|(_, name)| name).collect();
        serde_json::json!({
            "name": one.name,
            "language": one.language.code(),
            "subject": one.subject,
            "files": files,
        })
    };
    shown.iter().map(one).collect()
}

fn index(shown: &[Shown]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Notices to the customer" }
                style { "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                    th,td{text-align:left;padding:.2rem .8rem .2rem 0}" }
            }
            body { main {
                h1 { "Notices to the customer" }
                table {
                    thead { tr { th scope="col" { "Notice" } th scope="col" { "Subject" } th scope="col" { "Files" } } }
                    tbody { @for one in shown { tr {
                        th scope="row" { (one.name) " (" (one.language.code()) ")" }
                        td lang=(one.language.code()) { (one.subject) }
                        td { @for (what, name) in &one.files { a href=(name) { (what) } " " } }
                    } } }
                }
            } }
        }
    };
    page.into_string()
}
