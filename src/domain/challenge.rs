//! Challenges: what a step-up asks of the customer.

/// One kind of verification.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeKind {
    /// A one-time code sent to the customer's phone.
    SmsCode,
    /// A check of an identity document.
    IdDocument,
    /// The bank history of the last three months, read with the customer's consent.
    BankHistory,
}

impl ChallengeKind {
    /// All kinds, in the order of their weight for the customer.
    pub const ALL: [Self; 3] = [Self::SmsCode, Self::IdDocument, Self::BankHistory];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::SmsCode => "sms_code",
            Self::IdDocument => "id_document",
            Self::BankHistory => "bank_history",
        }
    }
}
