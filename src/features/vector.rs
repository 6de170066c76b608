//! The values of all features for one application, and how they are written for good.
//!
//! A stored vector is read by every later version of the catalogue, bit for bit, and there are millions of them. So
//! values go by the permanent codes of their features, in rising order, and each takes as few bytes as it can: a
//! sequence of 4-bit [`Form`]s, one a code, and after them the bytes that the forms ask for.
//!
//! ```text
//! byte      the format, 1
//! varint    how many forms follow
//! nibbles   the forms, the first of each byte in its low half
//! bytes     what each form asks for, one after the other
//! ```

use super::catalogue::CATALOGUE;
use super::{FeatureId, FeatureKind, count};

const FORMAT: u8 = 1;
/// The longest category in bytes; longer ones are cut.
const MAX_CATEGORY_BYTES: usize = 255;
/// The longest run of values that one form stands for.
const MAX_RUN: u64 = u16::MAX as u64;

/// The values of all features for one application; what is missing is missing, never zero.
#[derive(Clone, Default)]
pub struct Vector {
    /// Numbers and booleans (0 or 1) by feature, NaN where missing; NaN at categories. Empty: all missing.
    numbers: Vec<f64>,
    /// Categories, sorted by feature: where each ends in `names`.
    categories: Vec<(FeatureId, usize)>,
    /// The categories' names, one after the other.
    names: String,
}

impl Vector {
    /// The value of a number, or of a boolean as 0 or 1; NaN where missing.
    pub fn number(&self, id: FeatureId) -> f64 {
        self.numbers.get(usize::from(id.0)).copied().unwrap_or(f64::NAN)
    }

    /// The value of a category, `None` where missing.
    pub fn category(&self, id: FeatureId) -> Option<&str> {
        let at = self.categories.binary_search_by_key(&id, |(at, _)| *at).ok()?;
        self.names.get(self.start(at)..self.categories[at].1)
    }

    /// Sets a number, or a boolean as 0 or 1. NaN makes it missing.
    pub fn set_number(&mut self, id: FeatureId, value: f64) {
        let value = if value.is_nan() { f64::NAN } else { value };
        if let Some(number) = self.numbers_mut().get_mut(usize::from(id.0)) {
            *number = value;
        }
    }

    /// Sets a category, at most 255 bytes of its name.
    pub fn set_category(&mut self, id: FeatureId, name: &str) {
        let name = &name[..name.floor_char_boundary(MAX_CATEGORY_BYTES)];
        let (at, old_end) = match self.categories.binary_search_by_key(&id, |(at, _)| *at) {
            Ok(at) => (at, self.categories[at].1),
            Err(at) => {
                let start = self.start(at);
                self.categories.insert(at, (id, start));
                (at, start)
            }
        };
        let start = self.start(at);
        self.names.replace_range(start..old_end, name);
        for (_, end) in &mut self.categories[at..] {
            *end = *end - (old_end - start) + name.len();
        }
    }

    /// All numbers by place.
    pub(super) fn numbers_mut(&mut self) -> &mut [f64] {
        if self.numbers.is_empty() {
            self.numbers = vec![f64::NAN; count()];
        }
        &mut self.numbers
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.categories[before].1)
    }
}

/// Two vectors are equal where all values are, bit for bit.
impl PartialEq for Vector {
    fn eq(&self, other: &Self) -> bool {
        let same = |at| self.number(FeatureId(at)).to_bits() == other.number(FeatureId(at)).to_bits();
        self.categories == other.categories && self.names == other.names && (0..count() as u16).all(same)
    }
}

impl std::fmt::Debug for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = f.debug_map();
        for (id, feature) in super::all() {
            match (feature.kind, self.category(id)) {
                (FeatureKind::Category, Some(name)) => map.entry(&feature.name, &name),
                _ if self.number(id).is_nan() => &mut map,
                _ => map.entry(&feature.name, &self.number(id)),
            };
        }
        map.finish()
    }
}

/// How one value, or a run of values of features with consecutive codes, is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Form {
    /// Missing, or no feature's code.
    Missing = 0,
    /// A run of those: its length as a varint.
    MissingRun = 1,
    /// 0.
    Zero = 2,
    /// A run of zeros: its length as a varint.
    ZeroRun = 3,
    /// 1.
    One = 4,
    /// A whole number of one byte.
    Whole1 = 5,
    /// A whole number of two bytes, little-endian as all.
    Whole2 = 6,
    /// A whole number of three bytes.
    Whole3 = 7,
    /// A whole number of five bytes.
    Whole5 = 8,
    /// The quotient of two whole numbers, nearest to even as IEEE 754 divides: both as varints.
    Quotient = 9,
    /// The eight bytes of the number itself.
    Bits = 10,
    /// A category by its place among the feature's values: one byte.
    Listed = 11,
    /// A category by its name: a byte for the length, then UTF-8.
    Named = 12,
}

impl Form {
    const ALL: [Self; 13] = [
        Self::Missing,
        Self::MissingRun,
        Self::Zero,
        Self::ZeroRun,
        Self::One,
        Self::Whole1,
        Self::Whole2,
        Self::Whole3,
        Self::Whole5,
        Self::Quotient,
        Self::Bits,
        Self::Listed,
        Self::Named,
    ];
}

impl Vector {
    /// Writes the vector so that every later version reads the same bits.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let mut writer = Writer::default();
        let mut code = 0;
        for (at, feature) in CATALOGUE.iter().enumerate() {
            writer.gap(feature.code - code - 1);
            code = feature.code;
            let id = FeatureId(at as u16);
            match feature.kind {
                FeatureKind::Category => writer.category(self.category(id), feature.values),
                FeatureKind::Number | FeatureKind::Boolean => writer.number(self.number(id)),
            }
        }
        writer.finish(bytes);
    }

    /// Reads what [`Vector::encode`] of this or any earlier version wrote; `None`: it is something else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&format, rest) = bytes.split_first()?;
        let mut rest = Bytes(rest);
        let forms = usize::try_from(rest.varint()?).ok()?;
        if format != FORMAT {
            return None;
        }
        let nibbles = rest.take(forms.div_ceil(2))?;
        let mut vector = Self::default();
        let (mut code, mut place) = (0_u64, 0_usize);
        for at in 0..forms {
            let nibble = (nibbles[at / 2] >> (4 * (at % 2))) & 0xf;
            let form = *Form::ALL.get(usize::from(nibble))?;
            let run = match form {
                Form::MissingRun | Form::ZeroRun => rest.varint().filter(|run| (1..=MAX_RUN).contains(run))?,
                _ => 1,
            };
            for _ in 0..run {
                code += 1;
                let feature = CATALOGUE.get(place).filter(|feature| u64::from(feature.code) == code);
                match (form, feature) {
                    (Form::Missing | Form::MissingRun, _) => {}
                    (_, None) => return None,
                    (_, Some(feature)) => vector.read(FeatureId(place as u16), feature, form, &mut rest)?,
                }
                place += usize::from(feature.is_some());
            }
            (code <= u64::from(u16::MAX)).then_some(())?;
        }
        rest.0.is_empty().then_some(vector)
    }

    /// Reads one value that is not missing.
    fn read(&mut self, id: FeatureId, feature: &super::Feature, form: Form, rest: &mut Bytes<'_>) -> Option<()> {
        let is_category = matches!(form, Form::Listed | Form::Named);
        if is_category != (feature.kind == FeatureKind::Category) {
            return None;
        }
        let number = match form {
            Form::Listed => {
                self.set_category(id, feature.values.get(usize::from(*rest.take(1)?.first()?))?);
                return Some(());
            }
            Form::Named => {
                let length = usize::from(*rest.take(1)?.first()?);
                self.set_category(id, std::str::from_utf8(rest.take(length)?).ok()?);
                return Some(());
            }
            Form::Zero | Form::ZeroRun => 0.0,
            Form::One => 1.0,
            Form::Whole1 => rest.whole(1)? as f64,
            Form::Whole2 => rest.whole(2)? as f64,
            Form::Whole3 => rest.whole(3)? as f64,
            Form::Whole5 => rest.whole(5)? as f64,
            Form::Quotient => rest.varint()? as f64 / rest.varint()? as f64,
            Form::Bits => f64::from_bits(rest.whole(8)?),
            Form::Missing | Form::MissingRun => return None,
        };
        (!number.is_nan()).then(|| self.set_number(id, number))
    }
}

/// Collects forms and their bytes.
#[derive(Default)]
struct Writer {
    forms: Vec<u8>,
    bytes: Vec<u8>,
    missing: u64,
    zeros: u64,
}

impl Writer {
    /// So many codes that no feature has.
    fn gap(&mut self, codes: u16) {
        if codes > 0 {
            self.flush_zeros();
            self.missing += u64::from(codes);
        }
    }

    fn number(&mut self, number: f64) {
        if number.is_nan() {
            return self.gap(1);
        }
        if number.to_bits() == 0 {
            self.flush_missing();
            self.zeros += 1;
            return;
        }
        self.flush();
        let whole = number as u64;
        if whole as f64 == number && whole < 1 << 40 && number.is_sign_positive() {
            return self.whole(whole);
        }
        match quotient(number) {
            Some((over, under)) => {
                self.form(Form::Quotient);
                varint(over, &mut self.bytes);
                varint(under, &mut self.bytes);
            }
            None => {
                self.form(Form::Bits);
                self.bytes.extend(number.to_bits().to_le_bytes());
            }
        }
    }

    fn whole(&mut self, whole: u64) {
        let (form, width) = match whole {
            1 => return self.form(Form::One),
            0..0x100 => (Form::Whole1, 1),
            0x100..0x1_0000 => (Form::Whole2, 2),
            0x1_0000..0x100_0000 => (Form::Whole3, 3),
            _ => (Form::Whole5, 5),
        };
        self.form(form);
        self.bytes.extend(&whole.to_le_bytes()[..width]);
    }

    fn category(&mut self, name: Option<&str>, values: &[&str]) {
        let Some(name) = name else { return self.gap(1) };
        self.flush();
        match values.iter().position(|value| *value == name).and_then(|at| u8::try_from(at).ok()) {
            Some(at) => {
                self.form(Form::Listed);
                self.bytes.push(at);
            }
            None => {
                self.form(Form::Named);
                self.bytes.push(name.len() as u8);
                self.bytes.extend(name.as_bytes());
            }
        }
    }

    fn form(&mut self, form: Form) {
        self.forms.push(form as u8);
    }

    fn flush(&mut self) {
        self.flush_missing();
        self.flush_zeros();
    }

    fn flush_missing(&mut self) {
        let run = std::mem::take(&mut self.missing);
        self.run(run, Form::Missing, Form::MissingRun);
    }

    fn flush_zeros(&mut self) {
        let run = std::mem::take(&mut self.zeros);
        self.run(run, Form::Zero, Form::ZeroRun);
    }

    /// Up to three values stand for themselves; a run of more costs a form and a byte or two.
    fn run(&mut self, run: u64, single: Form, many: Form) {
        match run {
            0..=3 => (0..run).for_each(|_| self.form(single)),
            _ => {
                self.form(many);
                varint(run, &mut self.bytes);
            }
        }
    }

    /// Writes everything; what is missing after the last value need not be said.
    fn finish(mut self, to: &mut Vec<u8>) {
        self.flush_zeros();
        to.push(FORMAT);
        varint(self.forms.len() as u64, to);
        to.extend(self.forms.chunks(2).map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 4));
        to.extend(self.bytes);
    }
}

/// The quotient of two whole numbers that is exactly this number, with a small divisor, if there is one: means and
/// shares are such quotients. Found by the number's continued fraction.
fn quotient(number: f64) -> Option<(u64, u64)> {
    const LARGEST_DIVISOR: u64 = 1 << 13;
    const LARGEST: f64 = (1_u64 << 50) as f64;
    if !(number > 0.0 && number < LARGEST) {
        return None;
    }
    let (mut over, mut over_before, mut under, mut under_before) = (number as u64, 1_u64, 1_u64, 0_u64);
    let mut rest = number - number.trunc();
    while over as f64 / under as f64 != number {
        let inverse = 1.0 / rest;
        if !(inverse < LARGEST) {
            return None;
        }
        let whole = inverse as u64;
        rest = inverse - inverse.trunc();
        (under_before, under) = (under, whole.checked_mul(under)?.checked_add(under_before)?);
        (over_before, over) = (over, whole.checked_mul(over)?.checked_add(over_before)?);
        if under > LARGEST_DIVISOR {
            return None;
        }
    }
    (over < 1 << 53).then_some((over, under))
}

fn varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Bytes still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn whole(&mut self, width: usize) -> Option<u64> {
        Some(self.take(width)?.iter().rev().fold(0, |whole, byte| whole << 8 | u64::from(*byte)))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}
