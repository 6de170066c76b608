//! `aval webhooks redeliver`: messages once more. They are made of the log again, so they say what they said, under the same ids.

use super::{Failure, open_store, print, print_json};
use crate::config;
use crate::domain::ids::{ApplicationId, MerchantId, Seq};
use crate::domain::time::Timestamp;
use crate::engine;
use crate::engine::clock::system_now;
use crate::store::{Delivery, Reader, Store, WebhookEndpoint};
use std::collections::HashSet;
use std::process::ExitCode;

/// How many entries, or dead letters, are looked at at once.
const PAGE: usize = 1_024;

/// Sends messages to their endpoints once more: an application's, all since a time, or all that were given up. A running server
/// begins within seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval webhooks redeliver --dead --store sqlite:aval.db\n  \
    aval webhooks redeliver --since 2026-11-20T08:30:00Z --merchant shop-1 --store sqlite:aval.db\n  \
    aval webhooks redeliver --application app_01890a5d96f87c3e8a5b1d2e3f405162 --store sqlite:aval.db")]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub struct Redeliver {
    /// Every message of this application.
    #[arg(long, value_name = "ID", group = "what", value_parser = application)]
    application: Option<ApplicationId>,
    /// Every message since this time, RFC 3339.
    #[arg(long, value_name = "TIME", group = "what", value_parser = time)]
    since: Option<Timestamp>,
    /// What was given up, mails too.
    #[arg(long, group = "what")]
    dead: bool,
    /// Only of this merchant.
    #[arg(long, value_name = "ID", value_parser = crate::cli::keys::merchant)]
    merchant: Option<MerchantId>,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

fn application(text: &str) -> Result<ApplicationId, String> {
    ApplicationId::parse(text).map_err(|invalid| invalid.to_string())
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|invalid| invalid.to_string())
}

impl Redeliver {
    /// Puts the deliveries.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let now = system_now();
        let count = if let Some(application) = self.application {
            self.of_application(store.as_ref(), application, now)?
        } else if let Some(since) = self.since {
            self.since(store.as_ref(), since, now)?
        } else {
            self.dead(store.as_ref(), now)?
        };
        match self.json {
            true => print_json(&serde_json::json!({ "redelivered": count })),
            false => print(&format!("{count} to be delivered once more")),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn is_wanted(&self, merchant: &MerchantId) -> bool {
        self.merchant.as_ref().is_none_or(|wanted| wanted == merchant)
    }

    fn of_application(&self, store: &dyn Store, id: ApplicationId, now: Timestamp) -> Result<usize, Failure> {
        let mut reader = store.reader()?;
        let endpoints = reader.webhook_endpoints()?;
        let history = reader.history(id.0)?;
        if !history.first().is_some_and(|first| self.is_wanted(&first.merchant)) {
            return Err(Failure::failed("no such application"));
        }
        put(store, engine::redeliveries(&history, &endpoints, Timestamp::default(), now)?)
    }

    fn since(&self, store: &dyn Store, since: Timestamp, now: Timestamp) -> Result<usize, Failure> {
        let mut reader = store.reader()?;
        let endpoints = reader.webhook_endpoints()?;
        // An application's entries are told of together, when its first after the time is met. Those of a millisecond before it
        // are read too, for places follow the machine's clock and times the engine's.
        let (mut after, mut seen, mut count) = (Seq((since.ms() - 1).max(0) << 12), HashSet::new(), 0);
        loop {
            let entries = reader.tail(after, PAGE)?;
            let Some(last) = entries.last() else { return Ok(count) };
            after = last.id.seq();
            let wanted = entries.iter().filter(|entry| self.is_wanted(&entry.merchant));
            let applications: Vec<_> = wanted.map(|entry| entry.application).filter(|id| seen.insert(*id)).collect();
            for application in applications {
                count += redeliver(store, reader.as_mut(), application, &endpoints, since, now)?;
            }
        }
    }

    fn dead(&self, store: &dyn Store, now: Timestamp) -> Result<usize, Failure> {
        let mut reader = store.reader()?;
        let mut count = 0;
        loop {
            // What has been put is dead no more, so the next page holds others.
            let dead = reader.dead(self.merchant.as_ref(), PAGE)?;
            if dead.is_empty() {
                return Ok(count);
            }
            let again = |it: Delivery| Delivery { since: now, due_at: now, tries: 0, dead: false, ..it };
            count += put(store, dead.into_iter().map(again).collect())?;
        }
    }
}

fn redeliver(
    store: &dyn Store,
    reader: &mut dyn Reader,
    application: crate::domain::ids::EntryId,
    endpoints: &[WebhookEndpoint],
    since: Timestamp,
    now: Timestamp,
) -> Result<usize, Failure> {
    let history = reader.history(application)?;
    put(store, engine::redeliveries(&history, endpoints, since, now)?)
}

fn put(store: &dyn Store, deliveries: Vec<Delivery>) -> Result<usize, Failure> {
    if !deliveries.is_empty() {
        store.put_deliveries(&deliveries)?;
    }
    Ok(deliveries.len())
}
