//! What customers are asked to consent to: each text has an id that never changes, and is kept as long as a consent to it
//! is (GDPR articles 7 (1) and 13; directive (EU) 2015/2366 article 67).

use super::reason::Language;

/// A text that is consented to.
#[derive(Debug, PartialEq, Eq)]
pub struct ConsentText {
    /// Its id: permanent.
    pub id: &'static str,
    en: &'static str,
    fr: &'static str,
}

impl ConsentText {
    /// The text for a person.
    pub fn text(&self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Fr => self.fr,
        }
    }
}

/// The consent to the bank history being read, in its present words.
pub const BANK_HISTORY: &ConsentText = &ConsentText {
    id: "bank_history_1",
    en: "To decide on this payment in instalments, we ask to read the accounts that you choose at your bank: balances and \
         transactions of the last 90 days, read once, by our provider of account information. From them we compute \
         figures such as your monthly income; the transactions themselves are deleted at once, and the figures are kept \
         with the decision. You are free to refuse, and may change your mind until they have been read: you can then \
         still pay the whole amount at once.",
    fr: "Pour décider de ce paiement en plusieurs fois, nous demandons à lire les comptes que vous choisissez dans votre \
         banque : soldes et opérations des 90 derniers jours, lus une seule fois, par notre prestataire d'information sur \
         les comptes. Nous en calculons des chiffres tels que vos revenus mensuels ; les opérations elles-mêmes sont \
         effacées aussitôt, et les chiffres sont conservés avec la décision. Vous êtes libre de refuser, et pouvez changer \
         d'avis jusqu'à la lecture : vous pourrez alors toujours payer en une seule fois.",
};
