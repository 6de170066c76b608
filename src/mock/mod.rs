//! Floor 5: the providers' APIs and pages as a mock: Twilio Verify, IDCheck and Powens, as far as the adapters speak to
//! them. It runs on a socket ([`serve`]) for a person, a demonstration or a test, and within the process ([`InProcess`])
//! for stories on a virtual clock: its time is what its clock says.
//!
//! How an attempt goes is chosen by magic values (`docs/mock-providers.md`, [`paths`]) or beforehand by a [`Script`].
//! Everything it holds is bounded, lives in memory and is gone with the process. Its secrets are public ([`account`]):
//! it is for loopback and for closed test networks.

pub mod account;
mod answer;
mod bank;
mod bounded;
mod calls;
mod document;
mod identity;
mod in_process;
pub mod mail;
mod notice;
mod page;
pub mod paths;
mod script;
mod serve;
mod sms;
mod state;
mod statement;
mod trouble;

pub use calls::Recorded;
pub use document::document;
pub use in_process::InProcess;
pub use page::finish_url;
pub use paths::Twist;
pub use script::{Person, Refused, Script};
pub use serve::serve;
pub use sms::{CODE, OTHER_CODE};

use crate::domain::time::Timestamp;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The largest request that is read.
const MOST_BYTES: usize = 64 << 10;

/// Where the mock's time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a mock is set to.
#[derive(Clone)]
pub struct Options {
    /// Its time.
    pub clock: Clock,
    /// How late a slow answer is. Longer than any adapter waits, unless a test is in a hurry.
    pub slow: Duration,
    /// How long the analysis of a document takes.
    pub analysis: Duration,
    /// Where browsers find the mock, without a slash at the end; `None`: where the adapter's call found it.
    pub public_url: Option<String>,
    /// Where Powens's notices go, as would be set at Powens. IDCheck is told by each call.
    pub powens_notices_to: Vec<String>,
}

impl Options {
    /// By this clock; slow is 15 s, an analysis takes 2 s, and Powens sends no notices.
    pub fn new(clock: Clock) -> Self {
        let (slow, analysis) = (Duration::from_secs(15), Duration::from_secs(2));
        Self { clock, slow, analysis, public_url: None, powens_notices_to: Vec::new() }
    }
}

/// The mock; clones are the same one.
#[derive(Clone)]
pub struct Mock {
    options: Arc<Options>,
    state: Arc<Mutex<State>>,
}

impl Mock {
    /// One to which nothing has happened yet.
    pub fn new(options: Options) -> Self {
        let state = Arc::new(Mutex::new(State::new(options.slow)));
        Self { options: Arc::new(options), state }
    }

    /// The time by its clock.
    pub fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Asks for the way that an attempt goes.
    pub fn script(&self, script: Script) -> Result<(), Refused> {
        self.state().add_script(script)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn options(&self) -> &Options {
        &self.options
    }

    /// Everything it answers. What goes wrong on the way is a note on the answers, which a transport plays.
    fn router(&self) -> Router {
        let (service, user) = ("/twilio/v2/Services/{service}", "/powens/2.0/users/me");
        let cis = "/idcheck/gw/cis/rest/v1/{realm}";
        let apis = Router::new()
            .route(&format!("{service}/Verifications"), post(sms::start))
            .route(&format!("{service}/VerificationCheck"), post(sms::check))
            .route(&format!("{service}/Verifications/{{sid}}"), get(sms::look).post(sms::cancel))
            .route("/idcheck/auth/realms/customer-identity/protocol/openid-connect/token", post(identity::token))
            .route("/idcheck/onboarding/sendlink", post(identity::link))
            .route(&format!("{cis}/file/{{uid}}"), get(identity::file).delete(identity::erase_file))
            .route(&format!("{cis}/document/{{uid}}"), get(identity::document).delete(identity::erase_document))
            .route("/powens/2.0/auth/init", post(bank::access::init))
            .route("/powens/2.0/auth/token/access", post(bank::access::exchange))
            .route("/powens/2.0/auth/renew", post(bank::access::renew))
            .route("/powens/2.0/auth/token/code", get(bank::access::code))
            .route(&format!("{user}/connections"), get(bank::connections))
            .route(&format!("{user}/accounts"), get(bank::accounts))
            .route(&format!("{user}/transactions"), get(bank::transactions))
            .route(user, axum::routing::delete(bank::access::erase))
            .route_layer(axum::middleware::from_fn_with_state(self.clone(), calls::record));
        let pages = Router::new()
            .route("/", get(page::index))
            .route("/idcheck/page/{link}", get(identity::page))
            .route("/idcheck/page/{link}/finish", get(identity::finish))
            .route("/powens/webview/{what}", get(bank::webview::page))
            .route("/powens/webview/{what}/finish", get(bank::webview::finish))
            .route("/admin/script", post(script::add).delete(script::clear))
            .route("/admin/paths", get(script::paths))
            .route("/admin/calls", get(calls::list));
        apis.merge(pages).layer(DefaultBodyLimit::max(MOST_BYTES)).with_state(self.clone())
    }
}

#[cfg(test)]
mod tests;
