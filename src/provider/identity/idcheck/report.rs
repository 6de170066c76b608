//! What files, documents and their reports say.

use super::is_uid;
use crate::domain::evidence::{IdentityReport, IdentityVerdict};
use crate::domain::geo::Country;
use crate::provider::ProviderError;
use crate::provider::http::Response;
use jiff::civil::Date;
use serde::Deserialize;

/// The most documents of one file that are looked at: two are asked for.
const MOST_DOCUMENTS: usize = 4;

/// Whether a file is there.
pub enum FileAnswer {
    /// It is.
    There(File),
    /// Not yet, or not any more.
    None,
}

/// A file: the documents of one attempt, and what was concluded of them together.
pub struct File {
    documents: Vec<String>,
    verdict: Option<IdentityVerdict>,
}

impl File {
    /// What was concluded of the file; `None`: it is being analysed.
    pub fn verdict(&self) -> Option<IdentityVerdict> {
        self.verdict
    }

    /// The documents' names, for paths.
    pub fn documents(&self) -> Result<&[String], ProviderError> {
        if self.documents.len() > MOST_DOCUMENTS || !self.documents.iter().all(|uid| is_uid(uid)) {
            return Err(ProviderError::Malformed("the file has other documents than were asked for".into()));
        }
        Ok(&self.documents)
    }
}

/// A document: what was concluded of it, and what stands on it.
pub struct Document {
    verdict: IdentityVerdict,
    printed: Option<Printed>,
}

/// What stands on a document.
struct Printed {
    given_names: Vec<Box<str>>,
    family_name: Option<Box<str>>,
    usage_name: Option<Box<str>>,
    birth_date: Option<Date>,
    document_expiry: Option<Date>,
    issuing_country: Option<Country>,
}

/// What comes of a file and its documents: the worst verdict of all, and what stands on the first that names a person.
pub struct Report {
    verdict: IdentityVerdict,
    printed: Option<Printed>,
}

impl Report {
    /// Of the file alone.
    pub fn of(verdict: IdentityVerdict) -> Self {
        Self { verdict, printed: None }
    }

    /// With a document more.
    pub fn add(&mut self, document: Document) {
        self.verdict = worse(self.verdict, document.verdict);
        self.printed = self.printed.take().or(document.printed);
    }

    /// All of it. A clear file in which nobody is named proves nothing.
    pub fn finish(self) -> IdentityReport {
        let named = self.printed.as_ref().is_some_and(|printed| printed.family_name.is_some());
        let verdict = if named { self.verdict } else { worse(self.verdict, IdentityVerdict::Review) };
        let printed = self.printed.unwrap_or(Printed {
            given_names: Vec::new(),
            family_name: None,
            usage_name: None,
            birth_date: None,
            document_expiry: None,
            issuing_country: None,
        });
        IdentityReport {
            verdict,
            given_names: printed.given_names,
            family_name: printed.family_name,
            usage_name: printed.usage_name,
            birth_date: printed.birth_date,
            document_expiry: printed.document_expiry,
            issuing_country: printed.issuing_country,
        }
    }
}

/// The worse of two verdicts. A forgery stays one however poor the other pictures are.
fn worse(one: IdentityVerdict, other: IdentityVerdict) -> IdentityVerdict {
    let weight = |verdict| match verdict {
        IdentityVerdict::Clear => 0,
        IdentityVerdict::Review => 1,
        IdentityVerdict::Unreadable => 2,
        IdentityVerdict::Rejected => 3,
    };
    if weight(other) > weight(one) { other } else { one }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileBody {
    #[serde(default)]
    documents: Vec<Named>,
    last_report: Option<ReportBody>,
}

#[derive(Deserialize)]
struct Named {
    uid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentBody {
    last_analysis_status: Option<String>,
    last_report: Option<ReportBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportBody {
    global_status: Option<String>,
    #[serde(default)]
    persons: Vec<Person>,
    #[serde(default)]
    info: Info,
    #[serde(default)]
    issuance: Issuance,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    identity_data: Option<Identity>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    first_names: Option<Values>,
    last_name: Option<Value>,
    usage_name: Option<Value>,
    birth_date: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    expiration_date: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Issuance {
    issuing_country: Option<Value>,
}

#[derive(Deserialize)]
struct Values {
    #[serde(default)]
    values: Vec<String>,
}

/// A value, alone or in an object beside its label.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Alone(String),
    Labelled { value: Option<String> },
    Other(serde::de::IgnoredAny),
}

impl Value {
    fn text(&self) -> Option<&str> {
        let text = match self {
            Self::Alone(text) => Some(text),
            Self::Labelled { value } => value.as_ref(),
            Self::Other(_) => None,
        };
        text.map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn date(&self) -> Option<Date> {
        let text = self.text()?;
        Date::strptime("%d/%m/%Y", text).or_else(|_| Date::strptime("%Y-%m-%d", text)).ok()
    }
}

fn verdict(global_status: Option<&str>) -> IdentityVerdict {
    match global_status {
        Some("OK") => IdentityVerdict::Clear,
        Some("ERROR" | "KO") => IdentityVerdict::Rejected,
        _ => IdentityVerdict::Review,
    }
}

pub fn interpret_file(response: &Response) -> Result<FileAnswer, ProviderError> {
    match response.status {
        200 => {}
        404 => return Ok(FileAnswer::None),
        _ => return Err(response.refusal()),
    }
    let body: FileBody = response.json()?;
    let verdict = body.last_report.map(|report| verdict(report.global_status.as_deref()));
    let documents = body.documents.into_iter().map(|document| document.uid).collect();
    Ok(FileAnswer::There(File { documents, verdict }))
}

/// A document; `None`: it is being analysed.
pub fn interpret_document(response: &Response) -> Result<Option<Document>, ProviderError> {
    if response.status != 200 {
        return Err(response.refusal());
    }
    let body: DocumentBody = response.json()?;
    match (body.last_analysis_status.as_deref(), body.last_report) {
        (Some("OK"), Some(report)) => {
            let verdict = verdict(report.global_status.as_deref());
            Ok(Some(Document { verdict, printed: printed(report) }))
        }
        (Some("ERROR" | "KO"), _) => Ok(Some(Document { verdict: IdentityVerdict::Unreadable, printed: None })),
        _ => Ok(None),
    }
}

fn printed(report: ReportBody) -> Option<Printed> {
    let person = report.persons.into_iter().find_map(|person| person.identity_data)?;
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::text).map(Box::from);
    let date = |value: &Option<Value>| value.as_ref().and_then(Value::date);
    let given_names = person.first_names.map(|names| names.values).unwrap_or_default();
    let given_names = given_names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    let country = report.issuance.issuing_country.as_ref().and_then(Value::text);
    Some(Printed {
        given_names: given_names.map(Box::from).collect(),
        family_name: text(&person.last_name),
        usage_name: text(&person.usage_name),
        birth_date: date(&person.birth_date),
        document_expiry: date(&report.info.expiration_date),
        issuing_country: country.and_then(|code| Country::parse_alpha2_or_3(code).ok()),
    })
}
