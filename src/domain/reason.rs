//! Reasons: stable codes with texts for people, in English and French.
//!
//! A reason is one entry in the table below. Codes never change their meaning and are never reused.

use std::fmt;

/// Who may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The gateway and the merchant only.
    Gateway,
    /// The customer too.
    Customer,
}

/// A language in which the customer is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// Its code in ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
}

/// What the customer is told where the true reason is for the gateway's eyes.
pub fn withheld(language: Language) -> &'static str {
    match language {
        Language::En => "We could not verify this payment.",
        Language::Fr => "Nous n'avons pas pu vérifier ce paiement.",
    }
}

/// One entry of the table.
struct Entry {
    code: &'static str,
    audience: Audience,
    en: &'static str,
    fr: &'static str,
}

macro_rules! reasons {
    ($($code:ident $audience:ident $en:literal $fr:literal;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy)]
        enum Place { $($code),* }

        const TABLE: &[Entry] = &[$(Entry { code: stringify!($code), audience: Audience::$audience, en: $en, fr: $fr }),*];

        impl ReasonCode {
            $(
                #[doc = $en]
                pub const $code: Self = Self(Place::$code as u16);
            )*
        }
    };
}

/// The stable code of a reason.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReasonCode(u16);

impl ReasonCode {
    /// The code of this name.
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().position(|e| e.code == name).map(|at| Self(at as u16))
    }

    /// All codes, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.len()).map(|at| Self(at as u16))
    }

    /// The code as it stands in files and answers.
    pub fn name(self) -> &'static str {
        self.entry().code
    }

    /// Who may be told.
    pub fn audience(self) -> Audience {
        self.entry().audience
    }

    /// The text for a person.
    pub fn text(self, language: Language) -> &'static str {
        match language {
            Language::En => self.entry().en,
            Language::Fr => self.entry().fr,
        }
    }

    fn entry(self) -> &'static Entry {
        &TABLE[usize::from(self.0)]
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

reasons! {
    LIMIT_PLAN Customer "This plan is not offered." "Ce plan de paiement n'est pas proposé.";
    LIMIT_AMOUNT Customer "The amount is outside what can be paid with this plan." "Le montant n'entre pas dans les limites de ce plan de paiement.";
    LIMIT_COUNTRY Customer "Paying in instalments is not offered in this country." "Le paiement en plusieurs fois n'est pas proposé dans ce pays.";
    LIMIT_CURRENCY Customer "Paying in instalments is not offered in this currency." "Le paiement en plusieurs fois n'est pas proposé dans cette devise.";
    BLOCK_LIST Gateway "An entry of the block list applies." "Une entrée de la liste de blocage s'applique.";
    ALLOW_LIST Gateway "An entry of the allow list applies." "Une entrée de la liste d'autorisation s'applique.";
    RULE Gateway "A rule of the policy applies." "Une règle de la politique s'applique.";
    RULE_UNDECIDED Gateway "A rule of the policy could not be decided." "Une règle de la politique n'a pas pu être évaluée.";
    FRAUD_SCORE Gateway "The fraud score is above its cut-off." "Le score de fraude dépasse son seuil.";
    DEFAULT_SCORE Customer "From what we know, repayment is not certain enough." "D'après ce que nous savons, le remboursement n'est pas assez certain.";
    MODEL_FAILED Gateway "A model could not answer." "Un modèle n'a pas pu répondre.";
    STEP_UP_OFF Gateway "The merchant does not ask for further verification." "Le marchand ne demande pas de vérification supplémentaire.";
    CHALLENGES_SPENT Gateway "No further verification is left to ask for." "Il ne reste plus de vérification à demander.";
    CODE_TRIES_SPENT Customer "The code was entered wrongly too often." "Le code a été saisi de façon erronée trop souvent.";
    CONSENT_REFUSED Customer "The bank history was not shared." "L'historique bancaire n'a pas été partagé.";
    CHALLENGE_TIMED_OUT Customer "The verification was not completed in time." "La vérification n'a pas été terminée à temps.";
    CHALLENGE_GIVEN_UP Customer "The verification was given up." "La vérification a été abandonnée.";
    NOTHING_TO_VERIFY Customer "There was nothing that could be verified." "Il n'y avait rien qui puisse être vérifié.";
    NOT_VERIFIABLE Gateway "The verification is not possible with these details." "La vérification n'est pas possible avec ces informations.";
    PROVIDER_FAILED Customer "The verification service was not available." "Le service de vérification n'était pas disponible.";
    CHALLENGE_LIMIT Gateway "Too many verifications were asked for with these details." "Trop de vérifications ont été demandées avec ces informations.";
    REVIEW_GRANTED Customer "A person has looked at the application and accepts it." "Une personne a examiné la demande et l'accepte.";
    REVIEW_REFUSED Customer "A person has looked at the application and does not accept it." "Une personne a examiné la demande et ne l'accepte pas.";
    PURCHASE_AMOUNT Customer "The amount of the purchase is high." "Le montant de l'achat est élevé.";
    INSTALMENT_AMOUNT Customer "Each instalment is high." "Chaque échéance est élevée.";
    AMOUNT_UNUSUAL Customer "The amount is unusual for you." "Le montant est inhabituel pour vous.";
    PLAN_LENGTH Customer "The payments stretch over a long time." "Les paiements s'étalent sur une longue durée.";
    MERCHANT_CATEGORY Customer "The kind of goods bought." "Le type de biens achetés.";
    BASKET_CONTENT Customer "What the basket holds." "Le contenu du panier.";
    SHIPPING_METHOD Customer "How the goods are shipped." "Le mode de livraison.";
    CARD_KIND Customer "The kind of card used." "Le type de carte utilisé.";
    CARD_COUNTRY Gateway "The card comes from another country." "La carte vient d'un autre pays.";
    ADDRESS_MISMATCH Gateway "The addresses do not agree." "Les adresses ne concordent pas.";
    ADDRESS_MISSING Customer "The address is incomplete." "L'adresse est incomplète.";
    CUSTOMER_DETAILS Customer "Details about you are missing." "Des informations vous concernant manquent.";
    ACCOUNT_NEW Customer "Your account with the shop is recent." "Votre compte chez le marchand est récent.";
    ACCOUNT_GUEST Customer "The purchase is made without an account." "L'achat est fait sans compte.";
    HISTORY_SHORT Customer "There is little history of earlier orders." "L'historique de commandes est court.";
    HISTORY_DISPUTES Customer "Earlier orders were disputed, returned or cancelled." "Des commandes passées ont été contestées, retournées ou annulées.";
    EMAIL_UNUSUAL Gateway "The e-mail address is unusual." "L'adresse électronique est inhabituelle.";
    PHONE_UNUSUAL Gateway "The phone number is unusual." "Le numéro de téléphone est inhabituel.";
    DEVICE_UNUSUAL Gateway "The device or browser is unusual." "L'appareil ou le navigateur est inhabituel.";
    NETWORK_UNUSUAL Gateway "The network address is unusual." "L'adresse réseau est inhabituelle.";
    TIME_UNUSUAL Gateway "The time of the purchase is unusual." "L'heure de l'achat est inhabituelle.";
    RECENT_PURCHASES_CUSTOMER Customer "You made several purchases recently." "Vous avez fait plusieurs achats récemment.";
    RECENT_PURCHASES_CARD Gateway "The recent use of the card is unusual." "L'utilisation récente de la carte est inhabituelle.";
    RECENT_PURCHASES_DEVICE Gateway "The recent use of the device is unusual." "L'utilisation récente de l'appareil est inhabituelle.";
    RECENT_PURCHASES_EMAIL Gateway "The recent use of the e-mail address is unusual." "L'utilisation récente de l'adresse électronique est inhabituelle.";
    RECENT_PURCHASES_PHONE Gateway "The recent use of the phone number is unusual." "L'utilisation récente du numéro de téléphone est inhabituelle.";
    RECENT_PURCHASES_ADDRESS Gateway "The recent use of the address is unusual." "L'utilisation récente de l'adresse est inhabituelle.";
    RECENT_PURCHASES_IP Gateway "The recent use of the network address is unusual." "L'utilisation récente de l'adresse réseau est inhabituelle.";
    RECENT_PURCHASES_TERMINAL Gateway "The recent use of the terminal is unusual." "L'utilisation récente du terminal est inhabituelle.";
    REPORTED_FRAUD Gateway "Fraud was reported in connection with these details." "Une fraude a été signalée en lien avec ces informations.";
    IDENTITY_NOT_CONFIRMED Gateway "The identity could not be confirmed." "L'identité n'a pas pu être confirmée.";
    IDENTITY_NAME Gateway "The identity document bears another name." "La pièce d'identité porte un autre nom.";
    IDENTITY_BIRTH_DATE Gateway "The identity document bears another date of birth." "La pièce d'identité porte une autre date de naissance.";
    IDENTITY_MINOR Customer "You must be at least 18 years old." "Vous devez avoir au moins 18 ans.";
    DOCUMENT_EXPIRED Customer "The identity document has expired." "La pièce d'identité est périmée.";
    DOCUMENT_UNREADABLE Customer "The identity document could not be read." "La pièce d'identité n'a pas pu être lue.";
    BANK_HISTORY_SHORT Customer "The bank history is short or incomplete." "L'historique bancaire est court ou incomplet.";
    INCOME_LOW Customer "The income seen on your accounts is low." "Les revenus visibles sur vos comptes sont faibles.";
    INCOME_IRREGULAR Customer "The income seen on your accounts is irregular." "Les revenus visibles sur vos comptes sont irréguliers.";
    INCOME_COMMITTED Customer "A large part of your income is already committed." "Une grande part de vos revenus est déjà engagée.";
    CREDIT_BURDEN Customer "Other credits and instalments weigh on your income." "D'autres crédits et échéances pèsent sur vos revenus.";
    SPENDING_HIGH Customer "Much leaves your accounts, measured by what comes in." "Beaucoup d'argent sort de vos comptes au regard de ce qui y entre.";
    GAMBLING_SHARE Customer "A part of your income goes to games of chance." "Une part de vos revenus va aux jeux d'argent.";
    CASH_SHARE Customer "A large part of your spending is in cash." "Une grande part de vos dépenses se fait en espèces.";
    BANK_FEES Customer "Your bank charged fees and interest." "Votre banque a prélevé des frais et des intérêts.";
    PAYMENTS_REJECTED Customer "Your bank rejected payments." "Votre banque a rejeté des paiements.";
    ACCOUNT_OVERDRAWN Customer "Your account has been overdrawn." "Votre compte a été à découvert.";
    BALANCE_LOW Customer "Little is left on your accounts." "Il reste peu d'argent sur vos comptes.";
    SIGNAL Customer "Information given by the shop." "Une information transmise par le marchand.";
    PAYMENT_RECORD Customer "Earlier payments were late or incomplete." "Des paiements passés étaient en retard ou incomplets.";
    CREDIT_USED Customer "A large part of the available credit is already used." "Une grande part du crédit disponible est déjà utilisée.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name_and_speaks_both_languages() {
        for code in ReasonCode::all() {
            assert_eq!(ReasonCode::parse(code.name()), Some(code));
            assert!(code.text(Language::En).ends_with('.') && code.text(Language::Fr).ends_with('.'), "{code}");
            assert_ne!(code.text(Language::En), code.text(Language::Fr), "{code}");
        }
        assert_eq!(ReasonCode::parse("NO_SUCH_REASON"), None);
    }
}
