//! What a merchant is told when something happens: the application as `GetApplication` answers, but for the addresses of
//! providers' pages, which let whoever has them in.

use super::{Shown, application};
use crate::domain::ids::ApplicationId;
use crate::engine::{Links, Purpose};
use crate::rpc::json;
use crate::store::Entry;
use serde_json::{Map, Value};

/// What an event's `data` says beside its version, of an application as its entries tell it, oldest first; the event is about
/// the last of them. `None`: there is no such application.
pub fn event_data(history: &[Entry], links: &Links) -> Option<Map<String, Value>> {
    let (journey_url, plan_url) =
        (|id: ApplicationId| links.url(Purpose::Journey, id), |id: ApplicationId| links.url(Purpose::Plan, id));
    let shown =
        Shown { unseal: &|_| None, journey_url: &journey_url, plan_url: &plan_url, history: false, statements: false };
    let application = application(history, &shown).ok()?;
    Some(Map::from_iter([("application".to_owned(), json::print(&application))]))
}
