//! The tests of the whole: the rules of the house, and what only a running program can show.

// What stands beside the tests may stop at the first surprise, as they may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commands;
mod courier;
mod crash;
mod docs;
mod engine;
mod journey;
mod journey_crash;
mod mails;
mod plans;
mod providers;
mod scenarios;
mod server;
mod serving;
mod tidy;
mod webhooks;
