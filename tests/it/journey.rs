//! Journeys through the engine, with providers that do as they are told and a clock that is set by hand.

mod bank;
mod browser;
mod fuzz;
mod order;
mod pages;
mod served;
mod sms;
mod time;
mod world;
