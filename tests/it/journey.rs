//! Journeys through the engine, with providers that do as they are told and a clock that is set by hand.

mod bank;
mod fuzz;
mod order;
mod served;
mod sms;
mod time;
mod world;
