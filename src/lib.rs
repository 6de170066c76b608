//! aval: the risk-decision engine for purchases paid in instalments.
pub mod domain;
pub mod engine;
pub mod features;
pub mod journey;
pub mod model;
pub mod plan;
pub mod policy;
pub mod store;
pub mod synth;
pub mod table;
pub mod text;
pub mod engine;
pub mod rpc;
pub mod config;
pub mod telemetry;
pub mod web;
