//! Mails by SMTP.

use super::{Mail, MailError, Mailer, Sending};
use crate::domain::contact::Email;
use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls as Wire, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// How long one step of the conversation may take.
const STEP: Duration = Duration::from_secs(8);
/// How long a mail may take as a whole.
const WHOLE: Duration = Duration::from_secs(12);
/// The longest subject, in bytes.
const MAX_SUBJECT: usize = 500;
/// The longest name of a sender and the longest message id, in bytes.
const MAX_NAME: usize = 250;
/// Answers about logging in and about the server as a whole: an operator's to mend, so the mail is kept.
const OPERATORS: [u16; 6] = [500, 521, 530, 534, 535, 538];

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: to loopback only.
    None,
    /// By STARTTLS, and not without.
    StartTls,
    /// From the first byte.
    Tls,
}

impl Tls {
    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "starttls" => Some(Self::StartTls),
            "tls" => Some(Self::Tls),
            _ => None,
        }
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
        })
    }
}

/// What a mail server is reached by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The name to log in by; empty: none.
    pub username: String,
    /// The password to it.
    pub password: SecretString,
    /// The address that mails come from.
    pub from: String,
}

/// Why mails cannot be sent with these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The sender is not one address.
    #[error("mail_from: expected an e-mail address such as payments@shop.example")]
    From,
    /// Mails would go over the net for all to read.
    #[error("smtp_tls: none is for loopback only; choose starttls or tls")]
    Exposed,
    /// The host's name cannot be checked.
    #[error("smtp_host: expected a host name such as smtp.shop.example")]
    Host,
}

/// A mail server, and who writes.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp")
    }
}

impl Smtp {
    /// Checks the settings; connects to nothing yet.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let from = address(&settings.from).ok_or(SettingsError::From)?;
        let parameters = || TlsParameters::new(settings.host.clone()).map_err(|_| SettingsError::Host);
        let wire = match settings.tls {
            Tls::None if !is_loopback(&settings.host) => return Err(SettingsError::Exposed),
            Tls::None => Wire::None,
            Tls::StartTls => Wire::Required(parameters()?),
            Tls::Tls => Wire::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host.clone())
            .port(settings.port)
            .tls(wire)
            .timeout(Some(STEP));
        if !settings.username.is_empty() {
            let password = settings.password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(settings.username.clone(), password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// The mail as bytes and envelope; `None`: something in it is no header.
    fn message(&self, mail: &Mail) -> Option<Message> {
        let to = address(&mail.to)?;
        let name = header(&mail.from_name, MAX_NAME)?;
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let id = &mail.message_id;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if id.is_empty() || id.len() > MAX_NAME || !id.bytes().all(plain) {
            return None;
        }
        let mut builder = Message::builder()
            .from(Mailbox::new(name, self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(header(&mail.subject, MAX_SUBJECT)?)
            .message_id(Some(format!("<{id}@{}>", self.from.domain())));
        if let Some(reply_to) = &mail.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
        }
        // No holiday notice answers it.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let builder = builder.raw_header(HeaderValue::new(automatic, "auto-generated".into()));
        builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone())).ok()
    }

    async fn send_message(&self, message: Message) -> Result<(), MailError> {
        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(said(&error)),
            Err(_) => Err(MailError::Retryable("the mail server took too long")),
        }
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a, Result<(), MailError>> {
        let message = self.message(mail);
        Box::pin(async move {
            let message = message.ok_or(MailError::Permanent("an address or a header of the mail is none"))?;
            self.send_message(message).await
        })
    }
}

/// One address and nothing else.
fn address(text: &str) -> Option<Address> {
    let plain =
        !text.contains(|letter: char| letter.is_control() || letter.is_whitespace() || ",;<>\"".contains(letter));
    plain.then(|| Email::parse(text).ok()).flatten()?;
    text.parse().ok()
}

/// A header's text: one line, not longer than `most` bytes.
fn header(text: &str, most: usize) -> Option<&str> {
    (text.len() <= most && !text.contains(char::is_control)).then_some(text)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What a failure means. What the server said stays here: it may name the customer.
fn said(error: &Error) -> MailError {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        return match code {
            500..600 if !OPERATORS.contains(&code) => MailError::Permanent("the mail server refuses the mail"),
            code if OPERATORS.contains(&code) => MailError::Retryable("the mail server refuses the sender"),
            _ => MailError::Retryable("the mail server refuses the mail for now"),
        };
    }
    if error.is_timeout() {
        MailError::Retryable("the mail server took too long")
    } else if error.is_tls() {
        MailError::Retryable("no trusted TLS with the mail server")
    } else if error.is_client() {
        MailError::Retryable("the mail server does not offer the TLS or the way to log in that is asked for")
    } else {
        MailError::Retryable("the mail server cannot be spoken to")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            host: "127.0.0.1".into(),
            port: 9,
            tls: Tls::None,
            username: String::new(),
            password: SecretString::from(""),
            from: "payments@aval.example".into(),
        }
    }

    fn mail() -> Mail {
        Mail {
            to: "ada@shop.example".into(),
            reply_to: Some("help@shop.example".into()),
            from_name: "Le Vélo, vert".into(),
            subject: "Votre échéance".into(),
            html: "<p>Été</p>".into(),
            text: "Été".into(),
            message_id: "a1.2".into(),
        }
    }

    #[test]
    fn settings_that_expose_mails_are_refused() {
        assert!(Smtp::new(&settings()).is_ok());
        assert_eq!(
            Smtp::new(&Settings { host: "smtp.example.org".into(), ..settings() }).err(),
            Some(SettingsError::Exposed)
        );
        for from in ["", "nobody", "a@b.example, c@d.example", "A <a@b.example>", "a@b.example\r\nBcc: x@y.example"] {
            assert_eq!(
                Smtp::new(&Settings { from: from.into(), ..settings() }).err(),
                Some(SettingsError::From),
                "{from}"
            );
        }
    }

    #[test]
    fn nothing_is_smuggled_into_headers() {
        let smtp = Smtp::new(&settings()).unwrap();
        let good = smtp.message(&mail()).unwrap();
        assert_eq!(good.envelope().to().len(), 1);
        let evil = "x\r\nBcc: eve@evil.example";
        let to = |to: &str| Mail { to: to.into(), ..mail() };
        for bad in [
            to("ada@shop.example,eve@evil.example"),
            to("ada@shop.example eve@evil.example"),
            to("Ada <ada@shop.example>"),
            to("ada@shop.example\r\nRCPT TO:<eve@evil.example>"),
            to("\"a b\"@shop.example"),
            to(""),
            Mail { subject: evil.into(), ..mail() },
            Mail { subject: "x".repeat(501), ..mail() },
            Mail { from_name: evil.into(), ..mail() },
            Mail { reply_to: Some(evil.into()), ..mail() },
            Mail { message_id: "a>\r\nBcc: x".into(), ..mail() },
            Mail { message_id: "".into(), ..mail() },
        ] {
            assert!(smtp.message(&bad).is_none(), "{} {:?}", bad.to, bad.subject);
        }
    }
}
