//! Journeys as a customer's browser goes through them, by forms alone and over real sockets.

use super::browser::{Answer, Browser};
use super::world::{BY_BANK, BY_PHONE, CODE, PUBLIC_URL, World, done};
use aval::domain::challenge::ChallengeKind;
use aval::domain::ids::{ApplicationId, EntryId};
use aval::journey::{Input, StateKind};
use aval::plan;
use aval::provider::{Progress, ProviderError};

/// The days after which links end, and a moment.
const LINKS_END_SECONDS: i64 = 90 * 86_400 + 60;

struct Visited {
    world: World,
    browser: Browser,
    id: EntryId,
    /// The path of the journey's page.
    path: String,
}

async fn visited(policy: &str) -> Visited {
    let world = World::new(policy);
    let id = world.submit("ada").await;
    let browser = Browser::new(&world);
    let path = path_of(&world.engine.journey_url(ApplicationId(id)));
    Visited { world, browser, id, path }
}

fn path_of(url: &str) -> String {
    url.strip_prefix(PUBLIC_URL).expect("pages are at the public address").to_owned()
}

impl Visited {
    async fn page(&self) -> Answer {
        let page = self.browser.get(&self.path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }

    /// Sends a form of a page, and follows where that leads.
    async fn send(&self, page: &Answer, step: &str, fields: &[(&str, &str)]) -> Answer {
        self.browser.submit(page, &format!("/{step}"), fields).await
    }
}

#[tokio::test]
async fn a_code_is_entered_wrongly_then_rightly() {
    let visited = visited(BY_PHONE).await;
    let page = visited.page().await;
    assert!(page.body.contains("lang=\"fr\"") && page.body.contains("se terminant par 78"), "{}", page.body);
    let page = visited.send(&page, "code", &[("code", "999999")]).await;
    assert!(page.body.contains("aria-invalid=\"true\"") && page.body.contains("2 essais"), "{}", page.body);
    let bad = visited.send(&page, "code", &[("code", "12ab")]).await;
    assert_eq!(bad.status, 422);
    assert!(bad.body.contains("Saisissez les 6 chiffres") && bad.body.contains("2 essais"), "{}", bad.body);
    let page = visited.send(&bad, "code", &[("code", " 123 456 ")]).await;
    assert!(page.body.contains("est accepté") && page.body.contains("40,00"), "{}", page.body);
    let story = visited.world.story(visited.id).await;
    assert_eq!(story, "submitted started code_entered code_wrong code_entered decided_on_evidence erased: accepted");
    let history = visited.world.history(visited.id).await;
    assert!(!format!("{history:?}").contains(CODE), "a code is not kept");
    assert_eq!(&*history[2].actor, "customer");

    let plan = visited.world.engine.plan_url(ApplicationId(visited.id));
    assert!(page.body.contains(&path_of(&plan)), "the plan is linked: {}", page.body);
    assert_eq!(visited.browser.get(&path_of(&plan)).await.status, 200);
}

#[tokio::test]
async fn what_is_sent_twice_is_done_once_and_a_stale_page_leads_to_the_newest() {
    let visited = visited(BY_PHONE).await;
    let page = visited.page().await;
    let (one, two) = tokio::join!(
        visited.send(&page, "code", &[("code", "999999")]),
        visited.send(&page, "code", &[("code", "999999")])
    );
    assert!(one.body.contains("2 essais") && two.body.contains("2 essais"), "{}", two.body);
    let replayed = visited.send(&page, "code", &[("code", "999999")]).await;
    assert!(replayed.body.contains("rien n'a été fait deux fois"), "{}", replayed.body);
    let stale = visited.send(&page, "code", &[("code", CODE)]).await;
    assert!(stale.body.contains("a avancé entre-temps") && stale.body.contains("2 essais"), "{}", stale.body);
    assert_eq!(visited.world.state(visited.id).await.kind(), StateKind::Challenged);
    let cancelled = visited.send(&stale, "cancel", &[]).await;
    assert!(cancelled.body.contains("Vous l'avez annulé."), "{}", cancelled.body);
    let late = visited.send(&page, "pay", &[]).await;
    assert!(late.body.contains("a avancé entre-temps") && late.body.contains("annulé"), "{}", late.body);
    for version in ["", "0", "99", "-1", "x", "18446744073709551617"] {
        let place = format!("{}/pay", visited.path);
        let answer = visited.browser.post(&place, &format!("version={version}")).await;
        assert!(answer.header("location").is_some_and(|place| place.ends_with("?note=moved")), "{version}: {answer:?}");
    }
}

#[tokio::test]
async fn another_code_is_asked_for_in_its_time() {
    let visited =
        visited(&format!("{BY_PHONE}challenges: {{ sms_code: {{ attempts: 3, ttl_seconds: 600, resends: 1, resend_after_seconds: 30 }} }}\n")).await;
    let page = visited.page().await;
    assert!(page.body.contains("data-seconds=\"30\""), "{}", page.body);
    let soon = visited.send(&page, "resend", &[]).await;
    assert!(soon.body.contains("Attendez l'heure"), "{}", soon.body);
    visited.world.pass(30).await;
    let page = visited.send(&soon, "resend", &[]).await;
    assert!(page.body.contains("Nous avons envoyé un autre code"), "{}", page.body);
    assert!(page.body.contains("Aucun autre code") && !page.body.contains("/resend"), "{}", page.body);
    visited.world.sms.submits.lock().unwrap().push_back(Err(ProviderError::Indeterminate("no answer".into())));
    let page = visited.send(&page, "code", &[("code", CODE)]).await;
    assert!(page.body.contains("pas pu vérifier ce code"), "{}", page.body);
    let page = visited.send(&page, "code", &[("code", CODE)]).await;
    assert!(page.body.contains("est accepté"), "{}", page.body);
}

#[tokio::test]
async fn consent_then_the_bank_then_back_then_waiting_then_the_answer() {
    let visited = visited(BY_BANK).await;
    let page = visited.page().await;
    assert!(page.body.contains("90 derniers jours"), "{}", page.body);
    let english = visited.browser.get(&format!("{}?lang=en", visited.path)).await;
    assert!(english.body.contains("last 90 days") && english.body.contains("lang=\"en\""), "{}", english.body);
    let other = visited.send(&english, "agree", &[("text", "bank_history_0")]).await;
    assert!(
        other.body.contains("moved on") && other.body.contains("I agree"),
        "another text was agreed to: {}",
        other.body
    );
    let page = visited.send(&english, "agree", &[]).await;
    assert!(page.body.contains("Continue to your bank"), "the language is kept: {}", page.body);
    let link = page.link("https://fake_bank/");
    let (_, state) = link.split_once("state=").unwrap();

    let back = visited.browser.get(&format!("/return?state={state}&code=c")).await;
    assert_eq!((back.status, back.header("location")), (303, Some(visited.path.as_str())));
    let waiting = visited.page().await;
    assert!(waiting.body.contains("http-equiv=\"refresh\""), "{}", waiting.body);
    let told = visited.browser.get(&format!("{}/state", visited.path)).await;
    assert_eq!(told.body, "{\"state\":\"verifying\",\"version\":4}");
    let again = visited.browser.get(&format!("/return?state={state}&code=c")).await;
    assert_eq!(again.status, 303, "whoever comes twice has come");

    visited.world.engine.settled().await;
    visited.world.bank.polls.lock().unwrap().push_back(Ok(done(ChallengeKind::BankHistory)));
    visited.world.pass(5).await;
    let told = visited.browser.get(&format!("{}/state", visited.path)).await;
    assert!(told.body.contains("\"accepted\""), "{}", told.body);
    assert!(visited.page().await.body.contains("est accepté"));
}

#[tokio::test]
async fn a_refusal_leads_to_one_go_a_review_and_a_statement() {
    let visited = visited(BY_BANK).await;
    let page = visited.page().await;
    let declined = visited.send(&page, "refuse", &[]).await;
    assert!(declined.body.contains("L'historique bancaire n'a pas été partagé."), "{}", declined.body);
    let review = visited.send(&declined, "review", &[]).await;
    assert!(review.body.contains("Vous avez demandé l'examen"), "{}", review.body);
    let empty = visited.send(&review, "statement", &[("view", " \r\n ")]).await;
    assert_eq!(empty.status, 422);
    let long = "é".repeat(1_001);
    let long = visited.send(&review, "statement", &[("view", &long)]).await;
    assert!(long.status == 422 && long.body.contains("éééé</textarea>"), "what was written stays: {}", long.body);
    let view = "<b>Client</b> depuis des années.\r\nMerci.";
    let stated = visited.send(&review, "statement", &[("view", view)]).await;
    assert!(stated.body.contains("bien reçu"), "{}", stated.body);
    let other = visited.send(&review, "statement", &[("view", "Autre chose.")]).await;
    assert!(other.status == 422 && other.body.contains("Autre chose."), "nothing that was written is lost");
    let more = visited.send(&other, "statement", &[("view", "Autre chose.")]).await;
    assert!(more.body.contains("bien reçu"), "{}", more.body);
    let paid = visited.send(&more, "pay", &[]).await;
    assert!(paid.body.contains("Vous payez en une fois") && paid.body.contains("120,00\u{a0}€"), "{}", paid.body);
    let story = visited.world.story(visited.id).await;
    assert!(story.ends_with("review_requested statement_given statement_given paid_in_full: paid_in_full"), "{story}");
}

#[tokio::test]
async fn links_are_not_made_up_and_end() {
    let visited = visited(BY_PHONE).await;
    let token = visited.path.strip_prefix("/j/").unwrap();
    let plan = path_of(&visited.world.engine.plan_url(ApplicationId(visited.id)));
    let plan_token = plan.strip_prefix("/plan/").unwrap();
    let other = visited.world.submit("bob").await;
    assert_ne!(path_of(&visited.world.engine.journey_url(ApplicationId(other))), visited.path);
    for forged in [
        format!("/j/{plan_token}"),
        format!("/plan/{token}"),
        format!("/j/{}", token.replace(&token[..8], "AAAAAAAA")),
        format!("/j/{}", &token[1..]),
        "/j/x".into(),
        format!("/j/{plan_token}/state"),
        format!("/j/{plan_token}/pay"),
    ] {
        let answer = visited.browser.get(&forged).await;
        assert_eq!(answer.status, 404, "{forged}");
        assert!(answer.body.contains("<h1>"), "a page says so: {}", answer.body);
    }
    assert_eq!(visited.browser.get(&plan).await.status, 404, "there is no plan yet");
    let posted = visited.browser.post(&format!("/j/{plan_token}/pay"), "version=1").await;
    assert_eq!(posted.status, 404);
    assert_eq!(visited.browser.post(&format!("{}/nothing", visited.path), "version=1").await.status, 404);
    let large = format!("version=2&view={}", "x".repeat(5 << 10));
    assert_eq!(visited.browser.post(&format!("{}/pay", visited.path), &large).await.status, 413);
    assert_eq!(visited.browser.get("/return?state=made-up.1").await.status, 404);

    visited.world.pass(86_400 * 15).await;
    let over = visited.page().await;
    assert!(over.body.contains("Rien n'a été débité") && !over.body.contains("<form"), "all is over: {}", over.body);
    visited.world.pass(LINKS_END_SECONDS).await;
    let gone = visited.browser.get(&visited.path).await;
    assert_eq!(gone.status, 410);
    assert_eq!(visited.browser.post(&format!("{}/pay", visited.path), "version=2").await.status, 410);
}

#[tokio::test]
async fn a_step_on_a_page_is_loaded_again_as_the_page() {
    let visited = visited(BY_PHONE).await;
    let answer = visited.browser.get(&format!("{}/code?lang=en", visited.path)).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(&*format!("{}?lang=en", visited.path))));
    let page = visited.page().await;
    let style = page.link("/assets/");
    let style = visited.browser.get(style).await;
    assert!(style.status == 200 && style.header("cache-control").is_some_and(|kept| kept.contains("immutable")));
    assert_eq!(visited.browser.get("/assets/0000000000000000/style.css").await.status, 404);
    for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        assert_eq!(page.header(name), Some(value));
    }
    assert!(page.header("strict-transport-security").is_some(), "the public address is https");
}

#[tokio::test]
async fn a_gateway_is_told_where_the_customer_goes_on() {
    let visited = visited(BY_PHONE).await;
    let history = visited.world.history(visited.id).await;
    let entries = || history.iter().map(AsRef::as_ref);
    let engine = &visited.world.engine;
    let shown = aval::rpc::convert::Shown {
        unseal: &|_| None,
        journey_url: &|id| engine.journey_url(id),
        plan_url: &|id| engine.plan_url(id),
        history: false,
        statements: false,
    };
    let application = aval::rpc::convert::application(entries(), &shown).unwrap();
    assert_eq!(application.journey_url, format!("{PUBLIC_URL}{}", visited.path));
    assert_eq!(application.plan_url, "");
    visited.world.act(visited.id, "pay", Input::PayInFull).await.unwrap();
    let told = visited.browser.get(&format!("{}/state", visited.path)).await;
    assert!(told.body.contains("paid_in_full"), "{}", told.body);
}

#[tokio::test]
async fn an_identity_document_is_shown_at_the_providers() {
    let policy = "
fraud: { accept_below: { none: 0, identity: 1 }, decline_from: { none: 1 }, challenges: [id_document] }
default: { unused: true }
";
    let visited = visited(policy).await;
    let page = visited.page().await;
    assert!(page.body.contains("Présentez votre pièce d'identité"), "{}", page.body);
    let link = page.link("https://fake_identity/");
    let (_, state) = link.split_once("state=").unwrap();
    visited.world.identity.submits.lock().unwrap().push_back(Ok(Progress::Expired));
    let back = visited.browser.get(&format!("/return?state={state}")).await;
    assert_eq!(back.status, 303);
    visited.world.engine.settled().await;
    let page = visited.page().await;
    assert!(page.body.contains("n'a pas été terminée à temps") && page.body.contains("120,00\u{a0}€"), "{}", page.body);
}

/// A plan that is serviced, whose customer's card is changed at the gateway's.
const SERVICED: &str = "
servicing: {}
storefront:
  name: Chez Ada
  support_email: aide@shop.example
  privacy_url: https://shop.example/privacy
  terms_url: https://shop.example/terms
  card_change_url: https://gateway.example/card/{application_id}
";

async fn accepted() -> Visited {
    let visited = visited(&format!("{BY_PHONE}{SERVICED}")).await;
    visited.world.enter(visited.id, "code", CODE).await.unwrap();
    let path = path_of(&visited.world.engine.plan_url(ApplicationId(visited.id)));
    Visited { path, ..visited }
}

impl Visited {
    /// What the gateway reports.
    async fn report(&self, request: &str, input: plan::Input) {
        self.world.act(self.id, request, Input::Plan(input)).await.unwrap();
    }
}

#[tokio::test]
async fn a_plan_is_seen_paid_ahead_moved_and_receipted() {
    let visited = accepted().await;
    let paid = |instalment| plan::Input::ReportPaid { instalment, reference: None };
    visited.report("paid-0", paid(0)).await;
    let page = visited.page().await;
    for part in ["Chez Ada", "payée le 25\u{a0}novembre\u{a0}2026", "80,00\u{a0}€", "aide@shop.example"] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://gateway.example;"), "{policy}");

    let receipt = visited.browser.get_bytes(page.link(&format!("{}/receipt/1", visited.path))).await;
    assert!(receipt.starts_with("HTTP/1.1 200") && receipt.contains("application/pdf") && receipt.contains("%PDF-"));
    assert_eq!(visited.browser.get(&format!("{}/receipt/2", visited.path)).await.status, 404, "it is not paid");
    assert_eq!(visited.browser.get(&format!("{}/receipt/0", visited.path)).await.status, 404);

    let moved = visited.send(&page, "move", &[("instalment", "2"), ("day", "2027-01-09")]).await;
    assert!(
        moved.body.contains("La date a été décalée.") && moved.body.contains("9\u{a0}janvier\u{a0}2027"),
        "{}",
        moved.body
    );
    let again = visited.send(&page, "move", &[("instalment", "2"), ("day", "2027-01-09")]).await;
    assert!(again.body.contains("rien n'a été fait deux fois"), "{}", again.body);
    for (instalment, day) in [
        ("2", "2027-01-10"),
        ("3", "2027-03-09"),
        ("3", "2026-01-01"),
        ("3", "x"),
        ("9", "2027-01-09"),
        ("0", "2027-01-09"),
    ] {
        let refused = visited.send(&moved, "move", &[("instalment", instalment), ("day", day)]).await;
        assert!(refused.body.contains("a avancé entre-temps"), "{instalment} {day}: {}", refused.body);
    }
    let asked = visited.send(&moved, "ahead", &[("instalment", "3")]).await;
    assert!(asked.body.contains("prélèvement sur votre carte en cours"), "{}", asked.body);
    visited.report("paid-2", paid(2)).await;
    let all = visited.page().await;
    let all = visited.send(&all, "ahead", &[("instalment", "2")]).await;
    assert!(!all.body.contains("/ahead"), "everything is asked for: {}", all.body);
    visited.report("paid-1", paid(1)).await;
    let over = visited.page().await;
    assert!(over.body.contains("Tout est payé") && !over.body.contains("<form"), "{}", over.body);
    let late = visited.send(&all, "card", &[]).await;
    assert!(late.body.contains("a avancé entre-temps"), "there is nothing left to pay: {}", late.body);
}

#[tokio::test]
async fn another_card_is_given_at_the_gateways() {
    let visited = accepted().await;
    let page = visited.page().await;
    let (action, body) = page.filled("/card", &[]);
    let answer = visited.browser.post(&action, &body).await;
    let place = format!("https://gateway.example/card/{}", ApplicationId(visited.id));
    assert_eq!((answer.status, answer.header("location")), (303, Some(place.as_str())));
    assert!(visited.world.story(visited.id).await.contains("card_change_asked"));
}

#[tokio::test]
async fn after_a_first_payment_that_failed_one_go_is_open_again() {
    let visited = accepted().await;
    visited.report("failed-0", plan::Input::ReportFailed { instalment: 0, offer_ttl_seconds: 3_600 }).await;
    let page = visited.page().await;
    assert!(
        page.body.contains("Le premier paiement n'a pas abouti") && page.body.contains("120,00\u{a0}€"),
        "{}",
        page.body
    );
    let (action, body) = page.filled("/in-full", &[]);
    let answer = visited.browser.post(&action, &body).await;
    let place = answer.header("location").unwrap().to_owned();
    let lead = visited.browser.get(&place).await;
    let journey = visited.browser.get(lead.header("location").unwrap()).await;
    assert!(journey.body.contains("Vous payez en une fois"), "{}", journey.body);
    visited.world.act(visited.id, "failed", Input::ReportNotCollected { offer_ttl_seconds: 600 }).await.unwrap();
    let journey = visited.browser.get(lead.header("location").unwrap()).await;
    assert!(journey.body.contains("n'a pas abouti") && journey.body.contains("/pay"), "{}", journey.body);
    let again = visited.send(&journey, "pay", &[]).await;
    assert!(again.body.contains("Vous payez en une fois"), "{}", again.body);
}

#[tokio::test]
async fn another_customers_plan_is_not_there() {
    let (visited, token) = (accepted().await, |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned());
    let journey = visited.world.engine.journey_url(ApplicationId(visited.id));
    for place in [format!("/plan/{}", token(&journey)), "/plan/x".into()] {
        for more in ["", "/receipt/1", "/ahead"] {
            assert_eq!(visited.browser.get(&format!("{place}{more}")).await.status, 404, "{place}{more}");
        }
        assert_eq!(visited.browser.post(&format!("{place}/ahead"), "version=1").await.status, 404);
    }
}
