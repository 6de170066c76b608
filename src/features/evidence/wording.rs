//! A bank's words for a transaction, reduced to what is the same the next time: who pays or is paid.

/// The most words that are kept.
const MOST_WORDS: usize = 8;

/// Who pays or is paid: the words in lower case, without numbers, dates, months and what banks write before a name. The
/// same payer's wordings of two months come out the same; empty: nothing is left.
pub(super) fn payee(wording: &str) -> String {
    let mut payee = String::with_capacity(wording.len());
    let words = wording.split(|letter: char| !letter.is_alphanumeric()).filter(|word| tells(word));
    for word in words.map(str::to_lowercase).filter(|word| !says_nothing(word)).take(MOST_WORDS) {
        if !payee.is_empty() {
            payee.push(' ');
        }
        payee.push_str(&word);
    }
    payee
}

/// Whether a word is more than a letter and has no digit.
fn tells(word: &str) -> bool {
    word.chars().nth(1).is_some() && !word.bytes().any(|byte| byte.is_ascii_digit())
}

fn says_nothing(word: &str) -> bool {
    MONTHS.binary_search(&word).is_ok() || BANKS_OWN.binary_search(&word).is_ok()
}

/// Months as they are written in the countries that are served.
#[rustfmt::skip]
const MONTHS: [&str; 95] = [
    "abr", "abril", "ago", "agosto", "aout", "août", "apr", "april", "aprile", "aug", "august", "augustus", "avr",
    "avril", "dec", "december", "decembre", "dez", "dezember", "dic", "dicembre", "diciembre", "déc", "décembre",
    "ene", "enero", "feb", "febbraio", "febr", "febrero", "februar", "februari", "february", "fev", "fevrier", "fév",
    "févr", "février", "gen", "gennaio", "giu", "giugno", "jan", "januar", "januari", "january", "janv", "janvier",
    "juil", "juillet", "juin", "jul", "juli", "julio", "july", "jun", "june", "juni", "junio", "lug", "luglio",
    "maart", "mag", "maggio", "mai", "mar", "march", "mars", "marz", "marzo", "may", "mayo", "mei", "mrt", "mär",
    "märz", "nov", "november", "novembre", "noviembre", "oct", "october", "octobre", "octubre", "okt", "oktober",
    "ott", "ottobre", "sep", "sept", "september", "septembre", "septiembre", "set", "settembre",
];

/// What banks write of their own.
#[rustfmt::skip]
const BANKS_OWN: [&str; 64] = [
    "achat", "bonifico", "card", "carta", "carte", "cb", "compte", "concerne", "credit", "dauerauftrag", "de", "du",
    "echeance", "emis", "en", "faveur", "from", "gutschrift", "id", "incoming", "inst", "instant", "instantane",
    "kaart", "karte", "kartenzahlung", "la", "lastschrift", "le", "mandat", "mandate", "motif", "no", "op",
    "overboeking", "pagamento", "pago", "paiement", "par", "payment", "permanent", "pour", "prelevement", "prlv",
    "prélèvement", "recibo", "recu", "ref", "reference", "remise", "reçu", "rum", "sepa", "transfer", "transferencia",
    "trf", "uberweisung", "ueberweisung", "vers", "vir", "virement", "virt", "web", "überweisung",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_order() {
        assert!(MONTHS.is_sorted() && BANKS_OWN.is_sorted());
    }

    #[test]
    fn two_months_of_one_payer_read_the_same() {
        for (one, other, payee_of_both) in [
            (
                "VIR SEPA ACME SAS SALAIRE JANVIER 2026",
                "VIREMENT ACME SAS salaire février 26 REF 0042",
                "acme sas salaire",
            ),
            ("LOHN/GEHALT 01.26 Meier GmbH", "Lohn-Gehalt 02/26 MEIER GMBH", "lohn gehalt meier gmbh"),
            ("PRLV SEPA EDF 123456", "PRELEVEMENT EDF mandat X99", "edf"),
            ("CARTE 04/03 LENDO 3X", "CB LENDO 05/02", "lendo"),
            ("2026-03-01 #12", "", ""),
            ("ÉNERGIE Ô", "énergie", "énergie"),
        ] {
            assert_eq!((payee(one).as_str(), payee(other).as_str()), (payee_of_both, payee_of_both));
        }
    }
}
