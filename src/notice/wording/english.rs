//! English.

use super::{Said, Wording};

pub(super) const WORDING: Wording = Wording {
    hello: "Hello {name},",
    hello_nameless: "Hello,",
    confirmation: Said {
        subject: "Your instalment plan with {shop}",
        preview: "All set: what you pay and when, at a glance.",
        title: "Your plan is set",
        body: &[
            "Thank you for your purchase of {purchase} at {shop}. You pay {total} in {count} instalments. {cost}",
            "There is nothing you need to do: each instalment is collected from your card on its due date, and we write to you \
             before. You can see your plan, pay ahead or change your card at any time.",
        ],
        button: "See my plan",
    },
    confirmation_of_one: Said {
        subject: "Your payment plan with {shop}",
        preview: "All set: what you pay and when, at a glance.",
        title: "Your plan is set",
        body: &[
            "Thank you for your purchase of {purchase} at {shop}. You pay {total} in one payment. {cost}",
            "There is nothing you need to do: it is collected from your card on its due date, and we write to you before. You \
             can see your plan, pay ahead or change your card at any time.",
        ],
        button: "See my plan",
    },
    reminder: Said {
        subject: "A payment to {shop} is coming up",
        preview: "{amount} is due on {date}.",
        title: "Your next payment is on {date}",
        body: &[
            "{amount} will be collected from your card for your purchase at {shop}: instalment {number} of {count}. There is \
             nothing you need to do.",
            "Would you rather use another card? You can change it yourself on your plan’s page.",
        ],
        button: "See my plan",
    },
    receipt: Said {
        subject: "Payment received: thank you from {shop}",
        preview: "We have received {amount}.",
        title: "Your payment has arrived",
        body: &[
            "Thank you. We have received {amount} for your purchase at {shop}: instalment {number} of {count}. {left} is left \
             to pay.",
        ],
        button: "See my plan",
    },
    closing: Said {
        subject: "Your purchase at {shop} is fully paid",
        preview: "Nothing is left to pay. Thank you!",
        title: "All paid: thank you",
        body: &[
            "The last payment for your purchase at {shop} has arrived. You have paid {paid} in all, and nothing is left to \
             pay.",
            "Your receipts stay on your plan’s page.",
        ],
        button: "See my receipts",
    },
    failed: Said {
        subject: "A payment to {shop} did not go through",
        preview: "{amount} could not be collected. Here is what you can do.",
        title: "A payment did not go through",
        body: &[
            "{amount}, due on {date} for your purchase at {shop}, could not be collected: instalment {number} of {count}. It \
             happens: a card expires, or a limit is reached.",
            "You can pay now on your plan’s page, or give another card.",
            "If paying is difficult at the moment, write to us: we will look for a way together.",
        ],
        button: "Pay or change my plan",
    },
    moved: Said {
        subject: "Your payment date with {shop} has moved",
        preview: "{amount} is now due on {date}.",
        title: "Your payment is now due on {date}",
        body: &[
            "As you asked, we have moved instalment {number} of {count} of your purchase at {shop}. {amount} was due on {from} \
             and is now due on {date}. This is free of charge, and all else stays as it was.",
            "Was it not you? Please write to us.",
        ],
        button: "See my plan",
    },
    declined: Said {
        subject: "Your purchase at {shop}: you can pay in one go",
        preview: "Instalments are not possible this time, but your order can still go through.",
        title: "You can still pay in one go",
        body: &[
            "We cannot offer you instalments for your purchase at {shop} this time. That says nothing against your order: it \
             goes through if you pay {purchase} in one go, without any fee, until {until}.",
        ],
        button: "Pay {purchase} in one go",
    },
    refunded: Said {
        subject: "A refund from {shop}",
        preview: "{shop} has refunded {amount}.",
        title: "You have a refund",
        body: &["{shop} has refunded {amount} of your purchase."],
        button: "See my plan",
    },
    movable: "You can also move this due date once, by up to {days} days, free of charge.",
    each_movable: "Each due date can be moved once, by up to {days} days, free of charge.",
    cost: "This includes {fees} of fees and interest.",
    no_cost: "There are no fees and no interest.",
    next_payment: "The next payment is {amount} on {date}.",
    paid_back: "{back} is paid back to your card. This can take a few days.",
    taken_off: "{off} is taken off what you still have to pay, from the last instalment backwards. {left} is left to pay.",
    all_taken_off: "{off} is taken off what you still had to pay: nothing is left.",
    why: "Why?",
    review: "This was decided automatically. You have the right to ask for a person to look at it again, to tell us how you see \
             it, and to contest the decision: write to {email}.",
    schedule: "Your schedule",
    number: "No.",
    due: "Due on",
    amount: "Amount",
    state: "State",
    to_pay: "to pay",
    paid: "paid",
    late: "late",
    covered: "refunded",
    total: "Total",
    change_card: "Change my card",
    move_date: "Move the due date",
    receipts: "Download my receipt (PDF)",
    questions: "Any questions? Write to",
    help_page: "Help",
    privacy: "Privacy policy",
    terms: "Terms and conditions",
    reference: "Order {reference}",
    because: "You receive this message because of your purchase at {shop}. It is not advertising.",
    receipt_title: "Receipt",
    merchant: "Shop",
    of_reference: "Order",
    instalment: "Instalment",
    of_count: "{number} of {count}",
    paid_on: "Paid on",
    purchase_part: "Purchase",
    refunded_part: "Refunded",
    fee: "Fee",
    interest: "Interest",
    amount_paid: "Amount paid",
    left: "Left to pay",
    support: "Questions",
};
