//! The requests that move a journey on. Each becomes an [`Act`].

use super::canonical::Canonical;
use super::checks::{Checks, Path, Violation, chosen};
use crate::domain::ids::{ApplicationId, RequestId};
use crate::domain::time::Timestamp;
use crate::domain::{Invalid, consent, text};
use crate::engine::{Act, Engine, Given};
use crate::journey::{Input, Party};
use crate::rpc::proto;
use crate::store::Subject;
use prost::{Message, Name};

/// The most parameters that come back from a provider's page.
const MAX_PARAMETERS: usize = 20;
/// The longest name of a parameter, and the longest value, in characters.
const MAX_PARAMETER: (usize, usize) = (64, 2_048);

/// A request that moves a journey on.
pub trait Step {
    /// What it asks of the engine, or everything that is wrong with it.
    fn act(&self, engine: &Engine) -> Result<Act, Vec<Violation>>;
}

/// What every such request says.
pub(super) struct Common {
    pub checks: Checks,
    request_id: Option<RequestId>,
    application: Option<ApplicationId>,
    occurred_at: Option<Timestamp>,
    pub canonical: Canonical,
}

impl Common {
    pub fn of<M: Name>(
        _: &M,
        request_id: &str,
        application_id: &str,
        occurred_at: Option<&prost_types::Timestamp>,
    ) -> Self {
        let mut checks = Checks::default();
        let root = Path::Root;
        let request_id = checks.keep(root.field("request_id"), RequestId::parse(request_id));
        let application = checks.keep(root.field("application_id"), ApplicationId::parse(application_id));
        let occurred_at = checks.time(root.field("occurred_at"), occurred_at);
        let mut canonical = Canonical::of(&M::full_name());
        request_id.iter().for_each(|id| canonical.text(1, id.as_str()));
        application.iter().for_each(|id| canonical.text(2, &id.to_string()));
        Self { checks, request_id, application, occurred_at, canonical }
    }

    /// The act, if nothing is wrong. `number` is that of the field `occurred_at`.
    pub fn act(mut self, number: u16, input: Option<Input>) -> Result<Act, Vec<Violation>> {
        self.canonical.time(number, self.occurred_at);
        let whole = self.request_id.zip(self.application).zip(input);
        let act = whole.map(|((request_id, application), input)| Act {
            request_id,
            content: self.canonical.digest(),
            application: application.0,
            occurred_at: self.occurred_at,
            input,
            given: None,
            subject: None,
        });
        self.checks.finish(act)
    }
}

macro_rules! common {
    ($wire:expr) => {
        Common::of($wire, &$wire.request_id, &$wire.application_id, $wire.occurred_at.as_ref())
    };
}

impl Step for proto::PayInFullRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        common!(self).act(3, Some(Input::PayInFull))
    }
}

impl Step for proto::CancelRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = common!(self);
        let by = match chosen(self.by, "Party") {
            Ok(proto::Party::Unspecified | proto::Party::Merchant) => Ok(Party::Merchant),
            Ok(proto::Party::Customer) => Ok(Party::Customer),
            Ok(proto::Party::Policy) => Err(Invalid::expected("the customer or the merchant")),
            Err(invalid) => Err(invalid),
        };
        let by = common.checks.keep(Path::Root.field("by"), by);
        by.iter().for_each(|by| common.canonical.integer(3, i64::from(*by == Party::Customer)));
        common.act(4, by.map(|by| Input::Cancel { by }))
    }
}

impl Step for proto::SubmitCodeRequest {
    fn act(&self, engine: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = common!(self);
        let good = (4..=10).contains(&self.code.len()) && self.code.bytes().all(|b| b.is_ascii_digit());
        let code = good.then(|| self.code.clone()).ok_or_else(|| Invalid::expected("the code: 4 to 10 digits"));
        let code = common.checks.keep(Path::Root.field("code"), code);
        // A code has so few digits that any plain digest of it would give it away.
        code.iter().for_each(|code| common.canonical.integer(3, engine.keyed_hash("code", code) as i64));
        let act = common.act(4, Some(Input::EnterCode))?;
        Ok(Act { given: code.map(Given::Code), ..act })
    }
}

impl Step for proto::ResendCodeRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        common!(self).act(3, Some(Input::ResendCode))
    }
}

impl Step for proto::GrantConsentRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = common!(self);
        let present = consent::BANK_HISTORY.id;
        let text_version = (self.consent_text_id == present)
            .then(|| present.into())
            .ok_or_else(|| Invalid::expected(format!("{present}, the id of the text that the challenge gives")));
        let text_version: Option<Box<str>> = common.checks.keep(Path::Root.field("consent_text_id"), text_version);
        text_version.iter().for_each(|id| common.canonical.text(3, id));
        common.act(4, text_version.map(|text_version| Input::GrantConsent { text_version }))
    }
}

impl Step for proto::RefuseConsentRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        common!(self).act(3, Some(Input::RefuseConsent))
    }
}

impl Step for proto::CompleteRedirectRequest {
    fn act(&self, engine: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = common!(self);
        let root = Path::Root;
        let path = root.field("parameters");
        if self.parameters.len() > MAX_PARAMETERS {
            common.checks.refuse(path, &Invalid::expected(format!("at most {MAX_PARAMETERS} entries")));
            return common.act(4, None);
        }
        for (name, value) in &self.parameters {
            let (longest_name, longest_value) = MAX_PARAMETER;
            match text::token(name, longest_name) {
                Ok(_) if value.is_empty() => {}
                Ok(_) => drop(common.checks.keep(Path::Key(&path, name), text::bounded(value, longest_value))),
                Err(invalid) => common.checks.refuse(path, &invalid),
            }
            common.canonical.nested(3, |to| {
                to.text(1, name);
                to.integer(2, engine.keyed_hash("parameter", value) as i64);
            });
        }
        let state = self.parameters.get("state").and_then(|state| engine.returned(state));
        let attempt = state.filter(|(application, _)| common.application.is_none_or(|asked| asked == *application));
        let attempt = attempt.map(|(_, attempt)| attempt).ok_or_else(|| {
            Invalid::expected("the state that was given out for this application, as it came back from the page")
        });
        let attempt = common.checks.keep(Path::Key(&path, "state"), attempt);
        let act = common.act(4, attempt.map(|attempt| Input::Return { attempt }))?;
        let parameters = self.parameters.iter().map(|(name, value)| (name.clone(), value.clone()));
        Ok(Act { given: Some(Given::Returned(parameters.collect())), ..act })
    }
}

impl Step for proto::RequestReviewRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        common!(self).act(3, Some(Input::RequestReview))
    }
}

impl Step for proto::SubmitStatementRequest {
    fn act(&self, engine: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = common!(self);
        let statement = common.checks.keep(Path::Root.field("statement"), text::statement(&self.statement));
        statement.iter().for_each(|words| common.canonical.integer(3, engine.keyed_hash("statement", words) as i64));
        let act = common.act(4, statement.map(|_| Input::GiveStatement))?;
        Ok(Act { subject: Some(Subject(self.encode_to_vec().into())), ..act })
    }
}

impl Step for proto::ResolveReviewRequest {
    fn act(&self, engine: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = common!(self);
        let root = Path::Root;
        let granted = match chosen(self.resolution, "ReviewResolution") {
            Ok(proto::ReviewResolution::Granted) => Ok(true),
            Ok(proto::ReviewResolution::Refused) => Ok(false),
            Ok(proto::ReviewResolution::Unspecified) => Err(Invalid::expected("granted or refused")),
            Err(invalid) => Err(invalid),
        };
        let granted = common.checks.keep(root.field("resolution"), granted);
        granted.iter().for_each(|granted| common.canonical.integer(3, i64::from(*granted)));
        let comment = common.checks.optional(root.field("comment"), &self.comment, text::statement);
        comment.iter().for_each(|words| common.canonical.integer(4, engine.keyed_hash("comment", words) as i64));
        let act = common.act(5, granted.map(|granted| Input::ResolveReview { granted }))?;
        let subject = (!self.comment.is_empty()).then(|| Subject(self.encode_to_vec().into()));
        Ok(Act { subject, ..act })
    }
}

/// What is kept of a statement that a customer gave on a page.
pub fn statement_subject(words: &str) -> Subject {
    let statement = proto::SubmitStatementRequest { statement: words.into(), ..Default::default() };
    Subject(statement.encode_to_vec().into())
}

/// What the customer stated, from what was kept of it.
pub(super) fn statement_of(subject: &Subject) -> Option<String> {
    proto::SubmitStatementRequest::decode(&*subject.0).ok().map(|request| request.statement)
}
