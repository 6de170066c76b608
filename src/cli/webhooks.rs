//! `aval webhooks`: where merchants hear of changes, and what could not be told them. A running server takes up changes within
//! seconds. Secrets are kept encrypted, and shown once.

mod redeliver;

use super::{Failure, open_store, print, print_json};
use crate::config;
use crate::domain::ids::{ApplicationId, MerchantId};
use crate::domain::sealed::Sealed;
use crate::engine::Vault;
use crate::engine::clock::system_now;
use crate::notice::webhook::{SECRET_BYTES, Target, shown_secret};
use crate::store::{Delivery, Store, WebhookEndpoint};
use std::process::ExitCode;
use std::sync::Arc;

/// How many endpoints a merchant may have.
const MOST: usize = 8;
/// How many dead letters are listed.
const MOST_LISTED: usize = 1_000;

/// Adds, lists and changes the endpoints at which merchants hear of changes; lists and repeats what could not be delivered.
#[derive(Debug, clap::Subcommand)]
pub enum WebhooksCommand {
    Add(Add),
    List(List),
    Rotate(Rotate),
    Remove(Remove),
    Dead(Dead),
    Redeliver(redeliver::Redeliver),
}

/// Adds an endpoint and prints the secret under which its messages are signed: this once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aval webhooks add --merchant shop-1 https://shop.example.org/hooks --store sqlite:aval.db"
)]
pub struct Add {
    /// Where messages are posted to: https, on the public internet.
    url: String,
    /// Whose applications it hears of.
    #[arg(long, value_name = "ID", value_parser = super::keys::merchant)]
    merchant: MerchantId,
    #[command(flatten)]
    settings: config::WebhookArgs,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Lists all endpoints, disabled ones too, and how many messages wait for each.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval webhooks list --store sqlite:aval.db --json")]
pub struct List {
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes a second secret and prints it, this once: messages are signed under both until `--finish`, which drops the first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval webhooks rotate we_1f2e3d4c5b6a7980 --store sqlite:aval.db\n  \
    aval webhooks rotate we_1f2e3d4c5b6a7980 --finish --store sqlite:aval.db")]
pub struct Rotate {
    /// The endpoint, as `aval webhooks list` shows it.
    endpoint: String,
    /// Drops the first secret.
    #[arg(long)]
    finish: bool,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Removes an endpoint, and what still waits for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval webhooks remove we_1f2e3d4c5b6a7980 --store sqlite:aval.db")]
pub struct Remove {
    /// The endpoint, as `aval webhooks list` shows it.
    endpoint: String,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Lists what was tried for three days and given up: mails to customers too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval webhooks dead --merchant shop-1 --store sqlite:aval.db --json")]
pub struct Dead {
    /// Only of this merchant.
    #[arg(long, value_name = "ID", value_parser = super::keys::merchant)]
    merchant: Option<MerchantId>,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

impl WebhooksCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Add(add) => add.run(),
            Self::List(list) => list.run(),
            Self::Rotate(rotate) => rotate.run(),
            Self::Remove(remove) => remove.run(),
            Self::Dead(dead) => dead.run(),
            Self::Redeliver(redeliver) => redeliver.run(),
        }
    }
}

impl Add {
    fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.settings.settings()?;
        let target = Target::parse(&self.url, settings.webhook_insecure_targets)
            .map_err(|refused| Failure::wrong_use(refused.to_string()))?;
        let (store, hasher) = open_store(&settings)?;
        let (secret, endpoint) = make(&Vault::new(hasher), self.merchant, target.as_str())?;
        let known = store.reader()?.webhook_endpoints()?;
        if known.iter().filter(|known| known.merchant == endpoint.merchant).count() >= MOST {
            return Err(Failure::failed(format!(
                "{} has {MOST} endpoints: remove one first (`aval webhooks list` shows them)",
                endpoint.merchant
            )));
        }
        store.put_webhook_endpoint(&endpoint)?;
        tell_secret(&endpoint, &secret, self.json);
        Ok(ExitCode::SUCCESS)
    }
}

/// A new endpoint, and its secret as it is shown.
pub(super) fn make(vault: &Vault, merchant: MerchantId, url: &str) -> Result<(String, WebhookEndpoint), Failure> {
    let (shown, secret) = new_secret(vault)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| no_random(&error))?;
    let endpoint = WebhookEndpoint {
        id: WebhookEndpoint::id_of(&random),
        merchant,
        url: url.into(),
        secret,
        next_secret: None,
        created_at: system_now(),
        disabled_at: None,
    };
    Ok((shown, endpoint))
}

/// A new secret, as it is shown and as it is kept.
fn new_secret(vault: &Vault) -> Result<(String, Sealed), Failure> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| no_random(&error))?;
    let sealed = vault.seal(&bytes).ok_or_else(|| Failure::failed("the secret cannot be encrypted"))?;
    Ok((shown_secret(&bytes), sealed))
}

fn no_random(error: &getrandom::Error) -> Failure {
    Failure::failed(format!("the operating system gives no random numbers: {error}"))
}

fn tell_secret(endpoint: &WebhookEndpoint, secret: &str, json: bool) {
    if json {
        let mut shown = shown(endpoint, 0);
        shown["secret"] = secret.into();
        print_json(&shown);
    } else {
        print(secret);
        eprintln!("the secret of {} of {}, shown this once: keep it now", endpoint.id, endpoint.merchant);
    }
}

impl List {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let mut reader = store.reader()?;
        let (endpoints, waiting) = (reader.webhook_endpoints()?, reader.pending_endpoints()?);
        let waits = |id: &str| waiting.iter().find(|(known, _)| **known == *id).map_or(0, |(_, count)| *count);
        if self.json {
            print_json(&endpoints.iter().map(|it| shown(it, waits(&it.id))).collect::<Vec<_>>());
        } else if endpoints.is_empty() {
            print("no endpoints: no merchant is told anything");
        } else {
            endpoints.iter().for_each(|endpoint| print(&line(endpoint, waits(&endpoint.id))));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(endpoint: &WebhookEndpoint, waiting: u64) -> String {
    let WebhookEndpoint { id, merchant, url, next_secret, created_at, disabled_at, .. } = endpoint;
    let secrets = if next_secret.is_some() { "  two secrets" } else { "" };
    let end = disabled_at.map_or(String::new(), |at| format!("  disabled {at}"));
    format!("{id}  {merchant:<20} {url}  made {created_at}  {waiting} waiting{secrets}{end}")
}

impl Rotate {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, hasher) = open_store(&self.store.settings()?)?;
        let mut endpoint = find(store.as_ref(), &self.endpoint)?;
        if self.finish {
            finish(&mut endpoint)?;
            store.put_webhook_endpoint(&endpoint)?;
            tell(&endpoint, self.json);
            return Ok(ExitCode::SUCCESS);
        }
        if endpoint.next_secret.is_some() {
            return Err(Failure::failed(format!(
                "{} has two secrets already: `aval webhooks rotate {} --finish` drops the first",
                endpoint.id, endpoint.id
            )));
        }
        let (secret, sealed) = new_secret(&Vault::new(hasher))?;
        endpoint.next_secret = Some(sealed);
        store.put_webhook_endpoint(&endpoint)?;
        tell_secret(&endpoint, &secret, self.json);
        Ok(ExitCode::SUCCESS)
    }
}

/// The second secret is the only one from now on.
fn finish(endpoint: &mut WebhookEndpoint) -> Result<(), Failure> {
    let next = endpoint.next_secret.take().ok_or_else(|| {
        Failure::failed(format!("{} has one secret: `aval webhooks rotate {}` makes another", endpoint.id, endpoint.id))
    })?;
    endpoint.secret = next;
    Ok(())
}

impl Remove {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let endpoint = find(store.as_ref(), &self.endpoint)?;
        store.remove_webhook_endpoint(&endpoint.id)?;
        tell(&endpoint, self.json);
        Ok(ExitCode::SUCCESS)
    }
}

impl Dead {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let dead = named(&store, store.reader()?.dead(self.merchant.as_ref(), MOST_LISTED)?)?;
        if self.json {
            print_json(&dead.iter().map(|(delivery, id)| shown_dead(delivery, *id)).collect::<Vec<_>>());
        } else if dead.is_empty() {
            print("nothing was given up");
        } else {
            dead.iter().for_each(|(delivery, id)| print(&dead_line(delivery, *id)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Deliveries with the ids of their applications.
fn named(store: &Arc<dyn Store>, deliveries: Vec<Delivery>) -> Result<Vec<(Delivery, Option<ApplicationId>)>, Failure> {
    let mut reader = store.reader()?;
    let mut named = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let first = reader.entry_at(delivery.application)?;
        named.push((delivery, first.map(|entry| ApplicationId(entry.id))));
    }
    Ok(named)
}

fn dead_line(delivery: &Delivery, id: Option<ApplicationId>) -> String {
    let Delivery { key, merchant, since, due_at, tries, .. } = delivery;
    let to = if key.endpoint.is_empty() { "customer" } else { &*key.endpoint };
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    format!(
        "{to}  {} of {id} of {merchant}: owed since {since}, tried {tries} times, given up {due_at}",
        key.kind.name()
    )
}

fn shown_dead(delivery: &Delivery, id: Option<ApplicationId>) -> serde_json::Value {
    serde_json::json!({
        "kind": delivery.key.kind.name(),
        "endpoint": delivery.key.endpoint,
        "merchant": delivery.merchant.as_str(),
        "application_id": id.map(|id| id.to_string()),
        "since": delivery.since.to_string(),
        "dead_at": delivery.due_at.to_string(),
        "tries": delivery.tries,
    })
}

/// The endpoint of an id.
fn find(store: &dyn Store, id: &str) -> Result<WebhookEndpoint, Failure> {
    let endpoints = store.reader()?.webhook_endpoints()?;
    let found = endpoints.into_iter().find(|endpoint| *endpoint.id == *id);
    found.ok_or_else(|| Failure::failed("no endpoint has this id: `aval webhooks list` shows them"))
}

fn tell(endpoint: &WebhookEndpoint, json: bool) {
    match json {
        true => print_json(&shown(endpoint, 0)),
        false => print(&line(endpoint, 0)),
    }
}

fn shown(endpoint: &WebhookEndpoint, waiting: u64) -> serde_json::Value {
    serde_json::json!({
        "id": endpoint.id,
        "merchant": endpoint.merchant.as_str(),
        "url": endpoint.url,
        "secrets": 1 + usize::from(endpoint.next_secret.is_some()),
        "waiting": waiting,
        "created_at": endpoint.created_at.to_string(),
        "disabled_at": endpoint.disabled_at.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::KeyHasher;

    #[test]
    fn a_secret_is_shown_once_and_kept_encrypted() {
        let vault = Vault::new(KeyHasher::new([7; 16]));
        let (secret, endpoint) = make(&vault, MerchantId::parse("shop").unwrap(), "https://shop.example/").unwrap();
        assert!(secret.starts_with("whsec_") && endpoint.id.starts_with("we_"), "{secret} {}", endpoint.id);
        assert_eq!(shown_secret(&vault.open(&endpoint.secret).unwrap()), secret);
        assert!(!shown(&endpoint, 0).to_string().contains(&secret) && !line(&endpoint, 0).contains(&secret));
    }

    #[test]
    fn a_rotation_ends_with_the_second_secret() {
        let vault = Vault::new(KeyHasher::new([7; 16]));
        let (_, mut endpoint) = make(&vault, MerchantId::parse("shop").unwrap(), "https://shop.example/").unwrap();
        assert!(finish(&mut endpoint).is_err(), "there is one secret only");
        let (_, second) = new_secret(&vault).unwrap();
        endpoint.next_secret = Some(second.clone());
        finish(&mut endpoint).unwrap();
        assert_eq!((endpoint.secret, endpoint.next_secret), (second, None));
    }
}
