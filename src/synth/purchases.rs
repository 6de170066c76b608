//! `purchases`: the raw population, one row a purchase: the fields of the request, flat, and the truth.

use super::{Merchant, Purchase};
use crate::domain::geo::{Address, Country};
use crate::domain::ids::ApplicationId;
use crate::domain::submission::{Card, Funding, Origin};
use crate::table::{Cell, ColumnKind, Sheet, TableError};
use std::path::Path;

/// What a row is made from.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The name under which the server would keep it.
    pub application: ApplicationId,
    /// The purchase.
    pub purchase: &'a Purchase,
    /// The shop.
    pub merchant: &'a Merchant,
}

macro_rules! columns {
    ($($kind:ident $name:literal |$row:ident| $cell:expr;)*) => {
        const COLUMNS: &[(&str, ColumnKind)] = &[$(($name, ColumnKind::$kind)),*];

        fn cells(row: Row<'_>) -> [Cell<'_>; COLUMNS.len()] {
            [$({
                let $row = row;
                $cell.into()
            }),*]
        }
    };
}

columns! {
    Text "application_id" |row| row.application.to_string();
    Text "merchant" |row| row.merchant.id.as_str();
    Text "merchant_time_zone" |row| row.merchant.land.zone;
    Text "request_id" |row| row.purchase.submission.request_id.as_str();
    Time "occurred_at" |row| row.purchase.at;
    Number "amount_minor" |row| row.purchase.submission.purchase.amount.amount_minor as f64;
    Text "currency" |row| row.purchase.submission.purchase.amount.currency.code();
    Number "instalment_count" |row| f64::from(row.purchase.submission.purchase.plan.instalment_count);
    Number "deferred_days" |row| f64::from(row.purchase.submission.purchase.plan.deferred_days);
    Number "deferred_months" |row| f64::from(row.purchase.submission.purchase.plan.deferred_months);
    Text "merchant_reference" |row| row.purchase.submission.purchase.merchant_reference.as_deref();
    Text "merchant_category" |row| row.purchase.submission.purchase.merchant_category.as_deref();
    Number "basket_lines" |row| row.purchase.submission.purchase.items.len() as f64;
    Text "first_item_title" |row| row.purchase.submission.purchase.items.first().and_then(|item| item.title.as_deref());
    Text "first_item_category" |row| row.purchase.submission.purchase.items.first().and_then(|item| item.category.as_deref());
    Text "shipping_method" |row| row.purchase.submission.purchase.shipping_method.as_deref();
    Text "shipping_line1" |row| shipping(row).and_then(|address| address.line1.as_deref());
    Text "shipping_city" |row| shipping(row).and_then(|address| address.city.as_deref());
    Text "shipping_postal_code" |row| shipping(row).and_then(|address| address.postal_code.as_deref());
    Text "shipping_country" |row| country(shipping(row).and_then(|address| address.country.as_ref()));
    Text "billing_line1" |row| billing(row).and_then(|address| address.line1.as_deref());
    Text "billing_city" |row| billing(row).and_then(|address| address.city.as_deref());
    Text "billing_postal_code" |row| billing(row).and_then(|address| address.postal_code.as_deref());
    Text "billing_country" |row| country(billing(row).and_then(|address| address.country.as_ref()));
    Text "card_fingerprint" |row| card(row).and_then(|card| card.fingerprint.as_deref());
    Text "card_bin_country" |row| country(card(row).and_then(|card| card.bin_country.as_ref()));
    Text "card_funding" |row| card(row).and_then(|card| card.funding).map(Funding::name);
    Text "customer_id" |row| row.purchase.submission.customer.customer_id.as_str();
    Text "given_name" |row| row.purchase.submission.customer.given_name.as_deref();
    Text "family_name" |row| row.purchase.submission.customer.family_name.as_deref();
    Text "email" |row| row.purchase.submission.customer.email.as_ref().map(|email| email.as_str());
    Text "phone" |row| row.purchase.submission.customer.phone.as_ref().map(|phone| phone.as_str());
    Text "birth_date" |row| row.purchase.submission.customer.birth_date.map(|date| date.to_string());
    Text "address_line1" |row| home(row).and_then(|address| address.line1.as_deref());
    Text "address_city" |row| home(row).and_then(|address| address.city.as_deref());
    Text "address_postal_code" |row| home(row).and_then(|address| address.postal_code.as_deref());
    Text "address_country" |row| country(home(row).and_then(|address| address.country.as_ref()));
    Time "account_created_at" |row| row.purchase.submission.customer.history.as_ref().and_then(|known| known.created_at);
    Flag "guest" |row| row.purchase.submission.customer.history.as_ref().and_then(|known| known.guest);
    Number "past_orders" |row| row.purchase.submission.customer.history.as_ref().map_or(f64::NAN, |known| known.orders.len() as f64);
    Text "ip_address" |row| row.purchase.submission.context.ip_address.map(|address| address.to_string());
    Text "device_id" |row| row.purchase.submission.context.device_id.as_deref();
    Text "user_agent" |row| row.purchase.submission.context.user_agent.as_deref();
    Text "locale" |row| row.purchase.submission.context.locale.as_deref();
    Text "terminal_id" |row| row.purchase.submission.context.terminal_id.as_deref();
    Text "origin" |row| row.purchase.submission.context.origin.map(Origin::name);
    Text "scenario" |row| row.purchase.truth.scenario.name();
    Flag "fraud" |row| Some(row.purchase.truth.fraud);
    Flag "defaulted" |row| row.purchase.truth.defaulted;
    Time "outcome_known_at" |row| row.purchase.truth.known_at;
}

fn shipping(row: Row<'_>) -> Option<&Address> {
    row.purchase.submission.purchase.shipping_address.as_ref()
}

fn billing(row: Row<'_>) -> Option<&Address> {
    row.purchase.submission.purchase.billing_address.as_ref()
}

fn home(row: Row<'_>) -> Option<&Address> {
    row.purchase.submission.customer.address.as_ref()
}

fn card(row: Row<'_>) -> Option<&Card> {
    row.purchase.submission.purchase.card.as_ref()
}

fn country(country: Option<&Country>) -> Option<&str> {
    country.map(Country::code)
}

/// Begins the table.
pub fn create(file: &Path) -> Result<Sheet, TableError> {
    Sheet::create(file, COLUMNS)
}

/// Adds a purchase.
pub fn push(sheet: &mut Sheet, row: Row<'_>) -> Result<(), TableError> {
    sheet.push(cells(row))
}
