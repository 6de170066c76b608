//! The settings as the parts of the process take them.

use super::Settings;
use crate::{engine, rpc::server, store};
use std::time::Duration;

/// Bytes in a MiB.
const MIB: usize = 1 << 20;

impl Settings {
    /// How the store is opened.
    pub fn store_options(&self) -> store::Options {
        let max_bytes = (self.store_max_mb > 0).then(|| self.store_max_mb as u64 * MIB as u64);
        store::Options { max_bytes }
    }

    /// How the engine runs.
    pub fn engine(&self) -> engine::Settings {
        engine::Settings {
            clock: self.clock.into(),
            max_in_flight: self.max_in_flight,
            velocity_memory_bytes: self.velocity_memory_mb.saturating_mul(MIB),
            requests_kept: self.requests_kept,
        }
    }

    /// How gRPC is served.
    pub fn server(&self) -> server::Settings {
        server::Settings {
            addr: self.grpc_addr,
            workers: self.workers,
            max_message_bytes: self.max_message_bytes,
            deadlines: engine::Deadlines {
                default: Duration::from_millis(self.default_deadline_ms as u64),
                longest: Duration::from_millis(self.longest_deadline_ms as u64),
            },
            reflection: self.reflection,
        }
    }

    /// How long calls under way may take to finish when the server stops.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds as u64)
    }
}
