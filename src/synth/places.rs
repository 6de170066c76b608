//! Invented people and places. Names are put together from syllables; towns do not exist; mail domains are those that
//! RFC 2606 and RFC 6761 reserve; IP addresses come from ranges for documentation and tests (RFC 5737, RFC 3849,
//! RFC 2544) and from shared address space (RFC 6598).

use super::chance::Chance;
use crate::domain::geo::{Address, Country};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A country of the population.
#[derive(Debug)]
pub struct Land {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// The language of its shoppers.
    pub locale: &'static str,
    /// The time zone of its shops.
    pub zone: &'static str,
    /// The share of shoppers who live there.
    pub weight: f64,
    /// What stands before the digits of a mobile number, and how many digits follow.
    phone: (&'static str, u32),
    /// Before and after the name of a street.
    street: (&'static str, &'static str),
    /// The first digits of a postal code, how many digits follow, and what ends it.
    postal: (&'static str, u32, &'static str),
}

/// The countries of the population, all in the euro area.
pub const LANDS: [Land; 7] = [
    Land {
        code: "FR",
        locale: "fr-FR",
        zone: "Europe/Paris",
        weight: 0.52,
        phone: ("+33600", 6),
        street: ("rue ", ""),
        postal: ("99", 3, ""),
    },
    Land {
        code: "ES",
        locale: "es-ES",
        zone: "Europe/Madrid",
        weight: 0.12,
        phone: ("+3461", 7),
        street: ("calle ", ""),
        postal: ("53", 3, ""),
    },
    Land {
        code: "IT",
        locale: "it-IT",
        zone: "Europe/Rome",
        weight: 0.11,
        phone: ("+393200", 6),
        street: ("via ", ""),
        postal: ("99", 3, ""),
    },
    Land {
        code: "DE",
        locale: "de-DE",
        zone: "Europe/Berlin",
        weight: 0.10,
        phone: ("+4915200", 6),
        street: ("", "weg"),
        postal: ("00", 3, ""),
    },
    Land {
        code: "BE",
        locale: "fr-BE",
        zone: "Europe/Brussels",
        weight: 0.07,
        phone: ("+3247", 7),
        street: ("rue ", ""),
        postal: ("0", 3, ""),
    },
    Land {
        code: "NL",
        locale: "nl-NL",
        zone: "Europe/Amsterdam",
        weight: 0.05,
        phone: ("+3161", 7),
        street: ("", "laan"),
        postal: ("0", 3, " AA"),
    },
    Land {
        code: "PT",
        locale: "pt-PT",
        zone: "Europe/Lisbon",
        weight: 0.03,
        phone: ("+35191", 7),
        street: ("rua ", ""),
        postal: ("0", 3, "-000"),
    },
];

/// Countries from which stolen cards come besides those of the population.
pub const FAR_COUNTRIES: [&str; 6] = ["US", "GB", "BR", "CA", "AU", "MX"];

const GIVEN: [&str; 36] = [
    "Alba", "Bram", "Celis", "Doran", "Elva", "Fenn", "Gisla", "Harl", "Ilva", "Joren", "Kaela", "Liorn", "Mirea",
    "Nilo", "Orsa", "Pellam", "Quilla", "Runa", "Sorin", "Tavi", "Ulva", "Varo", "Wenna", "Xaro", "Yorin", "Zelva",
    "Anouk", "Brisa", "Corvin", "Dalia", "Evren", "Fiora", "Galen", "Hesper", "Isaro", "Jolan",
];
const FAMILY_START: [&str; 30] = [
    "Val", "Mont", "Bel", "Cor", "Der", "Est", "Fal", "Gar", "Hal", "Ist", "Jar", "Kel", "Lam", "Mer", "Nor", "Orl",
    "Per", "Quin", "Ros", "Sal", "Tor", "Ur", "Ver", "Wald", "Yst", "Zan", "Bren", "Cal", "Dun", "Ferr",
];
const FAMILY_MIDDLE: [&str; 16] =
    ["a", "e", "i", "o", "ande", "ello", "ino", "oste", "ami", "eri", "uva", "ona", "ivo", "are", "emo", "iso"];
const FAMILY_END: [&str; 24] = [
    "brume", "clair", "dane", "fels", "gard", "hout", "lac", "mar", "nel", "quet", "rive", "sart", "tier", "val",
    "ville", "wick", "zano", "bel", "court", "din", "fort", "lieu", "mond", "ric",
];
const STREETS: [&str; 20] = [
    "Lantern", "Orlen", "Mirabel", "Tisane", "Quarz", "Serin", "Voltane", "Amarante", "Brisel", "Candor", "Dorelle",
    "Estrel", "Falun", "Girande", "Hesper", "Ivoral", "Jasmel", "Korall", "Lumelle", "Morgal",
];
const TOWNS: [&str; 28] = [
    "Valbrume",
    "Montsorel",
    "Clairvasse",
    "Orlemont",
    "Saint-Ysor",
    "Belquenne",
    "Torvigny",
    "Fermolle",
    "Aldaneda",
    "Castrevia",
    "Oliveral",
    "Montefalo",
    "Roccasera",
    "Valdimare",
    "Lindenfurt",
    "Ostheym",
    "Brunwald",
    "Hoogmeer",
    "Zilverdam",
    "Waterloze",
    "Noordvelt",
    "Campolura",
    "Ribeirosa",
    "Sarvelle",
    "Quintremar",
    "Ponteluna",
    "Eskelbrug",
    "Marlivanne",
];
/// Mail hosts of ordinary people, with how common they are.
const MAIL_HOSTS: [(&str, f64); 8] = [
    ("example.com", 0.38),
    ("example.org", 0.18),
    ("example.net", 0.14),
    ("courrier.example", 0.10),
    ("posta.example", 0.08),
    ("brief.example", 0.06),
    ("correo.example", 0.04),
    ("familie.example", 0.02),
];
/// Mail hosts whose mailboxes are made for an hour.
const THROWAWAY_HOSTS: [&str; 3] = ["jetable.example", "tenminutes.example", "mail.test.example"];

/// A name.
pub fn name(chance: &mut Chance) -> (Box<str>, Box<str>) {
    let family = [*chance.pick(&FAMILY_START), *chance.pick(&FAMILY_MIDDLE), *chance.pick(&FAMILY_END)].concat();
    ((*chance.pick(&GIVEN)).into(), family.into())
}

/// A country of the population, by its share.
pub fn land(chance: &mut Chance) -> &'static Land {
    chance.weighted(&LANDS, |land| land.weight)
}

/// A country by its code; `None` where the code is no country's.
pub fn country(code: &str) -> Option<Country> {
    Country::parse(code).ok()
}

/// An ordinary mailbox of a person of this name.
pub fn mailbox(chance: &mut Chance, given: &str, family: &str) -> String {
    let (given, family) = (given.to_lowercase(), family.to_lowercase());
    let local = match chance.below(100) {
        // A few are a year or a number, or a name that nobody could read out.
        0 => format!("{}{}", &family[..2], 1_000_000 + chance.below(9_000_000)),
        1 => chance.token()[..9].to_owned(),
        more => match more % 10 {
            0..=4 => format!("{given}.{family}"),
            5 => format!("{family}.{given}"),
            6 | 7 => format!("{given}{family}{}", 50 + chance.below(50)),
            8 => format!("{}{family}", &given[..1]),
            _ => format!("{family}{}", chance.below(1_000)),
        },
    };
    format!("{local}@{}", chance.weighted(&MAIL_HOSTS, |host| host.1).0)
}

/// A mailbox made to be thrown away.
pub fn throwaway_mailbox(chance: &mut Chance) -> String {
    let token = chance.token();
    let host = if chance.happens(0.5) { *chance.pick(&THROWAWAY_HOSTS) } else { "example.com" };
    format!("{}{}@{host}", &token[..9], chance.below(100))
}

/// An address that nobody has.
pub fn address(chance: &mut Chance, land: &Land) -> Address {
    let (before, after) = land.street;
    let (first, digits, end) = land.postal;
    let street = format!("{} {before}{}{after}", 1 + chance.below(160), chance.pick(&STREETS));
    let code = chance.below(10_usize.pow(digits));
    Address {
        line1: Some(street.into()),
        city: Some((*chance.pick(&TOWNS)).into()),
        postal_code: Some(format!("{first}{code:0width$}{end}", width = digits as usize).into()),
        country: country(land.code),
        ..Address::default()
    }
}

/// The `serial`-th mobile number of a country, in E.164. The ranges for works of fiction are not used: numbering plans
/// call them invalid, and half the features of a phone would be gone.
pub fn phone(land: &Land, serial: u64) -> String {
    let (prefix, digits) = land.phone;
    let number = serial.wrapping_mul(7_654_321) % 10_u64.pow(digits);
    format!("{prefix}{number:0width$}", width = digits as usize)
}

/// The `serial`-th household's address at home: IPv6 for half of them.
pub fn home_ip(chance: &mut Chance, serial: u32) -> IpAddr {
    if chance.happens(0.5) {
        let (high, low) = ((serial >> 16) as u16, serial as u16);
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, high, low, 0, 0, 0, 1 + chance.below(9) as u16))
    } else {
        let [_, a, b, c] = (serial % (1 << 17)).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(198, 18 + a, b, c))
    }
}

/// One of the addresses that mobile networks share among many.
pub fn mobile_ip(chance: &mut Chance) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(100, 64 + chance.below(4) as u8, chance.below(256) as u8, chance.below(256) as u8))
}

/// One of the few addresses of a hosting company.
pub fn hosted_ip(chance: &mut Chance) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, chance.below(256) as u8))
}

/// A browser or an application, as it describes itself, and whether it runs on a phone.
pub const AGENTS: [(&str, bool, f64); 7] = [
    (
        "Mozilla/5.0 (Linux; Android 15; Mobile) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36",
        true,
        0.30,
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
        true,
        0.27,
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
        false,
        0.23,
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
        false,
        0.09,
    ),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", false, 0.06),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", false, 0.03),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0",
        false,
        0.02,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{Email, Phone};
    use rlibphonenumber::PhoneNumberType;

    #[test]
    fn every_invented_value_is_well_formed_and_reserved() {
        let (util, mut chance) = (&rlibphonenumber::PHONE_NUMBER_UTIL, Chance::new(3, 0));
        for serial in 0..2_000 {
            let land = land(&mut chance);
            let number = phone(land, serial);
            assert!(Phone::parse(&number).is_ok(), "{number}");
            let parsed = util.parse(&number, None).unwrap();
            assert_eq!(util.get_number_type(&parsed), PhoneNumberType::Mobile, "{} {number}", land.code);

            let (given, family) = name(&mut chance);
            for mail in [mailbox(&mut chance, &given, &family), throwaway_mailbox(&mut chance)] {
                let mail = Email::parse(&mail).unwrap_or_else(|problem| panic!("{mail}: {problem}"));
                let domain = mail.domain();
                assert!(
                    ["example.com", "example.org", "example.net"].contains(&domain) || domain.ends_with(".example")
                );
            }
            assert!(address(&mut chance, land).normalized().is_some());
        }
    }

    #[test]
    fn phone_numbers_of_one_country_do_not_repeat() {
        for land in &LANDS {
            let numbers: std::collections::BTreeSet<_> = (0..5_000).map(|serial| phone(land, serial)).collect();
            assert_eq!(numbers.len(), 5_000, "{}", land.code);
        }
    }
}
