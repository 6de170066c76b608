//! Bank histories, read with the customer's consent.

pub mod powens;
