//! Phone numbers and e-mail addresses.

use super::Invalid;
use std::fmt;

/// A phone number in E.164: `+`, a country code, at most 15 digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(Box<str>);

impl Phone {
    /// Parses the E.164 form, such as `+33612345678`. Whether the number can exist is a feature, not a condition.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('+').unwrap_or("");
        let good =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        good.then(|| Self(text.into()))
            .ok_or_else(|| Invalid::expected("a phone number in E.164, such as +33612345678"))
    }

    /// The E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

/// An e-mail address by RFC 5321, at most 254 characters, with a domain that has a dot.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(Box<str>);

impl Email {
    /// Parses an address such as `ada@example.org`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        let good = text.len() <= 254 && email_address::EmailAddress::parse_with_options(text, options).is_ok();
        good.then(|| Self(text.into())).ok_or_else(|| Invalid::expected("an e-mail address such as ada@example.org"))
    }

    /// The address as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the last `@`, as it came.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// One form for all spellings of a mailbox: lower case, without a `+tag`. Dots are kept: only some hosts ignore them.
    pub fn normalized(&self) -> String {
        let local = self.local_part();
        let mailbox = local.split_once('+').map_or(local, |(before, _)| if before.is_empty() { local } else { before });
        format!("{}@{}", mailbox.to_lowercase(), self.domain().to_lowercase())
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_in_e164() {
        assert!(Phone::parse("+33612345678").is_ok());
        for bad in ["", "0612345678", "+0612345678", "+33 6 12", "+336123456789012345", "+33612345é"] {
            assert!(Phone::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn mailboxes_have_one_form() {
        assert_eq!(Email::parse("Ada.L+shop@Example.org").unwrap().normalized(), "ada.l@example.org");
        for bad in ["", "ada", "ada@", "@example.org", "ada@localhost", "Ada <ada@example.org>"] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn contacts_do_not_print_themselves() {
        let shown = format!("{:?} {:?}", Phone::parse("+33612345678"), Email::parse("ada@example.org"));
        assert!(!shown.contains("336") && !shown.contains("ada"), "{shown}");
    }
}
