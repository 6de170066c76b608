//! Powens, version 2: the bank history of a user that is made for one attempt and erased after it. The customer's consent
//! comes before; their bank's own authentication happens on the hosted page.
//!
//! Facts that shape this adapter:
//! - `auth/init` makes a user and gives its token, so the handle holds both: it is a secret. The user has one connection
//!   at most, which is found again by asking for the user's connections: what the page's end says is not believed.
//! - Amounts are decimal numbers and are never made floats; above zero is money in.
//! - `first_date` is the first day that the bank answered for. Only it proves that the asked days are covered.
//! - Notices are signed, and only hints: their user is taken from them, nothing else.
//! - Requests that make something are sent once. A user that nobody uses holds nothing, so beginning again is harmless.
//!
//! Not confirmed, and read leniently: the list of a user's connections; the codes of categories, whose words are looked
//! at; a value that is `null`, or text.

mod access;
mod amount;
mod connection;
mod history;
mod notice;
mod page;
mod purpose;

pub use notice::sign as sign_notice;

use crate::domain::challenge::ChallengeKind;
use crate::domain::evidence::Evidence;
use crate::domain::time::Timestamp;
use crate::provider::http::{Executor, Limits, Request, Response, Safe, Transport};
use crate::provider::{
    Action, Answer, Call, Denial, Handle, Input, Notice, NoticeError, Progress, Provider, ProviderError, StartRequest,
    Started,
};
use access::User;
use connection::Standing;
use history::{Gathered, Window};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Its name in settings, metrics and paths.
pub const NAME: &str = "powens";
/// Where the hosted page is.
pub const WEBVIEW_URL: &str = "https://webview.powens.com";
/// How many days of history are asked for.
pub const DAYS: i32 = 90;
/// When to ask again while the bank is being read.
const AGAIN: Duration = Duration::from_secs(5);
/// The most pages of transactions that are read: 20,000 rows.
const MOST_PAGES: usize = 20;

/// Where the API of a domain is.
pub fn api_url(domain: &str) -> String {
    format!("https://{domain}.biapi.pro/2.0")
}

/// The settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API is, without a slash at the end: [`api_url`], or a mock.
    pub api_url: String,
    /// Where the hosted page is: [`WEBVIEW_URL`], or a mock.
    pub webview_url: String,
    /// The domain that was given to us.
    pub domain: String,
    /// The application's name there.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: SecretString,
    /// The secret under which notices are signed; empty: no notice is believed.
    pub notice_secret: SecretString,
    /// What calls are held to.
    pub limits: Limits,
}

/// The adapter.
pub struct Powens {
    settings: Settings,
    executor: Executor,
}

impl Powens {
    /// With these settings, over this transport.
    pub fn new(settings: Settings, transport: Arc<dyn Transport>) -> Self {
        let executor = Executor::new(NAME, transport, settings.limits);
        Self { settings, executor }
    }

    async fn begin(&self, call: &Call, request: &StartRequest) -> Result<Started, ProviderError> {
        let user = match &request.again {
            Some(handle) => {
                User { back: request.return_url.clone(), state: request.state.clone(), ..User::of(handle)? }
            }
            None => self.new_user(call, request).await?,
        };
        let url = page::connect_url(&self.settings, &user, &self.page_code(call, &user).await?);
        Ok(Started { handle: user.handle(), reference: user.id.to_string(), action: Action::Redirect { url } })
    }

    async fn new_user(&self, call: &Call, request: &StartRequest) -> Result<User, ProviderError> {
        let sent = access::init_request(&self.settings);
        let begun = self.executor.run(call, "start", Safe::No, &sent, access::interpret_init).await;
        let begun = begun.map_err(harmless)?;
        let token = match begun.token {
            access::Given::Permanent(token) => token,
            access::Given::ToExchange(code) => {
                let sent = access::exchange_request(&self.settings, &code);
                let exchanged = self.executor.run(call, "token", Safe::No, &sent, access::interpret_token).await;
                exchanged.map_err(harmless)?
            }
        };
        Ok(User { id: begun.user, token, back: request.return_url.clone(), state: request.state.clone() })
    }

    /// The code with which the hosted page knows the user.
    async fn page_code(&self, call: &Call, user: &User) -> Result<String, ProviderError> {
        let make = |token: &str| access::code_request(&self.settings, token);
        self.as_user(call, "code", user, make, access::interpret_code).await
    }

    async fn returned(&self, call: &Call, handle: &Handle, input: &Input) -> Result<Progress, ProviderError> {
        let Input::Returned(parameters) = input else {
            return Err(ProviderError::Permanent("only what came back from the page can be taken".into()));
        };
        match page::returned(parameters)? {
            Some(progress) => Ok(progress),
            None => self.look(call, handle).await,
        }
    }

    async fn look(&self, call: &Call, handle: &Handle) -> Result<Progress, ProviderError> {
        let user = User::of(handle)?;
        let make = |token: &str| access::read_request(&self.settings, token, "connections", &[]);
        match self.as_user(call, "poll", &user, make, connection::interpret).await? {
            Standing::None => Ok(Progress::Pending { retry_after: AGAIN }),
            Standing::Busy { retry_after } => Ok(Progress::Pending { retry_after }),
            Standing::Customer { connection } => {
                let code = self.page_code(call, &user).await?;
                let url = page::reconnect_url(&self.settings, &user, &code, connection);
                Ok(Progress::Act(Action::Redirect { url }))
            }
            Standing::Ready { connections, read_on } => {
                let today = today(call.now);
                let window = Window::of_days(DAYS, today, read_on);
                self.read(call, &user, &connections, window).await
            }
        }
    }

    async fn read(
        &self,
        call: &Call,
        user: &User,
        connections: &[u64],
        window: Window,
    ) -> Result<Progress, ProviderError> {
        let make = |token: &str| access::read_request(&self.settings, token, "accounts", &[]);
        let accounts = self.as_user(call, "accounts", user, make, |answer| history::accounts(answer, connections));
        let mut gathered = Gathered::new(window, accounts.await?);
        if gathered.has_no_account() {
            return Ok(Progress::Denied(Denial::NothingThere));
        }
        for _ in 0..MOST_PAGES {
            let make = |token: &str| gathered.page_request(&self.settings, token);
            let page = self.as_user(call, "transactions", user, make, |answer| gathered.interpret_page(answer)).await?;
            if !gathered.add(page) {
                return Ok(Progress::Done(Evidence::Bank(gathered.finish(true))));
            }
        }
        Ok(Progress::Done(Evidence::Bank(gathered.finish(false))))
    }

    async fn forget(&self, call: &Call, handle: &Handle) -> Result<(), ProviderError> {
        let user = User::of(handle)?;
        let make = |token: &str| access::erase_request(&self.settings, token);
        match self.as_user(call, "erase", &user, make, access::interpret_erase).await {
            Err(ProviderError::Permanent(_)) if self.is_gone(call, &user).await? => Ok(()),
            other => other,
        }
    }

    /// Whether a user is not known there any more.
    async fn is_gone(&self, call: &Call, user: &User) -> Result<bool, ProviderError> {
        let sent = access::renew_request(&self.settings, user.id);
        self.executor.run(call, "token", Safe::No, &sent, access::interpret_renew).await.map(|token| token.is_none())
    }

    /// Makes a call as the user; if its token is not taken any more, once more under a new one.
    async fn as_user<T>(
        &self,
        call: &Call,
        name: &'static str,
        user: &User,
        make: impl Fn(&str) -> Request,
        interpret: impl Fn(&Response) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        match self.executor.run(call, name, Safe::Yes, &make(&user.token), &interpret).await {
            Err(ProviderError::Config(_)) => {}
            other => return other,
        }
        let sent = access::renew_request(&self.settings, user.id);
        match self.executor.run(call, "token", Safe::No, &sent, access::interpret_renew).await? {
            Some(token) => self.executor.run(call, name, Safe::Yes, &make(&token), &interpret).await,
            None => Err(ProviderError::Permanent("the user is not known there any more".into())),
        }
    }
}

impl Provider for Powens {
    fn name(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> ChallengeKind {
        ChallengeKind::BankHistory
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
        notice::hint(&self.settings, notice)
    }
}

/// What nobody knows the end of may be done again here: a user that was made and is not used holds nothing.
fn harmless(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Indeterminate(why) => ProviderError::Retryable(why),
        other => other,
    }
}

/// The day it is where the bank is read.
fn today(now: Timestamp) -> Date {
    now.to_jiff().to_zoned(TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC)).date()
}

#[cfg(test)]
mod tests;
