//! The keys by which events are counted, as keyed hashes: what is counted is never stored in the clear.

/// Whom or what velocity is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeyKind {
    /// The customer, within the merchant.
    Customer,
    /// The card's fingerprint, across merchants.
    Card,
    /// The device, across merchants.
    Device,
    /// The mailbox, across merchants.
    Email,
    /// The phone number, across merchants.
    Phone,
    /// The shipping address (else billing, else the customer's own), across merchants.
    Address,
    /// The IP address, across merchants.
    Ip,
    /// The terminal, within the merchant.
    Terminal,
}

impl KeyKind {
    /// All kinds, in the order of [`Keys`].
    pub const ALL: [Self; 8] =
        [Self::Customer, Self::Card, Self::Device, Self::Email, Self::Phone, Self::Address, Self::Ip, Self::Terminal];

    /// The name used in features and policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Card => "card",
            Self::Device => "device",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Ip => "ip",
            Self::Terminal => "terminal",
        }
    }

    /// Whether the key means something only within one merchant.
    pub fn within_merchant(self) -> bool {
        matches!(self, Self::Customer | Self::Terminal)
    }
}

/// The keyed 64-bit hash of one key's value.
pub type KeyHash = u64;

/// The hashes of one application's keys, by [`KeyKind`]; `None` where the application does not name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keys(pub [Option<KeyHash>; 8]);

impl Keys {
    /// The hash of one kind.
    pub fn get(&self, kind: KeyKind) -> Option<KeyHash> {
        self.0[kind as usize]
    }
}

/// Hashes key values under a secret: SipHash-2-4, a pseudo-random function (Aumasson and Bernstein, 2012), so
/// without the secret a stored hash cannot be searched for.
#[derive(Clone)]
pub struct KeyHasher {
    secret: [u8; 16],
}

impl KeyHasher {
    /// A hasher under `secret`.
    pub fn new(secret: [u8; 16]) -> Self {
        Self { secret }
    }

    /// The hash of `value` as a key of `kind`, within `merchant` where the kind asks for it.
    pub fn hash(&self, kind: KeyKind, merchant: &str, value: &str) -> KeyHash {
        self.digest(kind as u8, if kind.within_merchant() { merchant } else { "" }, value)
    }

    /// The fingerprint of a request id, by which a repeated request is found.
    pub fn request(&self, merchant: &str, request_id: &str) -> u64 {
        self.digest(0xff, merchant, request_id)
    }

    /// A key for another purpose, which says nothing of the secret or of the keys for others: HKDF-SHA-256 (RFC 5869).
    pub fn key_for(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        // Fails only for keys of more than 8,160 bytes.
        let _ = hkdf::Hkdf::<sha2::Sha256>::new(None, &self.secret).expand(purpose.as_bytes(), &mut key);
        key
    }

    /// The keyed hash of anything else that is to be found again, and is kept only so; `scope` says what it is.
    pub fn other(&self, scope: &str, value: &str) -> u64 {
        self.digest(0xfe, scope, value)
    }

    fn digest(&self, domain: u8, scope: &str, value: &str) -> u64 {
        use std::hash::Hasher;
        let mut hasher = siphasher::sip::SipHasher24::new_with_key(&self.secret);
        hasher.write(&[domain, scope.len() as u8]);
        hasher.write(scope.as_bytes());
        hasher.write(value.as_bytes());
        hasher.finish()
    }
}

impl std::fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHasher(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_and_terminals_are_counted_within_the_merchant() {
        let hasher = KeyHasher::new([7; 16]);
        for kind in KeyKind::ALL {
            let alike = hasher.hash(kind, "shop-a", "x") == hasher.hash(kind, "shop-b", "x");
            assert_eq!(alike, !kind.within_merchant(), "{}", kind.name());
        }
        assert_ne!(hasher.hash(KeyKind::Card, "", "x"), KeyHasher::new([8; 16]).hash(KeyKind::Card, "", "x"));
        assert_ne!(hasher.hash(KeyKind::Card, "", "x"), hasher.hash(KeyKind::Device, "", "x"));
    }
}
