//! Identifiers. Those that aval gives out are UUIDs of version 7 (RFC 9562), which sort by time.

use super::Invalid;
use std::fmt;
use uuid::Uuid;

/// The place of an entry in the log: the leading 60 bits of its UUID that are not its version, so an id leads to
/// its row without an index, and rows are appended in time order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Seq(pub i64);

/// The id of one entry in the log, a UUIDv7: 48 bits of milliseconds, 12 bits of counter, 62 random bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(Uuid);

impl EntryId {
    /// From the 60-bit place in time and 62 random bits (the rest of `random` is ignored).
    pub fn from_parts(seq: Seq, random: u64) -> Self {
        let seq = seq.0 as u64;
        let high = ((seq >> 12) << 16) | 0x7000 | (seq & 0xfff);
        let low = (random & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        Self(Uuid::from_u64_pair(high, low))
    }

    /// The place of this entry in the log.
    pub fn seq(self) -> Seq {
        let (high, _) = self.0.as_u64_pair();
        Seq((((high >> 16) << 12) | (high & 0xfff)) as i64)
    }

    /// The 62 random bits, which a look-up compares so that ids cannot be guessed from the time.
    pub fn random(self) -> u64 {
        self.0.as_u64_pair().1 & 0x3fff_ffff_ffff_ffff
    }

    /// Its sixteen bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// Parses `<prefix>_` and 32 lower-case hexadecimal digits of a UUIDv7.
    pub fn parse(prefix: &str, text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix(prefix).and_then(|t| t.strip_prefix('_')).unwrap_or("");
        let plain = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match Uuid::try_parse(digits) {
            Ok(uuid) if plain && uuid.get_version_num() == 7 => Ok(Self(uuid)),
            _ => Err(Invalid::expected(format!("{prefix}_ and the 32 hexadecimal digits of an id that aval gave out"))),
        }
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub EntryId);

        impl $name {
            #[doc = concat!("Parses `", $prefix, "_…`.")]
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                EntryId::parse($prefix, text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:?}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

public_id! {
    /// Names one application: the id of the entry that submitted it.
    ApplicationId, "app"
}
public_id! {
    /// Names one decision: the id of the entry that records it.
    DecisionId, "dec"
}

macro_rules! outside_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(Box<str>);

        impl $name {
            #[doc = concat!("Parses ", $expected, ".")]
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let allowed: fn(u8) -> bool = $allowed;
                if (1..=$max).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.into()))
                } else {
                    Err(Invalid::expected($expected))
                }
            }

            /// The text as it came.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

outside_id! {
    /// The caller's name for one command; repeating it repeats the answer (AIP-155).
    RequestId, 64, "1 to 64 visible ASCII characters", |b| b.is_ascii_graphic()
}
outside_id! {
    /// The merchant's name for its customer.
    CustomerId, 64, "1 to 64 visible ASCII characters", |b| b.is_ascii_graphic()
}
outside_id! {
    /// The merchant: the tenant, named by its credential.
    MerchantId, 40, "1 to 40 of a-z, 0-9, - and _", |b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_leads_back_to_its_place(seq in 0..(1_i64 << 60), random: u64) {
            let id = ApplicationId(EntryId::from_parts(Seq(seq), random));
            prop_assert_eq!(id.0.seq(), Seq(seq));
            prop_assert_eq!(id.0.random(), random & 0x3fff_ffff_ffff_ffff);
            prop_assert_eq!(ApplicationId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn ids_sort_as_their_places(a in 0..(1_i64 << 60), b in 0..(1_i64 << 60), random: u64) {
            let id = |seq| EntryId::from_parts(Seq(seq), random).0;
            prop_assert_eq!(id(a).cmp(&id(b)), a.cmp(&b));
        }
    }

    #[test]
    fn refuses_what_aval_never_gave_out() {
        for text in [
            "",
            "app_",
            "dec_01890a5d96f87c3e8a5b1d2e3f405162",
            "app_01890A5D96F87C3E8A5B1D2E3F405162",
            "app_01890a5d96f84c3e8a5b1d2e3f405162",
        ] {
            assert!(ApplicationId::parse(text).is_err(), "{text}");
        }
        assert!(RequestId::parse("with space").is_err());
        assert!(RequestId::parse(&"x".repeat(65)).is_err());
        assert!(MerchantId::parse("Shop").is_err());
    }
}
