//! The ways things can go at the mock, each in one row: name, the value that chooses it, and what happens.
//! `docs/mock-providers.md` is generated from these rows.

use crate::domain::challenge::ChallengeKind;

macro_rules! paths {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal $magic:literal $what:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $what] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in scripts.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The value that chooses it; empty: only a script does, or nothing needs to.
            pub fn magic(self) -> &'static str {
                match self { $(Self::$variant => $magic),* }
            }

            /// What happens.
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what),* }
            }

            /// All of them, as they are shown.
            fn rows() -> Vec<Row> {
                let row = |path: &Self| Row { path: path.name(), magic: path.magic(), what: path.what() };
                Self::ALL.iter().map(row).collect()
            }

            /// The one of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|path| path.name() == name)
            }
        }
    };
}

paths! {
    /// What becomes of an attempt's notices. No value chooses it, only a script.
    Twist {
        Duplicate "duplicate" "" "Each is sent twice.";
        Late "late" "" "Each is sent 10 minutes late.";
        Reordered "reordered" "" "The later is sent before the earlier.";
        Forged "forged" "" "They are signed by somebody else, or sent to a path that anybody could guess.";
        Stale "stale" "" "They are signed as of an hour ago.";
        Early "early" "" "The last is sent as soon as the page is opened, before the customer is back.";
        None "none" "" "None is sent.";
    }
}

paths! {
    /// What becomes of a text message; chosen by the last four digits of the phone number.
    SmsPath {
        Good "good" "" "The code is 123456. Any other number that ends in no value below.";
        OtherCode "other_code" "0001" "The code is 654321.";
        Wrong "wrong" "0002" "No code is right.";
        Expired "expired" "0003" "It has expired by the first check.";
        Limited "limited" "0004" "Every call is answered 429, with `Retry-After: 30`.";
        LimitedOnce "limited_once" "0005" "The first call is answered 429 without a header, then all is good.";
        Down "down" "0006" "Every call is answered 503.";
        DownTwice "down_twice" "0007" "The first two calls are answered 503, then all is good.";
        Slow "slow" "0008" "The message is sent, and that is answered late: after 15 s, or as the mock is set.";
        LostCheck "lost_check" "0009" "The first check is done, and the connection breaks before the answer.";
        SlowCheck "slow_check" "0010" "Checks are done, and answered as late.";
        Landline "landline" "0011" "60205: no text messages to a landline.";
        Guarded "guarded" "0012" "60410: the guard against fraud blocks the number.";
        Country "country" "0013" "60605: no codes to this country.";
        Device "device" "0014" "60413: the device is a risk.";
        Blocked "blocked" "0015" "60238: the number is blocked.";
        Invalid "invalid" "0016" "60200: no valid number.";
        TooManySends "too_many_sends" "0017" "60203: five codes were sent already.";
        TooManyChecks "too_many_checks" "0018" "60202: five codes were tried already.";
        Unknown "unknown" "0019" "A check is answered with a status that nobody knows.";
        NotJson "not_json" "0020" "Every call is answered with a page of HTML.";
        Cut "cut" "0021" "Every answer ends in the middle.";
    }
}

paths! {
    /// What becomes of a check of identity; chosen by the family name, or on the page.
    IdentityPath {
        Clear "clear" "" "The document is genuine and the customer's. Any other name.";
        Forged "forged" "Forged" "The document is forged: `ERROR`.";
        Unreadable "unreadable" "Blurred" "The pictures cannot be read: the analysis fails.";
        Expired "expired" "Expired" "The document expired a year ago: `OBSOLETE`.";
        OtherPerson "other_person" "Someone" "A clear document of another person's: Dominique Petit, born 1985-03-02.";
        Minor "minor" "Minor" "A clear document of somebody of 16.";
        Review "review" "Doubtful" "The provider is not sure: `WARN`.";
        Unknown "unknown" "Strange" "A status that nobody knows, and fields that nobody asked for.";
        Stuck "stuck" "Stuck" "The analysis never ends; meanwhile nothing can be erased: 409.";
        Late "late" "Late" "The analysis takes 10 minutes.";
        GivesUp "gives_up" "Leaver" "The customer gives up on the page.";
        TokenLost "token_lost" "Token" "The first reading is answered 401: the token has ended.";
        Limited "limited" "Limited" "Every call is answered 429, with `Retry-After: 30`.";
        Down "down" "Down" "Every call is answered 503.";
        DownTwice "down_twice" "Hiccup" "The first two calls are answered 503, then all is good.";
        Slow "slow" "Slow" "Every call is answered late: after 15 s, or as the mock is set.";
        NotJson "not_json" "Html" "Every call is answered with a page of HTML.";
        Cut "cut" "Cut" "Every answer ends in the middle.";
        Lost "lost" "Lost" "The first call is done, and the connection breaks before the answer.";
    }
}

paths! {
    /// What becomes of a bank history; chosen on the page.
    BankPath {
        Good "good" "Good Bank" "A salary, rent, bills, savings; never overdrawn.";
        Poor "poor" "Poor Bank" "Benefits, often overdrawn, debits refused.";
        Gambling "gambling" "Gambler's Bank" "A salary, and a bet on most days.";
        Borrower "borrower" "Borrower's Bank" "A salary, three loans, and instalments elsewhere.";
        Irregular "irregular" "Freelance Bank" "Income now and then, of all sizes.";
        NoIncome "no_income" "Quiet Bank" "No income at all.";
        Short "short" "New Bank" "A good account, opened 45 days ago.";
        Odd "odd" "Odd Bank" "As good, and rows that do not count: to come, deleted, deferred and summed, a company's account.";
        Pages "pages" "Busy Bank" "As good, and 2,400 card payments on three pages.";
        Moving "moving" "Moving Bank" "As `pages`, and a row comes in while they are read, so that all move by one.";
        NoAccount "no_account" "Empty Bank" "The bank has no account of the customer's.";
        Refused "refused" "Refused" "The customer refuses on the page: `access_denied`.";
        TosDeclined "tos_declined" "Declined" "The customer declines the terms.";
        SessionExpired "session_expired" "Sleepy" "The page's session is over.";
        PageFails "page_fails" "Broken" "The page fails: `server_error`.";
        Sca "sca" "Strict Bank" "`SCARequired`, until the customer was on the page again; then good.";
        WrongPass "wrong_pass" "Forgetful Bank" "`wrongpass`, until the customer was on the page again; then good.";
        Validating "validating" "Steady Bank" "`validating` for two readings, then good.";
        Stuck "stuck" "Stuck Bank" "`validating` for ever.";
        SiteDown "site_down" "Closed Bank" "`websiteUnavailable` for ever.";
        Unknown "unknown" "Strange Bank" "A state that nobody knows.";
        TokenLost "token_lost" "Amnesiac Bank" "The user's token is taken no more after the page, and must be renewed.";
        Locked "locked" "Locked Bank" "As good; the first two erasures are answered 409.";
        Limited "limited" "Limited Bank" "Every reading is answered 429, with `Retry-After: 30`.";
        Down "down" "Down Bank" "Every call is answered 503.";
        DownTwice "down_twice" "Hiccup Bank" "The first two calls are answered 503, then all is good.";
        Slow "slow" "Slow Bank" "Every call is answered late: after 15 s, or as the mock is set.";
        NotJson "not_json" "Html Bank" "Every call is answered with a page of HTML.";
        Cut "cut" "Cut Bank" "Every answer ends in the middle.";
        Lost "lost" "" "The user is made, and the connection breaks before the answer; by a script only.";
    }
}

impl SmsPath {
    /// The path of a phone number.
    pub fn of_phone(phone: &str) -> Self {
        let ends = |path: &&Self| !path.magic().is_empty() && phone.ends_with(path.magic());
        Self::ALL.iter().find(ends).copied().unwrap_or(Self::Good)
    }
}

impl IdentityPath {
    /// The path of a family name, if it is one that chooses.
    pub fn of_name(name: &str) -> Option<Self> {
        let is = |path: &&Self| !path.magic().is_empty() && path.magic().eq_ignore_ascii_case(name.trim());
        Self::ALL.iter().find(is).copied()
    }
}

impl<'de> serde::Deserialize<'de> for Twist {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let names = || Self::ALL.iter().map(|twist| twist.name()).collect::<Vec<_>>().join(", ");
        let unknown = || serde::de::Error::custom(format!("notices are {}, not `{name}`", names()));
        Self::named(&name).ok_or_else(unknown)
    }
}

/// One way things can go, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The name in scripts.
    pub path: &'static str,
    /// The value that chooses it; empty: only a script does, or nothing needs to.
    pub magic: &'static str,
    /// What happens.
    pub what: &'static str,
}

/// All the ways things can go with this kind of challenge.
pub fn rows(kind: ChallengeKind) -> Vec<Row> {
    match kind {
        ChallengeKind::SmsCode => SmsPath::rows(),
        ChallengeKind::IdDocument => IdentityPath::rows(),
        ChallengeKind::BankHistory => BankPath::rows(),
    }
}

/// All that can become of notices.
pub fn twists() -> Vec<Row> {
    Twist::rows()
}

/// Under what the calls are counted that a standing script troubles.
pub fn standing_key(kind: ChallengeKind) -> String {
    format!("standing {}", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn values_choose_paths() {
        assert_eq!(SmsPath::of_phone("+33639980006"), SmsPath::Down);
        assert_eq!(SmsPath::of_phone("+33639981234"), SmsPath::Good);
        assert_eq!(IdentityPath::of_name(" forged"), Some(IdentityPath::Forged));
        assert_eq!(IdentityPath::of_name("Martin"), None);
        assert_eq!(IdentityPath::of_name(""), None);
        assert_eq!(BankPath::named("no_account"), Some(BankPath::NoAccount));
        assert_eq!(BankPath::named("other"), None);
    }

    #[test]
    fn names_and_values_choose_one_path() {
        for kind in ChallengeKind::ALL {
            let rows = rows(kind);
            let names: BTreeSet<_> = rows.iter().map(|row| row.path).collect();
            let magic: BTreeSet<_> = rows.iter().map(|row| row.magic).filter(|magic| !magic.is_empty()).collect();
            assert_eq!(names.len(), rows.len());
            assert_eq!(magic.len(), rows.iter().filter(|row| !row.magic.is_empty()).count());
        }
    }
}
