//! The addresses of the customer's pages. Whoever has one may do there what the page is for, and nothing else: the token
//! in it names the application and the page, under an HMAC that nobody makes up. Nothing is stored.

use crate::domain::ids::ApplicationId;
use crate::domain::keys::KeyHasher;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How many bytes of a token are the HMAC's: 128 bits.
const TAG_BYTES: usize = 16;
/// How many bytes of a token are the application's id.
const ID_BYTES: usize = 16;
/// The block of SHA-256.
const BLOCK_BYTES: usize = 64;
/// How many characters a token has.
const TOKEN_CHARS: usize = 43;

/// What a page of the customer's is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The journey, up to its end.
    Journey,
    /// The accepted plan.
    Plan,
}

impl Purpose {
    /// The path under which the token stands.
    pub fn path(self) -> &'static str {
        match self {
            Self::Journey => "/j",
            Self::Plan => "/plan",
        }
    }

    /// What it is called under the HMAC: permanent.
    fn name(self) -> &'static str {
        match self {
            Self::Journey => "journey",
            Self::Plan => "plan",
        }
    }
}

/// Makes and reads tokens.
#[derive(Clone)]
pub struct Links {
    mac: Hmac<Sha256>,
    public_url: Box<str>,
}

impl Links {
    /// Tokens under the store's secret, at a public address without a slash at its end; empty: there are no pages.
    pub fn new(hasher: &KeyHasher, public_url: &str) -> Self {
        // The key of an HMAC stands in a block, followed by zeros (RFC 2104).
        let mut block = [0; BLOCK_BYTES];
        block.iter_mut().zip(hasher.key_for("aval pages v1")).for_each(|(to, byte)| *to = byte);
        Self { mac: Hmac::new(&block.into()), public_url: public_url.into() }
    }

    /// Where browsers find the server.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The address of a page; empty where there are none.
    pub fn url(&self, purpose: Purpose, id: ApplicationId) -> String {
        if self.public_url.is_empty() {
            return String::new();
        }
        format!("{}{}", self.public_url, self.path(purpose, id))
    }

    /// The path of a page.
    pub fn path(&self, purpose: Purpose, id: ApplicationId) -> String {
        format!("{}/{}", purpose.path(), self.token(purpose, id))
    }

    /// The token of a page.
    pub fn token(&self, purpose: Purpose, id: ApplicationId) -> String {
        let id = id.0.to_bytes();
        let tag = self.tagged(purpose, &id).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&id[..], &tag[..TAG_BYTES]].concat())
    }

    /// The application whose page a token opens; `None`: it was made up, or is for another page.
    pub fn read(&self, purpose: Purpose, token: &str) -> Option<ApplicationId> {
        if token.len() != TOKEN_CHARS {
            return None;
        }
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, tag) = token.split_first_chunk::<ID_BYTES>()?;
        // Compared in constant time, and all of it: a shorter tag is none.
        let tag: &[u8; TAG_BYTES] = tag.try_into().ok()?;
        self.tagged(purpose, id).verify_truncated_left(tag).ok()?;
        ApplicationId::parse(&format!("app_{}", hex::encode(id))).ok()
    }

    fn tagged(&self, purpose: Purpose, id: &[u8; ID_BYTES]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(purpose.name().as_bytes());
        mac.update(&[0]);
        mac.update(id);
        mac
    }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{EntryId, Seq};

    fn links(secret: u8) -> Links {
        Links::new(&KeyHasher::new([secret; 16]), "https://pay.example.org")
    }

    #[test]
    fn a_token_opens_its_own_page_and_no_other() {
        let (links, id) = (links(7), ApplicationId(EntryId::from_parts(Seq(77), 5)));
        let token = links.token(Purpose::Journey, id);
        assert_eq!(token.len(), TOKEN_CHARS);
        assert_eq!(links.read(Purpose::Journey, &token), Some(id));
        assert_eq!(links.read(Purpose::Plan, &token), None, "it is for one purpose");
        let other = ApplicationId(EntryId::from_parts(Seq(77), 6));
        assert_ne!(links.token(Purpose::Journey, other), token);
        assert_eq!(
            links.url(Purpose::Plan, id),
            format!("https://pay.example.org/plan/{}", links.token(Purpose::Plan, id))
        );
    }

    #[test]
    fn no_token_is_made_up() {
        let (links, id) = (links(7), ApplicationId(EntryId::from_parts(Seq(77), 5)));
        let token = links.token(Purpose::Journey, id);
        assert_eq!(super::tests::links(8).read(Purpose::Journey, &token), None, "under another secret");
        for at in 0..token.len() {
            let altered =
                format!("{}{}{}", &token[..at], if &token[at..=at] == "A" { "B" } else { "A" }, &token[at + 1..]);
            assert_eq!(links.read(Purpose::Journey, &altered), None, "character {at}");
        }
        for bad in ["", "x", &token[1..], &format!("{token}A"), &format!("{token}="), &"é".repeat(21)] {
            assert_eq!(links.read(Purpose::Journey, bad), None, "{bad}");
        }
    }

    #[test]
    fn without_a_public_address_there_are_no_pages() {
        let links = Links::new(&KeyHasher::new([7; 16]), "");
        assert_eq!(links.url(Purpose::Journey, ApplicationId(EntryId::from_parts(Seq(1), 1))), "");
    }
}
