//! `aval keys`: the credentials of callers. The store keeps the SHA-256 of a key and its visible beginning, never the
//! key.

use super::{Failure, open_store, print, print_json};
use crate::config;
use crate::domain::decision::Digest;
use crate::domain::ids::MerchantId;
use crate::engine::clock::system_now;
use crate::engine::notice_path;
use crate::provider::bank::powens;
use crate::provider::identity::idcheck;
use crate::rpc::auth::Role;
use crate::store::{ApiKey, Store};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// How many live keys a merchant may have with the same roles: one in use, and one to move to.
const MOST_LIVE: usize = 2;
/// How many random bytes stand in the visible beginning of a key.
const PREFIX_BYTES: usize = 4;
/// How many random bytes stand in the rest of it: 256 bits.
const SECRET_BYTES: usize = 32;

/// Makes, lists and revokes API keys. A running server takes up the change within seconds.
#[derive(Debug, clap::Subcommand)]
pub enum KeysCommand {
    Create(Create),
    List(List),
    Revoke(Revoke),
    Notices(Notices),
}

/// Prints where the notices of providers come in: the addresses to be entered at the providers. Keep them to yourself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval keys notices --public-url https://pay.example.org --store sqlite:aval.db")]
pub struct Notices {
    /// Where the server is found from outside.
    #[arg(long, value_name = "URL")]
    public_url: String,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes a key and prints it: this once, for only its SHA-256 is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval keys create --merchant shop-1 --role merchant --store sqlite:aval.db")]
pub struct Create {
    /// Whose key it is: 1 to 40 of a-z, 0-9, - and _.
    #[arg(long, value_name = "ID", value_parser = merchant)]
    merchant: MerchantId,
    /// What it may do; may be given more than once.
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Lists all keys by their visible beginnings, revoked ones too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval keys list --store sqlite:aval.db --json")]
pub struct List {
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Revokes the key with this visible beginning, for good.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval keys revoke aval_1f2e3d4c --store sqlite:aval.db")]
pub struct Revoke {
    /// The visible beginning, as `aval keys list` shows it.
    prefix: String,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::parse(text).map_err(|invalid| invalid.to_string())
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| format!("expected {}", Role::ALL.map(Role::name).join(", ")))
}

impl KeysCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Create(create) => create.run(),
            Self::List(list) => list.run(),
            Self::Revoke(revoke) => revoke.run(),
            Self::Notices(notices) => notices.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let (key, stored) = make(self.merchant, &self.roles)?;
        let known = store.reader()?.api_keys()?;
        let live = known.iter().filter(|k| k.revoked_at.is_none() && k.merchant == stored.merchant);
        if live.filter(|live| live.roles == stored.roles).count() >= MOST_LIVE {
            let ApiKey { merchant, roles, .. } = stored;
            return Err(Failure::failed(format!(
                "{merchant} has {MOST_LIVE} live keys for {roles}: revoke one first (`aval keys list` shows them)"
            )));
        }
        store.put_api_key(&stored)?;
        if self.json {
            let mut shown = shown(&stored);
            shown["key"] = key.into();
            print_json(&shown);
        } else {
            print(&key);
            eprintln!("the key of {} for {}, shown this once: keep it now", stored.merchant, stored.roles);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A new key, and what is kept of it.
fn make(merchant: MerchantId, roles: &[Role]) -> Result<(String, ApiKey), Failure> {
    let mut random = [0; PREFIX_BYTES + SECRET_BYTES];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::failed(format!("the operating system gives no random numbers: {error}")))?;
    let (prefix, secret) = random.split_at(PREFIX_BYTES);
    let prefix = format!("aval_{}", hex::encode(prefix));
    let key = format!("{prefix}_{}", hex::encode(secret));
    let roles: Vec<_> = Role::ALL.into_iter().filter(|role| roles.contains(role)).map(Role::name).collect();
    let stored = ApiKey {
        prefix,
        digest: Digest::of(key.as_bytes()),
        merchant,
        roles: roles.join(","),
        created_at: system_now(),
        revoked_at: None,
    };
    Ok((key, stored))
}

impl Notices {
    fn run(self) -> Result<ExitCode, Failure> {
        let (_, hasher) = open_store(&self.store.settings()?)?;
        let public_url = self.public_url.trim_end_matches('/');
        let address = |provider| (provider, format!("{public_url}{}", notice_path(&hasher, provider)));
        let addresses = [idcheck::NAME, powens::NAME].map(address);
        if self.json {
            print_json(&addresses.into_iter().collect::<BTreeMap<_, _>>());
        } else {
            addresses.iter().for_each(|(provider, address)| print(&format!("{provider:10} {address}")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let keys = store.reader()?.api_keys()?;
        if self.json {
            print_json(&keys.iter().map(shown).collect::<Vec<_>>());
        } else if keys.is_empty() {
            print("no keys: the server serves the merchant `demo` on loopback only");
        } else {
            keys.iter().for_each(|key| print(&line(key)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(key: &ApiKey) -> String {
    let ApiKey { prefix, merchant, roles, created_at, revoked_at, .. } = key;
    let end = revoked_at.map_or(String::from("live"), |at| format!("revoked {at}"));
    format!("{prefix}  {merchant:<20} {roles:<28} made {created_at}  {end}")
}

impl Revoke {
    fn run(self) -> Result<ExitCode, Failure> {
        let (store, _) = open_store(&self.store.settings()?)?;
        let revoked = revoke(store.as_ref(), &self.prefix)?;
        if self.json {
            print_json(&shown(&revoked));
        } else {
            print(&line(&revoked));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn revoke(store: &dyn Store, prefix: &str) -> Result<ApiKey, Failure> {
    let keys = store.reader()?.api_keys()?;
    let Some(mut key) = keys.into_iter().find(|key| key.prefix == prefix) else {
        return Err(Failure::failed("no key begins so: `aval keys list` shows the visible beginnings"));
    };
    // Revoked before: it stays revoked since then.
    if key.revoked_at.is_none() {
        key.revoked_at = Some(system_now());
        store.put_api_key(&key)?;
    }
    Ok(key)
}

fn shown(key: &ApiKey) -> serde_json::Value {
    serde_json::json!({
        "prefix": key.prefix,
        "merchant": key.merchant.as_str(),
        "roles": key.roles.split(',').collect::<Vec<_>>(),
        "created_at": key.created_at.to_string(),
        "revoked_at": key.revoked_at.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_its_beginning_and_only_its_digest_is_kept() {
        let shop = || MerchantId::parse("shop").unwrap();
        let (key, stored) = make(shop(), &[Role::Operator, Role::Merchant, Role::Merchant]).unwrap();
        assert_eq!((key.len(), stored.roles.as_str()), (5 + 8 + 1 + 64, "merchant,operator"));
        assert!(key.starts_with(&format!("{}_", stored.prefix)));
        assert_eq!(stored.digest, Digest::of(key.as_bytes()));
        assert_ne!(make(shop(), &[Role::Merchant]).unwrap().0, key);
        assert!(!shown(&stored).to_string().contains(&key) && !line(&stored).contains(&key));
    }

    #[test]
    fn a_revoked_key_stays_revoked() {
        let store = crate::store::open("memory", &Default::default()).unwrap();
        let (_, stored) = make(MerchantId::parse("shop").unwrap(), &[Role::Merchant]).unwrap();
        store.put_api_key(&stored).unwrap();
        let first = revoke(store.as_ref(), &stored.prefix).unwrap();
        assert!(first.revoked_at.is_some());
        assert_eq!(revoke(store.as_ref(), &stored.prefix).unwrap(), first);
        assert!(revoke(store.as_ref(), "aval_").is_err());
    }
}
