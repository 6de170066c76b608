//! aval: the risk-decision engine for purchases paid in instalments.
//!
//! The modules in reading order, from the floor up. A module names only modules of lower floors; `ARCHITECTURE.md` says
//! why, and `tests/it/tidy.rs` holds it.

// Floor 0: the words of the trade.
pub mod domain;
// Floor 1: text to values, features, models.
pub mod text;
pub mod features;
pub mod model;
// Floor 2: the policy and the judgement.
pub mod policy;
// Floor 3: the journey of one application, and its plan.
pub mod journey;
pub mod plan;
// Floor 4: the log, and tables of data.
pub mod store;
pub mod table;
// Floor 5: judge in sequence, commit, answer.
pub mod engine;
// Floor 6: gRPC and HTTP.
pub mod rpc;
pub mod web;
// Floor 7: what comes in and goes out by file.
pub mod history;
pub mod synth;
// Floor 8: the process.
pub mod cli;
pub mod config;
pub mod telemetry;
