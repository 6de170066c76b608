//! What a merchant is told of an application: as `GetApplication` answers, but for the addresses of providers' pages, which let
//! whoever has them in.

use super::{Shown, application};
use crate::rpc::json;
use crate::store::Entry;

/// An application as its entries tell it, oldest first, in proto3 JSON; `None`: there is none.
pub fn application_json(history: &[Entry]) -> Option<serde_json::Value> {
    let shown = Shown { unseal: &|_| None, history: false, statements: false };
    application(history, &shown).ok().map(|application| json::print(&application))
}
