//! How alike the name that a customer gave and the name on a document are: a number from 0 to 1.
//!
//! 1. **Letters.** Compatibility decomposition (Unicode Standard Annex 15, NFKD) without the marks; what does not
//!    decompose is written as passports write it (ICAO Doc 9303, part 3, section 6: ß is ss, ø is oe, ł is l, Cyrillic
//!    and Greek by letter); lower case. Apostrophes are left out, every other sign ends a word. Then `ae`, `oe`, `ue`
//!    and `aa` are one vowel, because passports write the mark so: Müller, Mueller and Muller are the same.
//! 2. **Words.** Titles are left out, and particles (de, van, el, …) where another word is there.
//! 3. **Two words** are as alike as 1 − distance ÷ length of the longer (Damerau 1964, Levenshtein 1966). Of given names
//!    an initial counts 0.9, and a beginning of at least three letters 0.85: Alex for Alexandre.
//! 4. **Two names** are as alike as their words, paired one to one for the greatest sum, over the number of words of the
//!    shorter one (the overlap coefficient, Szymkiewicz 1934 and Simpson 1943). So a second given name, one half of a
//!    double name and the order cost nothing. Written without spaces they may be more alike: Jeanpierre.
//! 5. **Given and family name** count by the lesser of the two, because the family has the same family name. Of the
//!    family name and the name of use the better counts, and so it does of the two fields as they are and swapped.
//!
//! It knows no nicknames: Bob is not Robert.

use crate::domain::applicant::Applicant;
use crate::domain::evidence::IdentityReport;
use icu_normalizer::DecomposingNormalizerBorrowed;

/// The most words of a name that are looked at.
const MOST_WORDS: usize = 8;
/// The most letters of a word.
const MOST_LETTERS: usize = 40;
/// How alike an initial and a name that begins with it are. A convention.
const INITIAL: f64 = 0.9;
/// How alike a name and its beginning are. A convention.
const BEGINNING: f64 = 0.85;

/// Words before a name that are none.
const TITLES: [&str; 12] = ["dr", "frau", "herr", "jr", "mag", "mlle", "mme", "mr", "mrs", "ms", "prof", "sr"];
/// Words of a name that are often left out.
const PARTICLES: [&str; 36] = [
    "al", "ap", "bin", "d", "da", "dal", "das", "de", "del", "della", "den", "der", "des", "di", "do", "dos", "du",
    "e", "el", "ibn", "la", "las", "le", "les", "lo", "los", "of", "ten", "ter", "van", "vom", "von", "y", "zu", "zum",
    "zur",
];

/// How alike the names of the customer and of the document are; `None` where one of them has no name to compare, or is
/// written in letters that are compared with no others.
pub(super) fn alike(applicant: &Applicant, report: &IdentityReport) -> Option<f64> {
    let said = [&applicant.given_name, &applicant.family_name].map(|name| Words::of(name.as_deref().unwrap_or("")));
    let given = Words::of(&report.given_names.join(" "));
    let family = [&report.family_name, &report.usage_name].map(|name| Words::of(name.as_deref().unwrap_or("")));
    let family: Vec<Words> = family.into_iter().filter(|words| !words.0.is_empty()).collect();
    let document = Document { given, family };
    if document.given.0.is_empty() || document.family.is_empty() {
        return None;
    }
    let [said_given, said_family] = said;
    let scripts = [said_given.script(), said_family.script(), document.script()];
    if scripts.iter().flatten().any(|script| Some(script) != scripts[2].as_ref()) {
        return None;
    }
    match (said_given.0.is_empty(), said_family.0.is_empty()) {
        (false, false) => Some(document.either_way(&said_given, &said_family)),
        (false, true) => document.split(&said_given),
        (true, false) => document.split(&said_family),
        (true, true) => None,
    }
}

/// The names on a document.
struct Document {
    given: Words,
    /// The family name and the name of use.
    family: Vec<Words>,
}

impl Document {
    fn script(&self) -> Option<Script> {
        self.given.script()
    }

    fn given_and_family(&self, given: &Words, family: &Words) -> f64 {
        let of_family = self.family.iter().map(|written| likeness(family, written, false)).fold(0.0, f64::max);
        likeness(given, &self.given, true).min(of_family)
    }

    fn either_way(&self, one: &Words, other: &Words) -> f64 {
        self.given_and_family(one, other).max(self.given_and_family(other, one))
    }

    /// A whole name that stands in one field, cut where it fits best; `None`: it is a single word.
    fn split(&self, whole: &Words) -> Option<f64> {
        let cuts = (1..whole.0.len()).map(|at| whole.0.split_at(at));
        cuts.map(|(one, other)| self.either_way(&Words(one.to_vec()), &Words(other.to_vec()))).reduce(f64::max)
    }
}

/// What letters a name is written in, after transliteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Other,
}

/// The words of a name, folded, in their order.
struct Words(Vec<String>);

impl Words {
    fn of(name: &str) -> Self {
        let mut words = vec![String::new()];
        // No name needs more; a mark or two belong to each letter.
        let bounded = &name[..name.floor_char_boundary(16 * MOST_WORDS * MOST_LETTERS)];
        for letter in DecomposingNormalizerBorrowed::new_nfkd().normalize(bounded).chars() {
            match letter {
                '\'' | '’' | 'ʼ' | '`' | '´' | '\u{300}'..='\u{36f}' => {}
                _ if letter.is_alphabetic() => words.last_mut().into_iter().for_each(|word| spell(letter, word)),
                _ => words.push(String::new()),
            }
        }
        let words = words.into_iter().map(one_vowel).filter(|word| !word.is_empty() && !TITLES.contains(&&**word));
        Self(words.take(MOST_WORDS).collect())
    }

    fn script(&self) -> Option<Script> {
        let latin = self.0.iter().all(|word| word.is_ascii());
        (!self.0.is_empty()).then_some(if latin { Script::Latin } else { Script::Other })
    }

    /// The words that count, in an order of their own: without particles, where another word is there.
    fn weighty(&self) -> Vec<&str> {
        let is_particle = |word: &&str| PARTICLES.contains(word);
        let mut words: Vec<&str> = self.0.iter().map(String::as_str).collect();
        if !words.iter().all(is_particle) {
            words.retain(|word| !is_particle(word));
        }
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// How alike two names are; `given`: they are given names.
fn likeness(said: &Words, written: &Words, given: bool) -> f64 {
    let (said_words, written_words) = (said.weighty(), written.weighty());
    let (few, many) =
        if said_words.len() <= written_words.len() { (said_words, written_words) } else { (written_words, said_words) };
    let by_words = pair(&few, &many, |one, other| two_words(one, other, given)) / few.len().max(1) as f64;
    let whole = said.0.concat();
    let runs = (0..written.0.len()).flat_map(|from| (from + 1..=written.0.len()).map(move |to| from..to));
    let by_runs = runs.map(|run| strsim::normalized_damerau_levenshtein(&whole, &written.0[run].concat()));
    by_runs.fold(by_words, f64::max)
}

/// The greatest sum of likenesses where each of the few words is paired with one of the many.
fn pair(few: &[&str], many: &[&str], alike: impl Fn(&str, &str) -> f64) -> f64 {
    // By the set of the many that are taken, as bits.
    let mut best = vec![f64::NEG_INFINITY; 1 << many.len()];
    best[0] = 0.0;
    for one in few {
        let likenesses: Vec<f64> = many.iter().map(|other| alike(one, other)).collect();
        let mut next = vec![f64::NEG_INFINITY; best.len()];
        for (taken, sum) in best.iter().enumerate().filter(|(_, sum)| sum.is_finite()) {
            for (at, likeness) in likenesses.iter().enumerate().filter(|(at, _)| taken & (1 << at) == 0) {
                next[taken | 1 << at] = next[taken | 1 << at].max(sum + likeness);
            }
        }
        best = next;
    }
    best.into_iter().fold(0.0, f64::max)
}

fn two_words(one: &str, other: &str, given: bool) -> f64 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let convention = match short.chars().count() {
        _ if !given || !long.starts_with(short) || short.len() == long.len() => 0.0,
        1 => INITIAL,
        2 => 0.0,
        _ => BEGINNING,
    };
    strsim::normalized_damerau_levenshtein(one, other).max(convention)
}

/// `ae`, `oe`, `ue` and `aa` as the vowel that they stand for.
fn one_vowel(word: String) -> String {
    let mut folded = String::with_capacity(word.len());
    for letter in word.chars().take(MOST_LETTERS) {
        let stands_for_mark =
            matches!((folded.chars().next_back(), letter), (Some('a' | 'o' | 'u'), 'e') | (Some('a'), 'a'));
        if !stands_for_mark {
            folded.push(letter);
        }
    }
    folded
}

/// Adds a letter without marks to a word as passports write it.
fn spell(letter: char, word: &mut String) {
    for lower in letter.to_lowercase() {
        match SPELLED.binary_search_by_key(&lower, |(known, _)| *known) {
            Ok(at) => word.push_str(SPELLED[at].1),
            Err(_) => word.push(lower),
        }
    }
}

/// Letters without a decomposition as ICAO Doc 9303, part 3, section 6 has them, in the order of Unicode; Greek by
/// ISO 843.
#[rustfmt::skip]
const SPELLED: [(char, &str); 89] = [
    ('ß', "ss"), ('æ', "ae"), ('ð', "d"), ('ø', "oe"), ('þ', "th"), ('đ', "d"), ('ħ', "h"), ('ı', "i"), ('ĸ', "k"),
    ('ł', "l"), ('ŋ', "n"), ('œ', "oe"), ('ŧ', "t"), ('ƒ', "f"), ('ə', "e"),
    ('α', "a"), ('β', "v"), ('γ', "g"), ('δ', "d"), ('ε', "e"), ('ζ', "z"), ('η', "i"), ('θ', "th"), ('ι', "i"),
    ('κ', "k"), ('λ', "l"), ('μ', "m"), ('ν', "n"), ('ξ', "x"), ('ο', "o"), ('π', "p"), ('ρ', "r"), ('ς', "s"),
    ('σ', "s"), ('τ', "t"), ('υ', "y"), ('φ', "f"), ('χ', "ch"), ('ψ', "ps"), ('ω', "o"),
    ('а', "a"), ('б', "b"), ('в', "v"), ('г', "g"), ('д', "d"), ('е', "e"), ('ж', "zh"), ('з', "z"), ('и', "i"),
    ('к', "k"), ('л', "l"), ('м', "m"), ('н', "n"), ('о', "o"), ('п', "p"), ('р', "r"), ('с', "s"),
    ('т', "t"), ('у', "u"), ('ф', "f"), ('х', "kh"), ('ц', "ts"), ('ч', "ch"), ('ш', "sh"), ('щ', "shch"), ('ъ', "ie"),
    ('ы', "y"), ('ь', ""), ('э', "e"), ('ю', "iu"), ('я', "ia"), ('ђ', "d"), ('є', "ie"),
    ('ѕ', "dz"), ('і', "i"), ('ј', "j"), ('љ', "lj"), ('њ', "nj"), ('ћ', "c"), 
    ('џ', "dz"), ('ґ', "g"), ('ғ', "g"), ('қ', "k"), ('ң', "n"), ('ү', "u"), ('ұ', "u"), ('һ', "h"), ('ә', "a"),
    ('ө', "o"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::IdentityVerdict;
    use proptest::prelude::*;

    fn name(text: &str) -> Option<Box<str>> {
        (!text.is_empty()).then(|| text.into())
    }

    /// `said` and `written` are `given/family`, on the document `/name of use` may follow and given names are apart by
    /// commas.
    fn compared(said: &str, written: &str) -> Option<f64> {
        let (given_name, family_name) = said.split_once('/').unwrap();
        let mut parts = written.split('/');
        let given = parts.next().unwrap();
        let report = IdentityReport {
            verdict: IdentityVerdict::Clear,
            given_names: given.split(',').filter(|name| !name.is_empty()).map(Into::into).collect(),
            family_name: name(parts.next().unwrap()),
            usage_name: name(parts.next().unwrap_or("")),
            birth_date: None,
            document_expiry: None,
            issuing_country: None,
        };
        let applicant =
            Applicant { given_name: name(given_name), family_name: name(family_name), ..Applicant::default() };
        alike(&applicant, &report)
    }

    #[test]
    fn spellings_are_in_order() {
        assert!(SPELLED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(PARTICLES.is_sorted() && TITLES.is_sorted());
    }

    #[test]
    fn names_are_compared_as_people_would() {
        let mut otherwise = Vec::new();
        for (said, written, expected) in [
            // The same, written otherwise.
            ("Ada/Lovelace", "Ada/Lovelace", "1"),
            ("ada/LOVELACE", "ADA/Lovelace", "1"),
            ("François/Lefèvre", "FRANCOIS/LEFEVRE", "1"),
            ("Zoë/Brontë", "Zoe/Bronte", "1"),
            ("Jürgen/Müller", "JUERGEN/MUELLER", "1"),
            ("Jurgen/Muller", "Jürgen/Müller", "1"),
            ("Jörg/Weiß", "JOERG/WEISS", "1"),
            ("Søren/Kjær", "SOEREN/KJAER", "1"),
            ("Åse/Ødegård", "AASE/OEDEGAARD", "1"),
            ("Łukasz/Wałęsa", "LUKASZ/WALESA", "1"),
            ("Þór/Sigurðsson", "THOR/SIGURDSSON", "1"),
            ("Cœur/Lœb", "Coeur/Loeb", "1"),
            ("Đorđe/Đoković", "Dorde/Dokovic", "1"),
            ("Ağça/Işık", "Agca/Isik", "1"),
            ("Nguyễn/Trần", "Nguyen/Tran", "1"),
            ("Сергей/Иванов", "SERGEI/IVANOV", "1"),
            ("Γιώργος/Νικολάου", "GIORGOS/NIKOLAOY", "1"),
            // Signs, particles, titles.
            ("Jean-Pierre/Martin", "Jean Pierre/Martin", "1"),
            ("Jeanpierre/Martin", "Jean,Pierre/Martin", "1"),
            ("Sinead/O'Connor", "Sinéad/O’CONNOR", "1"),
            ("Anne/d'Ormesson", "Anne/Ormesson", "0.89"),
            ("Ludwig/van Beethoven", "Ludwig/Beethoven", "1"),
            ("Ludwig/Vanbeethoven", "Ludwig/van Beethoven", "1"),
            ("Marine/Le Pen", "Marine/Lepen", "1"),
            ("Carlos/de la Cruz", "Carlos/Cruz", "1"),
            ("Dr. Ada/Lovelace", "Ada/Lovelace", "1"),
            ("José/García Lorca", "José/Lorca García", "1"),
            // More names than were given, in any order.
            ("Marie/Curie", "Maria,Marie,Salomea/Curie", "1"),
            ("Marie Anne/Dubois", "Anne,Marie,Louise/Dubois", "1"),
            ("Jean Paul/Durand", "Jean/Durand", "1"),
            ("Marie/Curie", "Marie/Sklodowska/Curie", "1"),
            ("Marie/Sklodowska Curie", "Marie/Sklodowska/Curie", "1"),
            ("José/García", "José/García Lorca", "1"),
            ("Lovelace/Ada", "Ada/Lovelace", "1"),
            ("Ada Lovelace/", "Ada/Lovelace", "1"),
            ("/Lovelace Ada", "Ada/Lovelace", "1"),
            ("Ada Lovelace/Lovelace", "Ada/Lovelace", "1"),
            // Initials, beginnings, slips of the pen.
            ("A./Lovelace", "Ada/Lovelace", "0.9"),
            ("J.-P./Martin", "Jean-Pierre/Martin", "0.9"),
            ("Alex/Dupont", "Alexandre/Dupont", "0.85"),
            ("Jean/Dupond", "Jean/Dupont", "0.83"),
            ("Jaen/Dupont", "Jean/Dupont", "0.75"),
            ("Marie/Schmitt", "Marie/Schmidt", "0.86"),
            ("Katherine/Smith", "Catherine/Smith", "0.89"),
            // Somebody else.
            ("Jean/Dupont", "Marie/Dupont", "0"),
            ("Jean/Dupont", "Jean/Durand", "0.5"),
            ("Jean/Dupont", "Jean/Martin", "0.17"),
            ("Marie Jeanne/Petit", "Jeanne Claire/Petit", "0.75"),
            ("Ada/Lovelace", "Charles/Babbage", "0.14"),
            ("Jean/Martin", "Jean/Martinez", "0.75"),
            ("Jean/D", "Jean/Dupont", "0.17"),
            ("Bob/Marley", "Robert/Marley", "0.33"),
            ("Wei/Li", "Wei/Lu", "0.5"),
            // Nothing to compare.
            ("/", "Ada/Lovelace", "-"),
            ("Ada/", "Ada/Lovelace", "-"),
            ("Ada/Lovelace", "/Lovelace", "-"),
            ("Ada/Lovelace", "Ada/", "-"),
            ("Ada/Lovelace", "阿达/洛夫莱斯", "-"),
            ("阿达/洛夫莱斯", "阿达/洛夫莱斯", "1"),
            ("123/456", "Ada/Lovelace", "-"),
        ] {
            let came = compared(said, written).map(|alike| (alike * 100.0).round() / 100.0);
            let came = came.map_or("-".into(), |alike| alike.to_string());
            if came != expected {
                otherwise.push(format!("{said} and {written}: {came}, expected {expected}"));
            }
        }
        assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    }

    proptest! {
        #[test]
        fn a_name_is_like_itself_in_any_order_case_and_spelling(
            given in prop::collection::vec("[a-zé]{2,9}", 1..4),
            family in prop::collection::vec("[a-zö]{2,9}", 1..4),
        ) {
            let turned = |words: &[String]| words.iter().rev().map(|word| word.to_uppercase()).collect::<Vec<_>>().join(" ");
            let said = format!("{}/{}", turned(&given), turned(&family)).replace(['ö', 'Ö'], "oe").replace('É', "e");
            let whole = compared(&said, &format!("{}/{}", given.join(","), family.join(" ")));
            // A title alone is no name.
            prop_assert!(whole.is_none_or(|alike| (alike - 1.0).abs() < 1e-12), "{whole:?}");
        }

        #[test]
        fn any_text_is_compared_without_a_stop(said in "\\PC{0,60}/\\PC{0,60}", written in "[^/]{0,60}/[^/]{0,60}") {
            if said.matches('/').count() == 1 && written.matches('/').count() == 1
                && let Some(alike) = compared(&said, &written)
            {
                prop_assert!((0.0..=1.0).contains(&alike));
            }
        }
    }
}
