//! IDCheck.io (CIS API, version 1), by its hosted page. **Experimental**: it was written without an account there, so the
//! signature of notices and some of the values are not confirmed.
//!
//! Facts that shape this adapter:
//! - The page is asked for with the name of a *file*, which is ours: the attempt's. So asking again is harmless, and
//!   everything is found again by that name.
//! - What the page's end says is not believed: a file is clear when the file's report and every document's say so. The
//!   reports' `globalStatus` decides alone; no check is looked at by its identifier.
//! - No signature of notices is known. Notices come to an address that nobody can guess ([`Settings::notice_url`]), only
//!   the file's name is taken from them, and links in them are never followed.
//!
//! Not confirmed, and read leniently: `globalStatus` (`OK` is clear, `WARN…` is for review, `ERROR` and `KO` are rejected,
//! everything else is for review); a failed analysis (`lastAnalysisStatus` `ERROR` or `KO`) is taken for an unreadable
//! document; dates as `dd/MM/yyyy` or `yyyy-MM-dd`, alone or in an object; countries of two or three letters; that a file
//! is not there before the capture; the end of a check as a notice of its own (`FILE`, `UPDATE`, `CHECK`).

mod pages;
mod report;
mod token;

use crate::domain::challenge::ChallengeKind;
use crate::domain::evidence::Evidence;
use crate::provider::http::{Executor, Limits, Request, Response, Safe, Transport};
use crate::provider::{
    Action, Answer, Call, Denial, Handle, Input, Notice, NoticeError, Progress, Provider, ProviderError, StartRequest,
    Started,
};
use report::FileAnswer;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use token::Tokens;

/// Its name in settings, metrics and paths.
pub const NAME: &str = "idcheck";
/// Where tokens are got.
pub const AUTH_URL: &str = "https://api.idcheck.ariadnext.io";
/// Where the hosted page is.
pub const CAPTURE_URL: &str = "https://sdkweb.idcheck.ariadnext.io";
/// Where reports are.
pub const CIS_URL: &str = "https://api.idcheck.ariadnext.io/gw/cis";
/// When to ask again: an analysis takes about 10 s.
const AGAIN: Duration = Duration::from_secs(5);
/// The parameter with which the customer comes back, and what it says after a capture that came to its end.
const RESULT: (&str, &str, &str) = ("result", "success", "error");

/// The settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where tokens are got, without a slash at the end: [`AUTH_URL`], or a mock.
    pub auth_url: String,
    /// Where the hosted page is: [`CAPTURE_URL`], or a mock.
    pub capture_url: String,
    /// Where reports are: [`CIS_URL`], or a mock.
    pub cis_url: String,
    /// The realm that was given to us.
    pub realm: String,
    /// The name under which tokens are got.
    pub client_id: String,
    /// The secret under which tokens are got.
    pub client_secret: SecretString,
    /// The configuration of the hosted page.
    pub conf_code: String,
    /// Where notices are to come: an address of ours whose path nobody can guess. Empty: none are asked for.
    pub notice_url: SecretString,
    /// What calls are held to.
    pub limits: Limits,
}

/// The adapter.
pub struct IdCheck {
    settings: Settings,
    executor: Executor,
    tokens: Tokens,
}

impl IdCheck {
    /// With these settings, over this transport.
    pub fn new(settings: Settings, transport: Arc<dyn Transport>) -> Self {
        let executor = Executor::new(NAME, transport, settings.limits);
        Self { settings, executor, tokens: Tokens::default() }
    }

    async fn begin(&self, call: &Call, request: &StartRequest) -> Result<Started, ProviderError> {
        let make = |token: &str| pages::link_request(&self.settings, token, call, request);
        let url = self.with_token(call, "start", make, pages::interpret_link).await?;
        let handle = Handle(call.attempt.as_bytes().to_vec());
        Ok(Started { handle, reference: call.attempt.clone(), action: Action::Redirect { url } })
    }

    async fn returned(&self, call: &Call, handle: &Handle, input: &Input) -> Result<Progress, ProviderError> {
        let Input::Returned(parameters) = input else {
            return Err(ProviderError::Permanent("only what came back from the page can be taken".into()));
        };
        let gave_up = parameters.iter().any(|(name, value)| name == RESULT.0 && value == RESULT.2);
        match self.look(call, handle).await? {
            Progress::Pending { .. } if gave_up => Ok(Progress::Denied(Denial::ByCustomer)),
            progress => Ok(progress),
        }
    }

    async fn look(&self, call: &Call, handle: &Handle) -> Result<Progress, ProviderError> {
        let pending = Ok(Progress::Pending { retry_after: AGAIN });
        let FileAnswer::There(file) = self.file(call, handle).await? else { return pending };
        let Some(verdict) = file.verdict() else { return pending };
        let mut report = report::Report::of(verdict);
        for uid in file.documents()? {
            let path = format!("document/{uid}");
            let make = |token: &str| pages::read_request(&self.settings, token, &path);
            match self.with_token(call, "poll", make, report::interpret_document).await? {
                Some(document) => report.add(document),
                None => return pending,
            }
        }
        Ok(Progress::Done(Evidence::Identity(report.finish())))
    }

    async fn file(&self, call: &Call, handle: &Handle) -> Result<FileAnswer, ProviderError> {
        let path = format!("file/{}", uid(handle)?);
        let make = |token: &str| pages::read_request(&self.settings, token, &path);
        self.with_token(call, "poll", make, report::interpret_file).await
    }

    async fn forget(&self, call: &Call, handle: &Handle) -> Result<(), ProviderError> {
        let documents = match self.file(call, handle).await? {
            FileAnswer::There(file) => file.documents()?.to_vec(),
            FileAnswer::None => Vec::new(),
        };
        let of_file = format!("file/{}", uid(handle)?);
        for path in documents.iter().map(|uid| format!("document/{uid}")).chain([of_file]) {
            let make = |token: &str| pages::erase_request(&self.settings, token, &path);
            self.with_token(call, "erase", make, pages::interpret_erase).await?;
        }
        Ok(())
    }

    /// Makes a call under the token at hand, and once more under a new one if that is refused: a token may end at any
    /// moment.
    async fn with_token<T>(
        &self,
        call: &Call,
        name: &'static str,
        make: impl Fn(&str) -> Request,
        interpret: impl Fn(&Response) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        if let Some(held) = self.tokens.held(call.now) {
            match self.executor.run(call, name, Safe::Yes, &make(&held), &interpret).await {
                Err(ProviderError::Config(_)) => self.tokens.drop_one(&held),
                other => return other,
            }
        }
        let request = token::request(&self.settings);
        let token = self.executor.run(call, "token", Safe::Yes, &request, token::interpret).await?;
        let result = self.executor.run(call, name, Safe::Yes, &make(&token.value), &interpret).await;
        self.tokens.keep(token, call.now);
        result
    }
}

impl Provider for IdCheck {
    fn name(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> ChallengeKind {
        ChallengeKind::IdDocument
    }

    fn start<'a>(&'a self, call: &'a Call, request: &'a StartRequest) -> Answer<'a, Started> {
        Box::pin(self.begin(call, request))
    }

    fn submit<'a>(&'a self, call: &'a Call, handle: &'a Handle, input: &'a Input) -> Answer<'a, Progress> {
        Box::pin(self.returned(call, handle, input))
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, Progress> {
        Box::pin(self.look(call, handle))
    }

    fn erase<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, ()> {
        Box::pin(self.forget(call, handle))
    }

    fn hint(&self, notice: &Notice<'_>) -> Result<String, NoticeError> {
        pages::hint(&self.settings, notice)
    }
}

/// The handle is the file's name.
fn uid(handle: &Handle) -> Result<&str, ProviderError> {
    std::str::from_utf8(&handle.0)
        .ok()
        .filter(|uid| is_uid(uid))
        .ok_or_else(|| ProviderError::Permanent("this is no handle of IDCheck's".into()))
}

/// Whether a text may be the name of a file or document: what stands in a path must not lead out of it.
fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests;
