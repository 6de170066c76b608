//! What is delivered: mails to customers, events to merchants. Their numbers are permanent, because they are stored.

/// What a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DeliveryKind {
    /// To the customer: the plan has begun, with its schedule.
    Confirmation = 1,
    /// To the customer: a payment is coming.
    Reminder = 2,
    /// To the customer: a payment was made.
    Receipt = 3,
    /// To the customer: the last payment was made.
    Closing = 4,
    /// To the customer: a payment failed.
    PaymentFailed = 5,
    /// To the customer: a due date was moved.
    DueDateMoved = 6,
    /// To the customer: no instalments, but the whole amount can be paid in one go.
    DeclinedPayInOneGo = 7,
    /// To the customer: money comes back.
    Refunded = 8,
    /// To the merchant: something changed.
    Webhook = 32,
}

impl DeliveryKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Confirmation,
        Self::Reminder,
        Self::Receipt,
        Self::Closing,
        Self::PaymentFailed,
        Self::DueDateMoved,
        Self::DeclinedPayInOneGo,
        Self::Refunded,
        Self::Webhook,
    ];

    /// The name in metrics and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Reminder => "reminder",
            Self::Receipt => "receipt",
            Self::Closing => "closing",
            Self::PaymentFailed => "payment_failed",
            Self::DueDateMoved => "due_date_moved",
            Self::DeclinedPayInOneGo => "declined_pay_in_one_go",
            Self::Refunded => "refunded",
            Self::Webhook => "webhook",
        }
    }

    /// The kind of a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_permanent() {
        let numbers = DeliveryKind::ALL.map(|kind| kind as u8);
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 32], "stored deliveries hold these numbers: never change one");
        for kind in DeliveryKind::ALL {
            assert_eq!(DeliveryKind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(DeliveryKind::from_number(0), None);
    }
}
