//! aval: the risk-decision engine for purchases paid in instalments.
pub mod domain;
pub mod features;
pub mod journey;
pub mod model;
pub mod plan;
pub mod policy;
pub mod store;
pub mod synth;
pub mod table;
pub mod text;
/// Floor 8: the commands.
pub mod cli {
    pub mod policy;
}
