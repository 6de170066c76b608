//! How French writes amounts, dates and times.

use super::{Manner, NARROW_NO_BREAK, NO_BREAK};

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
};

/// Unbreakable spaces within guillemets and before `:`, `;`, `!` and `?`, where a space stands.
pub(super) fn typeset(text: &str) -> String {
    let mut set = String::with_capacity(text.len());
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        set.push(match (before, letter, letters.peek()) {
            (_, ' ', Some(';' | '!' | '?')) => NARROW_NO_BREAK,
            (_, ' ', Some(':' | '»')) | ('«', ' ', _) => NO_BREAK,
            _ => letter,
        });
        before = letter;
    }
    set
}
