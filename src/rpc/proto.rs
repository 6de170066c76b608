//! The generated types of the protocol. Whatever comes from outside is converted by [`super::convert`] before anything
//! else sees it.

// Generated: its style is not ours, and its documentation stands in the .proto files.
#![allow(missing_docs, clippy::pedantic, clippy::all)]

tonic::include_proto!("aval.v1");

/// The empty service that the decision service is measured against.
pub mod bench {
    include!(concat!(env!("OUT_DIR"), "/bench/aval.bench.v1.rs"));
}

/// The descriptors of `aval.v1` and of what it imports, encoded: for reflection and for messages in JSON.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.bin"));
