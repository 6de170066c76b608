//! Bounded text from outside: at most so many characters, none of them a control character.

use super::Invalid;

/// Checks free text: 1 to `max` characters, no control characters.
pub fn bounded(text: &str, max: usize) -> Result<Box<str>, Invalid> {
    let good =
        !text.is_empty() && text.len() <= 4 * max && text.chars().count() <= max && !text.chars().any(char::is_control);
    good.then(|| text.into())
        .ok_or_else(|| Invalid::expected(format!("1 to {max} characters, none of them a control character")))
}

/// Checks a token such as a fingerprint or a device id: 1 to `max` visible ASCII characters.
pub fn token(text: &str, max: usize) -> Result<Box<str>, Invalid> {
    let good = (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    good.then(|| text.into()).ok_or_else(|| Invalid::expected(format!("1 to {max} visible ASCII characters")))
}

/// The longest statement or comment of a person, in characters.
pub const MAX_STATEMENT: usize = 2_000;

/// Checks the words of a person, who may write several lines: at most [`MAX_STATEMENT`] characters.
pub fn statement(words: &str) -> Result<Box<str>, Invalid> {
    let good = (1..=MAX_STATEMENT).contains(&words.chars().count())
        && !words.trim().is_empty()
        && words.chars().all(|c| !c.is_control() || c == '\n');
    good.then(|| words.into()).ok_or_else(|| {
        Invalid::expected(format!("1 to {MAX_STATEMENT} characters, none of them a control character but line feeds"))
    })
}

/// Checks a name in lower case with underscores, such as a signal's or a category's: `[a-z][a-z0-9_]*`, at most `max`.
pub fn snake(text: &str, max: usize) -> Result<Box<str>, Invalid> {
    let good = text.len() <= max
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    good.then(|| text.into()).ok_or_else(|| {
        Invalid::expected(format!(
            "a lower-case name of a-z, 0-9 and _ that starts with a letter, at most {max} characters"
        ))
    })
}

/// The longest address of a page, in bytes.
const MAX_WEB_ADDRESS: usize = 2_048;

/// Checks the address of a page to which a browser is led: https, or http on this machine; no user, no password.
pub fn web_address(text: &str) -> Result<Box<str>, Invalid> {
    let plain = text.len() <= MAX_WEB_ADDRESS && !text.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}']);
    let uri = text.parse::<http::Uri>().ok().filter(|_| plain);
    let good = uri.is_some_and(|uri| {
        let host = uri.host().unwrap_or_default();
        let named = !host.is_empty() && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        match uri.scheme_str() {
            Some("https") => named,
            Some("http") => named && matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
            _ => false,
        }
    });
    good.then(|| text.into()).ok_or_else(|| Invalid::expected("an address such as https://shop.example/help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_led_to_pages_only() {
        for good in ["https://shop.example", "https://shop.example:8443/a?b=c#d", "http://127.0.0.1:8090/x"] {
            assert!(web_address(good).is_ok(), "{good}");
        }
        let long = format!("https://shop.example/{}", "x".repeat(2_048));
        for bad in [
            "",
            "shop.example",
            "/path",
            "javascript:alert(1)",
            "http://shop.example",
            "https://",
            "https://a@shop.example",
            "https://shop.example/a b",
            "https://shop.example/\"onload=",
            &long,
        ] {
            assert!(web_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn people_may_write_several_lines() {
        assert!(statement("One line.\nAnother.").is_ok());
        for bad in ["", " \n ", "a\rb", &"x".repeat(MAX_STATEMENT + 1)] {
            assert!(statement(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bounds_hold_in_characters() {
        assert!(bounded(&"é".repeat(80), 80).is_ok());
        for bad in ["", "a\nb", &"é".repeat(81)] {
            assert!(bounded(bad, 80).is_err(), "{bad:?}");
        }
        assert!(token("fp:1", 4).is_ok() && token("a b", 4).is_err() && token("", 4).is_err());
        assert!(snake("limit_bal2", 40).is_ok() && snake("2x", 40).is_err() && snake("A", 40).is_err());
    }
}
