//! Where a message may go: what of an address can be seen before its name is resolved.

use super::is_public;
use reqwest::Url;
use std::fmt;
use std::net::IpAddr;

/// The longest address, in bytes.
const LONGEST: usize = 1_024;
/// Below it ports belong to services that are not the web's.
const FIRST_FREE_PORT: u16 = 1_024;

/// An address that messages may be posted to.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(pub(super) Url);

/// Why messages are not posted to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is none.
    #[error("expected an address such as https://shop.example.org/hooks, of at most {LONGEST} bytes")]
    Malformed,
    /// It is not encrypted.
    #[error("expected https (http is for trying out on loopback: set webhook_insecure_targets)")]
    Scheme,
    /// It holds a name or a password.
    #[error("expected an address without a user name and a password: messages are signed instead")]
    UserInfo,
    /// It names a place within itself.
    #[error("expected an address without a `#`")]
    Fragment,
    /// It is not an address of the public internet.
    #[error("expected an address of the public internet")]
    Private,
    /// Its port is another service's.
    #[error("expected port 443, or one from {FIRST_FREE_PORT} on")]
    Port,
}

impl Target {
    /// Whether an address may be posted to, as far as it says so itself. Where `insecure`, http and loopback may, too.
    pub fn parse(text: &str, insecure: bool) -> Result<Self, TargetError> {
        let plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('\\');
        let url = Url::parse(text).ok().filter(|_| plain).ok_or(TargetError::Malformed)?;
        match url.scheme() {
            "https" => {}
            "http" if insecure => {}
            _ => return Err(TargetError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(TargetError::Malformed)?;
        // A parsed address writes IPv4 in one form only, whatever it was given in.
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        match literal {
            Some(address) if !may_reach(address, insecure) => return Err(TargetError::Private),
            None if !insecure && is_local(host) => return Err(TargetError::Private),
            _ => {}
        }
        match url.port_or_known_default() {
            Some(443 | FIRST_FREE_PORT..) => Ok(Self(url)),
            Some(80) if url.scheme() == "http" => Ok(Self(url)),
            _ => Err(TargetError::Port),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// An address may hold a secret path.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.0.host_str().unwrap_or_default())
    }
}

/// Whether an address may be connected to. Where `insecure`, this machine may, too.
pub(super) fn may_reach(address: IpAddr, insecure: bool) -> bool {
    is_public(address) || (insecure && address.is_loopback())
}

/// Names that are never of the public internet (RFC 6761, RFC 6762, RFC 8375 and what networks use for their insides).
fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    !host.contains('.')
        || ["localhost", "local", "internal", "home.arpa", "test", "invalid", "lan", "onion"].into_iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_posted_to_is_refused_in_every_spelling() {
        use TargetError::*;
        for (text, expected) in [
            ("", Malformed),
            ("shop.example.org/hooks", Malformed),
            ("https://", Malformed),
            ("https://shop.example.org/a b", Malformed),
            ("https:\\\\shop.example.org", Malformed),
            ("http://shop.example.org/", Scheme),
            ("ftp://shop.example.org/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("gopher://127.0.0.1:25/", Scheme),
            ("https://user@shop.example.org/", UserInfo),
            ("https://user:pass@shop.example.org/", UserInfo),
            ("https://shop.example.org/#x", Fragment),
            ("https://127.0.0.1/", Private),
            ("https://127.1/", Private),
            ("https://2130706433/", Private),
            ("https://0x7f000001/", Private),
            ("https://0x7f.0.0.1/", Private),
            ("https://0177.0.0.1/", Private),
            ("https://0/", Private),
            ("https://%31%32%37.0.0.1/", Private),
            ("https://１２７.0.0.1/", Malformed),
            ("https://10.1.2.3/", Private),
            ("https://169.254.169.254/latest/meta-data/", Private),
            ("https://[::1]/", Private),
            ("https://[::]/", Private),
            ("https://[::ffff:127.0.0.1]/", Private),
            ("https://[::ffff:7f00:1]/", Private),
            ("https://[64:ff9b::a9fe:a9fe]/", Private),
            ("https://[2002:7f00:1::]/", Private),
            ("https://[fd00:ec2::254]/", Private),
            ("https://[fe80::1]/", Private),
            ("https://localhost/", Private),
            ("https://LOCALHOST./", Private),
            ("https://a.localhost/", Private),
            ("https://printer.local/", Private),
            ("https://metadata.google.internal/", Private),
            ("https://intranet/", Private),
            ("https://shop.example.org:22/", Port),
            ("https://shop.example.org:25/", Port),
            ("https://shop.example.org:80/", Port),
            ("https://shop.example.org:0/", Port),
        ] {
            assert_eq!(Target::parse(text, false), Err(expected), "{text}");
        }
        assert_eq!(Target::parse(&format!("https://shop.example.org/{}", "x".repeat(LONGEST)), false), Err(Malformed));
    }

    #[test]
    fn public_targets_are_taken_and_loopback_where_it_is_allowed() {
        for text in [
            "https://shop.example.org/hooks?k=1",
            "https://shop.example.org:8443/",
            "https://93.184.216.34/",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert_eq!(Target::parse(text, false).unwrap().as_str(), text);
        }
        for text in
            ["http://127.0.0.1:9000/hook", "http://localhost:9000/hook", "http://[::1]:9000/", "http://a.example/"]
        {
            assert!(Target::parse(text, true).is_ok(), "{text}");
            assert_eq!(Target::parse(text, false), Err(TargetError::Scheme), "{text}");
        }
        for text in ["http://10.0.0.1:9000/", "http://169.254.169.254/"] {
            assert_eq!(Target::parse(text, true), Err(TargetError::Private), "{text}: loopback, and nothing else");
        }
        let secret = Target::parse("https://shop.example.org/secret-path", false).unwrap();
        assert!(!format!("{secret:?}").contains("secret-path"));
    }
}
