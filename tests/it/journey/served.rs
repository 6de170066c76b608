//! Journeys as a gateway sees them: over gRPC, without a socket.

use super::world::{BY_BANK, BY_PHONE, CODE, World, done};
use crate::server::decide_request;
use aval::domain::challenge::ChallengeKind;
use aval::domain::consent::BANK_HISTORY;
use aval::engine::Deadlines;
use aval::rpc::auth::Credentials;
use aval::rpc::proto::decision_service_client::DecisionServiceClient;
use aval::rpc::proto::review_service_client::ReviewServiceClient;
use aval::rpc::proto::verification_service_client::VerificationServiceClient;
use aval::rpc::proto::{
    Application, CancelRequest, ChallengePhase, CompleteRedirectRequest, GetApplicationRequest, GrantConsentRequest,
    ListReviewsRequest, PayInFullRequest, RefuseConsentRequest, RequestReviewRequest, ResendCodeRequest,
    ResolveReviewRequest, ReviewResolution, State, SubmitCodeRequest, SubmitStatementRequest,
};
use aval::rpc::server::{InProcess, Settings, in_process};
use std::time::Duration;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

/// The services of a world, and a purchase that was submitted there.
struct Served {
    world: World,
    decisions: DecisionServiceClient<InProcess>,
    verifications: VerificationServiceClient<InProcess>,
    reviews: ReviewServiceClient<InProcess>,
    application: String,
}

async fn served(policy: &str) -> Served {
    let world = World::new(policy);
    let deadlines = Deadlines { default: Duration::from_secs(20), longest: Duration::from_secs(20) };
    let addr = ([127, 0, 0, 1], 0).into();
    let settings = Settings { addr, workers: 1, max_message_bytes: 1 << 20, deadlines, reflection: false };
    let services = in_process(world.engine.clone(), Credentials::of(&[]), &settings);
    let mut decisions = DecisionServiceClient::new(services.clone());
    let submitted = decisions.decide(decide_request("submit", "ada", "card")).await.unwrap().into_inner();
    world.engine.settled().await;
    Served {
        world,
        decisions,
        verifications: VerificationServiceClient::new(services.clone()),
        reviews: ReviewServiceClient::new(services),
        application: submitted.application_id,
    }
}

fn state(answer: Result<Response<Application>, Status>) -> State {
    answer.unwrap().into_inner().state()
}

fn phase(application: &Application) -> ChallengePhase {
    application.challenge.as_ref().map(|challenge| challenge.phase()).unwrap_or_default()
}

impl Served {
    fn code(&self, request_id: &str, code: &str) -> SubmitCodeRequest {
        let (request_id, application_id) = (request_id.into(), self.application.clone());
        SubmitCodeRequest { request_id, application_id, code: code.into(), occurred_at: None }
    }

    fn resend(&self, request_id: &str) -> ResendCodeRequest {
        ResendCodeRequest {
            request_id: request_id.into(),
            application_id: self.application.clone(),
            ..Default::default()
        }
    }

    async fn application(&mut self, history: bool) -> Application {
        let request = GetApplicationRequest { application_id: self.application.clone(), history };
        self.decisions.get_application(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn a_code_goes_from_the_gateway_to_the_provider_and_stands_nowhere() {
    let mut served = served(BY_PHONE).await;
    let application = served.application(false).await;
    let challenge = application.challenge.clone().unwrap();
    assert_eq!(
        (phase(&application), challenge.code_length, challenge.attempts_left),
        (ChallengePhase::ActionNeeded, 6, 3)
    );
    let wrong = served.verifications.submit_code(served.code("1", "999999")).await.unwrap();
    assert_eq!(wrong.get_ref().challenge.as_ref().map(|challenge| challenge.attempts_left), Some(2));
    let again = served.verifications.submit_code(served.code("1", "999999")).await.unwrap();
    assert!(again.metadata().contains_key("aval-replayed") && again.get_ref() == wrong.get_ref());
    let other = served.verifications.submit_code(served.code("1", CODE)).await.unwrap_err();
    assert_eq!(other.code(), Code::AlreadyExists);

    let soon = served.verifications.resend_code(served.resend("2")).await.unwrap_err();
    assert_eq!(soon.code(), Code::ResourceExhausted);
    assert_eq!(soon.get_details_retry_info().and_then(|info| info.retry_delay), Some(Duration::from_secs(60)));

    assert_eq!(state(served.verifications.submit_code(served.code("3", CODE)).await), State::Accepted);
    let forbidden = served.verifications.submit_code(served.code("4", CODE)).await.unwrap_err();
    assert_eq!(forbidden.code(), Code::FailedPrecondition);
    let violations = forbidden.get_details_precondition_failure().unwrap().violations;
    assert_eq!((violations[0].r#type.as_str(), violations[0].subject.as_str()), ("STATE", "accepted"));

    served.world.engine.settled().await;
    let told = served.application(true).await;
    let events: Vec<_> = told.history.iter().map(|entry| entry.event.as_str()).collect();
    let expected =
        ["submitted", "started", "code_entered", "code_wrong", "code_entered", "decided_on_evidence", "erased"];
    assert_eq!(events, expected);
    let kept = format!("{told:?}{:?}", served.world.history(served.world.id_of(&served.application)).await);
    assert!(!kept.contains(CODE) && !kept.contains("999999"), "a code is not kept");
}

#[tokio::test]
async fn a_banks_page_comes_back_with_its_parameters_in_any_order() {
    let mut served = served(BY_BANK).await;
    let application = served.application(false).await;
    assert_eq!(phase(&application), ChallengePhase::ConsentNeeded);
    let consent = application.challenge.unwrap().consent.unwrap();
    assert_eq!(consent.consent_text_id, BANK_HISTORY.id);
    assert!(consent.text["fr"].contains("90 derniers jours") && consent.text["en"].contains("last 90 days"));
    let grant = |request_id: &str, text: &str| GrantConsentRequest {
        request_id: request_id.into(),
        application_id: served.application.clone(),
        consent_text_id: text.into(),
        occurred_at: None,
    };
    let (old, good) = (grant("1", "bank_history_0"), grant("2", BANK_HISTORY.id));
    let refused = served.verifications.grant_consent(old).await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "consent_text_id");
    let granted = served.verifications.grant_consent(good).await.unwrap().into_inner();
    let url = granted.challenge.unwrap().redirect_url;
    let (_, given_out) = url.split_once("state=").unwrap();

    let back = |request_id: &str, state: &str| CompleteRedirectRequest {
        request_id: request_id.into(),
        application_id: served.application.clone(),
        parameters: [("state", state), ("code", "c"), ("empty", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect(),
        occurred_at: None,
    };
    let (forged, back, again) = (back("3", "app_x_1.0"), back("4", given_out), back("4", given_out));
    let refused = served.verifications.complete_redirect(forged).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "a state that was not given out");
    assert_eq!(state(served.verifications.complete_redirect(back).await), State::Verifying);
    assert_eq!(state(served.verifications.complete_redirect(again).await), State::Verifying, "the same request again");
    served.world.engine.settled().await;
    served.world.bank.polls.lock().unwrap().push_back(Ok(done(ChallengeKind::BankHistory)));
    served.world.pass(5).await;
    let application = served.application(false).await;
    assert_eq!((application.state(), application.plan.is_some()), (State::Accepted, true));
}

#[tokio::test]
async fn a_decline_may_be_paid_in_one_go_or_looked_at_by_a_person() {
    let mut served = served(BY_BANK).await;
    let refuse = RefuseConsentRequest {
        request_id: "1".into(),
        application_id: served.application.clone(),
        ..Default::default()
    };
    let declined = served.verifications.refuse_consent(refuse).await.unwrap().into_inner();
    assert_eq!(declined.state(), State::Declined);
    assert!(declined.pay_in_full.is_some() && declined.review_until.is_some());
    let ask = RequestReviewRequest {
        request_id: "2".into(),
        application_id: served.application.clone(),
        ..Default::default()
    };
    assert_eq!(state(served.reviews.request_review(ask).await), State::InReview);
    let view = SubmitStatementRequest {
        request_id: "3".into(),
        application_id: served.application.clone(),
        statement: "I have been a customer for years.".into(),
        occurred_at: None,
    };
    let stated = served.reviews.submit_statement(view).await.unwrap().into_inner();
    assert_eq!(stated.review.map(|review| review.statements), Some(vec![]), "for reviewers only");
    let listed = served.reviews.list_reviews(ListReviewsRequest::default()).await.unwrap().into_inner();
    let statements = listed.applications[0].review.clone().unwrap().statements;
    assert_eq!(statements, ["I have been a customer for years."]);
    let resolve = |request_id: &str, resolution: ReviewResolution| ResolveReviewRequest {
        request_id: request_id.into(),
        application_id: served.application.clone(),
        resolution: resolution.into(),
        comment: "known at the shop".into(),
        occurred_at: None,
    };
    let (nothing, granted) = (resolve("4", ReviewResolution::Unspecified), resolve("5", ReviewResolution::Granted));
    let refused = served.reviews.resolve_review(nothing).await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "resolution");
    assert_eq!(state(served.reviews.resolve_review(granted).await), State::Accepted);
    assert!(
        served.reviews.list_reviews(ListReviewsRequest::default()).await.unwrap().into_inner().applications.is_empty()
    );
    let pay =
        PayInFullRequest { request_id: "6".into(), application_id: served.application.clone(), ..Default::default() };
    assert_eq!(served.decisions.pay_in_full(pay).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn whoever_watches_sees_every_change_up_to_the_end() {
    let mut served = served(BY_PHONE).await;
    let request =
        aval::rpc::proto::WatchApplicationRequest { application_id: served.application.clone(), ..Default::default() };
    let mut watched = served.decisions.watch_application(request).await.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    assert_eq!(first.state(), State::Challenged, "as it stands, at once");
    let cancel =
        CancelRequest { request_id: "c".into(), application_id: served.application.clone(), ..Default::default() };
    assert_eq!(state(served.decisions.cancel(cancel).await), State::Cancelled);
    let mut last = first;
    while last.state() != State::Cancelled {
        last = watched.message().await.unwrap().expect("no end before the last change");
    }
}
