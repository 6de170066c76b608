//! What became of an accepted purchase, as the gateway reports it.

/// How a purchase turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepaymentOutcome {
    /// Paid as agreed.
    Paid,
    /// Paid or still owed, late.
    Late,
    /// Not paid.
    Defaulted,
    /// The purchase was fraud.
    Fraud,
    /// The card's holder disputed it.
    Chargeback,
}

impl RepaymentOutcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [Self::Paid, Self::Late, Self::Defaulted, Self::Fraud, Self::Chargeback];

    /// The name in files: lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Late => "late",
            Self::Defaulted => "defaulted",
            Self::Fraud => "fraud",
            Self::Chargeback => "chargeback",
        }
    }

    /// The outcome of a name in a file.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.name() == name)
    }

    /// Whether the outcome says that the purchase was fraud: a chargeback is counted as one.
    pub fn is_fraud(self) -> bool {
        matches!(self, Self::Fraud | Self::Chargeback)
    }
}
