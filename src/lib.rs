//! aval: the risk-decision engine for purchases paid in instalments.
//!
//! The modules are floors: each names only modules of lower floors (`ARCHITECTURE.md`, held by `tests/it/tidy.rs`).
//! In reading order:

pub mod domain;

pub mod features;
pub mod model;
pub mod text;
pub mod words;

pub mod policy;

pub mod journey;
pub mod plan;

pub mod notice;
pub mod provider;
pub mod store;
pub mod table;

pub mod engine;
pub mod mock;

pub mod rpc;
pub mod scenario;
pub mod web;

pub mod backtest;
pub mod demo;
pub mod history;
pub mod synth;
pub mod train;

pub mod cli;
pub mod config;
pub mod telemetry;
