//! Notices: signed over their path, their date and their body, and not believed when that was long ago.

use super::Settings;
use crate::domain::time::Timestamp;
use crate::provider::{Notice, NoticeError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

/// How far a notice's date may be from now, in milliseconds.
const WINDOW_MS: i64 = 300_000;

/// The user that a notice is about.
pub fn hint(settings: &Settings, notice: &Notice<'_>) -> Result<String, NoticeError> {
    let secret = settings.notice_secret.expose_secret();
    let (signature, date) = (header(notice, "bi-signature")?, header(notice, "bi-signature-date")?);
    let claimed = STANDARD.decode(signature).map_err(|_| NoticeError::Forged)?;
    let signed = mac(secret, notice.path, date, notice.body).ok_or(NoticeError::Forged)?;
    // Compared in constant time.
    signed.verify_slice(&claimed).map_err(|_| NoticeError::Forged)?;
    let at = Timestamp::parse(date).map_err(|_| NoticeError::Forged)?;
    if (notice.now.ms() - at.ms()).abs() > WINDOW_MS {
        return Err(NoticeError::Forged);
    }
    let body: serde_json::Value = serde_json::from_slice(notice.body).map_err(|_| NoticeError::Malformed)?;
    let places = ["/user/id", "/id_user", "/connection/id_user"];
    let user = places.iter().find_map(|place| body.pointer(place)?.as_u64());
    user.map(|user| user.to_string()).ok_or(NoticeError::Malformed)
}

fn header<'a>(notice: &Notice<'a>, name: &str) -> Result<&'a str, NoticeError> {
    let found = notice.headers.iter().find(|(held, _)| held == name);
    found.map(|(_, value)| value.as_str()).ok_or(NoticeError::Forged)
}

/// What signs a notice, as base64.
pub fn sign(secret: &str, path: &str, date: &str, body: &[u8]) -> Option<String> {
    mac(secret, path, date, body).map(|mac| STANDARD.encode(mac.finalize().into_bytes()))
}

/// `None` without a secret: what anybody could sign is not signed.
fn mac(secret: &str, path: &str, date: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    for part in ["POST.", path, ".", date, "."] {
        mac.update(part.as_bytes());
    }
    mac.update(body);
    Some(mac)
}
