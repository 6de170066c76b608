//! `aval decide`.

use super::{Connection, Failure, print_json, read_input};
use crate::config;
use crate::domain::decision::Outcome;
use crate::domain::ids::MerchantId;
use crate::engine::{Caller, Engine, Outside, Settings, Submit, clock, generation};
use crate::rpc::convert::{self, Content};
use crate::rpc::proto::{self, Application, ChallengeKind, DecideRequest, State};
use crate::rpc::{json, status};
use crate::store;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an offline decision may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Decides on one purchase: offline with the models and the policy of this machine, or by a server.
///
/// The file is a DecideRequest in proto3 JSON. Offline nothing is stored, and nothing came before: every count of
/// earlier purchases is 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval decide fixtures/requests/regular.json\n  \
    aval decide fixtures/requests/regular.json --server http://127.0.0.1:50051 --json")]
pub struct Decide {
    /// The purchase: a DecideRequest in proto3 JSON; `-` reads standard input.
    file: PathBuf,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    generation: config::GenerationArgs,
    /// Prints the whole answer as proto3 JSON.
    #[arg(long)]
    json: bool,
}

impl Decide {
    /// Prints the decision; what it says does not change the exit code.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let request: DecideRequest = json::read(&self.file.display().to_string(), &read_input(&self.file)?)?;
        let application = match &self.connection.server {
            Some(_) => self.connection.with_client(|client| async move { client.decide(request).await })?.0,
            None => offline(&self.generation, &request)?,
        };
        if self.json {
            print_json(&json::print(&application));
        } else {
            print(&application);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks an engine of our own, with nothing behind it: the same path as a server's.
fn offline(arguments: &config::GenerationArgs, request: &DecideRequest) -> Result<Application, Failure> {
    let settings = arguments.settings()?;
    let hasher = crate::domain::keys::KeyHasher::new([0; 16]);
    let generation = Arc::new(generation::load(&settings.models, &settings.policy, &hasher)?);
    let submission =
        convert::submission(request, clock::system_now()).map_err(|v| Failure::refused(status::invalid(v)))?;
    let submit =
        Submit { content: submission.content_digest(), submission: &submission, subject: convert::subject(request) };
    let merchant = MerchantId::parse("demo").map_err(|invalid| Failure::failed(invalid.to_string()))?;
    let store = store::open("memory", &store::Options::default())?;
    let settings = Settings { requests_kept: 1, ..Settings::default() };
    let engine = Engine::start(settings, store, generation, hasher, Outside::nobody())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answered = runtime.block_on(async {
        let caller = Caller { merchant, actor: "offline".into() };
        engine.submit(caller, submit, Instant::now() + PATIENCE, &engine.mailbox()).await
    });
    engine.stop();
    let answered = answered.map_err(|refused| Failure::refused(status::refused(refused)))?;
    let shown = convert::Shown {
        unseal: &|_| None,
        journey_url: &|_| String::new(),
        plan_url: &|_| String::new(),
        history: false,
        statements: false,
    };
    let history = answered.history.iter().map(AsRef::as_ref);
    convert::application(history, &shown).map_err(|error| Failure::failed(error.to_string()))
}

/// Prints a decision for people.
fn print(application: &Application) {
    let decision = application.decision.clone().unwrap_or_default();
    let headline = match decision.outcome() {
        proto::Outcome::Accept => Outcome::Accept.name(),
        proto::Outcome::Decline => Outcome::Decline.name(),
        proto::Outcome::StepUp => Outcome::StepUp.name(),
        proto::Outcome::Unspecified => "unknown",
    };
    println!("{}   {}", headline.replace('_', " ").to_uppercase(), application.application_id);
    println!("  {}", next(application));
    let scores = decision.scores.unwrap_or_default();
    let percent = |p: Option<f64>| p.map_or("no score".into(), |p| format!("{:.2} %", p * 100.0));
    print!("  fraud {}, default {}", percent(scores.fraud_probability), percent(scores.default_probability));
    match (scores.expected_loss_minor, &application.amount) {
        (Some(loss), Some(amount)) => println!(", expected loss {}", money(loss, &amount.currency)),
        _ => println!(),
    }
    for reason in &decision.reasons {
        let weight = if reason.contribution == 0.0 { String::new() } else { format!("{:+.2}", reason.contribution) };
        println!("  {:26}{weight:>7}  {}", reason.code, reason.text);
    }
    if decision.degraded {
        println!("  degraded: something was missing that should have been there; see ExplainDecision");
    }
}

/// What happens now, in a line.
fn next(application: &Application) -> String {
    match application.state() {
        State::Accepted => {
            let instalments = application.plan.iter().flat_map(|plan| &plan.instalments);
            let currency = application.amount.as_ref().map_or("", |amount| amount.currency.as_str());
            let dates = instalments.map(|i| format!("{} on {}", money(i.total_amount_minor, currency), i.due_date));
            format!("paid in instalments: {}", dates.collect::<Vec<_>>().join(", "))
        }
        State::Challenged => {
            let challenge = application.challenge.clone().unwrap_or_default();
            let what = match challenge.kind() {
                ChallengeKind::SmsCode => "a code sent by SMS",
                ChallengeKind::IdDocument => "an identity document",
                ChallengeKind::BankHistory => "the bank history of the last three months",
                ChallengeKind::Unspecified => "something unknown",
            };
            format!("asked for: {what}, {} tries", challenge.attempts_left)
        }
        State::InReview => "waits for a person's review".into(),
        State::Declined => match &application.pay_in_full {
            Some(proto::PayInFullOffer { amount: Some(amount), .. }) => {
                format!("may be paid in one go: {}", money(amount.amount_minor, &amount.currency))
            }
            _ => "no credit".into(),
        },
        other => other.as_str_name().to_lowercase(),
    }
}

fn money(amount_minor: i64, currency: &str) -> String {
    use crate::domain::money::{Currency, Money};
    match Currency::parse(currency) {
        Ok(currency) => Money { amount_minor, currency }.to_string(),
        Err(_) => format!("{amount_minor} {currency}"),
    }
}
