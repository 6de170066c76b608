//! The providers of the settings: each is there when the first of its settings is, and then needs all of them.

use super::{ConfigError, Settings};
use crate::provider::Providers;
use crate::provider::bank::powens::{self, Powens};
use crate::provider::http::{Limits, Transport};
use crate::provider::identity::idcheck::{self, IdCheck};
use crate::provider::sms::twilio_verify::{self, TwilioVerify};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// How many digits the codes of Twilio Verify have.
const CODE_LENGTH: u8 = 6;

impl Settings {
    /// Who verifies. `notices_to` is where the notices of a provider of this name are to come.
    pub fn providers(
        &self,
        transport: &Arc<dyn Transport>,
        notices_to: impl Fn(&str) -> String,
    ) -> Result<Providers, ConfigError> {
        let twilio = twilio_verify::Settings {
            base_url: self.twilio_base_url.clone(),
            account_sid: self.twilio_account_sid.clone(),
            auth_token: self.twilio_auth_token.clone(),
            service_sid: self.twilio_service_sid.clone(),
            code_length: CODE_LENGTH,
            limits: Limits::default(),
        };
        let sms = whole(&[
            ("twilio_account_sid", &twilio.account_sid),
            ("twilio_auth_token", twilio.auth_token.expose_secret()),
            ("twilio_service_sid", &twilio.service_sid),
        ])?;
        let idcheck = idcheck::Settings {
            auth_url: self.idcheck_auth_url.clone(),
            capture_url: self.idcheck_capture_url.clone(),
            cis_url: self.idcheck_cis_url.clone(),
            realm: self.idcheck_realm.clone(),
            client_id: self.idcheck_client_id.clone(),
            client_secret: self.idcheck_client_secret.clone(),
            conf_code: self.idcheck_conf_code.clone(),
            notice_url: SecretString::from(notices_to(idcheck::NAME)),
            limits: Limits::default(),
        };
        let identity = whole(&[
            ("idcheck_realm", &idcheck.realm),
            ("idcheck_client_id", &idcheck.client_id),
            ("idcheck_client_secret", idcheck.client_secret.expose_secret()),
            ("idcheck_conf_code", &idcheck.conf_code),
        ])?;
        let powens = powens::Settings {
            api_url: self.powens_api_url.clone().unwrap_or_else(|| powens::api_url(&self.powens_domain)),
            webview_url: self.powens_webview_url.clone(),
            domain: self.powens_domain.clone(),
            client_id: self.powens_client_id.clone(),
            client_secret: self.powens_client_secret.clone(),
            notice_secret: self.powens_notice_secret.clone(),
            limits: Limits::default(),
        };
        let bank = whole(&[
            ("powens_domain", &powens.domain),
            ("powens_client_id", &powens.client_id),
            ("powens_client_secret", powens.client_secret.expose_secret()),
            ("powens_notice_secret", powens.notice_secret.expose_secret()),
        ])?;
        Ok(Providers {
            sms: sms.then(|| Arc::new(TwilioVerify::new(twilio, transport.clone())) as _),
            identity: identity.then(|| Arc::new(IdCheck::new(idcheck, transport.clone())) as _),
            bank: bank.then(|| Arc::new(Powens::new(powens, transport.clone())) as _),
        })
    }
}

/// Whether all of a provider's settings are there; none of them is as good.
fn whole(settings: &[(&'static str, &str)]) -> Result<bool, ConfigError> {
    let missing = settings.iter().find(|(_, text)| text.is_empty());
    let given = settings.iter().find(|(_, text)| !text.is_empty());
    match (missing, given) {
        (Some((missing, _)), Some((given, _))) => Err(ConfigError::Provider { missing, given }),
        (None, _) => Ok(true),
        (Some(_), None) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_there_with_all_its_settings_or_not_at_all() {
        assert!(!whole(&[("a", ""), ("b", "")]).unwrap());
        assert!(whole(&[("a", "1"), ("b", "2")]).unwrap());
        let said = whole(&[("a", ""), ("b", "2")]).unwrap_err().to_string();
        assert_eq!(said, "a is missing: b is set, and a provider needs all of its settings");
    }
}
