//! What verification yields, the same whoever verified. It is personal and short-lived: features are computed from it
//! (`features::evidence`), and the features are what is kept.

use super::challenge::ChallengeKind;
use super::geo::Country;
use super::money::Currency;
use jiff::civil::Date;
use std::fmt;

/// What one challenge yielded.
#[derive(Clone, PartialEq)]
pub enum Evidence {
    /// The customer holds the phone: the code that was sent there came back.
    PhoneVerified,
    /// What a document and a face say.
    Identity(IdentityReport),
    /// What the bank says.
    Bank(BankHistory),
}

impl Evidence {
    /// The challenge that yields it.
    pub fn kind(&self) -> ChallengeKind {
        match self {
            Self::PhoneVerified => ChallengeKind::SmsCode,
            Self::Identity(_) => ChallengeKind::IdDocument,
            Self::Bank(_) => ChallengeKind::BankHistory,
        }
    }
}

/// What a check of a document concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityVerdict {
    /// Genuine, and the customer's.
    Clear,
    /// Not certain: for a person to look at. Whatever a provider says that is not known here means this.
    Review,
    /// Forged, altered, or somebody else's.
    Rejected,
    /// Too poor a picture to tell.
    Unreadable,
}

impl IdentityVerdict {
    /// All verdicts, in a permanent order.
    pub const ALL: [Self; 4] = [Self::Clear, Self::Review, Self::Rejected, Self::Unreadable];

    /// The name in features and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Review => "review",
            Self::Rejected => "rejected",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a document says.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityReport {
    /// What the check concludes.
    pub verdict: IdentityVerdict,
    /// The given names on the document, in its order.
    pub given_names: Vec<Box<str>>,
    /// The family name on the document.
    pub family_name: Option<Box<str>>,
    /// The name of use on the document, such as that of a spouse.
    pub usage_name: Option<Box<str>>,
    /// The date of birth on the document.
    pub birth_date: Option<Date>,
    /// Until when the document is valid.
    pub document_expiry: Option<Date>,
    /// Which country issued it.
    pub issuing_country: Option<Country>,
}

/// The accounts and transactions of about three months.
#[derive(Clone, PartialEq, Eq)]
pub struct BankHistory {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// What happened on them, in any order.
    pub transactions: Vec<Transaction>,
    /// The first day that the bank answered for.
    pub covered_from: Date,
    /// The last.
    pub covered_to: Date,
    /// Whether that is all that was asked for.
    pub complete: bool,
}

/// One account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The provider's name for it.
    pub id: Box<str>,
    /// What it is for.
    pub kind: AccountKind,
    /// What is on it at the end of the last day covered, in minor units; below zero: overdrawn.
    pub balance_minor: Option<i64>,
    /// Its currency.
    pub currency: Currency,
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// Daily payments.
    Checking,
    /// Savings.
    Savings,
    /// A card whose payments are taken from another account later.
    Card,
    /// Something owed.
    Loan,
    /// Anything else.
    Other,
}

impl AccountKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Checking, Self::Savings, Self::Card, Self::Loan, Self::Other];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Savings => "savings",
            Self::Card => "card",
            Self::Loan => "loan",
            Self::Other => "other",
        }
    }
}

/// One transaction.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The provider's name for it; the same twice is one transaction.
    pub id: Box<str>,
    /// The account, by its id.
    pub account: Box<str>,
    /// The day on which it was booked.
    pub booked_on: Date,
    /// Minor units of the account's currency; above zero: money in.
    pub amount_minor: i64,
    /// How it was made.
    pub kind: TransactionKind,
    /// What it was for, where the provider says so.
    pub purpose: Option<Purpose>,
    /// The bank's words.
    pub wording: Box<str>,
}

/// How a transaction was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    /// A transfer.
    Transfer,
    /// A direct debit or a standing order.
    DirectDebit,
    /// A cheque.
    Cheque,
    /// Cash or cheques paid in.
    Deposit,
    /// Money back for something returned.
    Refund,
    /// Cash from a machine or a counter.
    CashWithdrawal,
    /// A payment on a loan.
    LoanPayment,
    /// The bank's own fees and interest.
    BankFee,
    /// A card payment.
    Card,
    /// A card payment that is taken later, in one sum with others.
    DeferredCard,
    /// The sum of card payments that were deferred.
    CardSummary,
    /// Anything else.
    Other,
}

impl TransactionKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Transfer,
        Self::DirectDebit,
        Self::Cheque,
        Self::Deposit,
        Self::Refund,
        Self::CashWithdrawal,
        Self::LoanPayment,
        Self::BankFee,
        Self::Card,
        Self::DeferredCard,
        Self::CardSummary,
        Self::Other,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::DirectDebit => "direct_debit",
            Self::Cheque => "cheque",
            Self::Deposit => "deposit",
            Self::Refund => "refund",
            Self::CashWithdrawal => "cash_withdrawal",
            Self::LoanPayment => "loan_payment",
            Self::BankFee => "bank_fee",
            Self::Card => "card",
            Self::DeferredCard => "deferred_card",
            Self::CardSummary => "card_summary",
            Self::Other => "other",
        }
    }
}

/// What a transaction was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Wages.
    Salary,
    /// Pensions and social benefits.
    Benefit,
    /// Rent or a mortgage.
    Housing,
    /// Energy, telephone, insurance and the like.
    Bills,
    /// A loan or a credit card paid back.
    Credit,
    /// Another lender of instalments.
    Instalments,
    /// Bets and games of chance.
    Gambling,
    /// Cash.
    Cash,
    /// A debit that the bank refused for want of money, or its fee for that.
    RejectedDebit,
    /// Between accounts of the same person.
    OwnTransfer,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Salary,
        Self::Benefit,
        Self::Housing,
        Self::Bills,
        Self::Credit,
        Self::Instalments,
        Self::Gambling,
        Self::Cash,
        Self::RejectedDebit,
        Self::OwnTransfer,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Salary => "salary",
            Self::Benefit => "benefit",
            Self::Housing => "housing",
            Self::Bills => "bills",
            Self::Credit => "credit",
            Self::Instalments => "instalments",
            Self::Gambling => "gambling",
            Self::Cash => "cash",
            Self::RejectedDebit => "rejected_debit",
            Self::OwnTransfer => "own_transfer",
        }
    }
}

macro_rules! silent {
    ($($name:ident),*) => {$(
        /// Personal: says nothing of what it holds.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

silent!(Evidence, IdentityReport, BankHistory, Account, Transaction);
