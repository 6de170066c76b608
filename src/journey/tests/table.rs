//! The table. A cell says what an input means in a state: `.` nothing, `no` that it is forbidden, the name of an event that
//! happens, or of the decision that is due: `evidence`, `failure:<why>`, `review`.

use super::*;
use std::collections::BTreeMap;

/// The attempt under way where there is one; the one before is over, and its provider is still to forget.
const NOW: u32 = 2;
const BEFORE: u32 = 1;
/// The seconds at which its time is over, and the journey's.
const DEADLINE: i64 = 600;
const END: i64 = 3_600;

const CUSTOMER_ACTS: &str = "
                             enter_code    resend_code       grant_consent    refuse_consent           return
sms_code/starting            no            no                no               no                       no
sms_code/action_needed       code_entered  code_asked_again  no               no                       no
id_document/starting         no            no                no               no                       no
id_document/action_needed    no            no                no               no                       returned
bank_history/consent_needed  no            no                consent_granted  failure:consent_refused  no
bank_history/starting        no            no                no               failure:consent_refused  no
bank_history/action_needed   no            no                no               failure:consent_refused  returned
verifying/sms_code           no            no                no               no                       no
verifying/id_document        no            no                no               no                       returned
verifying/bank_history       no            no                no               failure:consent_refused  returned
in_review/policy             no            no                no               no                       no
in_review/customer           no            no                no               no                       no
accepted                     no            no                no               no                       no
declined                     no            no                no               no                       no
declined/offer_over          no            no                no               no                       no
declined/windows_over        no            no                no               no                       no
paid_in_full                 no            no                no               no                       no
paid_in_full/collected       no            no                no               no                       no
paid_in_full/failed          no            no                no               no                       no
cancelled                    no            no                no               no                       no
expired                      no            no                no               no                       no
";

const JOURNEY_ENDS: &str = "
                             pay_in_full   cancel     request_review    give_statement   resolve_review
sms_code/starting            paid_in_full  cancelled  no                no               no
sms_code/action_needed       paid_in_full  cancelled  no                no               no
id_document/starting         paid_in_full  cancelled  no                no               no
id_document/action_needed    paid_in_full  cancelled  no                no               no
bank_history/consent_needed  paid_in_full  cancelled  no                no               no
bank_history/starting        paid_in_full  cancelled  no                no               no
bank_history/action_needed   paid_in_full  cancelled  no                no               no
verifying/sms_code           paid_in_full  cancelled  no                no               no
verifying/id_document        paid_in_full  cancelled  no                no               no
verifying/bank_history       paid_in_full  cancelled  no                no               no
in_review/policy             paid_in_full  cancelled  no                statement_given  review
in_review/customer           paid_in_full  cancelled  no                statement_given  review
accepted                     no            no         no                no               no
declined                     paid_in_full  cancelled  review_requested  statement_given  no
declined/offer_over          no            cancelled  review_requested  statement_given  no
declined/windows_over        no            no         no                no               no
paid_in_full                 no            no         no                no               no
paid_in_full/collected       no            no         no                no               no
paid_in_full/failed          paid_in_full  cancelled  no                no               no
cancelled                    no            no         no                no               no
expired                      no            no         no                no               no
";

const PAYMENTS: &str = "
                             report_collected  report_not_collected  report_failed   report_paid
sms_code/starting            no                no                    no              no
sms_code/action_needed       no                no                    no              no
id_document/starting         no                no                    no              no
id_document/action_needed    no                no                    no              no
bank_history/consent_needed  no                no                    no              no
bank_history/starting        no                no                    no              no
bank_history/action_needed   no                no                    no              no
verifying/sms_code           no                no                    no              no
verifying/id_document        no                no                    no              no
verifying/bank_history       no                no                    no              no
in_review/policy             no                no                    no              no
in_review/customer           no                no                    no              no
accepted                     no                no                    payment_failed  instalment_paid
declined                     no                no                    no              no
declined/offer_over          no                no                    no              no
declined/windows_over        no                no                    no              no
paid_in_full                 collected         not_collected         no              no
paid_in_full/collected       no                no                    no              no
paid_in_full/failed          collected         no                    no              no
cancelled                    no                no                    no              no
expired                      no                no                    no              no
";

const PLAN: &str = "
                             pay_ahead        move_due_date   change_card        refund
sms_code/starting            no               no              no                 no
sms_code/action_needed       no               no              no                 no
id_document/starting         no               no              no                 no
id_document/action_needed    no               no              no                 no
bank_history/consent_needed  no               no              no                 no
bank_history/starting        no               no              no                 no
bank_history/action_needed   no               no              no                 no
verifying/sms_code           no               no              no                 no
verifying/id_document        no               no              no                 no
verifying/bank_history       no               no              no                 no
in_review/policy             no               no              no                 no
in_review/customer           no               no              no                 no
accepted                     pay_ahead_asked  due_date_moved  card_change_asked  refunded
declined                     no               no              no                 no
declined/offer_over          no               no              no                 no
declined/windows_over        no               no              no                 no
paid_in_full                 no               no              no                 no
paid_in_full/collected       no               no              no                 no
paid_in_full/failed          no               no              no                 no
cancelled                    no               no              no                 no
expired                      no               no              no                 no
";

const PROVIDER_ANSWERS: &str = "
                             started  code_wrong  code_unknown  action_asked  yields    fails             erased
sms_code/starting            started  .           .             .             .         failure:given_up  .
sms_code/action_needed       .        .           .             .             evidence  .                 .
id_document/starting         started  .           .             .             .         failure:given_up  .
id_document/action_needed    .        .           .             .             evidence  failure:given_up  .
bank_history/consent_needed  .        .           .             .             .         .                 .
bank_history/starting        started  .           .             .             .         failure:given_up  .
bank_history/action_needed   .        .           .             .             evidence  failure:given_up  .
verifying/sms_code           .        code_wrong  code_unknown  .             evidence  failure:given_up  .
verifying/id_document        .        .           .             action_asked  evidence  failure:given_up  .
verifying/bank_history       .        .           .             action_asked  evidence  failure:given_up  .
";

/// About an attempt that is over, in whatever state.
const LATE_ANSWERS: &str = "
                             started  code_wrong  code_unknown  action_asked  yields    fails             erased
to be forgotten              .        .           .             .             .         .                 erased
not known to have begun      started  .           .             .             .         .                 .
";

/// The time: now, when the attempt's is over, and when the journey's is.
const TIME: &str = "
                             now  deadline            end
sms_code/starting            .    failure:provider    expired
sms_code/action_needed       .    failure:timed_out   expired
id_document/starting         .    failure:provider    expired
id_document/action_needed    .    failure:timed_out   expired
bank_history/consent_needed  .    failure:timed_out   expired
bank_history/starting        .    failure:provider    expired
bank_history/action_needed   .    failure:timed_out   expired
verifying/sms_code           .    failure:provider    expired
verifying/id_document        .    failure:provider    expired
verifying/bank_history       .    failure:provider    expired
in_review/policy             .    .                   expired
in_review/customer           .    .                   expired
accepted                     .    .                   .
declined                     .    .                   .
declined/offer_over          .    .                   .
declined/windows_over        .    .                   .
paid_in_full                 .    .                   .
paid_in_full/collected       .    .                   .
paid_in_full/failed          .    .                   expired
cancelled                    .    .                   .
expired                      .    .                   .
";

/// Every state that is told apart, by its name in the tables, as it stands at second 0.
fn states() -> Vec<(String, State)> {
    StateKind::ALL.into_iter().flat_map(states_of).collect()
}

fn states_of(state: StateKind) -> Vec<(String, State)> {
    let plainly = |of: State| vec![(state.name().to_owned(), of)];
    let phases = [Phase::ConsentNeeded, Phase::Starting, Phase::ActionNeeded];
    let declined = |name: &str, offer_until, review_until| {
        (name.to_owned(), State::Declined { offer_until: at(offer_until), review_until: at(review_until) })
    };
    match state {
        StateKind::Challenged => ChallengeKind::ALL
            .into_iter()
            .flat_map(|kind| phases.map(|phase| (kind, phase)))
            .filter(|(kind, phase)| *phase != Phase::ConsentNeeded || *kind == ChallengeKind::BankHistory)
            .map(|(kind, phase)| {
                let name = match phase {
                    Phase::ConsentNeeded => "consent_needed",
                    Phase::Starting => "starting",
                    Phase::ActionNeeded => "action_needed",
                };
                let attempt = attempt(kind, phase == Phase::ActionNeeded);
                (format!("{}/{name}", kind.name()), State::Challenged { attempt, phase, open: open() })
            })
            .collect(),
        StateKind::Verifying => ChallengeKind::ALL.map(verifying).into(),
        StateKind::InReview => [Reviewer::Policy, Reviewer::Customer]
            .map(|by| (format!("in_review/{}", by.name()), State::InReview { by, expires_at: at(END) }))
            .into(),
        StateKind::Accepted => plainly(State::Accepted { account: account().into() }),
        StateKind::Declined => vec![
            declined("declined", 1, 2),
            declined("declined/offer_over", 0, 1),
            declined("declined/windows_over", -1, 0),
        ],
        StateKind::PaidInFull => [
            ("paid_in_full", Collection::Awaited),
            ("paid_in_full/collected", Collection::Collected),
            ("paid_in_full/failed", Collection::Failed { offer_until: at(END) }),
        ]
        .map(|(name, collection)| (name.to_owned(), State::PaidInFull { collection }))
        .into(),
        StateKind::Cancelled => plainly(State::Cancelled { by: Party::Merchant }),
        StateKind::Expired => plainly(State::Expired),
    }
}

fn verifying(kind: ChallengeKind) -> (String, State) {
    let by = if kind == ChallengeKind::SmsCode { Verifier::Code } else { Verifier::Provider };
    (format!("verifying/{}", kind.name()), State::Verifying { attempt: attempt(kind, true), by, open: open() })
}

fn attempt(kind: ChallengeKind, has_begun: bool) -> Attempt {
    Attempt {
        number: NOW,
        kind,
        tries_left: 2,
        resends_left: 1,
        resend_after_seconds: 30,
        resend_after: at(0),
        deadline: at(DEADLINE),
        begun: has_begun.then(|| begun(kind, "now")),
    }
}

fn open() -> Open {
    Open { expires_at: at(END), spent: ChallengeKind::ALL.into_iter().collect(), attempts: NOW }
}

/// A journey that stands there, with the attempt before still to be forgotten by its provider.
fn journey(state: &State) -> Journey {
    let erasure = Erasure { attempt: BEFORE, kind: ChallengeKind::SmsCode, handle: sealed("before") };
    Journey { state: state.clone(), erasures: vec![erasure] }
}

/// A cell, and what must hold of any.
fn cell(name: &str, state: &State, input: &Input, at: Timestamp) -> String {
    let journey = journey(state);
    match receive(&journey, input.clone(), at) {
        Ok(Received::Nothing) => ".".into(),
        Ok(Received::Happens(event)) => {
            let next = journey.apply(&event, at);
            assert!(next.is_ok(), "{name}, {}: {next:?}", input.name());
            event.name().into()
        }
        Ok(Received::Decide(Occasion::Evidence { attempt, kind })) => {
            assert_eq!(state.attempt().map(|of| (of.number, of.kind)), Some((attempt, kind)), "{name}");
            "evidence".into()
        }
        Ok(Received::Decide(Occasion::Failure { attempt, kind, failure })) => {
            assert_eq!(state.attempt().map(|of| (of.number, of.kind)), Some((attempt, kind)), "{name}");
            format!("failure:{}", failure.name())
        }
        Ok(Received::Decide(Occasion::Review { granted })) => {
            assert_eq!(*input, Input::ResolveReview { granted }, "{name}");
            "review".into()
        }
        Err(forbidden) => {
            assert_eq!((forbidden.state, forbidden.at), (state.kind(), at), "{name}, {}", input.name());
            "no".into()
        }
    }
}

/// A table as it is written: its columns, and its rows by name. Cells stand two spaces apart.
fn parsed(table: &str) -> (Vec<&str>, Vec<(&str, Vec<&str>)>) {
    let mut lines = table.lines().filter(|line| !line.trim().is_empty()).map(cells);
    let columns = lines.next().unwrap_or_default();
    (columns, lines.map(|cells| (cells[0], cells[1..].to_vec())).collect())
}

fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// Every cell of a table is as `found` says, which gets a row's name and a column's.
fn check(title: &str, table: &str, found: impl Fn(&str, &str) -> String) {
    let (columns, rows) = parsed(table);
    let mut wrong = Vec::new();
    for (row, cells) in rows {
        assert_eq!(cells.len(), columns.len(), "{title}, row {row}: a cell for each column\n{table}");
        for (column, expected) in columns.iter().zip(cells) {
            let found = found(row, column);
            if found != expected {
                wrong.push(format!("  {column} in {row}: the table says `{expected}`, found `{found}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{title}:\n{}\n{table}", wrong.join("\n"));
}

fn input_named(name: &str, attempt: u32, kind: ChallengeKind) -> Input {
    let input = inputs(attempt, kind).into_iter().find(|input| input.name() == name);
    input.unwrap_or_else(|| panic!("the tables name `{name}`, which is no input"))
}

fn kind_in(state: &State) -> ChallengeKind {
    state.attempt().map_or(ChallengeKind::IdDocument, |attempt| attempt.kind)
}

#[test]
fn every_input_means_in_every_state_what_the_table_says() {
    let states: BTreeMap<_, _> = states().into_iter().collect();
    for (title, table) in [
        ("customer acts", CUSTOMER_ACTS),
        ("journey ends", JOURNEY_ENDS),
        ("payments", PAYMENTS),
        ("the plan", PLAN),
        ("answers", PROVIDER_ANSWERS),
    ] {
        check(title, table, |row, column| {
            let state = states.get(row).unwrap_or_else(|| panic!("{title}: `{row}` is no state"));
            cell(row, state, &input_named(column, NOW, kind_in(state)), at(0))
        });
    }
    check("time", TIME, |row, column| {
        let seconds = match column {
            "now" => 0,
            "deadline" => DEADLINE,
            _ => END,
        };
        cell(row, &states[row], &Input::Time, at(seconds))
    });
    for (name, state) in &states {
        check(&format!("late answers in {name}"), LATE_ANSWERS, |row, column| {
            let attempt = if row == "to be forgotten" { BEFORE } else { NOW + 1 };
            cell(name, state, &input_named(column, attempt, ChallengeKind::SmsCode), at(0))
        });
        // The page of an attempt that is over is left behind too.
        assert_eq!(cell(name, state, &Input::Return { attempt: BEFORE }, at(0)), "no", "return in {name}");
    }
}

#[test]
fn the_tables_leave_out_no_state_and_no_input() {
    let all: Vec<_> = states().into_iter().map(|(name, _)| name).collect();
    let with_attempt: Vec<_> =
        states().into_iter().filter(|(_, state)| state.attempt().is_some()).map(|(name, _)| name).collect();
    let mut columns = vec!["time"];
    for (title, table, expected) in [
        ("customer acts", CUSTOMER_ACTS, &all),
        ("journey ends", JOURNEY_ENDS, &all),
        ("payments", PAYMENTS, &all),
        ("the plan", PLAN, &all),
        ("time", TIME, &all),
        // Where no attempt is under way every answer is a late one.
        ("answers", PROVIDER_ANSWERS, &with_attempt),
    ] {
        let (of_table, rows) = parsed(table);
        let rows: Vec<_> = rows.into_iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(&rows, expected, "{title}: a row for each state");
        columns.extend(of_table.into_iter().filter(|_| title != "time"));
    }
    columns.sort_unstable();
    let mut names: Vec<_> = inputs(NOW, ChallengeKind::SmsCode).iter().map(Input::name).collect();
    names.sort_unstable();
    assert_eq!(columns, names, "a column for each input");
    let (late, _) = parsed(LATE_ANSWERS);
    assert_eq!(late, parsed(PROVIDER_ANSWERS).0, "every answer may be late");
}

/// The state that an event leads to, in the words of the tables and with what it counts.
fn leads_to(from: &State, event: &Event) -> String {
    let next = journey(from).apply(event, at(10)).unwrap();
    let attempt = next.state.attempt();
    let counts = attempt.map_or(String::new(), |of| format!(" tries {} resends {}", of.tries_left, of.resends_left));
    let owed: Vec<_> = next.effects().iter().map(|effect| format!("{} {}", effect.name(), effect.attempt())).collect();
    let (from, to) = (from.kind().name(), next.state.kind().name());
    format!("{from} {}: {to}{counts}, owes {}", event.name(), owed.join(" and "))
}

#[test]
fn an_event_leads_to_its_state_and_to_what_is_owed_there() {
    let states: BTreeMap<_, _> = states().into_iter().collect();
    let sms = ChallengeKind::SmsCode;
    let evidence = || Cause::Evidence { attempt: NOW, features: crate::features::Vector::default() };
    for (from, event, expected) in [
        (
            "bank_history/consent_needed",
            Event::ConsentGranted { attempt: NOW, text_version: "v".into() },
            "challenged consent_granted: challenged tries 2 resends 1, owes start 2 and erase 1",
        ),
        (
            "sms_code/starting",
            Event::Started { attempt: NOW, kind: sms, begun: begun(sms, "now") },
            "challenged started: challenged tries 2 resends 1, owes erase 1",
        ),
        (
            "sms_code/action_needed",
            Event::CodeEntered { attempt: NOW },
            "challenged code_entered: verifying tries 1 resends 1, owes check 2 and erase 1",
        ),
        (
            "sms_code/action_needed",
            Event::CodeAskedAgain { attempt: NOW },
            "challenged code_asked_again: challenged tries 2 resends 0, owes start 2 and erase 1",
        ),
        (
            "verifying/sms_code",
            Event::CodeWrong { attempt: NOW },
            "verifying code_wrong: challenged tries 2 resends 1, owes erase 1",
        ),
        (
            "verifying/sms_code",
            Event::CodeUnknown { attempt: NOW, lost: false },
            "verifying code_unknown: challenged tries 2 resends 1, owes erase 1",
        ),
        (
            "verifying/sms_code",
            Event::CodeUnknown { attempt: NOW, lost: true },
            "verifying code_unknown: challenged tries 2 resends 1, owes start 2 and erase 1",
        ),
        (
            "id_document/action_needed",
            Event::Returned { attempt: NOW },
            "challenged returned: verifying tries 2 resends 1, owes poll 2 and erase 1",
        ),
        (
            "verifying/id_document",
            Event::ActionAsked { attempt: NOW, action: Action::Redirect { url: sealed("another") } },
            "verifying action_asked: challenged tries 2 resends 1, owes erase 1",
        ),
        (
            "verifying/id_document",
            Event::Decided { cause: evidence(), next: State::Accepted { account: account().into() } },
            "verifying decided_on_evidence: accepted, owes erase 1 and erase 2",
        ),
        ("verifying/bank_history", Event::PaidInFull, "verifying paid_in_full: paid_in_full, owes erase 1 and erase 2"),
        (
            "bank_history/starting",
            Event::Cancelled { by: Party::Customer },
            "challenged cancelled: cancelled, owes erase 1",
        ),
        (
            "cancelled",
            Event::Started { attempt: NOW, kind: sms, begun: begun(sms, "late") },
            "cancelled started: cancelled, owes erase 1 and erase 2",
        ),
        ("cancelled", Event::Erased { attempt: BEFORE }, "cancelled erased: cancelled, owes "),
        ("declined", Event::ReviewRequested { until: at(9) }, "declined review_requested: in_review, owes erase 1"),
        ("declined", Event::StatementGiven, "declined statement_given: declined, owes erase 1"),
        ("in_review/policy", Event::Expired, "in_review expired: expired, owes erase 1"),
    ] {
        assert_eq!(leads_to(&states[from], &event), expected, "from {from}");
    }
}

#[test]
fn a_code_is_sent_again_neither_too_soon_nor_too_often() {
    let state = |resends_left, resend_after| State::Challenged {
        attempt: Attempt { resends_left, resend_after, ..attempt(ChallengeKind::SmsCode, true) },
        phase: Phase::ActionNeeded,
        open: open(),
    };
    let asked = |state: State| receive(&Journey::at(state), Input::ResendCode, at(0));
    assert!(matches!(asked(state(1, at(0))), Ok(Received::Happens(Event::CodeAskedAgain { .. }))));
    let soon = asked(state(1, at(5))).unwrap_err();
    assert_eq!((soon.expected, soon.from), ("another code is not sent so soon", Some(at(5))));
    let often = asked(state(0, at(5))).unwrap_err();
    assert_eq!((often.expected, often.from), ("no further code is sent", None));
    let starting = state(1, at(0));
    let sent = Journey::at(starting).apply(&Event::CodeAskedAgain { attempt: NOW }, at(0)).unwrap();
    let event =
        Event::Started { attempt: NOW, kind: ChallengeKind::SmsCode, begun: begun(ChallengeKind::SmsCode, "x") };
    let sent = sent.apply(&event, at(100)).unwrap();
    assert_eq!(sent.state.attempt().map(|of| of.resend_after), Some(at(130)), "counted from when it was sent");
}

#[test]
fn the_last_try_ends_the_challenge() {
    let state = State::Verifying {
        attempt: Attempt { tries_left: 0, ..attempt(ChallengeKind::SmsCode, true) },
        by: Verifier::Code,
        open: open(),
    };
    for (input, expected) in [
        (Input::CodeWrong { attempt: NOW }, "failure:too_many_tries"),
        (Input::CodeUnknown { attempt: NOW, lost: false }, "failure:provider"),
        (Input::CodeUnknown { attempt: NOW, lost: true }, "failure:provider"),
        (Input::Yields { attempt: NOW }, "evidence"),
    ] {
        assert_eq!(cell("the last try", &state, &input, at(0)), expected, "{input:?}");
    }
}

#[test]
fn an_event_that_cannot_have_happened_is_refused_with_both_names() {
    let impossible =
        Journey::at(State::PaidInFull { collection: Collection::Awaited }).apply(&Event::Expired, at(0)).unwrap_err();
    assert_eq!(impossible.to_string(), "`expired` cannot have happened to an application that is paid_in_full");
}
