//! English.

use super::{
    Bank, Cancel, Declined, Ends, Frame, Handover, How, Missing, Notes, Pay, Plan, Progress, Review, Schedule, Sms,
    Waiting, Words,
};
use crate::domain::challenge::ChallengeKind;
use crate::domain::reason::Language;

/// Everything in English.
pub(super) static WORDS: Words = Words {
    language: Language::En,
    name: "English",
    frame: Frame {
        skip: "Skip to the content",
        languages: "Language",
        back: "Back to the shop",
        may_go_back: "You can go back to the shop: it knows how your purchase stands.",
        privacy: "Privacy policy",
        terms: "Terms",
        help: "Help",
        reload: "Reload this page",
        purchase: |amount, count| match count {
            1 => format!("{amount}, to be paid later"),
            _ => format!("{amount} in {count} instalments"),
        },
    },
    progress: Progress {
        label: "Progress",
        step_of: |at, of| format!("Step {at} of {of}"),
        done: "done",
        chosen: "Your plan",
        check: |kind| match kind {
            ChallengeKind::SmsCode => "Code by SMS",
            ChallengeKind::IdDocument => "Identity document",
            ChallengeKind::BankHistory => "Bank account",
        },
        answer: "Answer",
    },
    notes: Notes {
        problem: "There is a problem",
        done: "We already have this: nothing was done twice. This is where your purchase stands.",
        moved: "This has moved on in the meantime. This is where your purchase stands now.",
        soon: "A code was sent a moment ago. Please wait until the time below before you ask for another one.",
        stated: "Thank you: we have what you wrote.",
    },
    sms: Sms {
        title: "Enter the code that we sent you",
        sent: |length, ending| match ending {
            Some(ending) => {
                format!("We sent a code of {length} digits by SMS to your number ending in {ending}.")
            }
            None => format!("We sent a code of {length} digits by SMS to your phone number."),
        },
        why: "It shows that this phone is yours, so that nobody else buys in your name. It costs nothing, and we use the \
              number for nothing else.",
        label: "Code",
        hint: |length| format!("{length} digits"),
        tries_left: |left| match left {
            1 => "You have one try left.".into(),
            _ => format!("You have {left} tries left."),
        },
        valid_until: |until| format!("You have until {until}."),
        submit: "Confirm",
        wrong: "This code is not right. Look at the newest SMS and enter its code.",
        unknown: "We could not check this code. Please enter it again.",
        bad_format: |length| {
            format!("Enter the {length} digits of the code, such as {}.", &"4829137056"[..usize::from(length.min(10))])
        },
        no_code: "No code?",
        sent_again: "We sent another code. The newest one is right.",
        resend: "Send another code",
        resend_from: |time| format!("You can ask for another code from {time} on."),
        resend_in: "You can ask for another code in {} s.",
        resend_now: "It can take a minute to arrive. If it does not, ask for another one.",
        resends_spent: "No further code can be sent. If none arrives, you can still pay in one go.",
    },
    document: Handover {
        title: "Show your identity document",
        why: "For this purchase we need to be sure who you are. It protects you too: nobody can buy in your name.",
        ready_title: "What you need",
        ready: &[
            "your identity card, passport or residence permit, valid and not a copy",
            "the camera of your phone or computer",
            "about two minutes and good light",
        ],
        who: "A provider that specialises in identity checks looks at the document for us.",
        data: "We learn whether the document is genuine and whether name and date of birth agree. The pictures are deleted \
               at the provider as soon as the check is over.",
        go: "Continue to the identity check",
        comes_back: "Afterwards you come back here by yourself.",
        until: |until| format!("You have until {until}."),
    },
    bank: Bank {
        title: "May we look at your bank account, once?",
        why: "To decide on this payment in instalments we need to know a little more about your income and spending. You \
              choose whether we may.",
        question: "What you would agree to",
        agree: "I agree",
        refuse: "I do not agree",
        after_refusal: "If you do not agree, we cannot offer the instalments, but you can still pay in one go.",
        handover: Handover {
            title: "Connect your bank",
            why: "Thank you. Now choose your bank and sign in there, as you always do.",
            ready_title: "What you need",
            ready: &["your sign-in for online banking", "about two minutes"],
            who: "A regulated provider of account information reads your account for us. We never see your password.",
            data: "Your transactions are read once and deleted at once. We keep figures such as your monthly income.",
            go: "Continue to your bank",
            comes_back: "Afterwards you come back here by yourself.",
            until: |until| format!("You have until {until}."),
        },
        changed_mind: "Have you changed your mind?",
        withdraw: "I no longer agree",
    },
    waiting: Waiting {
        sending_code: "We are sending you a code",
        preparing: "We are preparing the next step",
        checking_code: "We are checking your code",
        looking_at_document: "Your document is being checked",
        reading_accounts: "Your bank history is being read",
        by_itself: "This takes a moment. The page goes on by itself; you need not do anything.",
        may_close: "You may also close this page and come back to it with the same link.",
        lost: "The connection is lost. We keep trying; nothing of yours is lost.",
        back: "The connection is back.",
        news: "There is news.",
    },
    pay: Pay {
        title: "Rather pay in one go?",
        text: |amount| {
            format!("You can pay the whole amount at once: exactly {amount}, no fee, and no further checks.")
        },
        button: |amount| format!("Pay {amount} in one go"),
        until: |until| format!("This offer stands until {until}."),
        over: "The time to pay in one go here is over. The shop may have other ways to pay.",
    },
    cancel: Cancel {
        summary: "Cancel",
        text: "You can give up this payment. Nothing is charged, and you can begin again in the shop at any time.",
        button: "Cancel this payment",
    },
    how: How {
        summary: "How does it work?",
        schedule: "Your schedule",
        if_today: "If it is accepted today:",
        steps_title: "The steps",
        steps: &[
            "You chose to pay in instalments in the shop.",
            "We look at the purchase. Sometimes we ask for one or two short checks, like the one on this page.",
            "You get an answer at once. If it is yes, the shop sends your order and your card is charged on the dates of \
             the schedule.",
            "You can pay ahead at any time and free of charge.",
        ],
        law_title: "Your rights",
        law: "The first answer is given by a computer program. If it is no, you may be told the main reasons, have a person \
              look at it, state your view and contest it (Regulation (EU) 2016/679, article 22; Directive (EU) 2023/2225, \
              article 18). A payment in instalments is a credit and must be paid back: make sure that you can before you \
              commit yourself. Your data serve this payment and the prevention of fraud, and nothing else.",
    },
    declined: Declined {
        title: "We cannot offer you these instalments",
        lead: "That is about this payment in instalments, and not about your order: you can still have it.",
        reasons: "Why",
        pay_title: "Pay in one go",
        review_title: "Have a person look at it",
        review_text: "This answer was given by a computer program. If you think that it is wrong, a person looks at your \
                      application again. It is your right, it costs nothing, and it is never held against you.",
        review_until: |until| format!("You can ask for it until {until}."),
        review_over: "The time to ask for a person's review is over.",
        review_button: "Ask for a person's review",
        next_title: "What happens next",
        next: "If you do nothing, nothing is charged. When the offers above end, the shop is told, and you can begin again \
               there at any time.",
        next_over: "Nothing was charged. You can begin again in the shop at any time.",
    },
    review: Review {
        title: "A person is looking at your application",
        by_policy: "We want to look at this one more closely. You need not do anything.",
        by_customer: "You asked for a person's review. Thank you for your patience.",
        until: |until| format!("You have the answer by {until} at the latest: on this page, and from the shop."),
        view_title: "State your view",
        view_label: "What should we know?",
        view_hint: |most| {
            format!(
                "For example what has changed for you, or what we may have got wrong. At most {most} characters. Please \
                     write nothing about your health, and no passwords."
            )
        },
        view_button: "Send",
        view_given: "We have what you wrote. You can add something.",
        view_bad: |most| format!("Write something, at most {most} characters."),
    },
    ends: Ends {
        accepted: "Your payment in instalments is accepted",
        accepted_text: |count| match count {
            1 => "You pay on the date below. The shop goes on with your order.".into(),
            _ => format!("You pay in {count} instalments, on the dates below. The shop goes on with your order."),
        },
        see_plan: "See your plan",
        paid: "You pay in one go",
        paid_text: |amount| format!("The shop now collects {amount} from your card: once, without any fee."),
        collected: "Paid",
        collected_text: |amount| format!("{amount} has been paid. Thank you."),
        not_collected: "The payment did not go through",
        not_collected_text: |amount| {
            format!("The shop could not collect {amount} from your card. Nothing was charged. You can try again.")
        },
        cancelled: "The payment was cancelled",
        cancelled_by_customer: "You have cancelled it.",
        cancelled_by_merchant: "The shop has cancelled it.",
        expired: "The time for this payment is over",
        expired_text: "It was not completed in time.",
        nothing_paid: "Nothing was charged. You can begin again in the shop at any time.",
    },
    schedule: Schedule {
        caption: "Schedule",
        due: "Date",
        amount: "Amount",
        cost: "of which costs",
        total: "Total",
        no_cost: "No fee and no interest.",
        costs: |cost| format!("Of this, {cost} are costs of the instalments."),
    },
    plan: Plan {
        title: "Your payments",
        in_progress: "Everything is in order.",
        paid: "Everything is paid. Thank you.",
        late: "A payment is overdue",
        late_text: "That happens. Pay it now, or move its date: both take one click and cost nothing.",
        late_contact_text: "Please pay it now. If that is not possible, write to us: a person will get in touch with you, and \
                            we find a way together.",
        default_text: "This payment is more than 15 days late. Please pay it now, or get in touch with us today, so that we \
                       find a way together before anything else follows.",
        left: |amount| format!("Left to pay: {amount}"),
        next: |amount, date| format!("Next: {amount} on {date}"),
        instalments: "Instalments",
        instalment: |number, of| format!("Instalment {number} of {of}"),
        due: |date| format!("due on {date}"),
        moved_from: |date| format!("moved from {date}"),
        paid_on: |date| format!("paid on {date}"),
        pending: "still to come",
        collecting: "being collected from your card",
        incident: "overdue: the payment did not go through",
        claimed: "long overdue: please get in touch with us",
        covered: "nothing to pay: it was refunded",
        less_refund: |amount| format!("{amount} of it was refunded"),
        change: "Pay now or move the date",
        pay_now: |amount| format!("Pay {amount} now"),
        pay_all_title: "Pay everything now",
        pay_all_text: "You can pay ahead at any time. It costs nothing.",
        pay_all: |amount| format!("Pay {amount} now"),
        move_label: "New date",
        move_hint: |days| format!("Once, by up to {days} days, free of charge."),
        move_button: "Move the date",
        receipt: |number| format!("Receipt of instalment {number} (PDF)"),
        receipt_file: "receipt",
        refunds: "Refunds",
        refunded: |amount| format!("The shop has refunded {amount} of your purchase."),
        paid_back: |amount| format!("{amount} of it goes back to your card. The rest is taken off what is still due."),
        card_title: "Your card",
        card_text: "You can have the next payments taken from another card. You give it on a page of the payment service.",
        card_button: "Use another card",
        help_title: "Help",
        help_text: "Does something not fit? Write to us before the due date: we find a way.",
        failed_first_title: "The first payment did not go through",
        failed_first_text: |amount| {
            format!("Pay it now below. Or pay the whole amount in one go instead: exactly {amount}, without any fee.")
        },
        asked: "Thank you. Your card is being charged: this page shows it as soon as that is done.",
        moved: "The date has been moved.",
    },
    missing: Missing {
        unknown: "This page is not there",
        unknown_text: "Its link is wrong or incomplete. Please open it again from the shop, or from the message that you got.",
        gone: "This link has expired",
        gone_text: "For your safety links end some time after the last change. If you have a question, please ask the shop.",
        later: "Not now",
        later_text: "Something is being mended. Nothing of yours is lost: please load the page again in a moment.",
        too_large: "That was too much",
        too_large_text: "What you sent is longer than we can take. Please go back and shorten it.",
    },
};
