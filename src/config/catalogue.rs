//! The settings, each in one row: name, type, default, bounds and what it is for. Flags, `aval.toml`, the `AVAL_*`
//! variables and `--print-config` all come from these rows.

use crate::domain::Invalid;
use crate::engine::clock::ClockKind;
use crate::notice::smtp;
use crate::provider::bank::powens;
use crate::provider::identity::idcheck;
use crate::provider::sms::twilio_verify;
use secrecy::SecretString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// One setting, as it is shown.
#[derive(Debug)]
pub struct Setting {
    /// Its name in `aval.toml`; the variable is `AVAL_` and it in upper case, the flag has hyphens.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its value where nobody sets it.
    pub default: fn() -> String,
    /// Whether a text is a value of it.
    pub check: fn(&str) -> Result<(), Invalid>,
}

impl Setting {
    /// The variable that sets it.
    pub fn variable(&self) -> String {
        format!("AVAL_{}", self.name.to_uppercase())
    }

    /// Whether it is yes or no, so that its flag alone says yes.
    pub fn is_flag(&self) -> bool {
        matches!((self.default)().as_str(), "true" | "false")
    }

    /// Whether its value is shown to nobody.
    pub fn is_secret(&self) -> bool {
        ["_token", "_secret", "_password"].iter().any(|end| self.name.ends_with(end))
    }

    /// The flag that sets it, without the hyphens before it.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $parse:expr;)*) => {
        /// The settings of the process, checked.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $name: $type,)*
        }

        /// Every setting, in the order in which it is shown.
        pub const CATALOGUE: &[Setting] = &[$(Setting {
            name: stringify!($name),
            doc: concat!($($doc),+),
            default: || $default.to_string(),
            check: |text| ($parse)(text).map(|_| ()),
        }),*];

        impl Settings {
            /// The settings from their texts, which `text` gives by name.
            pub(super) fn from_texts(text: impl Fn(&str) -> String) -> Result<Self, Invalid> {
                Ok(Self { $($name: ($parse)(text(stringify!($name)).as_str())?,)* })
            }
        }
    };
}

settings! {
    /// Where gRPC listens: an address and a port.
    grpc_addr: SocketAddr = "127.0.0.1:50051", address;
    /// Where health and metrics listen over HTTP: an address and a port.
    http_addr: SocketAddr = "127.0.0.1:8080", address;
    /// Where customers' browsers and providers' notices find the HTTP port, such as https://pay.example.org; empty: at
    /// http_addr.
    public_url: Option<String> = "", origin;
    /// Whether mocks of the providers run beside the server: true or false. For trying things out, on loopback only.
    mock_providers: bool = false, flag;
    /// Twilio Verify, which sends codes: where it is.
    twilio_base_url: String = twilio_verify::BASE_URL, base;
    /// Twilio Verify: the account, AC…; empty: nobody sends codes.
    twilio_account_sid: String = "", any;
    /// Twilio Verify: the account's token.
    twilio_auth_token: SecretString = "", secret;
    /// Twilio Verify: the service, VA….
    twilio_service_sid: String = "", any;
    /// IDCheck, which checks identity documents (experimental): where tokens are got.
    idcheck_auth_url: String = idcheck::AUTH_URL, base;
    /// IDCheck: where the hosted page is.
    idcheck_capture_url: String = idcheck::CAPTURE_URL, base;
    /// IDCheck: where reports are.
    idcheck_cis_url: String = idcheck::CIS_URL, base;
    /// IDCheck: the realm; empty: nobody checks documents.
    idcheck_realm: String = "", any;
    /// IDCheck: the name under which tokens are got.
    idcheck_client_id: String = "", any;
    /// IDCheck: the secret under which tokens are got.
    idcheck_client_secret: SecretString = "", secret;
    /// IDCheck: the configuration of the hosted page.
    idcheck_conf_code: String = "", any;
    /// Powens, which reads bank histories: where the API is; empty: at the domain's own address.
    powens_api_url: Option<String> = "", base_url;
    /// Powens: where the hosted page is.
    powens_webview_url: String = powens::WEBVIEW_URL, base;
    /// Powens: the domain; empty: nobody reads bank histories.
    powens_domain: String = "", any;
    /// Powens: the application's name.
    powens_client_id: String = "", any;
    /// Powens: the application's secret.
    powens_client_secret: SecretString = "", secret;
    /// Powens: the secret under which notices are signed.
    powens_notice_secret: SecretString = "", secret;
    /// Whether merchants' endpoints may be on this machine and without encryption: true or false. For trying things out, on
    /// loopback only.
    webhook_insecure_targets: bool = false, flag;
    /// The mail server through which customers are written to: its name or address; empty: no mail is sent.
    smtp_host: String = "", any;
    /// The mail server's port. 1 to 65535.
    smtp_port: usize = 587, |text: &str| count(text, 1, 65_535);
    /// How the connection to the mail server is protected: starttls, tls, or none, to loopback only.
    smtp_tls: smtp::Tls = smtp::Tls::StartTls, smtp_tls;
    /// The name to log in to the mail server by; empty: without.
    smtp_username: String = "", any;
    /// The password to it.
    smtp_password: SecretString = "", secret;
    /// The address that mails to customers come from, such as payments@shop.example; the merchant's name stands before it.
    mail_from: String = "", any;
    /// The directory whose *.model.json files score.
    models: PathBuf = "models", path;
    /// The policy file.
    policy: PathBuf = "policies/default.yaml", path;
    /// The store: sqlite:PATH or memory.
    store: String = "sqlite:aval.db", store;
    /// The file of the secret under which keys are hashed; empty: beside the store's file, with .secret added.
    secret_file: Option<PathBuf> = "", optional_path;
    /// Where a decision's time comes from: system, or request for replays and tests.
    clock: ClockKind = "system", clock;
    /// How many threads answer calls, 1 to 64.
    workers: usize = cores(), |text: &str| count(text, 1, 64);
    /// The most calls under way; more are refused at once. 1 to 1000000.
    max_in_flight: usize = 8_192, |text: &str| count(text, 1, 1_000_000);
    /// The largest request, in bytes. 1024 to 16777216.
    max_message_bytes: usize = 262_144, |text: &str| count(text, 1_024, 16 << 20);
    /// How long a call may take that names no deadline, in milliseconds. 1 to 600000.
    default_deadline_ms: usize = 5_000, |text: &str| count(text, 1, 600_000);
    /// How long a call may take at most, in milliseconds. 1 to 600000.
    longest_deadline_ms: usize = 30_000, |text: &str| count(text, 1, 600_000);
    /// How long calls under way may take to finish when the server stops, in seconds. 0 to 600.
    drain_seconds: usize = 10, |text: &str| count(text, 0, 600);
    /// The most memory that velocity windows take, in MiB. 1 to 1048576.
    velocity_memory_mb: usize = 512, |text: &str| count(text, 1, 1 << 20);
    /// The most answered requests kept in memory; older ones are found in the store. 1000 to 100000000.
    requests_kept: usize = 4_000_000, |text: &str| count(text, 1_000, 100_000_000);
    /// The most room that the store may take, in MiB; 0: as much as the disk has.
    store_max_mb: usize = 0, |text: &str| count(text, 0, 1 << 30);
    /// Whether callers may ask which services there are: true or false.
    reflection: bool = true, flag;
    /// What is logged: a level, or a filter such as info,aval::engine=debug.
    log: String = "info", filter;
    /// How it is logged: text or json.
    log_format: LogFormat = "text", log_format;
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Text { "text" } else { "json" })
    }
}

/// One worker a core, at most 4: more gain nothing beside one sequencer.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4))
}

fn address(text: &str) -> Result<SocketAddr, Invalid> {
    text.parse().map_err(|_| Invalid::expected("an address and a port such as 127.0.0.1:50051"))
}

fn path(text: &str) -> Result<PathBuf, Invalid> {
    if text.is_empty() { Err(Invalid::expected("a path")) } else { Ok(PathBuf::from(text)) }
}

#[expect(clippy::unnecessary_wraps, reason = "every row of the catalogue has a parser that may refuse")]
fn optional_path(text: &str) -> Result<Option<PathBuf>, Invalid> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// An address that others are appended to.
fn base(text: &str) -> Result<String, Invalid> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let good = rest.is_some_and(|rest| !rest.is_empty() && !rest.ends_with('/') && !rest.contains(['?', '#', ' ']));
    good.then(|| text.into())
        .ok_or_else(|| Invalid::expected("an address such as https://pay.example.org, without a slash at the end"))
}

fn base_url(text: &str) -> Result<Option<String>, Invalid> {
    if text.is_empty() { Ok(None) } else { base(text).map(Some) }
}

/// An address without a path: paths of ours are appended.
fn origin(text: &str) -> Result<Option<String>, Invalid> {
    let url = base_url(text)?;
    let has_path = url.as_ref().is_some_and(|url| url.matches('/').count() > 2);
    if has_path {
        Err(Invalid::expected("an address without a path, such as https://pay.example.org"))
    } else {
        Ok(url)
    }
}

fn any(text: &str) -> Result<String, Invalid> {
    let good = text.len() <= 200 && text.bytes().all(|b| b.is_ascii_graphic());
    good.then(|| text.into()).ok_or_else(|| Invalid::expected("at most 200 visible ASCII characters"))
}

fn secret(text: &str) -> Result<SecretString, Invalid> {
    any(text).map(SecretString::from)
}

fn smtp_tls(text: &str) -> Result<smtp::Tls, Invalid> {
    smtp::Tls::parse(text).ok_or_else(|| Invalid::expected("starttls, tls or none"))
}

fn store(text: &str) -> Result<String, Invalid> {
    let good = text == "memory" || text.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty());
    if good { Ok(text.into()) } else { Err(Invalid::expected("sqlite:PATH or memory")) }
}

fn clock(text: &str) -> Result<ClockKind, Invalid> {
    match text {
        "system" => Ok(ClockKind::System),
        "request" => Ok(ClockKind::Request),
        _ => Err(Invalid::expected("system or request")),
    }
}

fn count(text: &str, min: usize, max: usize) -> Result<usize, Invalid> {
    let number = text.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| Invalid::expected(format!("a whole number from {min} to {max}")))
}

fn flag(text: &str) -> Result<bool, Invalid> {
    text.parse().map_err(|_| Invalid::expected("true or false"))
}

fn filter(text: &str) -> Result<String, Invalid> {
    let good = tracing_subscriber::EnvFilter::try_new(text).is_ok() && !text.is_empty();
    good.then(|| text.into()).ok_or_else(|| Invalid::expected("a level or a filter such as info,aval::engine=debug"))
}

fn log_format(text: &str) -> Result<LogFormat, Invalid> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Invalid::expected("text or json")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        for setting in CATALOGUE {
            let default = (setting.default)();
            assert_eq!((setting.check)(&default), Ok(()), "{}: {default:?}", setting.name);
            assert!(setting.doc.trim_end().ends_with('.'), "{}: its doc is a sentence", setting.name);
        }
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        let secrets: Vec<_> =
            CATALOGUE.iter().filter(|setting| setting.is_secret()).map(|setting| setting.name).collect();
        assert!(secrets.contains(&"smtp_password") && !secrets.contains(&"smtp_username"), "{secrets:?}");
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        for (name, bad) in [
            ("grpc_addr", "localhost"),
            ("models", ""),
            ("public_url", "https://example.org/pay"),
            ("public_url", "example.org"),
            ("powens_api_url", "https://example.org/2.0/"),
            ("store", "sqlite:"),
            ("store", "postgres:x"),
            ("clock", "wall"),
            ("workers", "0"),
            ("workers", "65"),
            ("workers", "two"),
            ("max_message_bytes", "12"),
            ("reflection", "yes"),
            ("log", ""),
            ("log", "aval=loud"),
            ("log_format", "xml"),
            ("smtp_tls", "maybe"),
            ("smtp_port", "0"),
        ] {
            let setting = CATALOGUE.iter().find(|setting| setting.name == name).unwrap();
            assert!((setting.check)(bad).is_err(), "{name} = {bad:?}");
        }
    }
}
