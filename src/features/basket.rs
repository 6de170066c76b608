//! The basket: how much of what.

use super::scene::Scene;
use super::{Feature, boolean, category, number};
use crate::domain::reason::ReasonCode as Reason;
use crate::domain::submission::Purchase;

pub(super) const ABOUT: &str = "What the basket holds. Without a single line the whole family is missing.";

const NO_LINES: &str = "The basket has no line.";
const NO_PRICES: &str = "The basket has no line with a price.";

pub(super) const FEATURES: &[Feature] = &[
    number(101, "basket_lines", "lines", Reason::BASKET_CONTENT, |s| Some(basket(s)?.lines as f64))
        .says("How many lines the basket has.", NO_LINES),
    number(102, "item_count", "items", Reason::BASKET_CONTENT, |s| Some(basket(s)?.items as f64))
        .says("How many items all lines hold together.", NO_LINES),
    number(103, "largest_quantity", "items", Reason::BASKET_CONTENT, |s| Some(basket(s)?.largest_quantity.into()))
        .says("The largest quantity of one line.", NO_LINES),
    number(104, "basket_total_minor", "minor units", Reason::BASKET_CONTENT, |s| Some(basket(s)?.total()? as f64))
        .says("The sum of price times quantity over all lines.", "The basket has no line, or one without a price."),
    boolean(105, "basket_total_matches", Reason::BASKET_CONTENT, |s| {
        Some(basket(s)?.total()? == s.submission.purchase.amount.amount_minor)
    })
    .says("Whether that sum is the amount of the purchase.", "The basket has no line, or one without a price."),
    number(106, "most_expensive_item_minor", "minor units", Reason::BASKET_CONTENT, |s| {
        Some(basket(s)?.highest_price? as f64)
    })
    .says("The highest price of one item.", NO_PRICES),
    number(107, "most_expensive_item_share", "share of the amount", Reason::BASKET_CONTENT, |s| {
        Some(basket(s)?.highest_price? as f64 / s.submission.purchase.amount.amount_minor.max(1) as f64)
    })
    .says("The highest price of one item over the amount of the purchase.", NO_PRICES),
    number(108, "mean_item_minor", "minor units", Reason::BASKET_CONTENT, |s| {
        let basket = basket(s)?;
        (basket.priced_items > 0).then(|| basket.value as f64 / basket.priced_items as f64)
    })
    .says("The mean price of the items that have one.", NO_PRICES),
    category(109, "basket_top_category", Reason::BASKET_CONTENT, |s| basket(s)?.top_category)
        .says("The category of the line of the greatest value; the first of them.", "No line has a category."),
    number(110, "basket_category_count", "categories", Reason::BASKET_CONTENT, |s| {
        Some(basket(s)?.categories).filter(|count| *count > 0).map(|count| count as f64)
    })
    .says("How many different categories the lines name.", "No line has a category."),
    boolean(111, "basket_has_gift_card", Reason::BASKET_CONTENT, |s| basket(s)?.gift_card)
        .says("Whether a line's category has `gift` or `voucher` in it.", "No line has a category."),
    number(112, "priced_line_share", "share of the lines", Reason::BASKET_CONTENT, |s| {
        let basket = basket(s)?;
        Some(basket.priced_lines as f64 / basket.lines as f64)
    })
    .says("The share of the lines that have a price.", NO_LINES),
];

fn basket<'s, 'a>(scene: &'s Scene<'a>) -> Option<&'s Basket<'a>> {
    scene.basket.as_ref()
}

/// The basket, added up in one pass.
pub(super) struct Basket<'a> {
    lines: usize,
    items: u64,
    largest_quantity: u32,
    priced_lines: usize,
    priced_items: u64,
    value: i64,
    highest_price: Option<i64>,
    top_category: Option<&'a str>,
    categories: usize,
    gift_card: Option<bool>,
}

impl<'a> Basket<'a> {
    /// The basket of a purchase; `None` without a single line.
    pub fn of(purchase: &'a Purchase) -> Option<Self> {
        let items = &purchase.items;
        let mut names: Vec<&str> = items.iter().filter_map(|item| item.category.as_deref()).collect();
        let gift_card = names.iter().any(|name| name.contains("gift") || name.contains("voucher"));
        names.sort_unstable();
        names.dedup();
        let mut basket = Self {
            lines: items.len(),
            items: 0,
            largest_quantity: 0,
            priced_lines: 0,
            priced_items: 0,
            value: 0,
            highest_price: None,
            top_category: None,
            categories: names.len(),
            gift_card: (!names.is_empty()).then_some(gift_card),
        };
        let mut top_value = -1;
        for item in items {
            basket.items += u64::from(item.quantity);
            basket.largest_quantity = basket.largest_quantity.max(item.quantity);
            let value = item.unit_price_minor.map(|price| price.saturating_mul(item.quantity.into()));
            if let (Some(value), Some(price)) = (value, item.unit_price_minor) {
                basket.priced_lines += 1;
                basket.priced_items += u64::from(item.quantity);
                basket.value = basket.value.saturating_add(value);
                basket.highest_price = basket.highest_price.max(Some(price));
            }
            let value = value.unwrap_or(0);
            if value > top_value && item.category.is_some() {
                top_value = value;
                basket.top_category = item.category.as_deref();
            }
        }
        (!items.is_empty()).then_some(basket)
    }

    /// The value of all lines, where all have a price.
    fn total(&self) -> Option<i64> {
        (self.priced_lines == self.lines).then_some(self.value)
    }
}
