//! Floor 6: gRPC. What comes in is converted to the words of the domain, all violations at once ([`convert`]); what goes
//! out is rendered from what the log holds. The generated types live here and in the store's record, nowhere else.

pub mod auth;
pub mod bench;
pub mod client;
pub mod codec;
pub mod convert;
mod deadline;
pub mod decision;
mod explain;
mod front;
pub mod json;
mod plan;
pub mod proto;
mod quote;
mod review;
pub mod server;
mod service;
pub mod status;
mod verification;
