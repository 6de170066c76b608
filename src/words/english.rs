//! How English writes amounts, dates and times.

use super::Manner;

pub(super) const MANNER: Manner = Manner {
    thousands: ',',
    decimal: '.',
    sign_first: true,
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    first_of_month: "",
};
