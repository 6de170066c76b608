//! The plan of an accepted application over a real socket: what a gateway sees.

use crate::server::{Place, Server, create_key, decide_request};
use aval::rpc::proto::plan_service_client::PlanServiceClient;
use aval::rpc::proto::{
    GetPlanRequest, GetReceiptRequest, InstalmentState, MoveDueDateRequest, PaymentResult, Plan, PlanState,
    ReportPaymentRequest, State,
};
use jiff::ToSpan;
use jiff::civil::Date;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// A server with one accepted plan, and its client.
async fn accepted(server: &Server) -> (PlanServiceClient<Channel>, String) {
    let decided = server.client().await.decide(decide_request("d1", "ada", "card")).await.unwrap().into_inner();
    assert_eq!(decided.state(), State::Accepted, "{:?}", decided.decision);
    (PlanServiceClient::new(server.channel().await), decided.application_id)
}

async fn get_plan(client: &mut PlanServiceClient<Channel>, id: &str) -> Plan {
    client.get_plan(GetPlanRequest { application_id: id.into() }).await.unwrap().into_inner()
}

fn paid(request_id: &str, id: &str, instalment: i32) -> ReportPaymentRequest {
    let mut request = ReportPaymentRequest {
        request_id: request_id.into(),
        application_id: id.into(),
        instalment,
        payment_reference: "pay-1".into(),
        ..Default::default()
    };
    request.set_result(PaymentResult::Paid);
    request
}

fn receipt(id: &str, instalment: i32, language: &str) -> GetReceiptRequest {
    GetReceiptRequest { application_id: id.into(), instalment, language: language.into() }
}

fn days_later(date: &str, days: i32) -> String {
    date.parse::<Date>().unwrap().checked_add(days.days()).unwrap().to_string()
}

fn fields(refused: &Status) -> Vec<String> {
    let details = refused.get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|one| one.field.clone()).collect()
}

#[tokio::test]
async fn a_plan_says_what_may_be_done_with_it_and_a_date_is_moved_once_however_often_it_is_asked() {
    let server = Server::start(&["--store", "memory"]);
    let (mut client, id) = accepted(&server).await;
    let plan = get_plan(&mut client, &id).await;
    let [first, second, third] = plan.instalments.as_slice() else { panic!("{plan:?}") };
    assert_eq!((plan.state(), plan.left_to_pay_minor), (PlanState::InProgress, 12_000));
    assert_eq!((first.collecting, first.movable_until.as_str()), (true, ""), "it is collected with the purchase");
    for later in [second, third] {
        assert_eq!((later.collecting, &later.movable_until), (false, &days_later(&later.due_date, 15)));
    }
    assert!(plan.card_change_url.ends_with(&id), "{}", plan.card_change_url);

    let to = days_later(&second.due_date, 3);
    let request = |due_date: &str| MoveDueDateRequest {
        request_id: "m1".into(),
        application_id: id.clone(),
        instalment: 2,
        due_date: due_date.into(),
        occurred_at: None,
    };
    let once = client.move_due_date(request(&to)).await.unwrap();
    assert!(once.metadata().get("aval-replayed").is_none());
    let again = client.move_due_date(request(&to)).await.unwrap();
    assert_eq!(again.metadata().get("aval-replayed").unwrap(), "true");
    assert_eq!(again.get_ref(), once.get_ref(), "the same answer");
    let other = client.move_due_date(request(&days_later(&to, 1))).await.unwrap_err();
    assert_eq!(other.code(), Code::AlreadyExists, "{other}");
    assert_eq!(other.get_error_details().error_info().unwrap().reason, "REQUEST_ID_REUSED");
    let moved = get_plan(&mut client, &id).await;
    let of = &moved.instalments[1];
    assert_eq!((&of.due_date, &of.agreed_date, of.movable_until.as_str()), (&to, &second.due_date, ""));
}

#[tokio::test]
async fn a_receipt_is_a_pdf_of_what_has_been_paid() {
    let server = Server::start(&["--store", "memory"]);
    let (mut client, id) = accepted(&server).await;
    let early = client.get_receipt(receipt(&id, 1, "")).await.unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition, "{early}");
    let reported = client.report_payment(paid("p1", &id, 1)).await.unwrap().into_inner();
    assert_eq!(reported.plan.unwrap().instalments[0].state(), InstalmentState::Paid);
    for language in ["", "en", "fr"] {
        let receipt = client.get_receipt(receipt(&id, 1, language)).await.unwrap().into_inner();
        assert!(receipt.pdf.starts_with(b"%PDF"), "the {language:?} receipt of {} bytes", receipt.pdf.len());
        assert_eq!(receipt.file_name, "receipt-1.pdf");
    }
    for (instalment, code) in [(2, Code::FailedPrecondition), (4, Code::FailedPrecondition)] {
        let refused = client.get_receipt(receipt(&id, instalment, "")).await.unwrap_err();
        assert_eq!(refused.code(), code, "instalment {instalment}: {refused}");
    }
    let malformed = client.get_receipt(receipt(&id, 0, "klingon")).await.unwrap_err();
    assert_eq!(
        (malformed.code(), fields(&malformed)),
        (Code::InvalidArgument, vec!["instalment".into(), "language".into()])
    );
}

#[tokio::test]
async fn what_is_unknown_or_malformed_is_said() {
    let server = Server::start(&["--store", "memory"]);
    let (mut client, id) = accepted(&server).await;
    let unknown = "app_01890a5d96f87c3e8a5b1d2e3f405162";
    let asked = [
        client.get_plan(GetPlanRequest { application_id: unknown.into() }).await.err(),
        client.report_payment(paid("p1", unknown, 1)).await.err(),
        client.get_receipt(receipt(unknown, 1, "")).await.err(),
    ];
    for refused in asked {
        assert_eq!(refused.map(|refused| refused.code()), Some(Code::NotFound));
    }
    let request =
        MoveDueDateRequest { application_id: "mine".into(), due_date: "1 April".into(), ..Default::default() };
    let refused = client.move_due_date(request).await.unwrap_err();
    let expected = ["request_id", "application_id", "instalment", "due_date"];
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, expected.map(str::to_owned).to_vec()));
    let reference = ReportPaymentRequest { payment_reference: "4111 1111 1111 1111".into(), ..paid("p2", &id, 1) };
    let refused = client.report_payment(reference).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["payment_reference".into()]));
    assert!(!format!("{refused:?}").contains("4111"), "what was sent is not in the error");
}

#[tokio::test]
async fn another_merchants_plan_is_not_found() {
    let place = Place::new();
    let [ours, theirs] = ["shop-a", "shop-b"].map(|merchant| create_key(&place, merchant, "merchant"));
    let server = Server::start(&["--store", &place.store()]);
    fn with<T>(key: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        request
    }
    let decided = server.client().await.decide(with(&ours, decide_request("d1", "ada", "card"))).await.unwrap();
    let id = decided.into_inner().application_id;
    let mut client = PlanServiceClient::new(server.channel().await);
    let get = || GetPlanRequest { application_id: id.clone() };
    assert_eq!(client.get_plan(with(&ours, get())).await.unwrap().get_ref().instalments.len(), 3);
    assert_eq!(client.get_plan(with(&theirs, get())).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.report_payment(with(&theirs, paid("p1", &id, 1))).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.get_receipt(with(&theirs, receipt(&id, 1, ""))).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.get_plan(get()).await.unwrap_err().code(), Code::Unauthenticated);
}
