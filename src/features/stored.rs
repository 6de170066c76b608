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

use super::catalogue::{CATALOGUE, FIRST_VELOCITY, place_of};
use super::vector::Open;
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
        match self.packed() {
            Some(packed) => bytes.extend_from_slice(packed),
            None => self.open().encode(bytes),
        }
    }

    /// Reads what [`Vector::encode`] of this or any earlier version wrote; `None`: it is something else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        Open::decode(bytes).map(Self::from)
    }
}

impl Open {
    fn encode(&self, bytes: &mut Vec<u8>) {
        let mut writer = Writer::new();
        let mut categories = self.categories().peekable();
        for (at, by_itself) in BY_THEMSELVES.iter().enumerate() {
            writer.missing(by_itself.skipped);
            if by_itself.is_category {
                let name = categories.next_if(|(id, _)| usize::from(id.0) == at).map(|(_, name)| name);
                writer.category(name, FeatureId(at as u16));
            } else {
                writer.number(self.number(FeatureId(at as u16)));
            }
        }
        writer.missing(FIRST_CODE - CATALOGUE[FIRST_VELOCITY - 1].code - 1);
        writer.velocity(&Velocities::of(self));
        writer.finish(bytes);
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&format, rest) = bytes.split_first()?;
        let mut rest = Bytes(rest);
        let forms = usize::try_from(rest.varint()?).ok()?;
        if format != FORMAT {
            return None;
        }
        let nibbles = rest.take(forms.div_ceil(2))?;
        let mut open = Self::default();
        open.numbers.resize(CATALOGUE.len(), f64::NAN);
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
                open.read(code, form, &mut rest)?;
            }
        }
        rest.0.is_empty().then_some(open)
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
        let place = self.numbers.get_mut(usize::from(id.0))?;
        (feature.kind != FeatureKind::Category && !number.is_nan()).then(|| *place = number)
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

/// How many codes there are from [`FIRST_CODE`] to the last one.
const VELOCITY_CODES: usize = (CATALOGUE[CATALOGUE.len() - 1].code - FIRST_CODE) as usize + 1;
/// A run that is shorter is not worth its length.
const LEAST_RUN: usize = 4;

/// What must be known of a feature before those of velocity, close together: the catalogue is too large to be walked.
#[derive(Clone, Copy)]
struct ByItself {
    /// How many codes before its own are no feature's.
    skipped: u16,
    is_category: bool,
}

static BY_THEMSELVES: [ByItself; FIRST_VELOCITY] = {
    let mut all = [ByItself { skipped: 0, is_category: false }; FIRST_VELOCITY];
    let (mut at, mut code) = (0, 0);
    while at < FIRST_VELOCITY {
        let feature = &CATALOGUE[at];
        all[at] =
            ByItself { skipped: feature.code - code - 1, is_category: matches!(feature.kind, FeatureKind::Category) };
        code = feature.code;
        at += 1;
    }
    all
};

/// How far the code of each feature of velocity lies after [`FIRST_CODE`].
static OFFSETS: [u16; CATALOGUE.len() - FIRST_VELOCITY] = {
    let mut all = [0; CATALOGUE.len() - FIRST_VELOCITY];
    let mut at = 0;
    while at < all.len() {
        all[at] = CATALOGUE[FIRST_VELOCITY + at].code - FIRST_CODE;
        at += 1;
    }
    all
};

/// The numbers of velocity by code, from [`FIRST_CODE`] on; NaN where there is none.
struct Velocities([f64; VELOCITY_CODES]);

impl Velocities {
    fn of(open: &Open) -> Self {
        let mut numbers = [f64::NAN; VELOCITY_CODES];
        let known = open.numbers.get(FIRST_VELOCITY..).unwrap_or_default();
        for (offset, number) in OFFSETS.iter().zip(known) {
            numbers[usize::from(*offset)] = *number;
        }
        Self(numbers)
    }

    /// How many numbers from here on are the same as that of the code before by [`NEXT_KEY`].
    fn again(&self, at: usize) -> usize {
        let Some(before) = at.checked_sub(NEXT_KEY.into()) else { return 0 };
        let pairs = self.0[at..].iter().zip(&self.0[before..]);
        pairs.take_while(|(number, before)| number.to_bits() == before.to_bits()).count()
    }

    /// How many numbers from here on are such.
    fn run(&self, at: usize, such: impl Fn(f64) -> bool) -> usize {
        self.0[at..].iter().take_while(|number| such(**number)).count()
    }

    fn is_mean(&self, at: usize) -> bool {
        let number_of = |code: u16| self.0.get(usize::from(code.wrapping_sub(FIRST_CODE))).copied();
        let parts = mean_is_of(FIRST_CODE + at as u16).and_then(|(sum, count)| number_of(sum).zip(number_of(count)));
        parts.is_some_and(|(sum, count)| (sum / count).to_bits() == self.0[at].to_bits())
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
        Self { forms: Vec::with_capacity(192), bytes: Vec::with_capacity(384), run: Run::Nothing, length: 0 }
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
            _ => self.value(number, || false),
        }
    }

    /// All codes from [`FIRST_CODE`] on.
    fn velocity(&mut self, velocities: &Velocities) {
        let mut at = 0;
        while let Some(number) = velocities.0.get(at) {
            let again = velocities.again(at);
            let length = if again >= LEAST_RUN {
                self.extend(Run::Again, again as u64);
                again
            } else if number.is_nan() {
                let length = velocities.run(at, f64::is_nan);
                self.extend(Run::Missing, length as u64);
                length
            } else if number.to_bits() == 0 {
                let length = velocities.run(at, |number| number.to_bits() == 0);
                self.extend(Run::Zero, length as u64);
                length
            } else {
                self.value(*number, || velocities.is_mean(at));
                1
            };
            at += length;
        }
    }

    /// A number that no run holds; whether it is a mean is asked only where that matters.
    fn value(&mut self, number: f64, is_mean: impl FnOnce() -> bool) {
        self.flush();
        // Signed, because that is one instruction of the processor's each way.
        let whole = number as i64;
        if whole as f64 == number && (0..1 << 40).contains(&whole) && number.is_sign_positive() {
            self.whole(whole.unsigned_abs());
        } else if is_mean() {
            self.form(Form::Mean);
        } else {
            self.form(Form::Bits);
            self.bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        }
    }

    fn whole(&mut self, whole: u64) {
        let bytes = whole.to_le_bytes();
        match whole {
            1 => self.form(Form::One),
            0..0x100 => {
                self.form(Form::Whole1);
                self.bytes.push(bytes[0]);
            }
            0x100..0x1_0000 => {
                self.form(Form::Whole2);
                self.bytes.extend_from_slice(&bytes[..2]);
            }
            0x1_0000..0x100_0000 => {
                self.form(Form::Whole3);
                self.bytes.extend_from_slice(&bytes[..3]);
            }
            _ => {
                self.form(Form::Whole5);
                self.bytes.extend_from_slice(&bytes[..5]);
            }
        }
    }

    fn category(&mut self, name: Option<&str>, id: FeatureId) {
        let Some(name) = name else { return self.missing(1) };
        self.flush();
        match CATALOGUE[usize::from(id.0)]
            .values
            .iter()
            .position(|value| *value == name)
            .and_then(|at| u8::try_from(at).ok())
        {
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
        if length < LEAST_RUN as u64 && run != Run::Again {
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
