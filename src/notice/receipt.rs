//! Receipts: one page of PDF for one paid instalment, tagged for screen readers, the same bytes for the same facts.
//!
//! The letters are DejaVu Sans, which is embedded as far as a receipt uses it. It has the Latin, Greek and Cyrillic
//! alphabets, among others; a letter that it lacks is drawn as a box.

use super::wording::{Filling, Wording};
use crate::domain::money::{Currency, Money};
use crate::domain::plan::{Instalment, InstalmentState, Plan};
use crate::domain::reason::Language;
use crate::domain::storefront::Storefront;
use crate::words;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use krilla::Document;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree};
use krilla::text::{Font, TextDirection};
use std::fmt;
use std::num::NonZeroU16;

/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const LEFT: f32 = 56.0;
const VALUES: f32 = 230.0;
const LINE: f32 = 20.0;
/// How many letters of a value stand on one line; the longest names are broken.
const VALUE_LETTERS: usize = 42;
/// The most lines of one value.
const VALUE_LINES: usize = 4;

/// What a receipt says.
#[derive(Clone)]
pub struct ReceiptFacts {
    /// The merchant's name.
    pub shop: Box<str>,
    /// Where its customers write for help.
    pub support_email: Box<str>,
    /// The merchant's reference of the purchase; empty: none.
    pub reference: Box<str>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Which instalment, from 1.
    pub number: usize,
    /// How many there are.
    pub count: usize,
    /// The instalment.
    pub instalment: Instalment,
    /// The day it was paid, where the customer lives.
    pub paid_on: Date,
    /// What is left to pay, in minor units.
    pub left_minor: i64,
}

impl fmt::Debug for ReceiptFacts {
    /// Without anything personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptFacts({} of {})", self.number, self.count)
    }
}

impl ReceiptFacts {
    /// The receipt of an instalment, counted from 0, of a plan whose customer lives in a time zone; `None`: it is not there,
    /// or not paid.
    pub fn of(plan: &Plan, zone: &TimeZone, storefront: &Storefront, reference: &str, place: usize) -> Option<Self> {
        let instalment = plan.instalments.get(place)?.clone();
        let paid_at = instalment.paid_at.filter(|_| instalment.state == InstalmentState::Paid)?;
        Some(Self {
            shop: storefront.name.clone(),
            support_email: storefront.support_email.clone(),
            reference: reference.into(),
            currency: plan.amount.currency,
            number: place + 1,
            count: plan.instalments.len(),
            paid_on: words::day_of(paid_at, zone),
            left_minor: plan.left_to_pay_minor(),
            instalment,
        })
    }

    /// Labels and values, top to bottom; the last but one row is the amount.
    fn rows(&self, language: Language) -> Vec<(String, String)> {
        let wording = Wording::of(language);
        let mut filling = Filling::new(language);
        filling.set("number", self.number.to_string());
        filling.set("count", self.count.to_string());
        let money = |minor| words::money(Money { amount_minor: minor, currency: self.currency }, language);
        let paid = &self.instalment;
        let mut rows = vec![(wording.merchant, self.shop.to_string())];
        if !self.reference.is_empty() {
            rows.push((wording.of_reference, self.reference.to_string()));
        }
        rows.push((wording.instalment, filling.fill(wording.of_count)));
        rows.push((wording.paid_on, words::date(self.paid_on, language)));
        rows.push((wording.purchase_part, money(paid.purchase_amount_minor)));
        let parts = [
            (wording.fee, paid.customer_fee_minor),
            (wording.interest, paid.customer_interest_minor),
            (wording.refunded_part, paid.refunded_minor.saturating_neg()),
        ];
        rows.extend(parts.into_iter().filter(|(_, minor)| *minor != 0).map(|(label, minor)| (label, money(minor))));
        rows.push((wording.amount_paid, money(paid.total_amount_minor)));
        rows.push((wording.left, money(self.left_minor)));
        rows.push((wording.support, self.support_email.to_string()));
        rows.into_iter().map(|(label, value)| (filling.fill(label), value)).collect()
    }
}

/// Why there is no receipt: a fault of this program, never of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the receipt cannot be written as PDF")]
pub struct ReceiptError;

/// A receipt as PDF.
pub fn pdf(facts: &ReceiptFacts, language: Language) -> Result<Vec<u8>, ReceiptError> {
    let wording = Wording::of(language);
    let regular = Font::new(dejavu::sans::regular().into(), 0).ok_or(ReceiptError)?;
    let bold = Font::new(dejavu::sans::bold().into(), 0).ok_or(ReceiptError)?;
    let title = format!("{} – {}", wording.receipt_title, facts.shop);
    let mut document = Document::new();
    let day = facts.paid_on;
    let year = u16::try_from(day.year()).map_err(|_| ReceiptError)?;
    let created = DateTime::new(year).month(day.month().unsigned_abs()).day(day.day().unsigned_abs());
    let metadata = Metadata::new().title(title.clone()).language(language.code().into()).creation_date(created);
    document.set_metadata(metadata);
    let mut page = document.start_page_with(PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(ReceiptError)?);
    let mut surface = page.surface();
    let mut pen = Pen { surface: &mut surface, y: 90.0, language };
    let heading = pen.text(LEFT, &bold, 22.0, wording.receipt_title);
    pen.y += 18.0;
    pen.rule()?;
    let mut table = TagGroup::new(Tag::Table);
    for (label, value) in facts.rows(language) {
        pen.y += LINE + 4.0;
        let mut row = TagGroup::new(Tag::TR);
        let heavy = label == wording.amount_paid;
        let label = pen.text(LEFT, if heavy { &bold } else { &regular }, 11.0, &label);
        row.push(TagGroup::with_children(Tag::TH(TableHeaderScope::Row), vec![label.into()]));
        let mut cell = TagGroup::new(Tag::TD);
        for (at, line) in lines(&value).enumerate() {
            pen.y += if at > 0 { LINE } else { 0.0 };
            cell.push(pen.text(VALUES, if heavy { &bold } else { &regular }, 11.0, &line));
        }
        row.push(cell);
        table.push(row);
    }
    surface.finish();
    page.finish();
    let mut tree = TagTree::new().with_lang(Some(language.code().into()));
    tree.push(TagGroup::with_children(Tag::Hn(NonZeroU16::MIN, Some(title)), vec![heading.into()]));
    tree.push(table);
    document.set_tag_tree(tree);
    document.finish().map_err(|_| ReceiptError)
}

/// Draws down a page.
struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    y: f32,
    language: Language,
}

impl Pen<'_, '_> {
    fn text(&mut self, x: f32, font: &Font, size: f32, text: &str) -> Identifier {
        let span = SpanTag::empty().with_lang(Some(self.language.code()));
        let id = self.surface.start_tagged(ContentTag::Span(span));
        self.surface.draw_text(Point::from_xy(x, self.y), font.clone(), size, text, false, TextDirection::LeftToRight);
        self.surface.end_tagged();
        id
    }

    /// A line across the page, which means nothing.
    fn rule(&mut self) -> Result<(), ReceiptError> {
        let mut path = PathBuilder::new();
        for (x, y) in [(LEFT, self.y), (PAGE.0 - LEFT, self.y), (PAGE.0 - LEFT, self.y + 1.0), (LEFT, self.y + 1.0)] {
            if x > LEFT || y > self.y { path.line_to(x, y) } else { path.move_to(x, y) }
        }
        path.close();
        let path = path.finish().ok_or(ReceiptError)?;
        let artifact = krilla::tagging::Artifact::with_kind(ArtifactType::Other);
        let _ = self.surface.start_tagged(ContentTag::Artifact(artifact));
        self.surface.draw_path(&path);
        self.surface.end_tagged();
        Ok(())
    }
}

/// A value in lines that fit.
fn lines(value: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = value.chars().filter(|letter| !letter.is_control()).collect();
    let lines: Vec<String> =
        letters.chunks(VALUE_LETTERS).take(VALUE_LINES).map(|line| line.iter().collect()).collect();
    lines.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::made_up;

    /// The text of a PDF, with plain spaces.
    fn read(pdf: &[u8]) -> String {
        let text = pdf_extract::extract_text_from_mem(pdf).unwrap();
        text.replace(['\u{a0}', '\u{202f}'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn receipts_say_what_was_paid() {
        for (language, said) in [
            (Language::En, ["Receipt", "Green Bicycle", "2 of 3", "Monday 4 January 2027", "€411.50", "Left to pay"]),
            (Language::Fr, ["Reçu", "Le Vélo vert", "2 sur 3", "lundi 4 janvier 2027", "411,50 €", "Reste à payer"]),
        ] {
            let text = read(&pdf(&made_up::receipt(language).unwrap(), language).unwrap());
            for part in said {
                assert!(text.contains(part), "{part:?} is in {text:?}");
            }
            assert!(text.contains("GB-2026-1042") && !text.contains("Ada"), "{text:?}");
        }
    }

    #[test]
    fn receipts_name_fee_interest_and_refund_where_there_are_any() {
        let mut receipt = made_up::receipt_of(1, 0, Language::En).unwrap();
        receipt.instalment.customer_interest_minor = 77;
        receipt.instalment.refunded_minor = 500;
        receipt.shop = "A shop whose name is as long as names of shops may be, in all".into();
        let text = read(&pdf(&receipt, Language::En).unwrap());
        for part in ["Fee €12.34", "Interest €0.77", "Refunded −€5.00", "Amount paid €423.84", "Left to pay €823.00"]
        {
            assert!(text.contains(part), "{part:?} is in {text:?}");
        }
        assert!(made_up::receipt_of(1, 1, Language::En).is_none(), "not paid");
        assert!(made_up::receipt_of(1, 9, Language::En).is_none(), "not there");
    }

    #[test]
    fn the_same_facts_make_the_same_bytes_tagged_and_titled() {
        let receipt = made_up::receipt(Language::Fr).unwrap();
        let bytes = pdf(&receipt, Language::Fr).unwrap();
        assert_eq!(bytes, pdf(&receipt, Language::Fr).unwrap());
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(bytes.starts_with(b"%PDF-") && has(b"/StructTreeRoot") && has(b"/Lang") && has(b"/Title"));
        assert!(bytes.len() < 100_000, "{} bytes: the font is embedded in part", bytes.len());
    }
}
