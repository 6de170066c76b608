//! `aval mock-providers`.

use super::serve::told_to_stop;
use super::{Failure, print, print_json};
use crate::domain::challenge::ChallengeKind;
use crate::engine::clock::system_now;
use crate::mock::{self, Mock, Options, account, paths};
use crate::provider::http::{Client, Transport};
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Plays the providers that verify: Twilio Verify, IDCheck and Powens, with the pages that a customer sees.
///
/// Magic values choose how things go; docs/mock-providers.md has them all, and so has the page at the address that is
/// printed. Its secrets are public: it is for loopback and for closed test networks.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval mock-providers\n  \
    aval mock-providers --port 9000 --notify-url http://127.0.0.1:8080/webhooks/powens/SECRET\n  \
    aval mock-providers --port 0 --json")]
pub struct MockProviders {
    /// The address to listen on.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0: one that is free.
    #[arg(long, value_name = "N", default_value_t = 8090)]
    port: u16,
    /// Where Powens's notices go; may be given more than once. IDCheck is told by each call.
    #[arg(long = "notify-url", value_name = "URL", value_parser = address)]
    notify_urls: Vec<String>,
    /// Where browsers and servers find the mock, if that is not where it listens.
    #[arg(long, value_name = "URL", value_parser = address)]
    public_url: Option<String>,
    /// How late slow answers are.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    slow_seconds: u64,
    /// Also catches mails by SMTP on this port; 0: one that is free. docs/notices.md.
    #[arg(long, value_name = "N")]
    mail_port: Option<u16>,
    /// The port of the page that shows caught mails; 0: one that is free.
    #[arg(long, value_name = "N", default_value_t = 8025, requires = "mail_port")]
    mail_page_port: u16,
    /// Prints addresses, settings and values as JSON, and then serves.
    #[arg(long)]
    json: bool,
}

fn address(text: &str) -> Result<String, String> {
    let good = text.starts_with("http://") || text.starts_with("https://");
    good.then(|| text.trim_end_matches('/').to_owned()).ok_or_else(|| "expected http:// or https://".into())
}

impl MockProviders {
    /// Serves until SIGTERM or Ctrl-C.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.serve())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn serve(self) -> Result<(), Failure> {
        let client: Arc<dyn Transport> = Arc::new(Client::new()?);
        let addr = SocketAddr::new(self.host, self.port);
        let listener = tokio::net::TcpListener::bind(addr).await;
        let listener = listener.map_err(|error| Failure::listen("--port", addr, &error))?;
        let base_url = self.public_url.clone().unwrap_or(format!("http://{}", listener.local_addr()?));
        let options = Options {
            slow: Duration::from_secs(self.slow_seconds),
            public_url: self.public_url,
            powens_notices_to: self.notify_urls,
            ..Options::new(Arc::new(system_now))
        };
        let catcher = match self.mail_port {
            Some(port) => {
                let page = self.mail_page_port;
                let started = mock::mail::start(port, page).await;
                Some(started.map_err(|error| Failure::wrong_use(format!("--mail-port {port}, page {page}: {error}")))?)
            }
            None => None,
        };
        if self.json {
            print_json(&shown(&base_url, catcher.as_ref()));
        } else {
            print(&text(&base_url, catcher.as_ref()));
        }
        tokio::select! {
            served = mock::serve(listener, Mock::new(options), client) => served?,
            () = told_to_stop() => {}
        }
        Ok(())
    }
}

fn shown(base_url: &str, mails: Option<&mock::mail::Running>) -> serde_json::Value {
    let settings: serde_json::Map<_, _> =
        account::settings(base_url).into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    let paths: serde_json::Map<_, _> = ChallengeKind::ALL
        .into_iter()
        .map(|kind| (kind.name().to_owned(), serde_json::json!(paths::rows(kind))))
        .collect();
    let mails = mails.map(|mails| serde_json::json!({ "smtp_addr": mails.smtp_addr.to_string(), "url": mails.url }));
    serde_json::json!({ "url": base_url, "settings": settings, "paths": paths, "mails": mails })
}

fn text(base_url: &str, mails: Option<&mock::mail::Running>) -> String {
    let mut text = format!("The mock of the providers is at {base_url}. In aval.toml:\n\n");
    for (name, value) in account::settings(base_url) {
        let _ = writeln!(text, "{name} = \"{value}\"");
    }
    let _ = write!(text, "\nThe code of every text message is {}. What chooses how things go:\n", mock::CODE);
    for kind in ChallengeKind::ALL {
        let _ = write!(text, "\n{}\n", kind.name());
        for row in paths::rows(kind) {
            let _ = writeln!(text, "  {:15} {:16} {}", row.path, row.magic, row.what);
        }
    }
    if let Some(mails) = mails {
        let (host, port) = (mails.smtp_addr.ip(), mails.smtp_addr.port());
        let _ = write!(text, "\nMails are caught and shown at {}. In aval.toml:\n\n", mails.url);
        let _ = write!(text, "smtp_host = \"{host}\"\nsmtp_port = {port}\nsmtp_tls = \"none\"\n");
        let _ = writeln!(text, "mail_from = \"payments@aval.example\"");
    }
    text.trim_end().to_owned()
}
