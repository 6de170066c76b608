//! Checks and measures the features.
//!
//! With `AVAL_DATA` naming a directory that holds the Fraud Detection Handbook's files, all its transactions are
//! streamed in order, and the 15 features of chapter 3 are compared with the handbook's own columns: counts exactly,
//! means and shares to 1e-9. Without it that part is skipped. The costs are measured in either case.
//!
//! Run: `AVAL_DATA=<directory> cargo bench --bench velocity`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A benchmark may stop at the first surprise.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, TimestampNanosecondType};
use aval::domain::contact::{Email, Phone};
use aval::domain::geo::{Address, Country};
use aval::domain::ids::{CustomerId, MerchantId, RequestId};
use aval::domain::keys::{KeyHasher, KeyKind, Keys};
use aval::domain::money::{Currency, Money};
use aval::domain::plan::PlanChoice;
use aval::domain::submission::*;
use aval::domain::time::{DAY_MS, Timestamp};
use aval::features::velocity::Velocity;
use aval::features::{self, Facts, FeatureId, Vector};
use jiff::tz::TimeZone;
use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const MEMORY_BYTES: usize = 4 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    synthetic()?;
    match std::env::var_os("AVAL_DATA") {
        Some(data) => handbook(Path::new(&data)),
        None => {
            println!("handbook: skipped: set AVAL_DATA to the directory of the handbook's files");
            Ok(())
        }
    }
}

/// One transaction of the handbook.
struct Transaction {
    id: i64,
    at: Timestamp,
    customer: u64,
    terminal: u64,
    amount: Money,
    fraud: bool,
}

fn handbook(data: &Path) -> Result<(), Box<dyn Error>> {
    let transactions = transactions(&data.join("fdh_raw.parquet"))?;
    let mut expected = HashMap::new();
    for split in ["fdh_baseline_train.csv.gz", "fdh_baseline_test.csv.gz"] {
        read_split(&data.join(split), &mut expected)?;
    }
    let differing = compare(&transactions, &expected)?;
    let costs = [0; 3].map(|_| cost_of_two_keys(&transactions));
    let best = costs.into_iter().fold(f64::INFINITY, f64::min);
    println!(
        "handbook: two keys, all their features, read and counted: {best:.0} ns a transaction on the processor, best of {costs:.0?}"
    );
    if differing > 2 {
        return Err(format!("{differing} rows differ from the handbook's columns: expected at most 2").into());
    }
    Ok(())
}

/// The handbook's columns and the features that say the same; amounts there are in units, here in minor ones.
const COLUMNS: [(&str, &str, f64); 15] = [
    ("TX_AMOUNT", "amount_minor", 100.0),
    ("TX_DURING_WEEKEND", "during_weekend", 1.0),
    ("TX_DURING_NIGHT", "during_night", 1.0),
    ("CUSTOMER_ID_NB_TX_1DAY_WINDOW", "customer_count_with_this_1d", 1.0),
    ("CUSTOMER_ID_AVG_AMOUNT_1DAY_WINDOW", "customer_mean_with_this_minor_1d", 100.0),
    ("CUSTOMER_ID_NB_TX_7DAY_WINDOW", "customer_count_with_this_7d", 1.0),
    ("CUSTOMER_ID_AVG_AMOUNT_7DAY_WINDOW", "customer_mean_with_this_minor_7d", 100.0),
    ("CUSTOMER_ID_NB_TX_30DAY_WINDOW", "customer_count_with_this_30d", 1.0),
    ("CUSTOMER_ID_AVG_AMOUNT_30DAY_WINDOW", "customer_mean_with_this_minor_30d", 100.0),
    ("TERMINAL_ID_NB_TX_1DAY_WINDOW", "terminal_count_before_7d_1d", 1.0),
    ("TERMINAL_ID_RISK_1DAY_WINDOW", "terminal_fraud_share_before_7d_1d", 1.0),
    ("TERMINAL_ID_NB_TX_7DAY_WINDOW", "terminal_count_before_7d_7d", 1.0),
    ("TERMINAL_ID_RISK_7DAY_WINDOW", "terminal_fraud_share_before_7d_7d", 1.0),
    ("TERMINAL_ID_NB_TX_30DAY_WINDOW", "terminal_count_before_7d_30d", 1.0),
    ("TERMINAL_ID_RISK_30DAY_WINDOW", "terminal_fraud_share_before_7d_30d", 1.0),
];

/// Streams all transactions and compares those of the split files. Returns how many rows differ.
fn compare(transactions: &[Transaction], expected: &HashMap<i64, [f64; 15]>) -> Result<usize, Box<dyn Error>> {
    let ids = COLUMNS.map(|(_, name, _)| features::find(name).unwrap_or_else(|| panic!("no feature {name}")));
    let (hasher, merchant) = (KeyHasher::new([1; 16]), MerchantId::parse("handbook")?);
    let mut velocity = Velocity::new(MEMORY_BYTES);
    let mut submission = bare()?;
    let mut unreported = VecDeque::new();
    let (mut compared, mut differing) = (0, 0);
    for transaction in transactions {
        // A fraud is known seven days after the purchase.
        while let Some((keys, at)) = unreported.front().copied()
            && Timestamp::plus_ms(at, 7 * DAY_MS) <= transaction.at
        {
            velocity.report_fraud(&keys, at);
            unreported.pop_front();
        }
        submission.purchase.amount = transaction.amount;
        let mut facts = Facts::extract(&submission, &merchant, &TimeZone::UTC, transaction.at, &hasher);
        facts.keys = keys_of(transaction);
        velocity.read_into(&mut facts);
        if let Some(expected) = expected.get(&transaction.id) {
            compared += 1;
            differing += usize::from(differs(transaction, &facts.vector, &ids, expected));
        }
        velocity.add(&facts.keys, transaction.at, transaction.amount);
        if transaction.fraud {
            unreported.push_back((facts.keys, transaction.at));
        }
    }
    println!(
        "handbook: {} transactions streamed, {compared} compared on {} features, {differing} differ; velocity takes {} MB",
        transactions.len(),
        COLUMNS.len(),
        velocity.bytes() >> 20,
    );
    if compared != expected.len() {
        return Err(format!("{} rows of the split files, but {compared} were met", expected.len()).into());
    }
    Ok(differing)
}

fn differs(transaction: &Transaction, vector: &Vector, ids: &[FeatureId; 15], expected: &[f64; 15]) -> bool {
    let mut differs = false;
    for ((id, (column, _, unit)), expected) in ids.iter().zip(COLUMNS).zip(expected) {
        // The share of none is missing here and 0 in the handbook.
        let came = if vector.number(*id).is_nan() { 0.0 } else { vector.number(*id) / unit };
        let exact = column.contains("_NB_") || column.contains("DURING");
        if (came - expected).abs() > if exact { 0.0 } else { 1e-9 } {
            println!("  transaction {}: {column} is {expected}, {came} came", transaction.id);
            differs = true;
        }
    }
    differs
}

/// The cost of reading and counting alone, in nanoseconds a transaction.
fn cost_of_two_keys(transactions: &[Transaction]) -> f64 {
    let mut velocity = Velocity::new(MEMORY_BYTES);
    let mut facts = facts_of_keys(Keys::default());
    let busy = busy_ns(|| {
        for transaction in transactions {
            (facts.keys, facts.at, facts.amount) = (keys_of(transaction), transaction.at, transaction.amount);
            velocity.read_into(&mut facts);
            black_box(&facts);
            velocity.add(&facts.keys, transaction.at, transaction.amount);
            if transaction.fraud {
                velocity.report_fraud(&facts.keys, transaction.at);
            }
        }
    });
    busy / transactions.len() as f64
}

fn keys_of(transaction: &Transaction) -> Keys {
    let mut keys = Keys::default();
    keys.0[KeyKind::Customer as usize] = Some(transaction.customer.wrapping_mul(0x2545_f491_4f6c_dd1d));
    keys.0[KeyKind::Terminal as usize] = Some(transaction.terminal.wrapping_mul(0x2545_f491_4f6c_dd1d));
    keys
}

fn transactions(path: &Path) -> Result<Vec<Transaction>, Box<dyn Error>> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    let mut transactions = Vec::new();
    for batch in reader {
        let batch = batch?;
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
        let whole = |name: &str| Ok::<_, Box<dyn Error>>(column(name)?.as_primitive::<Int64Type>().clone());
        let (ids, customers, terminals) = (whole("TRANSACTION_ID")?, whole("CUSTOMER_ID")?, whole("TERMINAL_ID")?);
        let frauds = whole("TX_FRAUD")?;
        let amounts = column("TX_AMOUNT")?.as_primitive::<Float64Type>();
        let times = column("TX_DATETIME")?;
        let ms = |row: usize| {
            let micros = times.as_primitive_opt::<TimestampMicrosecondType>().map(|t| t.value(row) / 1_000);
            micros.or_else(|| times.as_primitive_opt::<TimestampNanosecondType>().map(|t| t.value(row) / 1_000_000))
        };
        for row in 0..batch.num_rows() {
            transactions.push(Transaction {
                id: ids.value(row),
                at: Timestamp::from_ms(ms(row).ok_or("TX_DATETIME: expected a timestamp in micro- or nanoseconds")?)?,
                customer: customers.value(row) as u64,
                terminal: terminals.value(row) as u64,
                amount: Money { amount_minor: (amounts.value(row) * 100.0).round() as i64, currency: Currency::EUR },
                fraud: frauds.value(row) != 0,
            });
        }
    }
    // In the order of time; ties in the order of the file.
    transactions.sort_by_key(|transaction| transaction.at);
    Ok(transactions)
}

fn read_split(path: &Path, rows: &mut HashMap<i64, [f64; 15]>) -> Result<(), Box<dyn Error>> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let header = reader.headers()?.clone();
    let place = |name: &str| header.iter().position(|column| column == name).ok_or(format!("no column {name}"));
    let id = place("TRANSACTION_ID")?;
    let places = COLUMNS.iter().map(|(column, ..)| place(column)).collect::<Result<Vec<_>, _>>()?;
    for record in reader.records() {
        let record = record?;
        let mut values = [0.0; 15];
        for (value, place) in values.iter_mut().zip(&places) {
            *value = record[*place].parse()?;
        }
        rows.insert(record[id].parse()?, values);
    }
    Ok(())
}

/// Costs on a full submission and a population of 10^6 customers.
fn synthetic() -> Result<(), Box<dyn Error>> {
    let (hasher, merchant) = (KeyHasher::new([1; 16]), MerchantId::parse("shop")?);
    let paris = TimeZone::get("Europe/Paris")?;
    let at = Timestamp::parse("2026-03-14T20:15:00Z")?;
    let (full, bare) = (full()?, bare()?);
    for (name, submission) in [("full", &full), ("bare", &bare)] {
        let each = time(100_000, |_| {
            black_box(Facts::extract(black_box(submission), &merchant, &paris, at, &hasher));
        });
        println!("extract, {name} submission: {each:.0} ns");
    }
    let phone = full.customer.phone.clone();
    let mut without_phone = full.clone();
    without_phone.customer.phone = None;
    let each = time(100_000, |_| {
        black_box(Facts::extract(black_box(&without_phone), &merchant, &paris, at, &hasher));
    });
    println!("extract, full submission without {}: {each:.0} ns", if phone.is_some() { "the phone" } else { "-" });

    let mut facts = Facts::extract(&full, &merchant, &paris, at, &hasher);
    busy_keys(&facts);
    population(&mut facts);
    stored(&facts);
    Ok(())
}

/// Eight keys with 300 events each.
fn busy_keys(facts: &Facts) {
    let mut facts = facts.clone();
    let mut velocity = Velocity::new(MEMORY_BYTES);
    for hour in 0..300 {
        velocity.add(&facts.keys, facts.at.plus_ms(-(300 - hour) * 7 * 3_600_000), facts.amount);
    }
    let read = time(200_000, |_| velocity.read_into(black_box(&mut facts)));
    println!("read, the full catalogue of {}, 8 keys of 300 events in cache: {read:.0} ns", features::count());
}

/// 10^6 customers with seven keys of their own and a shared terminal, two purchases each.
fn population(facts: &mut Facts) {
    const CUSTOMERS: u64 = 1_000_000;
    let before = resident_mb();
    let mut velocity = Velocity::new(MEMORY_BYTES);
    let hash = |kind: u64, customer: u64| Some((customer * 8 + kind + 1).wrapping_mul(0x9e6c_63d0_876a_9a63));
    let mut worst = 0;
    for purchases in 1..=2 {
        let each = time(CUSTOMERS as usize, |index| {
            let customer = (index as u64).wrapping_mul(0x5851_f42d_4c95_7f2d) % CUSTOMERS;
            let mut keys: [Option<u64>; 8] = std::array::from_fn(|kind| hash(kind as u64, customer));
            keys[KeyKind::Terminal as usize] = hash(7, customer % 10_000);
            facts.keys = Keys(keys);
            facts.at = facts.at.plus_ms(1_000);
            let start = Instant::now();
            velocity.read_into(facts);
            velocity.add(&facts.keys, facts.at, facts.amount);
            worst = worst.max(start.elapsed().as_micros());
        });
        println!(
            "10^6 customers, 8 keys, purchase {purchases} each: {each:.0} ns to read the full catalogue and count \
             (worst {worst} us); resident {} MB, by own account {} MB",
            resident_mb() - before,
            velocity.bytes() >> 20,
        );
    }
}

fn stored(facts: &Facts) {
    let mut bytes = Vec::new();
    facts.vector.encode(&mut bytes);
    let length = bytes.len();
    let encode = time(100_000, |_| {
        bytes.clear();
        black_box(&facts.vector).encode(&mut bytes);
    });
    let decode = time(100_000, |_| {
        black_box(Vector::decode(black_box(&bytes)));
    });
    println!("stored vector of a full submission: {length} bytes, encode {encode:.0} ns, decode {decode:.0} ns");
}

fn time(count: usize, mut run: impl FnMut(usize)) -> f64 {
    busy_ns(|| (0..count).for_each(&mut run)) / count as f64
}

/// Runs something; returns the nanoseconds that this thread was on a processor (on Linux; elsewhere those that passed),
/// so that what else the machine does is not measured.
fn busy_ns(run: impl FnOnce()) -> f64 {
    let on_processor = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split(' ').next()?.parse::<f64>().ok()
    };
    let (start, before) = (Instant::now(), on_processor());
    run();
    match (before, on_processor()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_nanos() as f64,
    }
}

fn resident_mb() -> i64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|statm| statm.split(' ').nth(1)?.parse::<i64>().ok());
    (pages.unwrap_or(0) * 4_096) >> 20
}

fn facts_of_keys(keys: Keys) -> Facts {
    Facts {
        merchant: MerchantId::parse("handbook").expect("a merchant's name"),
        at: Timestamp::default(),
        amount: Money { amount_minor: 0, currency: Currency::EUR },
        plan: PlanChoice { instalment_count: 1, deferred_days: 0, deferred_months: 0 },
        country: None,
        keys,
        vector: Vector::default(),
        signals: Signals::default(),
    }
}

fn bare() -> Result<Submission, Box<dyn Error>> {
    Ok(Submission {
        request_id: RequestId::parse("r-1")?,
        purchase: Purchase {
            amount: Money::purchase(10_000, Currency::EUR)?,
            plan: PlanChoice { instalment_count: 1, deferred_days: 0, deferred_months: 0 },
            merchant_reference: None,
            merchant_category: None,
            items: Vec::new(),
            shipping_address: None,
            billing_address: None,
            shipping_method: None,
            card: None,
        },
        customer: Customer {
            customer_id: CustomerId::parse("c-1")?,
            given_name: None,
            family_name: None,
            email: None,
            phone: None,
            birth_date: None,
            address: None,
            history: None,
        },
        context: Context::default(),
        signals: Signals::default(),
        occurred_at: None,
    })
}

fn full() -> Result<Submission, Box<dyn Error>> {
    let france = Country::parse("FR")?;
    let address = Address {
        line1: Some("12, rue du Bac".into()),
        line2: Some("Bâtiment B".into()),
        city: Some("Paris".into()),
        postal_code: Some("75007".into()),
        region: None,
        country: Some(france),
    };
    let item = |category: &str, price| Item {
        title: Some("Something".into()),
        category: Some(category.into()),
        quantity: 1,
        unit_price_minor: Some(price),
    };
    let order = |day: &str, amount_minor| -> Result<PastOrder, Box<dyn Error>> {
        Ok(PastOrder {
            ordered_at: Timestamp::parse(day)?,
            amount: Money { amount_minor, currency: Currency::EUR },
            status: Some(OrderStatus::Completed),
        })
    };
    let mut submission = bare()?;
    submission.purchase = Purchase {
        amount: Money::purchase(45_990, Currency::EUR)?,
        plan: PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 },
        merchant_reference: Some("order-1".into()),
        merchant_category: Some("electronics".into()),
        items: vec![item("phones", 39_990), item("cases", 5_000), item("cables", 1_000)],
        shipping_address: Some(address.clone()),
        billing_address: Some(Address { line1: Some("12 RUE DU BAC".into()), ..address.clone() }),
        shipping_method: Some("express".into()),
        card: Some(Card { fingerprint: Some("fp-1".into()), bin_country: Some(france), funding: Some(Funding::Debit) }),
    };
    submission.customer = Customer {
        customer_id: CustomerId::parse("c-1")?,
        given_name: Some("Ada".into()),
        family_name: Some("Lovelace".into()),
        email: Some(Email::parse("ada.lovelace85@gmail.com")?),
        phone: Some(Phone::parse("+33612345678")?),
        birth_date: None,
        address: Some(address),
        history: Some(AccountHistory {
            created_at: Some(Timestamp::parse("2024-01-02T10:00:00Z")?),
            guest: Some(false),
            orders: vec![
                order("2024-02-01T10:00:00Z", 5_990)?,
                order("2025-02-01T10:00:00Z", 12_345)?,
                order("2026-02-01T10:00:00Z", 7_777)?,
            ],
        }),
    };
    submission.context = Context {
        ip_address: Some("81.2.69.142".parse()?),
        device_id: Some("device-1".into()),
        user_agent: Some(
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile \
             Safari/537.36"
                .into(),
        ),
        locale: Some("fr-FR".into()),
        terminal_id: Some("checkout-1".into()),
        origin: Some(Origin::Web),
        return_url: None,
    };
    Ok(submission)
}
