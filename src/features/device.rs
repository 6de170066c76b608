//! The device, its browser, its language and its network.

use super::scene::Scene;
use super::{Feature, boolean, category, number};
use crate::domain::geo::Country;
use crate::domain::reason::ReasonCode as Reason;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const ABOUT: &str = "Where the request comes from. The browser's description of itself is easily forged: a \
     contradiction in it tells more than what it says.";

const NO_IP: &str = "No IP address was given.";
const NO_AGENT: &str = "No user agent was given.";
const NO_LOCALE: &str = "No locale was given, or one without a country, or the other country was not given.";

pub(super) const FEATURES: &[Feature] = &[
    boolean(601, "device_known", Reason::DEVICE_UNUSUAL, |s| Some(s.submission.context.device_id.is_some()))
        .says("Whether a device id was given.", "Never."),
    boolean(602, "terminal_known", Reason::DEVICE_UNUSUAL, |s| Some(s.submission.context.terminal_id.is_some()))
        .says("Whether a terminal was named.", "Never."),
    category(603, "origin", Reason::DEVICE_UNUSUAL, |s| Some(s.submission.context.origin?.name()))
        .one_of(&["web", "app", "in_store", "payment_link"])
        .says("Through which channel the purchase is made.", "It was not given."),
    boolean(604, "user_agent_known", Reason::DEVICE_UNUSUAL, |s| Some(s.agent.is_some()))
        .says("Whether the browser's description of itself was given.", "Never."),
    number(605, "user_agent_length_chars", "characters", Reason::DEVICE_UNUSUAL, |s| {
        Some(s.submission.context.user_agent.as_ref()?.chars().count() as f64)
    })
    .says("The length of the user agent.", NO_AGENT),
    category(606, "device_family", Reason::DEVICE_UNUSUAL, |s| Some(s.agent.as_ref()?.family()))
        .one_of(&["mobile", "tablet", "desktop", "bot", "other"])
        .says("What kind of device the user agent names.", NO_AGENT),
    category(607, "operating_system", Reason::DEVICE_UNUSUAL, |s| Some(s.agent.as_ref()?.system))
        .one_of(&["android", "ios", "windows", "macos", "linux", "chromeos", "other"])
        .says("The operating system the user agent names.", NO_AGENT),
    category(608, "browser", Reason::DEVICE_UNUSUAL, |s| Some(s.agent.as_ref()?.browser))
        .one_of(&["chrome", "safari", "firefox", "edge", "opera", "samsung", "in_app", "other"])
        .says("The browser the user agent names; `in_app`: one inside another application.", NO_AGENT),
    boolean(609, "user_agent_is_bot", Reason::DEVICE_UNUSUAL, |s| Some(s.agent.as_ref()?.bot))
        .says("Whether the user agent names a robot, a script or a browser without a window.", NO_AGENT),
    boolean(610, "ip_known", Reason::NETWORK_UNUSUAL, |s| Some(s.submission.context.ip_address.is_some()))
        .says("Whether an IP address was given.", "Never."),
    category(611, "ip_version", Reason::NETWORK_UNUSUAL, |s| {
        Some(if s.submission.context.ip_address?.to_canonical().is_ipv4() { "ipv4" } else { "ipv6" })
    })
    .one_of(&["ipv4", "ipv6"])
    .says("The version of the IP address.", NO_IP),
    boolean(612, "ip_is_public", Reason::NETWORK_UNUSUAL, |s| Some(is_public(s.submission.context.ip_address?)))
        .says("Whether the IP address is one of the public internet (RFC 6890).", NO_IP),
    category(613, "language", Reason::DEVICE_UNUSUAL, |s| s.locale.as_ref()?.language())
        .says("The language of the locale, by ISO 639, such as `fr`.", "No locale was given, or not of that form."),
    category(614, "locale_country", Reason::DEVICE_UNUSUAL, |s| Some(s.locale.as_ref()?.country.as_ref()?.code()))
        .says("The country of the locale, by ISO 3166-1 alpha-2.", "No locale was given, or one without a country."),
    boolean(615, "locale_country_is_billing", Reason::DEVICE_UNUSUAL, |s| {
        same_country(s, s.submission.purchase.billing_address.as_ref()?.country)
    })
    .says("Whether the locale's country is the one the bill goes to.", NO_LOCALE),
    boolean(616, "locale_country_is_shipping", Reason::DEVICE_UNUSUAL, |s| {
        same_country(s, s.submission.purchase.shipping_address.as_ref()?.country)
    })
    .says("Whether the locale's country is the one the goods go to.", NO_LOCALE),
    boolean(617, "locale_country_is_card", Reason::DEVICE_UNUSUAL, |s| {
        same_country(s, s.submission.purchase.card.as_ref()?.bin_country)
    })
    .says("Whether the locale's country is that of the card's bank.", NO_LOCALE),
];

fn same_country(scene: &Scene<'_>, other: Option<Country>) -> Option<bool> {
    Some(scene.locale.as_ref()?.country? == other?)
}

/// Whether an address belongs to the public internet: outside the special blocks of RFC 6890 that a customer can
/// seem to come from.
fn is_public(address: IpAddr) -> bool {
    fn v4(address: Ipv4Addr) -> bool {
        let [a, b, ..] = address.octets();
        let carrier_grade_nat = a == 100 && (64..128).contains(&b);
        !(address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_documentation()
            || address.is_multicast()
            || carrier_grade_nat
            || a == 0
            || a >= 240)
    }
    fn v6(address: Ipv6Addr) -> bool {
        let [a, b, ..] = address.segments();
        let documentation = a == 0x2001 && b == 0xdb8;
        (a & 0xe000) == 0x2000 && !documentation
    }
    match address.to_canonical() {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

/// What a user agent says of itself.
pub(super) struct Agent {
    system: &'static str,
    browser: &'static str,
    bot: bool,
    mobile: bool,
    tablet: bool,
}

impl Agent {
    /// Reads a user agent word by word, once.
    pub fn of(text: &str) -> Self {
        let mut agent = Self { system: "other", browser: "other", bot: false, mobile: false, tablet: false };
        // Later words refine earlier ones (Chrome calls itself Safari, Edge calls itself Chrome, Android Linux), so
        // each word has a rank, and the highest wins.
        let (mut system_rank, mut browser_rank) = (0, 0);
        for word in text.as_bytes().split(|b| !b.is_ascii_alphanumeric()) {
            let mut system = |name, rank| {
                if rank > system_rank {
                    (agent.system, system_rank) = (name, rank);
                }
            };
            let mut browser = |name, rank| {
                if rank > browser_rank {
                    (agent.browser, browser_rank) = (name, rank);
                }
            };
            match word {
                b"Linux" | b"X11" => system("linux", 1),
                b"Windows" => system("windows", 2),
                b"Macintosh" => system("macos", 2),
                b"CrOS" => system("chromeos", 2),
                b"Android" => system("android", 3),
                b"iPhone" | b"iPod" | b"iOS" => system("ios", 3),
                b"iPad" => {
                    system("ios", 3);
                    agent.tablet = true;
                }
                b"Tablet" => agent.tablet = true,
                b"Mobile" => agent.mobile = true,
                b"Safari" => browser("safari", 1),
                b"Chrome" | b"CriOS" | b"Chromium" => browser("chrome", 2),
                b"Firefox" | b"FxiOS" => browser("firefox", 2),
                b"Edg" | b"EdgA" | b"EdgiOS" | b"Edge" => browser("edge", 3),
                b"OPR" | b"Opera" | b"OPiOS" => browser("opera", 3),
                b"SamsungBrowser" => browser("samsung", 3),
                b"FBAN" | b"FBAV" | b"Instagram" | b"TikTok" | b"musical" | b"GSA" | b"wv" => browser("in_app", 4),
                b"" => {}
                other => agent.bot |= names_a_robot(other),
            }
        }
        agent.mobile |= agent.system == "ios" && !agent.tablet;
        agent.tablet |= agent.system == "android" && !agent.mobile;
        agent
    }

    fn family(&self) -> &'static str {
        match self.system {
            _ if self.bot => "bot",
            _ if self.tablet => "tablet",
            _ if self.mobile => "mobile",
            "windows" | "macos" | "linux" | "chromeos" => "desktop",
            _ => "other",
        }
    }
}

fn names_a_robot(word: &[u8]) -> bool {
    const ENDS: [&str; 3] = ["bot", "crawler", "spider"];
    const TOOLS: [&str; 12] = [
        "curl",
        "wget",
        "python",
        "requests",
        "httpx",
        "httpclient",
        "scrapy",
        "selenium",
        "phantomjs",
        "puppeteer",
        "playwright",
        "headlesschrome",
    ];
    let ends = |end: &str| {
        word.len().checked_sub(end.len()).is_some_and(|from| word[from..].eq_ignore_ascii_case(end.as_bytes()))
    };
    ENDS.into_iter().any(ends) || TOOLS.iter().any(|tool| word.eq_ignore_ascii_case(tool.as_bytes()))
}

/// A locale such as `fr-FR`, by BCP 47, or `fr_FR`.
pub(super) struct Locale {
    language: [u8; 3],
    length: usize,
    /// Its country.
    pub country: Option<Country>,
}

impl Locale {
    /// Reads a locale; `None` without a language of two or three letters.
    pub fn of(text: &str) -> Option<Self> {
        let mut tags = text.split(['-', '_', '.', '@']);
        let first = tags.next()?.as_bytes();
        if !(2..=3).contains(&first.len()) || !first.iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        let mut language = [0; 3];
        for (to, from) in language.iter_mut().zip(first) {
            *to = from.to_ascii_lowercase();
        }
        let country = tags.find(|tag| tag.len() == 2).and_then(|tag| Country::parse(&tag.to_ascii_uppercase()).ok());
        Some(Self { language, length: first.len(), country })
    }

    fn language(&self) -> Option<&str> {
        std::str::from_utf8(&self.language[..self.length]).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents() {
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (text, family, system, browser) in [
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36"),
                "desktop",
                "windows",
                "chrome",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0"),
                "desktop",
                "windows",
                "edge",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/140.0 Mobile Safari/537.36"),
                "mobile",
                "android",
                "chrome",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 15; SM-X710) {WEBKIT} Chrome/140.0 Safari/537.36"),
                "tablet",
                "android",
                "chrome",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1".into(),
                "mobile",
                "ios",
                "safari",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1".into(),
                "tablet",
                "ios",
                "safari",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 15.5; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
                "desktop",
                "macos",
                "firefox",
            ),
            ("Mozilla/5.0 (compatible; Googlebot/2.1)".into(), "bot", "other", "other"),
            ("python-requests/2.32".into(), "bot", "other", "other"),
            ("curl/8.5.0".into(), "bot", "other", "other"),
            ("é".into(), "other", "other", "other"),
        ] {
            let agent = Agent::of(&text);
            assert_eq!((agent.family(), agent.system, agent.browser), (family, system, browser), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_public_internet() {
        for (address, public) in [
            ("81.2.69.142", true),
            ("10.1.2.3", false),
            ("192.168.0.1", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("203.0.113.9", false),
            ("::ffff:10.1.2.3", false),
            ("2a01:cb00::1", true),
            ("2001:db8::1", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn locales() {
        for (text, expected) in [
            ("fr-FR", Some(("fr", Some("FR")))),
            ("fr_be", Some(("fr", Some("BE")))),
            ("DE", Some(("de", None))),
            ("zh-Hant-TW", Some(("zh", Some("TW")))),
            ("en-ZZ", Some(("en", None))),
            ("é", None),
            ("", None),
            ("english", None),
        ] {
            let locale = Locale::of(text);
            let came = locale.as_ref().map(|l| (l.language().unwrap(), l.country.as_ref().map(Country::code)));
            assert_eq!(came, expected, "{text}");
        }
    }
}
