//! Floor 7: the demonstration: a small shop that plays the merchant and its gateway, and the clock that it all runs on.
//!
//! The shop is a client like any other. It speaks gRPC to the server's port ([`gateway`]), hears of changes by signed
//! messages ([`hooks`]), and asks nothing of the engine. What it shows ([`pages`]) follows from what it was told and what
//! it asks. Its purchases ([`stories`]) are made so that the shipped models and policy lead each to another path. It
//! holds everything in memory, and all of it is bounded. Only [`clock`] has its hand on the engine: it lets time pass.
//!
//! It is for loopback: whoever reaches the shop can buy in anybody's name and set the clock.

pub mod clock;
mod collect;
mod form;
mod gateway;
mod hooks;
mod orders;
mod pages;
mod policy;
mod shop;
mod stories;

pub use clock::{Clockwork, by_day};
pub use gateway::Gateway;
pub use policy::for_shop;
pub use shop::{Shop, Surroundings, serve};
