//! Our account at the mock: who may call, and the settings of adapters that call it.

use crate::provider::Providers;
use crate::provider::bank::powens;
use crate::provider::http::{Limits, Transport};
use crate::provider::identity::idcheck;
use crate::provider::sms::twilio_verify;
use std::sync::Arc;

/// Twilio's account.
pub const TWILIO_ACCOUNT: &str = "AC00000000000000000000000000000001";
/// The account's token.
pub const TWILIO_TOKEN: &str = "mock-twilio-token";
/// The Verify service.
pub const TWILIO_SERVICE: &str = "VA00000000000000000000000000000001";
/// IDCheck's realm.
pub const IDCHECK_REALM: &str = "mock";
/// The name under which tokens are got.
pub const IDCHECK_CLIENT: &str = "aval";
/// The secret under which tokens are got.
pub const IDCHECK_SECRET: &str = "mock-idcheck-secret";
/// The configuration of the page.
pub const IDCHECK_CONF: &str = "MOCK";
/// Powens's domain.
pub const POWENS_DOMAIN: &str = "mock";
/// The application's name.
pub const POWENS_CLIENT: &str = "10000001";
/// The application's secret.
pub const POWENS_SECRET: &str = "mock-powens-secret";
/// The secret under which notices are signed.
pub const POWENS_NOTICE_SECRET: &str = "mock-powens-notice-secret";

/// The settings of the adapter for Twilio's mock, of a mock at `base_url`.
pub fn twilio(base_url: &str) -> twilio_verify::Settings {
    twilio_verify::Settings {
        base_url: format!("{base_url}/twilio"),
        account_sid: TWILIO_ACCOUNT.into(),
        auth_token: TWILIO_TOKEN.into(),
        service_sid: TWILIO_SERVICE.into(),
        code_length: 6,
        limits: Limits::default(),
    }
}

/// The settings of the adapter for IDCheck's mock, with notices to `notice_url`; empty: none.
pub fn idcheck(base_url: &str, notice_url: &str) -> idcheck::Settings {
    idcheck::Settings {
        auth_url: format!("{base_url}/idcheck"),
        capture_url: format!("{base_url}/idcheck"),
        cis_url: format!("{base_url}/idcheck/gw/cis"),
        realm: IDCHECK_REALM.into(),
        client_id: IDCHECK_CLIENT.into(),
        client_secret: IDCHECK_SECRET.into(),
        conf_code: IDCHECK_CONF.into(),
        notice_url: notice_url.into(),
        limits: Limits::default(),
    }
}

/// The settings of the adapter for Powens's mock.
pub fn powens(base_url: &str) -> powens::Settings {
    powens::Settings {
        api_url: format!("{base_url}/powens/2.0"),
        webview_url: format!("{base_url}/powens/webview"),
        domain: POWENS_DOMAIN.into(),
        client_id: POWENS_CLIENT.into(),
        client_secret: POWENS_SECRET.into(),
        notice_secret: POWENS_NOTICE_SECRET.into(),
        limits: Limits::default(),
    }
}

/// All three adapters, for a mock at `base_url`, over this transport, with IDCheck's notices to `notice_url`; empty: none.
pub fn providers(base_url: &str, transport: &Arc<dyn Transport>, notice_url: &str) -> Providers {
    Providers {
        sms: Some(Arc::new(twilio_verify::TwilioVerify::new(twilio(base_url), transport.clone()))),
        identity: Some(Arc::new(idcheck::IdCheck::new(idcheck(base_url, notice_url), transport.clone()))),
        bank: Some(Arc::new(powens::Powens::new(powens(base_url), transport.clone()))),
    }
}

/// What adapters for a mock at `base_url` are set to, by the names of the settings: each with its text.
pub fn settings(base_url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("twilio_base_url", format!("{base_url}/twilio")),
        ("twilio_account_sid", TWILIO_ACCOUNT.into()),
        ("twilio_auth_token", TWILIO_TOKEN.into()),
        ("twilio_service_sid", TWILIO_SERVICE.into()),
        ("idcheck_auth_url", format!("{base_url}/idcheck")),
        ("idcheck_capture_url", format!("{base_url}/idcheck")),
        ("idcheck_cis_url", format!("{base_url}/idcheck/gw/cis")),
        ("idcheck_realm", IDCHECK_REALM.into()),
        ("idcheck_client_id", IDCHECK_CLIENT.into()),
        ("idcheck_client_secret", IDCHECK_SECRET.into()),
        ("idcheck_conf_code", IDCHECK_CONF.into()),
        ("powens_api_url", format!("{base_url}/powens/2.0")),
        ("powens_webview_url", format!("{base_url}/powens/webview")),
        ("powens_domain", POWENS_DOMAIN.into()),
        ("powens_client_id", POWENS_CLIENT.into()),
        ("powens_client_secret", POWENS_SECRET.into()),
        ("powens_notice_secret", POWENS_NOTICE_SECRET.into()),
    ]
}
