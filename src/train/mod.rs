//! Floor 7: fitting models from tables, and measuring them.

pub mod logistic;
pub mod measures;
