//! How a vector is written for good.
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

use super::catalogue::{CATALOGUE, place_of};
use super::velocity::{FIRST_CODE, NEXT_KEY, mean_is_of};
use super::{Feature, FeatureId, FeatureKind, Vector};

const FORMAT: u8 = 1;
/// How one value, or a run of values of features with consecutive codes, is written. Permanent.
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
    /// The eight bytes of the number itself.
    Bits = 9,
    /// A category by its place among the feature's values: one byte.
    Listed = 10,
    /// A category by its name: a byte for the length, then UTF-8.
    Named = 11,
    /// A run of values, each the same as that of the code before by [`NEXT_KEY`]: its length as a varint. Somebody's
    /// card, device and mailbox have mostly seen the same purchases.
    AgainRun = 12,
    /// A mean of a window: its sum over its count, of which the codes are known.
    Mean = 13,
}

impl Form {
    const ALL: [Self; 14] = [
        Self::Missing,
        Self::MissingRun,
        Self::Zero,
        Self::ZeroRun,
        Self::One,
        Self::Whole1,
        Self::Whole2,
        Self::Whole3,
        Self::Whole5,
        Self::Bits,
        Self::Listed,
        Self::Named,
        Self::AgainRun,
        Self::Mean,
    ];
}

impl Vector {
    /// Writes the vector so that every later version reads the same bits.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let mut writer = Writer::new();
        let mut categories = self.categories();
        let mut next = categories.next();
        let mut code = 0;
        for (at, feature) in CATALOGUE[..FIRST_VELOCITY].iter().enumerate() {
            writer.missing(feature.code - code - 1);
            code = feature.code;
            match feature.kind {
                FeatureKind::Category => {
                    let name = next.filter(|(id, _)| usize::from(id.0) == at).map(|(_, name)| name);
                    if name.is_some() {
                        next = categories.next();
                    }
                    writer.category(name, feature.values);
                }
                FeatureKind::Number | FeatureKind::Boolean => writer.number(self.number(FeatureId(at as u16))),
            }
        }
        writer.missing(FIRST_CODE - code - 1);
        writer.velocity(&Velocities::of(self));
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
        let mut code = 0_u16;
        for at in 0..forms {
            let nibble = (nibbles.get(at / 2)? >> (4 * (at % 2))) & 0xf;
            let form = *Form::ALL.get(usize::from(nibble))?;
            let run = match form {
                Form::MissingRun | Form::ZeroRun | Form::AgainRun => rest.varint().filter(|run| *run > 0)?,
                _ => 1,
            };
            for _ in 0..run {
                code = code.checked_add(1)?;
                vector.read(code, form, &mut rest)?;
            }
        }
        rest.0.is_empty().then_some(vector)
    }

    /// Reads the value of one code; `None`: no vector of this version has it.
    fn read(&mut self, code: u16, form: Form, rest: &mut Bytes<'_>) -> Option<()> {
        let number = match form {
            Form::Missing | Form::MissingRun => return Some(()),
            Form::Listed | Form::Named => return self.read_category(code, form, rest),
            Form::Zero | Form::ZeroRun => 0.0,
            Form::One => 1.0,
            Form::Whole1 => rest.whole(1)? as f64,
            Form::Whole2 => rest.whole(2)? as f64,
            Form::Whole3 => rest.whole(3)? as f64,
            Form::Whole5 => rest.whole(5)? as f64,
            Form::Bits => f64::from_bits(rest.whole(8)?),
            Form::Mean => self.mean(code)?,
            Form::AgainRun => match self.number_of(code.checked_sub(NEXT_KEY)?) {
                number if number.is_nan() => return Some(()),
                number => number,
            },
        };
        let (id, feature) = entry(code)?;
        (feature.kind != FeatureKind::Category && !number.is_nan()).then(|| self.set_number(id, number))
    }

    fn read_category(&mut self, code: u16, form: Form, rest: &mut Bytes<'_>) -> Option<()> {
        let (id, feature) = entry(code).filter(|(_, feature)| feature.kind == FeatureKind::Category)?;
        let byte = usize::from(*rest.take(1)?.first()?);
        let name = match form {
            Form::Listed => feature.values.get(byte)?,
            _ => std::str::from_utf8(rest.take(byte)?).ok()?,
        };
        self.set_category(id, name);
        Some(())
    }

    fn number_of(&self, code: u16) -> f64 {
        place_of(code).map_or(f64::NAN, |id| self.number(id))
    }

    /// What a mean must be by the sum and the count of its window.
    fn mean(&self, code: u16) -> Option<f64> {
        let (sum, count) = mean_is_of(code)?;
        Some(self.number_of(sum) / self.number_of(count))
    }
}

fn entry(code: u16) -> Option<(FeatureId, &'static Feature)> {
    let id = place_of(code)?;
    Some((id, CATALOGUE.get(usize::from(id.0))?))
}

/// Where the features of velocity begin in the catalogue: every code from there on, taken or not, is written by
/// [`Writer::velocity`].
const FIRST_VELOCITY: usize = {
    let mut at = 0;
    while CATALOGUE[at].code < FIRST_CODE {
        at += 1;
    }
    at
};
/// How many codes there are from [`FIRST_CODE`] to the last one.
const VELOCITY_CODES: usize = (CATALOGUE[CATALOGUE.len() - 1].code - FIRST_CODE) as usize + 1;
/// A run of the same as before that is shorter is not worth its length.
const LEAST_AGAIN: usize = 4;

/// The numbers of velocity by code, from [`FIRST_CODE`] on; NaN where there is none.
struct Velocities {
    numbers: [f64; VELOCITY_CODES],
    /// Whether a number is that of the code before by [`NEXT_KEY`]; past the last code it is, for all are missing there.
    again: [bool; VELOCITY_CODES + LEAST_AGAIN],
}

impl Velocities {
    fn of(vector: &Vector) -> Self {
        let mut numbers = [f64::NAN; VELOCITY_CODES];
        let known = vector.numbers().get(FIRST_VELOCITY..).unwrap_or_default();
        for (feature, number) in CATALOGUE[FIRST_VELOCITY..].iter().zip(known) {
            numbers[usize::from(feature.code - FIRST_CODE)] = *number;
        }
        let mut again = [false; VELOCITY_CODES + LEAST_AGAIN];
        let next_key = usize::from(NEXT_KEY);
        for ((again, number), before) in again[next_key..].iter_mut().zip(&numbers[next_key..]).zip(&numbers) {
            *again = number.to_bits() == before.to_bits();
        }
        // Beyond the last code a run of the last key's may go on over what its first key has not.
        for (again, before) in again[VELOCITY_CODES..].iter_mut().zip(&numbers[VELOCITY_CODES - next_key..]) {
            *again = before.is_nan();
        }
        Self { numbers, again }
    }

    fn is_mean(&self, at: usize) -> bool {
        let number_of = |code: u16| self.numbers.get(usize::from(code.wrapping_sub(FIRST_CODE))).copied();
        let parts = mean_is_of(FIRST_CODE + at as u16).and_then(|(sum, count)| number_of(sum).zip(number_of(count)));
        parts.is_some_and(|(sum, count)| (sum / count).to_bits() == self.numbers[at].to_bits())
    }
}

/// Of what a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Nothing,
    Missing,
    Zero,
    Again,
}

/// Collects forms and their bytes.
struct Writer {
    forms: Vec<u8>,
    bytes: Vec<u8>,
    run: Run,
    length: u64,
}

impl Writer {
    fn new() -> Self {
        Self { forms: Vec::with_capacity(192), bytes: Vec::with_capacity(256), run: Run::Nothing, length: 0 }
    }

    /// So many codes that are missing, or no feature's.
    fn missing(&mut self, count: u16) {
        if count > 0 {
            self.extend(Run::Missing, count.into());
        }
    }

    fn number(&mut self, number: f64) {
        match number {
            _ if number.is_nan() => self.extend(Run::Missing, 1),
            _ if number.to_bits() == 0 => self.extend(Run::Zero, 1),
            _ => self.value(number, false),
        }
    }

    /// All codes from [`FIRST_CODE`] on.
    fn velocity(&mut self, velocities: &Velocities) {
        for (at, number) in velocities.numbers.iter().enumerate() {
            let again = &velocities.again[at..at + LEAST_AGAIN];
            let (missing, zero) = (number.is_nan(), number.to_bits() == 0);
            match self.run {
                // What has begun goes on while it can.
                Run::Missing if missing => self.extend(Run::Missing, 1),
                Run::Zero if zero => self.extend(Run::Zero, 1),
                Run::Again if again[0] => self.extend(Run::Again, 1),
                _ if again.iter().all(|again| *again) => self.extend(Run::Again, 1),
                _ if missing => self.extend(Run::Missing, 1),
                _ if zero => self.extend(Run::Zero, 1),
                _ => self.value(*number, velocities.is_mean(at)),
            }
        }
    }

    /// A number that no run holds.
    fn value(&mut self, number: f64, is_mean: bool) {
        self.flush();
        let whole = number as u64;
        if whole as f64 == number && whole < 1 << 40 && number.is_sign_positive() {
            self.whole(whole);
        } else if is_mean {
            self.form(Form::Mean);
        } else {
            self.form(Form::Bits);
            self.bytes.extend(number.to_bits().to_le_bytes());
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
        let Some(name) = name else { return self.missing(1) };
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

    #[inline]
    fn extend(&mut self, run: Run, by: u64) {
        if self.run != run {
            self.flush();
            self.run = run;
        }
        self.length += by;
    }

    /// Writes the run: up to three values stand for themselves, more cost a form and a byte or two.
    fn flush(&mut self) {
        let (run, length) = (std::mem::replace(&mut self.run, Run::Nothing), std::mem::take(&mut self.length));
        let (one, many) = match run {
            Run::Nothing => return,
            Run::Missing => (Form::Missing, Form::MissingRun),
            Run::Zero => (Form::Zero, Form::ZeroRun),
            Run::Again => (Form::AgainRun, Form::AgainRun),
        };
        if length < LEAST_AGAIN as u64 && run != Run::Again {
            (0..length).for_each(|_| self.form(one));
        } else {
            self.form(many);
            varint(length, &mut self.bytes);
        }
    }

    /// Writes everything; what is missing after the last value need not be said.
    fn finish(mut self, to: &mut Vec<u8>) {
        if self.run != Run::Missing {
            self.flush();
        }
        to.push(FORMAT);
        varint(self.forms.len() as u64, to);
        to.extend(self.forms.chunks(2).map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 4));
        to.extend_from_slice(&self.bytes);
    }
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

#[cfg(test)]
mod tests {
    use super::super::{all, count, find};
    use super::*;
    use proptest::prelude::*;

    fn written(vector: &Vector) -> Vec<u8> {
        let mut bytes = Vec::new();
        vector.encode(&mut bytes);
        bytes
    }

    #[track_caller]
    fn check_round_trip(vector: &Vector) {
        let bytes = written(vector);
        let read = Vector::decode(&bytes).unwrap_or_else(|| panic!("{bytes:?} of {vector:?} cannot be read"));
        assert_eq!(&read, vector);
        assert_eq!(written(&read), bytes);
    }

    /// Values of all forms: whole, negative, broken, any bits.
    fn values() -> impl Strategy<Value = f64> {
        prop_oneof![
            3 => Just(f64::NAN),
            3 => Just(0.0),
            1 => Just(1.0),
            2 => (0..1_u64 << 45).prop_map(|whole| whole as f64),
            2 => (0..70_000_u64).prop_map(|whole| whole as f64),
            2 => (1..1_000_000_000_u64, 1..5_000_u64).prop_map(|(over, under)| over as f64 / under as f64),
            1 => any::<f64>(),
            1 => Just(-0.0),
            1 => Just(f64::INFINITY),
        ]
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_bit_for_bit(
            values in prop::collection::vec(values(), count()),
            names in prop::collection::vec(prop::option::of("[a-zé_]{0,12}"), count()),
        ) {
            let mut vector = Vector::default();
            for (((id, feature), value), name) in all().zip(values).zip(names) {
                match (feature.kind, name) {
                    (FeatureKind::Category, Some(name)) => vector.set_category(id, &name),
                    (FeatureKind::Category, None) => {}
                    _ => vector.set_number(id, value),
                }
            }
            check_round_trip(&vector);
        }

        #[test]
        fn other_bytes_are_refused_and_never_stop_us(mut bytes in prop::collection::vec(any::<u8>(), 0..200), known in any::<bool>()) {
            if let (true, Some(first)) = (known, bytes.first_mut()) {
                *first = FORMAT;
            }
            if let Some(vector) = Vector::decode(&bytes) {
                check_round_trip(&vector);
            }
        }
    }

    #[test]
    fn a_stored_vector_keeps_its_bytes() {
        let mut vector = Vector::default();
        vector.set_number(find("amount_minor").unwrap(), 45_990.0);
        vector.set_category(find("currency").unwrap(), "EUR");
        vector.set_number(find("instalment_count").unwrap(), 3.0);
        vector.set_number(find("deferred_days").unwrap(), 0.0);
        vector.set_category(find("card_funding").unwrap(), "debit");
        vector.set_number(find("card_mean_minor_7d").unwrap(), 100.0 / 3.0);
        let bytes = hex::encode(written(&vector));
        assert_eq!(bytes, STORED, "stored vectors are read by their bytes: they may never be written otherwise");
        assert_eq!(Vector::decode(&hex::decode(STORED).unwrap()), Some(vector));
    }

    const STORED: &str = "0109b625a1910ca6b3034555520308018f08abaaaaaaaaaa404027";

    #[test]
    fn what_a_newer_version_wrote_is_refused() {
        let last = super::super::all().last().unwrap().1.code;
        let mut newer = Writer::new();
        newer.missing(last);
        newer.flush();
        newer.whole(7);
        let mut bytes = Vec::new();
        newer.finish(&mut bytes);
        assert_eq!(Vector::decode(&bytes), None);
        let whole = written(&Vector::default());
        assert_eq!(Vector::decode(&whole), Some(Vector::default()));
        assert_eq!(Vector::decode(&[whole.as_slice(), &[0]].concat()), None, "a byte too many");
        assert_eq!(Vector::decode(&[]), None);
    }

    #[test]
    fn a_typical_vector_is_small() {
        let facts = super::super::tests::typical();
        let length = written(&facts.vector).len();
        assert!(length <= 360, "{length} bytes: there are millions of them");
    }
}
