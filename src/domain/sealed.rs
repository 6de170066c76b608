//! What is kept encrypted: tokens and addresses that lead to a customer's data at a provider.

use std::fmt;

/// Encrypted bytes: nonce and ciphertext, as `engine::vault` seals them.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Box<[u8]>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}
