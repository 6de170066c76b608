//! The velocity families of the catalogue: the same questions for each kind of key.

use crate::domain::keys::KeyKind;
use crate::domain::reason::ReasonCode as Reason;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::features::{Feature, FeatureKind, Source, entry};

pub(in crate::features) const ABOUT: &str = "What came before by the same customer, card, device, e-mail address, phone \
     number, address, IP address or terminal. Customer and terminal count within the merchant, the others across \
     merchants; all of them as keyed hashes. Every submitted and every imported purchase counts once, whatever became \
     of it.\n\n\
     - A window of length *w* at time *t* holds the **earlier** purchases of (*t* − *w*, *t*]: this one is not among them \
     unless the name says `with_this`. `before_7d` windows end seven days earlier: (*t* − 7 d − *w*, *t* − 7 d].\n\
     - Sums and means are in minor units of the currency of this purchase; they are missing where the window holds \
     another currency.\n\
     - A share or a mean of nothing is missing; a count or a sum of nothing is 0.\n\
     - Frauds are those reported by then, each from the time of its report on.\n\
     - Windows are exact up to 4,096 purchases of a key: of more, only the newest 4,096 are counted.\n\
     - When the memory set aside is full, the keys that have not been seen for longest are forgotten. A key that may \
     have been among them reads as missing in each window that reaches back to the time of what was forgotten.";

/// How long before now each edge of a window lies, in milliseconds, from the newest.
pub(super) const EDGES: [i64; 9] =
    [0, HOUR_MS, DAY_MS, 7 * DAY_MS, (7 + 1) * DAY_MS, (7 + 7) * DAY_MS, 30 * DAY_MS, (7 + 30) * DAY_MS, 90 * DAY_MS];

/// A window by the places of its edges in [`EDGES`]: it holds what is after `from` and not after `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::features) struct Window {
    /// Its place in [`WINDOWS`].
    pub place: u8,
    pub from: u8,
    pub to: u8,
}

const H1: Window = Window { place: 0, from: 1, to: 0 };
const D1: Window = Window { place: 1, from: 2, to: 0 };
const D7: Window = Window { place: 2, from: 3, to: 0 };
const D30: Window = Window { place: 3, from: 6, to: 0 };
const D90: Window = Window { place: 4, from: 8, to: 0 };
const LATE_D1: Window = Window { place: 5, from: 4, to: 3 };
const LATE_D7: Window = Window { place: 6, from: 5, to: 3 };
const LATE_D30: Window = Window { place: 7, from: 7, to: 3 };

/// All windows that are asked about.
pub(super) const WINDOWS: [Window; 8] = [H1, D1, D7, D30, D90, LATE_D1, LATE_D7, LATE_D30];

/// What is asked about the events of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::features) struct Measure {
    pub kind: KeyKind,
    pub quantity: Quantity,
    pub window: Window,
}

/// What is asked about a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::features) enum Quantity {
    Count,
    Sum,
    Mean,
    FraudShare,
    Frauds,
    AmountToMean,
    SecondsSinceLast,
    CountWithThis,
    MeanWithThis,
}

/// Where the codes of velocity begin, the last of all. Permanent.
pub(in crate::features) const FIRST_CODE: u16 = 1_000;
/// How far apart the codes of the same question about two kinds of keys are. Permanent.
pub(in crate::features) const NEXT_KEY: u16 = 40;

/// The codes of the sum and the count of the window that a mean of this code is of. Permanent, as all codes.
pub(in crate::features) fn mean_is_of(code: u16) -> Option<(u16, u16)> {
    let place = code.checked_sub(FIRST_CODE)? % NEXT_KEY;
    matches!(place, 11..=15).then(|| (code - 5, code - 10))
}

const KEY: &str = "The key was not given, or may have been forgotten.";
const KEY_OR_CURRENCY: &str = "The key was not given or may have been forgotten, or the window holds another currency.";
const KEY_OR_EMPTY: &str = "The key was not given or may have been forgotten, or the window is empty.";
const KEY_OR_NO_MEAN: &str =
    "The key was not given or may have been forgotten, or the window is empty or holds another currency.";

/// One entry: `code kind "key" "suffix" window Quantity "unit" REASON "doc" MISSING`.
macro_rules! measure {
    ($code:expr, $kind:ident, $name:expr, $window:ident, $quantity:ident, $unit:literal, $reason:ident, $doc:expr, $missing:ident) => {
        entry(
            $code,
            $name,
            FeatureKind::Number,
            $unit,
            Reason::$reason,
            Source::Velocity(Measure { kind: KeyKind::$kind, quantity: Quantity::$quantity, window: $window }),
        )
        .says($doc, $missing)
    };
}

/// The entries that every kind of key has, and after them its own. Codes: the key's base and a place of two digits.
macro_rules! key {
    ($name:ident, $base:literal, $kind:ident, $key:literal, $who:literal, $reason:ident, [$($own:expr),* $(,)?]) => {
        pub(in crate::features) const $name: &[Feature] = &[
            key!(@count $base + 1, $kind, $key, $who, $reason, H1, "1h", "hour"),
            key!(@count $base + 2, $kind, $key, $who, $reason, D1, "1d", "day"),
            key!(@count $base + 3, $kind, $key, $who, $reason, D7, "7d", "7 days"),
            key!(@count $base + 4, $kind, $key, $who, $reason, D30, "30d", "30 days"),
            key!(@count $base + 5, $kind, $key, $who, $reason, D90, "90d", "90 days"),
            key!(@sum $base + 6, $kind, $key, $who, $reason, H1, "1h", "hour"),
            key!(@sum $base + 7, $kind, $key, $who, $reason, D1, "1d", "day"),
            key!(@sum $base + 8, $kind, $key, $who, $reason, D7, "7d", "7 days"),
            key!(@sum $base + 9, $kind, $key, $who, $reason, D30, "30d", "30 days"),
            key!(@sum $base + 10, $kind, $key, $who, $reason, D90, "90d", "90 days"),
            key!(@mean $base + 11, $kind, $key, $who, H1, "1h", "hour"),
            key!(@mean $base + 12, $kind, $key, $who, D1, "1d", "day"),
            key!(@mean $base + 13, $kind, $key, $who, D7, "7d", "7 days"),
            key!(@mean $base + 14, $kind, $key, $who, D30, "30d", "30 days"),
            key!(@mean $base + 15, $kind, $key, $who, D90, "90d", "90 days"),
            measure!($base + 16, $kind, concat!($key, "_seconds_since_last"), D90, SecondsSinceLast, "seconds", $reason,
                concat!("Whole seconds since the last earlier purchase of the ", $who, " in 90 days."), KEY_OR_EMPTY),
            measure!($base + 17, $kind, concat!("amount_to_", $key, "_mean_30d"), D30, AmountToMean, "ratio", AMOUNT_UNUSUAL,
                concat!("This amount over the mean of the ", $who, "'s earlier purchases of the last 30 days."), KEY_OR_NO_MEAN),
            measure!($base + 18, $kind, concat!($key, "_frauds_reported_90d"), D90, Frauds, "purchases", REPORTED_FRAUD,
                concat!("How many of the ", $who, "'s earlier purchases of the last 90 days are reported as fraud so far."), KEY),
            key!(@late $base + 19, $kind, $key, $who, LATE_D30, "30d", "30 days"),
            key!(@fraud $base + 20, $kind, $key, $who, LATE_D30, "30d", "30 days"),
            $($own),*
        ];
    };
    (@count $code:expr, $kind:ident, $key:literal, $who:literal, $reason:ident, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_count_", $suffix), $window, Count, "purchases", $reason,
            concat!("Earlier purchases of the ", $who, " in the last ", $span, "."), KEY)
    };
    (@sum $code:expr, $kind:ident, $key:literal, $who:literal, $reason:ident, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_sum_minor_", $suffix), $window, Sum, "minor units", $reason,
            concat!("Sum of the earlier purchases of the ", $who, " in the last ", $span, "."), KEY_OR_CURRENCY)
    };
    (@mean $code:expr, $kind:ident, $key:literal, $who:literal, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_mean_minor_", $suffix), $window, Mean, "minor units", AMOUNT_UNUSUAL,
            concat!("Mean of the earlier purchases of the ", $who, " in the last ", $span, "."), KEY_OR_NO_MEAN)
    };
    (@late $code:expr, $kind:ident, $key:literal, $who:literal, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_count_before_7d_", $suffix), $window, Count, "purchases", REPORTED_FRAUD,
            concat!("Purchases of the ", $who, " in the ", $span, " that end 7 days ago."), KEY)
    };
    (@fraud $code:expr, $kind:ident, $key:literal, $who:literal, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_fraud_share_before_7d_", $suffix), $window, FraudShare,
            "share of the purchases", REPORTED_FRAUD,
            concat!("The share reported as fraud so far of the purchases of the ", $who, " in the ", $span, " that end 7 days ago."),
            KEY_OR_EMPTY)
    };
    (@count_with_this $code:expr, $kind:ident, $key:literal, $who:literal, $reason:ident, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_count_with_this_", $suffix), $window, CountWithThis, "purchases", $reason,
            concat!("Purchases of the ", $who, " in the last ", $span, ", this one included."), KEY)
    };
    (@mean_with_this $code:expr, $kind:ident, $key:literal, $who:literal, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!($key, "_mean_with_this_minor_", $suffix), $window, MeanWithThis, "minor units",
            AMOUNT_UNUSUAL,
            concat!("Mean of the purchases of the ", $who, " in the last ", $span, ", this one included."), KEY_OR_CURRENCY)
    };
    (@ratio $code:expr, $kind:ident, $key:literal, $who:literal, $window:ident, $suffix:literal, $span:literal) => {
        measure!($code, $kind, concat!("amount_to_", $key, "_mean_", $suffix), $window, AmountToMean, "ratio", AMOUNT_UNUSUAL,
            concat!("This amount over the mean of the ", $who, "'s earlier purchases of the last ", $span, "."), KEY_OR_NO_MEAN)
    };
}

key!(
    CUSTOMER,
    1000,
    Customer,
    "customer",
    "customer",
    RECENT_PURCHASES_CUSTOMER,
    [
        key!(@count_with_this 1021, Customer, "customer", "customer", RECENT_PURCHASES_CUSTOMER, D1, "1d", "day"),
        key!(@count_with_this 1022, Customer, "customer", "customer", RECENT_PURCHASES_CUSTOMER, D7, "7d", "7 days"),
        key!(@count_with_this 1023, Customer, "customer", "customer", RECENT_PURCHASES_CUSTOMER, D30, "30d", "30 days"),
        key!(@mean_with_this 1024, Customer, "customer", "customer", D1, "1d", "day"),
        key!(@mean_with_this 1025, Customer, "customer", "customer", D7, "7d", "7 days"),
        key!(@mean_with_this 1026, Customer, "customer", "customer", D30, "30d", "30 days"),
        key!(@ratio 1027, Customer, "customer", "customer", D7, "7d", "7 days"),
        key!(@ratio 1028, Customer, "customer", "customer", D90, "90d", "90 days"),
    ]
);
key!(CARD, 1040, Card, "card", "card", RECENT_PURCHASES_CARD, []);
key!(DEVICE, 1080, Device, "device", "device", RECENT_PURCHASES_DEVICE, []);
key!(EMAIL, 1120, Email, "email", "e-mail address", RECENT_PURCHASES_EMAIL, []);
key!(PHONE, 1160, Phone, "phone", "phone number", RECENT_PURCHASES_PHONE, []);
key!(ADDRESS, 1200, Address, "address", "address", RECENT_PURCHASES_ADDRESS, []);
key!(IP, 1240, Ip, "ip", "IP address", RECENT_PURCHASES_IP, []);
key!(
    TERMINAL,
    1280,
    Terminal,
    "terminal",
    "terminal",
    RECENT_PURCHASES_TERMINAL,
    [
        key!(@late 1301, Terminal, "terminal", "terminal", LATE_D1, "1d", "day"),
        key!(@late 1302, Terminal, "terminal", "terminal", LATE_D7, "7d", "7 days"),
        key!(@fraud 1303, Terminal, "terminal", "terminal", LATE_D1, "1d", "day"),
        key!(@fraud 1304, Terminal, "terminal", "terminal", LATE_D7, "7d", "7 days"),
    ]
);
