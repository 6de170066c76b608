//! What a list looks at, without reading what happened.

use super::SUBMITTED;
use crate::store::ListQuery;

/// The columns of a row that a list looks at.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// `Row::at_ms`.
    pub at_ms: i64,
    /// `Row::merchant`.
    pub merchant: &'a str,
    /// `Row::kind`.
    pub kind: i64,
    /// Where the application stands now.
    pub state: Option<i64>,
    /// `Row::customer`.
    pub customer: Option<i64>,
}

impl Summary<'_> {
    /// Whether a list shows the row.
    pub fn answers(&self, query: &ListQuery) -> bool {
        self.kind == SUBMITTED
            && self.merchant == query.merchant.as_str()
            && query.state.is_none_or(|state| self.state == Some(state as i64))
            && query.customer.is_none_or(|customer| self.customer == Some(customer as i64))
            && query.created_from.is_none_or(|from| self.at_ms >= from.ms())
            && query.created_before.is_none_or(|before| self.at_ms < before.ms())
    }
}
