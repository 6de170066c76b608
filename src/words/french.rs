//! How French writes amounts, dates and times.

use super::{Manner, NARROW_NO_BREAK};

pub(super) const MANNER: Manner = Manner {
    thousands: NARROW_NO_BREAK,
    decimal: ',',
    sign_first: false,
    weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    first_of_month: "er",
    hour_minute: "\u{a0}h\u{a0}",
};
