//! `kill -9` during journeys, again and again, while the providers live on: no journey is stuck, none goes back, and every
//! effect has happened at least once, under one name.

use crate::server::{Place, Server, free_port, root};
use aval::engine::clock::system_now;
use aval::mock::{self, Mock, Options, account};
use aval::provider::http::{Client as Http, Method, Request, Transport};
use aval::rpc::json;
use aval::rpc::proto::decision_service_client::DecisionServiceClient;
use aval::rpc::proto::verification_service_client::VerificationServiceClient;
use aval::rpc::proto::{
    Application, ChallengeKind, ChallengePhase, DecideRequest, GetApplicationRequest, GrantConsentRequest, State,
    SubmitCodeRequest,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tonic::transport::Channel;

/// So many steps of journeys at least stand behind each kill.
const LEAST_A_CYCLE: u64 = 20;
/// How many journeys are walked at once.
const WALKERS: u64 = 12;

/// What the walkers know, over all lives of the server.
#[derive(Default)]
struct Walked {
    next: AtomicU64,
    steps: AtomicU64,
    /// Every application by its number: its id, and the last that was seen of it.
    seen: Mutex<BTreeMap<u64, (String, State)>>,
    /// Where browsers are on their way back to: a page that does not load is loaded again.
    on_the_way_back: Mutex<BTreeMap<u64, String>>,
}

impl Walked {
    /// An application was seen. One that is settled is never seen otherwise again.
    fn saw(&self, n: u64, application: &Application) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        let now = (application.application_id.clone(), application.state());
        let before = self.seen.lock().unwrap().insert(n, now.clone());
        if let Some((id, state)) = before {
            assert_eq!(id, now.0, "journey {n} keeps its application");
            let settled = matches!(state, State::Accepted | State::PaidInFull | State::Cancelled | State::Expired);
            assert!(!settled || state == now.1, "journey {n} went back from {state:?} to {:?}", now.1);
        }
    }
}

/// A purchase that is stepped up: by a code and a document, or (every third) by the bank history, once there was another
/// of the same customer's. Otherwise all are different, so that neither counts nor limits end their journeys.
fn purchase(n: u64) -> DecideRequest {
    let (file, who) = if n.is_multiple_of(3) { ("stretched-2", n / 6) } else { ("guest-abroad", n) };
    let path = root().join(format!("fixtures/requests/{file}.json"));
    let mut request: DecideRequest = json::read(file, &std::fs::read_to_string(path).unwrap()).unwrap();
    request.request_id = format!("journey-{n}");
    let customer = request.customer.as_mut().unwrap();
    customer.customer_id = format!("{file}-{who}");
    customer.email = format!("customer.{file}.{who}@example.org");
    customer.phone = format!("+3363{:07}", 9_000_100 + who * 17 % 99_000);
    let purchase = request.purchase.as_mut().unwrap();
    purchase.card.as_mut().unwrap().fingerprint = format!("card-{file}-{who}");
    for address in [&mut purchase.shipping_address, &mut purchase.billing_address, &mut customer.address] {
        address.iter_mut().for_each(|address| address.line1 = format!("{who} {}", address.line1));
    }
    let context = request.context.as_mut().unwrap();
    context.device_id = format!("device-{file}-{who}");
    context.ip_address = format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
    request
}

/// Goes to a provider's page, ends it well, and comes back; `Err`: what it comes back to is gone.
async fn visit(n: u64, page: &str, walked: &Walked, http: &Http) -> Result<(), ()> {
    let get = |url: String| async move {
        let answer = http.send(&Request::new(Method::Get, url), Duration::from_secs(10)).await.map_err(|_| ())?;
        // What says that it cannot now is loaded again.
        if answer.status >= 500 { Err(()) } else { Ok(answer.header("location").map(ToOwned::to_owned)) }
    };
    let back = walked.on_the_way_back.lock().unwrap().get(&n).cloned();
    let back = match back {
        Some(back) => Some(back),
        None => get(mock::finish_url(page, "")).await?,
    };
    let Some(back) = back else { return Ok(()) };
    walked.on_the_way_back.lock().unwrap().insert(n, back.clone());
    get(back).await?;
    walked.on_the_way_back.lock().unwrap().remove(&n);
    Ok(())
}

/// Takes one step of a journey; `Err`: the server is gone.
async fn step(
    n: u64,
    step: u64,
    shown: &Application,
    clients: &mut (DecisionServiceClient<Channel>, VerificationServiceClient<Channel>),
    (walked, http): (&Walked, &Http),
) -> Result<Application, ()> {
    let (decisions, verifications) = clients;
    let application_id = shown.application_id.clone();
    let request_id = format!("step-{n}-{step}");
    let challenge = shown.challenge.clone().unwrap_or_default();
    let answer = match (challenge.phase(), challenge.kind()) {
        (ChallengePhase::ConsentNeeded, _) => {
            let consent_text_id = challenge.consent.unwrap().consent_text_id;
            let request = GrantConsentRequest { request_id, application_id, consent_text_id, ..Default::default() };
            verifications.grant_consent(request).await
        }
        (ChallengePhase::ActionNeeded, ChallengeKind::SmsCode) => {
            let code = if step.is_multiple_of(2) { mock::CODE } else { mock::OTHER_CODE }.into();
            let request = SubmitCodeRequest { request_id, application_id, code, ..Default::default() };
            verifications.submit_code(request).await
        }
        (ChallengePhase::ActionNeeded, _) => {
            visit(n, &challenge.redirect_url, walked, http).await?;
            decisions.get_application(GetApplicationRequest { application_id, history: false }).await
        }
        _ => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            decisions.get_application(GetApplicationRequest { application_id, history: false }).await
        }
    };
    match answer {
        Ok(answer) => Ok(answer.into_inner()),
        // It went on meanwhile: it is looked at again.
        Err(status) if status.code() == tonic::Code::FailedPrecondition => {
            let get = GetApplicationRequest { application_id: shown.application_id.clone(), history: false };
            decisions.get_application(get).await.map(tonic::Response::into_inner).map_err(|_| ())
        }
        Err(_) => Err(()),
    }
}

fn is_open(application: &Application) -> bool {
    matches!(application.state(), State::Challenged | State::Verifying)
}

/// Walks journeys until the server is gone.
async fn walk(server: &Server, walked: &Arc<Walked>) -> tokio::task::JoinSet<()> {
    let mut walkers = tokio::task::JoinSet::new();
    for _ in 0..WALKERS {
        let channel = server.channel().await;
        let walked = walked.clone();
        walkers.spawn(async move {
            let mut clients = (DecisionServiceClient::new(channel.clone()), VerificationServiceClient::new(channel));
            let http = Http::new().unwrap();
            loop {
                let n = walked.next.fetch_add(1, Ordering::Relaxed);
                let Ok(answer) = clients.0.decide(purchase(n)).await else { return };
                let mut shown = answer.into_inner();
                for number in 0.. {
                    walked.saw(n, &shown);
                    if !is_open(&shown) {
                        break;
                    }
                    match step(n, number, &shown, &mut clients, (&walked, &http)).await {
                        Ok(next) => shown = next,
                        Err(()) => return,
                    }
                }
            }
        });
    }
    walkers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_journey_is_stuck_or_goes_back() {
    let cycles = if std::env::var_os("AVAL_LONG").is_some() { 200 } else { 6 };
    let place = Place::new();
    let ports = (free_port(), free_port());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let options = Options { analysis: Duration::from_millis(300), ..Options::new(Arc::new(system_now)) };
    let providers = Mock::new(options);
    tokio::spawn(mock::serve(listener, providers.clone(), Arc::new(Http::new().unwrap())));
    let settings: Vec<_> = (account::settings(&base_url).into_iter())
        .map(|(name, value)| (format!("AVAL_{}", name.to_uppercase()), value))
        .collect();

    let store = place.store();
    let start = || Server::start_at(ports, &["--store", &store], &settings);
    let walked = Arc::new(Walked::default());
    let mut calls = Vec::new();
    for cycle in 0..cycles {
        let server = start();
        let before = walked.steps.load(Ordering::Relaxed);
        let mut walkers = walk(&server, &walked).await;
        let until = Instant::now() + Duration::from_secs(120);
        while walked.steps.load(Ordering::Relaxed) < before + LEAST_A_CYCLE {
            assert!(Instant::now() < until, "cycle {cycle}: no {LEAST_A_CYCLE} steps within two minutes");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Anywhere in the life of a batch or of a call: the odd steps keep the moment from repeating.
        tokio::time::sleep(Duration::from_millis((cycle * 37) % 190)).await;
        server.kill();
        while let Some(walker) = walkers.join_next().await {
            walker.unwrap();
        }
        calls.extend(providers.take_calls());
    }

    // Every journey that was begun goes on from where it stands, and ends.
    let server = start();
    let channel = server.channel().await;
    let mut clients = (DecisionServiceClient::new(channel.clone()), VerificationServiceClient::new(channel));
    let http = Http::new().unwrap();
    let begun: Vec<_> = walked.seen.lock().unwrap().iter().map(|(n, (id, _))| (*n, id.clone())).collect();
    let mut endings: BTreeMap<State, u64> = BTreeMap::new();
    for (n, application_id) in &begun {
        let until = Instant::now() + Duration::from_secs(120);
        let get = GetApplicationRequest { application_id: application_id.clone(), history: false };
        let mut shown = clients.0.get_application(get).await.unwrap().into_inner();
        for number in 1_000.. {
            walked.saw(*n, &shown);
            if !is_open(&shown) {
                break;
            }
            assert!(Instant::now() < until, "journey {n} is stuck: {shown:?}");
            shown = step(*n, number, &shown, &mut clients, (&walked, &http)).await.unwrap();
        }
        *endings.entry(shown.state()).or_default() += 1;
    }
    effects_have_one_name_each(&mut clients.0, &providers, calls, &begun).await;
    println!("{cycles} cycles, {} journeys: {endings:?}", begun.len());
}

/// What was asked of providers was asked at least once, and whatever began is known and is erased in the end.
async fn effects_have_one_name_each(
    client: &mut DecisionServiceClient<Channel>,
    providers: &Mock,
    mut calls: Vec<mock::Recorded>,
    begun: &[(u64, String)],
) {
    let (mut started, mut compared, mut sent) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (n, application_id) in begun {
        let get = || GetApplicationRequest { application_id: application_id.clone(), history: true };
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let history = client.get_application(get()).await.unwrap().into_inner().history;
            // The first challenge of a guest is the code.
            let by_sms = history.iter().any(|entry| entry.event == "started" && entry.actor == "twilio_verify");
            if by_sms {
                sent.insert(format!("{application_id}_1"));
            }
            let count = |event: &str| history.iter().filter(|entry| entry.event == event).count();
            let challenges = history.iter().filter(|entry| entry.event == "started").count();
            // Another code is another start of the same challenge, and all of them are forgotten at once.
            if count("erased") >= challenges.min(1) && count("erased") <= challenges {
                break;
            }
            assert!(Instant::now() < until, "journey {n}: what began is forgotten: {history:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    calls.extend(providers.take_calls());
    for call in calls.into_iter().filter(|call| !call.about.is_empty()) {
        if call.method == "POST" && call.path.ends_with("/Verifications") && call.status == 201 {
            started.insert(call.about);
        } else if call.path.ends_with("/VerificationCheck") {
            compared.insert(call.about);
        }
    }
    let unsent: Vec<_> = sent.difference(&started).collect();
    assert!(
        unsent.is_empty(),
        "the log says that these codes were sent, and the provider knows nothing of them: {unsent:?}"
    );
    let unnamed: Vec<_> = compared.difference(&started).collect();
    assert!(unnamed.is_empty(), "codes were compared under names that nothing was begun with: {unnamed:?}");
}
