//! What an e-mail address looks like.

use crate::domain::contact::Email;
use std::borrow::Cow;

/// Whose host a mailbox is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostKind {
    /// Anybody gets a mailbox there, to keep.
    Free,
    /// Anybody gets a mailbox there, for minutes.
    Disposable,
    /// Any other: a company's, a school's, one's own.
    Own,
}

impl HostKind {
    /// The names in the catalogue.
    pub const NAMES: &'static [&'static str] = &["free", "disposable", "own"];

    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Disposable => "disposable",
            Self::Own => "own",
        }
    }
}

/// Hosts of free mailboxes and their providers, sorted by host: the large ones of Europe and the world.
const FREE: &[(&str, &str)] = &[
    ("aol.com", "aol"),
    ("aol.de", "aol"),
    ("aol.fr", "aol"),
    ("arcor.de", "vodafone"),
    ("bbox.fr", "bouygues"),
    ("bigpond.com", "telstra"),
    ("bluewin.ch", "bluewin"),
    ("bol.com.br", "bol"),
    ("btinternet.com", "bt"),
    ("email.it", "email_it"),
    ("fastmail.com", "fastmail"),
    ("free.fr", "free_fr"),
    ("freenet.de", "freenet"),
    ("gmail.com", "gmail"),
    ("gmx.at", "gmx"),
    ("gmx.ch", "gmx"),
    ("gmx.com", "gmx"),
    ("gmx.de", "gmx"),
    ("gmx.fr", "gmx"),
    ("gmx.net", "gmx"),
    ("googlemail.com", "gmail"),
    ("hotmail.be", "outlook"),
    ("hotmail.co.uk", "outlook"),
    ("hotmail.com", "outlook"),
    ("hotmail.de", "outlook"),
    ("hotmail.es", "outlook"),
    ("hotmail.fr", "outlook"),
    ("hotmail.it", "outlook"),
    ("hotmail.nl", "outlook"),
    ("icloud.com", "icloud"),
    ("inbox.lv", "inbox_lv"),
    ("kpnmail.nl", "kpn"),
    ("laposte.net", "laposte"),
    ("libero.it", "libero"),
    ("live.be", "outlook"),
    ("live.co.uk", "outlook"),
    ("live.com", "outlook"),
    ("live.fr", "outlook"),
    ("live.it", "outlook"),
    ("live.nl", "outlook"),
    ("mac.com", "icloud"),
    ("mail.com", "mail_com"),
    ("mail.ru", "mail_ru"),
    ("mailo.com", "mailo"),
    ("me.com", "icloud"),
    ("msn.com", "outlook"),
    ("neuf.fr", "sfr"),
    ("numericable.fr", "sfr"),
    ("o2.pl", "o2_pl"),
    ("onet.pl", "onet"),
    ("orange.fr", "orange"),
    ("outlook.com", "outlook"),
    ("outlook.de", "outlook"),
    ("outlook.es", "outlook"),
    ("outlook.fr", "outlook"),
    ("outlook.it", "outlook"),
    ("planet.nl", "kpn"),
    ("pm.me", "proton"),
    ("proton.me", "proton"),
    ("protonmail.com", "proton"),
    ("qq.com", "qq"),
    ("rocketmail.com", "yahoo"),
    ("sapo.pt", "sapo"),
    ("sfr.fr", "sfr"),
    ("skynet.be", "proximus"),
    ("t-online.de", "telekom"),
    ("telefonica.net", "telefonica"),
    ("telenet.be", "telenet"),
    ("tiscali.it", "tiscali"),
    ("tutanota.com", "tuta"),
    ("virgilio.it", "libero"),
    ("wanadoo.fr", "orange"),
    ("web.de", "web_de"),
    ("wp.pl", "wp_pl"),
    ("yahoo.co.uk", "yahoo"),
    ("yahoo.com", "yahoo"),
    ("yahoo.de", "yahoo"),
    ("yahoo.es", "yahoo"),
    ("yahoo.fr", "yahoo"),
    ("yahoo.it", "yahoo"),
    ("yandex.com", "yandex"),
    ("yandex.ru", "yandex"),
    ("ymail.com", "yahoo"),
    ("ziggo.nl", "ziggo"),
    ("zoho.com", "zoho"),
];

/// Hosts of mailboxes for minutes, sorted; the best known, since new ones appear daily. A merchant that keeps a
/// longer list sends its verdict as a signal.
const DISPOSABLE: &[&str] = &[
    "10minutemail.com",
    "33mail.com",
    "burnermail.io",
    "byom.de",
    "discard.email",
    "dispostable.com",
    "dropmail.me",
    "emailondeck.com",
    "fakeinbox.com",
    "fakemail.net",
    "getairmail.com",
    "getnada.com",
    "grr.la",
    "guerrillamail.com",
    "guerrillamail.net",
    "guerrillamailblock.com",
    "inboxkitten.com",
    "jetable.org",
    "mail-temp.com",
    "mail.tm",
    "mailcatch.com",
    "maildrop.cc",
    "mailinator.com",
    "mailnesia.com",
    "mailpoof.com",
    "mailsac.com",
    "mintemail.com",
    "minuteinbox.com",
    "moakt.com",
    "mohmal.com",
    "mytemp.email",
    "sharklasers.com",
    "spam4.me",
    "spamgourmet.com",
    "temp-mail.io",
    "temp-mail.org",
    "tempail.com",
    "tempinbox.com",
    "tempmail.dev",
    "tempmailo.com",
    "tempr.email",
    "throwawaymail.com",
    "trashmail.com",
    "trashmail.de",
    "wegwerfmail.de",
    "yopmail.com",
    "yopmail.fr",
    "yopmail.net",
];

/// An e-mail address in its parts.
pub(super) struct Mailbox<'a> {
    /// What stands before the `@`, as it came.
    pub local: &'a str,
    domain: Cow<'a, str>,
    kind: HostKind,
    provider: Option<&'static str>,
    folded: Folded,
}

impl<'a> Mailbox<'a> {
    /// Takes an address apart.
    pub fn of(email: &'a Email) -> Self {
        let domain: Cow<'a, str> = match email.domain() {
            domain if domain.bytes().any(|b| b.is_ascii_uppercase()) => domain.to_ascii_lowercase().into(),
            domain => domain.into(),
        };
        let free = FREE.binary_search_by(|(host, _)| (*host).cmp(&domain)).ok();
        let kind = match free {
            Some(_) => HostKind::Free,
            None if DISPOSABLE.binary_search(&domain.as_ref()).is_ok() => HostKind::Disposable,
            None => HostKind::Own,
        };
        let local = email.local_part();
        let provider = free.map(|at| FREE[at].1);
        Self { local, domain, kind, provider, folded: Folded::of(local) }
    }

    pub fn host_kind(&self) -> HostKind {
        self.kind
    }

    pub fn provider(&self) -> Option<&str> {
        self.provider
    }

    pub fn top_level_domain(&self) -> &str {
        self.domain.rsplit('.').next().unwrap_or("")
    }

    pub fn digits(&self) -> usize {
        self.local.bytes().filter(u8::is_ascii_digit).count()
    }

    pub fn longest_consonant_run(&self) -> usize {
        let is_consonant = |b: u8| b.is_ascii_alphabetic() && !b"aeiouy".contains(&b.to_ascii_lowercase());
        self.local.as_bytes().split(|b| !is_consonant(*b)).map(<[u8]>::len).max().unwrap_or(0)
    }

    /// Whether the name stands in the local part; `None` for names of less than three Latin letters.
    pub fn holds(&self, name: &str) -> Option<bool> {
        let name = Folded::of(name);
        let (name, local) = (name.as_bytes(), self.folded.as_bytes());
        (name.len() >= 3).then(|| local.windows(name.len()).any(|window| window == name))
    }
}

/// The Latin letters of a text in lower case and without accents, at most 80 of them.
struct Folded {
    letters: [u8; 80],
    length: usize,
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut folded = Self { letters: [0; 80], length: 0 };
        for letter in text.chars().filter_map(plain_letter).take(80) {
            folded.letters[folded.length] = letter;
            folded.length += 1;
        }
        folded
    }

    fn as_bytes(&self) -> &[u8] {
        &self.letters[..self.length]
    }
}

/// A Latin letter in lower case without its accent, as people write it in an e-mail address.
fn plain_letter(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_alphabetic().then(|| c.to_ascii_lowercase() as u8);
    }
    match c.to_lowercase().next()? {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => Some(b'a'),
        'ç' | 'ć' | 'č' => Some(b'c'),
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => Some(b'e'),
        'ì' | 'í' | 'î' | 'ï' => Some(b'i'),
        'ł' => Some(b'l'),
        'ñ' | 'ń' | 'ň' => Some(b'n'),
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => Some(b'o'),
        'ř' => Some(b'r'),
        'ś' | 'š' | 'ş' => Some(b's'),
        'ù' | 'ú' | 'û' | 'ü' | 'ů' => Some(b'u'),
        'ý' | 'ÿ' => Some(b'y'),
        'ź' | 'ż' | 'ž' => Some(b'z'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_apart() {
        assert!(FREE.is_sorted_by(|a, b| a.0 < b.0), "FREE is searched: keep it sorted");
        assert!(DISPOSABLE.is_sorted_by(|a, b| a < b), "DISPOSABLE is searched: keep it sorted");
        for (host, _) in FREE {
            assert!(!DISPOSABLE.contains(host), "{host} is in both lists");
        }
    }

    #[test]
    fn addresses_are_taken_apart() {
        fn check(email: &str, kind: HostKind, provider: Option<&str>, top: &str, digits: usize, run: usize) {
            let email = Email::parse(email).unwrap();
            let mailbox = Mailbox::of(&email);
            let came = (mailbox.host_kind(), mailbox.provider(), mailbox.top_level_domain());
            assert_eq!(came, (kind, provider, top), "{}", email.as_str());
            assert_eq!((mailbox.digits(), mailbox.longest_consonant_run()), (digits, run), "{}", email.as_str());
        }
        check("ada.lovelace@gmail.com", HostKind::Free, Some("gmail"), "com", 0, 1);
        check("Ada@Orange.FR", HostKind::Free, Some("orange"), "fr", 0, 1);
        check("xkcdqrt99@yopmail.com", HostKind::Disposable, None, "com", 2, 7);
        check("me@lovelace.example.org", HostKind::Own, None, "org", 0, 1);
    }

    #[test]
    fn names_are_found_in_addresses() {
        for (email, name, expected) in [
            ("jose.munoz@example.org", "Muñoz", Some(true)),
            ("jm@example.org", "Muñoz", Some(false)),
            ("j.d-upont.12@example.org", "Du Pont", Some(true)),
            ("ada@example.org", "Li", None),
            ("ada@example.org", "Ада", None),
        ] {
            let email = Email::parse(email).unwrap();
            assert_eq!(Mailbox::of(&email).holds(name), expected, "{name} in {}", email.as_str());
        }
    }
}
