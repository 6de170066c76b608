//! Challenges: what a step-up asks of the customer, and how it ends without an answer.

use super::reason::ReasonCode;

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

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);

    /// Whether a kind is in it.
    pub fn contains(self, kind: ChallengeKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// With a kind more.
    #[must_use]
    pub fn with(self, kind: ChallengeKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds, in the order of [`ChallengeKind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = ChallengeKind> {
        ChallengeKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// Every set that there is, in the order of its bits.
    pub fn all_sets() -> impl Iterator<Item = Self> {
        (0..1 << ChallengeKind::ALL.len()).map(Self)
    }

    /// The bits by which it is stored: permanent.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// From the bits by which it is stored; `None`: a kind that is not known.
    pub fn from_bits(bits: u32) -> Option<Self> {
        let all = ChallengeKind::ALL.into_iter().fold(Self::NONE, Self::with);
        let known = u8::try_from(bits).ok().filter(|bits| bits & !all.0 == 0);
        known.map(Self)
    }

    fn bit(kind: ChallengeKind) -> u8 {
        match kind {
            ChallengeKind::SmsCode => 1,
            ChallengeKind::IdDocument => 2,
            ChallengeKind::BankHistory => 4,
        }
    }
}

impl FromIterator<ChallengeKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = ChallengeKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Why a challenge ended without the evidence it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Too many wrong codes.
    TooManyTries,
    /// The customer did not consent.
    ConsentRefused,
    /// The customer let the time pass.
    TimedOut,
    /// The customer gave up at the provider.
    GivenUp,
    /// There was nothing to look at, such as no account.
    NothingThere,
    /// The provider does not verify this customer, such as a number that it blocks.
    NotServed,
    /// The provider failed.
    Provider,
}

impl Failure {
    /// All of them, in a permanent order.
    pub const ALL: [Self; 7] = [
        Self::TooManyTries,
        Self::ConsentRefused,
        Self::TimedOut,
        Self::GivenUp,
        Self::NothingThere,
        Self::NotServed,
        Self::Provider,
    ];

    /// The name in the audit and in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooManyTries => "too_many_tries",
            Self::ConsentRefused => "consent_refused",
            Self::TimedOut => "timed_out",
            Self::GivenUp => "given_up",
            Self::NothingThere => "nothing_there",
            Self::NotServed => "not_served",
            Self::Provider => "provider",
        }
    }

    /// The reason that it gives.
    pub fn reason(self) -> ReasonCode {
        match self {
            Self::TooManyTries => ReasonCode::CODE_TRIES_SPENT,
            Self::ConsentRefused => ReasonCode::CONSENT_REFUSED,
            Self::TimedOut => ReasonCode::CHALLENGE_TIMED_OUT,
            Self::GivenUp => ReasonCode::CHALLENGE_GIVEN_UP,
            Self::NothingThere => ReasonCode::NOTHING_TO_VERIFY,
            Self::NotServed => ReasonCode::NOT_VERIFIABLE,
            Self::Provider => ReasonCode::PROVIDER_FAILED,
        }
    }

    /// Whether it is the provider's doing and not the customer's.
    pub fn is_providers(self) -> bool {
        self == Self::Provider
    }
}
