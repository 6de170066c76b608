//! The hosted page, where the customer comes back, what is asked of files and documents, and notices.

use super::{RESULT, Settings, is_uid};
use crate::domain::applicant::Applicant;
use crate::provider::http::{Method, Request, Response, query};
use crate::provider::{Call, Notice, NoticeError, ProviderError, StartRequest};
use secrecy::ExposeSecret;
use serde_json::json;
use subtle::ConstantTimeEq;

/// Asks for the page on which the customer's document and face are taken.
pub fn link_request(settings: &Settings, token: &str, call: &Call, request: &StartRequest) -> Request {
    let back = |result| {
        let parameters = query(&[("state", &request.state), (RESULT.0, result)]);
        format!("{}?{parameters}", request.return_url)
    };
    let notices = settings.notice_url.expose_secret();
    let notices: Vec<_> = Some(notices).filter(|url| !url.is_empty()).into_iter().collect();
    let body = json!({
        "interfaceSettings": { "confCode": settings.conf_code, "language": language(&request.applicant) },
        "documentsToCapture": [
            { "code": "DOC1", "docTypes": ["ID", "P"] },
            {
                "code": "LIVE",
                "docTypes": ["LIVENESS"],
                "livenessReferenceDoc": { "location": "ONBOARDING", "value": "DOC1" },
            },
        ],
        "resultHandler": {
            "cisConf": {
                "realm": settings.realm,
                "fileUid": call.attempt,
                "fileLaunchCheck": true,
                "fileCheckWait": true,
            },
        },
        "endpointsToNotify": notices,
        "contactData": null,
        "redirectionData": { "successRedirectUrl": back(RESULT.1), "errorRedirectUrl": back(RESULT.2) },
        "options": { "iframeDisplay": false, "iframeRedirectParent": true },
    });
    Request::new(Method::Post, format!("{}/onboarding/sendlink", settings.capture_url)).bearer(token).json(&body)
}

/// French or English: what the page is known to speak.
fn language(applicant: &Applicant) -> &'static str {
    match applicant.locale.as_deref() {
        Some(locale) if !locale.starts_with("fr") => "EN",
        _ => "FR",
    }
}

/// The page's address.
pub fn interpret_link(response: &Response) -> Result<String, ProviderError> {
    #[derive(serde::Deserialize)]
    struct Link {
        url: String,
    }
    match response.status {
        200 | 201 => {
            let link: Link = response.json()?;
            let good = link.url.starts_with("https://") || link.url.starts_with("http://");
            good.then_some(link.url).ok_or_else(|| ProviderError::Malformed("the page's address is none".into()))
        }
        _ => Err(response.refusal()),
    }
}

/// Reads a file or a document.
pub fn read_request(settings: &Settings, token: &str, path: &str) -> Request {
    Request::new(Method::Get, url(settings, path)).bearer(token)
}

/// Removes a file or a document.
pub fn erase_request(settings: &Settings, token: &str, path: &str) -> Request {
    Request::new(Method::Delete, url(settings, path)).bearer(token)
}

fn url(settings: &Settings, path: &str) -> String {
    format!("{}/rest/v1/{}/{path}", settings.cis_url, settings.realm)
}

/// What is not there need not be removed; what is being analysed cannot be, yet.
pub fn interpret_erase(response: &Response) -> Result<(), ProviderError> {
    match response.status {
        200 | 202 | 204 | 404 => Ok(()),
        409 => Err(ProviderError::Retryable("it is being analysed".into())),
        _ => Err(response.refusal()),
    }
}

/// The file's name, from a notice that came to the address that only they know.
pub fn hint(settings: &Settings, notice: &Notice<'_>) -> Result<String, NoticeError> {
    let expected = path_of(settings.notice_url.expose_secret());
    if expected.len() < 2 || !bool::from(expected.as_bytes().ct_eq(notice.path.as_bytes())) {
        return Err(NoticeError::Forged);
    }
    let body: serde_json::Value = serde_json::from_slice(notice.body).map_err(|_| NoticeError::Malformed)?;
    let is = |name: &str, value: &str| body[name].as_str() == Some(value);
    let uid = if is("resourceType", "ONBOARDING") && is("event", "END_ONBOARDING") {
        &body["eventData"]["cisData"]["cisFileUid"]
    } else if is("eventKind", "FILE") && is("operation", "CHECK") {
        &body["uid"]
    } else {
        return Err(NoticeError::Irrelevant);
    };
    uid.as_str().filter(|uid| is_uid(uid)).map(ToOwned::to_owned).ok_or(NoticeError::Malformed)
}

/// The path of an address.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or("")
}
