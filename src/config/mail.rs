//! Who sends mails, by the settings.

use super::{ConfigError, Settings};
use crate::notice::Mailer;
use crate::notice::smtp::{self, Smtp};
use std::sync::Arc;

impl Settings {
    /// Who sends mails to customers; `None`: no mail server is set, and no mail is sent.
    pub fn mailer(&self) -> Result<Option<Arc<dyn Mailer>>, ConfigError> {
        if self.smtp_host.is_empty() {
            return Ok(None);
        }
        let settings = smtp::Settings {
            host: self.smtp_host.clone(),
            port: u16::try_from(self.smtp_port).unwrap_or(u16::MAX),
            tls: self.smtp_tls,
            username: self.smtp_username.clone(),
            password: self.smtp_password.clone(),
            from: self.mail_from.clone(),
        };
        Ok(Some(Arc::new(Smtp::new(&settings)?)))
    }
}
