//! What is kept encrypted: tokens and addresses that lead to a customer's data at a provider (AES-256-GCM-SIV, RFC 8452,
//! under a key derived from the store's secret), and the keyed hashes by which a provider's notices are found again.

use crate::domain::ids::ApplicationId;
use crate::domain::keys::KeyHasher;
use crate::domain::sealed::Sealed;
use aes_gcm_siv::aead::{Aead, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};

/// How many bytes of a sealed value are its nonce.
const NONCE_BYTES: usize = 12;

/// Seals and opens.
#[derive(Clone)]
pub struct Vault {
    cipher: Aes256GcmSiv,
    hasher: KeyHasher,
}

impl Vault {
    /// A vault under the store's secret.
    pub fn new(hasher: KeyHasher) -> Self {
        let key = hasher.key_for("aval sealed v1");
        Self { cipher: Aes256GcmSiv::new(&key.into()), hasher }
    }

    /// Encrypts some bytes; `None` where the operating system has no random numbers to give.
    pub fn seal(&self, bytes: &[u8]) -> Option<Sealed> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), bytes).ok()?;
        Some(Sealed([&nonce[..], &sealed].concat().into()))
    }

    /// Decrypts them; `None` where they were sealed under another secret, or altered.
    pub fn open(&self, sealed: &Sealed) -> Option<Vec<u8>> {
        let (nonce, bytes) = sealed.0.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher.decrypt(&Nonce::from(*nonce), bytes).ok()
    }

    /// The text that was sealed.
    pub fn open_text(&self, sealed: &Sealed) -> Option<String> {
        String::from_utf8(self.open(sealed)?).ok()
    }

    /// The keyed hash of what a provider's notices call an attempt; 0: nothing, because no notices come.
    pub fn reference(&self, provider: &str, reference: &str) -> u64 {
        if reference.is_empty() { 0 } else { self.hasher.other(provider, reference).max(1) }
    }

    /// What comes back with a browser from a provider's page: nobody makes it up.
    pub fn return_state(&self, attempt: &str) -> String {
        format!("{attempt}.{:016x}", self.hasher.other("return", attempt))
    }

    /// The application and the attempt that a state names which came back; `None`: it was made up.
    pub fn read_return_state(&self, state: &str) -> Option<(ApplicationId, u32)> {
        let (attempt, _) = state.rsplit_once('.').filter(|(attempt, _)| self.return_state(attempt) == state)?;
        let (application, number) = attempt.rsplit_once('_')?;
        Some((ApplicationId::parse(application).ok()?, number.parse().ok()?))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{EntryId, Seq};

    #[test]
    fn what_is_sealed_opens_under_the_same_secret_only_and_unaltered_only() {
        let vault = Vault::new(KeyHasher::new([7; 16]));
        let sealed = vault.seal(b"a token").unwrap();
        assert_eq!(vault.open(&sealed).as_deref(), Some(&b"a token"[..]));
        assert_ne!(vault.seal(b"a token"), Some(sealed.clone()), "no two sealed values are alike");
        assert!(!sealed.0.windows(5).any(|bytes| bytes == b"token"));
        assert_eq!(Vault::new(KeyHasher::new([8; 16])).open(&sealed), None);
        for at in 0..sealed.0.len() {
            let mut altered = sealed.clone();
            altered.0[at] ^= 1;
            assert_eq!(vault.open(&altered), None, "byte {at}");
        }
        assert_eq!(vault.open(&Sealed(Box::new([1, 2, 3]))), None);
    }

    #[test]
    fn references_are_told_apart_by_provider() {
        let vault = Vault::new(KeyHasher::new([7; 16]));
        assert_eq!(vault.reference("idcheck", ""), 0);
        assert_ne!(vault.reference("idcheck", "x"), vault.reference("powens", "x"));
        assert_ne!(vault.return_state("a_1"), vault.return_state("a_2"));
    }

    #[test]
    fn what_comes_back_from_a_page_is_known_again_and_not_made_up() {
        let vault = Vault::new(KeyHasher::new([7; 16]));
        let application = ApplicationId(EntryId::from_parts(Seq(77), 5));
        let state = vault.return_state(&format!("{application}_2"));
        assert_eq!(vault.read_return_state(&state), Some((application, 2)));
        for bad in ["", ".", "x.y", &state[1..], &state.replace("_2.", "_3.")] {
            assert_eq!(vault.read_return_state(bad), None, "{bad}");
        }
    }
}
