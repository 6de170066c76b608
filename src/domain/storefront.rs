//! What customers are told about a merchant, on pages and in mails.

/// A merchant as its customers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storefront {
    /// The shop's name.
    pub name: Box<str>,
    /// Where customers write for help.
    pub support_email: Box<str>,
    /// The page where they find help.
    pub support_url: Option<Box<str>>,
    /// The privacy policy.
    pub privacy_url: Box<str>,
    /// The terms.
    pub terms_url: Box<str>,
    /// The gateway's page on which a customer gives another card. [`Storefront::PLAN`] in it stands for the plan's id.
    pub card_change_url: Option<Box<str>>,
}

impl Storefront {
    /// What stands for the application's id in [`Storefront::card_change_url`].
    pub const PLAN: &str = "{application_id}";

    /// The page on which the card of one plan is changed.
    pub fn card_change_url(&self, application_id: &str) -> Option<String> {
        self.card_change_url.as_ref().map(|url| url.replace(Self::PLAN, application_id))
    }
}

impl Default for Storefront {
    /// What is shown where the policy says nothing: no merchant should.
    fn default() -> Self {
        Self {
            name: "the shop".into(),
            support_email: "support@example.org".into(),
            support_url: None,
            privacy_url: "https://example.org/privacy".into(),
            terms_url: "https://example.org/terms".into(),
            card_change_url: None,
        }
    }
}
