//! What mails and receipts say, one table a language. Names in braces are filled in ([`Filling`]).

mod english;
mod french;

use crate::domain::reason::Language;
use crate::words;

/// What one notice says.
pub(super) struct Said {
    /// One line, without anything personal.
    pub subject: &'static str,
    /// What mailboxes show beside the subject.
    pub preview: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The paragraphs.
    pub body: &'static [&'static str],
    /// On the button.
    pub button: &'static str,
}

/// All that mails and receipts say in one language.
pub(super) struct Wording {
    pub hello: &'static str,
    pub hello_nameless: &'static str,
    pub confirmation: Said,
    /// For plans of one payment.
    pub confirmation_of_one: Said,
    pub reminder: Said,
    pub receipt: Said,
    pub closing: Said,
    pub failed: Said,
    pub moved: Said,
    pub declined: Said,
    pub refunded: Said,
    /// Where a due date can still be moved; where each can.
    pub movable: &'static str,
    pub each_movable: &'static str,
    /// Where the plan costs something, and where it does not.
    pub cost: &'static str,
    pub no_cost: &'static str,
    pub next_payment: &'static str,
    pub paid_back: &'static str,
    pub taken_off: &'static str,
    pub all_taken_off: &'static str,
    pub why: &'static str,
    pub review: &'static str,
    pub schedule: &'static str,
    pub number: &'static str,
    pub due: &'static str,
    pub amount: &'static str,
    pub state: &'static str,
    pub to_pay: &'static str,
    pub paid: &'static str,
    pub late: &'static str,
    pub covered: &'static str,
    pub total: &'static str,
    pub change_card: &'static str,
    pub move_date: &'static str,
    pub receipts: &'static str,
    pub questions: &'static str,
    pub help_page: &'static str,
    pub privacy: &'static str,
    pub terms: &'static str,
    pub reference: &'static str,
    pub because: &'static str,
    pub receipt_title: &'static str,
    pub merchant: &'static str,
    pub of_reference: &'static str,
    pub instalment: &'static str,
    pub of_count: &'static str,
    pub paid_on: &'static str,
    pub purchase_part: &'static str,
    pub refunded_part: &'static str,
    pub fee: &'static str,
    pub interest: &'static str,
    pub amount_paid: &'static str,
    pub left: &'static str,
    pub support: &'static str,
}

impl Wording {
    /// The table of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &english::WORDING,
            Language::Fr => &french::WORDING,
        }
    }
}

/// What is filled in, by name, and the language of the texts around it.
pub(super) struct Filling {
    pub language: Language,
    values: Vec<(&'static str, String)>,
}

impl Filling {
    pub fn new(language: Language) -> Self {
        Self { language, values: Vec::new() }
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value.into()));
    }

    /// A text of the table with its names filled in, once: a value that holds braces stays as it is.
    pub fn fill(&self, text: &str) -> String {
        let set = words::typeset(text, self.language);
        let mut filled = String::with_capacity(set.len() + 64);
        let mut rest = set.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            filled.push_str(self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once() {
        let mut filling = Filling::new(Language::Fr);
        filling.set("shop", "{name} !");
        filling.set("name", "Ada");
        assert_eq!(filling.fill("Bonjour {name} ! Merci, {shop}"), "Bonjour Ada\u{202f}! Merci, {name} !");
    }
}
