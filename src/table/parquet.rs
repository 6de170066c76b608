//! Apache Parquet, read through Arrow.

use super::batch::{Batch, Cells, Column, Texts};
use super::{BATCH_ROWS, TableError};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowNativeTypeOp};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DAY_MS: i64 = crate::domain::time::DAY_MS;

fn builder(file: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, TableError> {
    let opened = File::open(file).map_err(|error| TableError::io(file, error))?;
    ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| TableError::format(file, error.to_string()))
}

pub(super) fn names_and_rows(file: &Path) -> Result<(Vec<String>, Option<u64>), TableError> {
    let builder = builder(file)?;
    let names = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    Ok((names, u64::try_from(builder.metadata().file_metadata().num_rows()).ok()))
}

/// Some rows of one row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    group: usize,
    offset: usize,
    rows: usize,
    /// From 1.
    first_row: u64,
}

/// The file in parts of at most `most` rows.
pub(super) fn parts(file: &Path, most: usize) -> Result<Vec<Part>, TableError> {
    let builder = builder(file)?;
    let (mut parts, mut first_row) = (Vec::new(), 1);
    for (group, metadata) in builder.metadata().row_groups().iter().enumerate() {
        let rows = usize::try_from(metadata.num_rows()).unwrap_or_default();
        for offset in (0..rows).step_by(most) {
            parts.push(Part { group, offset, rows: most.min(rows - offset), first_row });
            first_row += most.min(rows - offset) as u64;
        }
    }
    Ok(parts)
}

/// Reads the whole file, or a part of it.
pub(super) fn batches(
    file: Arc<PathBuf>,
    names: Arc<[Box<str>]>,
    places: Vec<usize>,
    part: Option<Part>,
) -> Result<impl Iterator<Item = Result<Batch, TableError>> + Send, TableError> {
    let builder = builder(&file)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
    let builder = match part {
        None => builder,
        Some(part) => builder.with_row_groups(vec![part.group]).with_offset(part.offset).with_limit(part.rows),
    };
    let reader = builder.build().map_err(|error| TableError::format(&file, error.to_string()))?;
    let mut first_row = part.map_or(1, |part| part.first_row);
    Ok(reader.map(move |read| {
        let read = read.map_err(|error| TableError::format(&file, error.to_string()))?;
        let cells = names.iter().map(|name| match read.column_by_name(name) {
            Some(column) => cells(column),
            None => Cells::Other("nothing".into()),
        });
        let (rows, cells) = (read.num_rows(), cells.collect());
        let batch = Batch { file: file.clone(), first_row, rows, names: names.clone(), cells };
        first_row += rows as u64;
        Ok(batch)
    }))
}

fn whole<T: ArrowPrimitiveType>(array: &ArrayRef) -> Cells
where
    T::Native: Into<i64>,
{
    Cells::Whole(array.as_primitive::<T>().iter().map(|cell| cell.map(Into::into)).collect())
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef, number: impl Fn(T::Native) -> f64) -> Cells {
    let cells = array.as_primitive::<T>().iter();
    Cells::Plain(Column::Number(cells.map(|cell| cell.map_or(f64::NAN, &number)).collect()))
}

fn times<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, ms: impl Fn(i64) -> i64) -> Cells {
    Cells::Plain(Column::Time(array.as_primitive::<T>().iter().map(|cell| cell.map(&ms)).collect()))
}

fn texts<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Cells {
    let mut texts = Texts::default();
    cells.for_each(|cell| texts.push(cell));
    Cells::Plain(Column::Text(texts))
}

fn cells(array: &ArrayRef) -> Cells {
    match array.data_type() {
        DataType::Int8 => whole::<Int8Type>(array),
        DataType::Int16 => whole::<Int16Type>(array),
        DataType::Int32 => whole::<Int32Type>(array),
        DataType::Int64 => whole::<Int64Type>(array),
        DataType::UInt8 => whole::<UInt8Type>(array),
        DataType::UInt16 => whole::<UInt16Type>(array),
        DataType::UInt32 => whole::<UInt32Type>(array),
        DataType::UInt64 => numbers::<UInt64Type>(array, |number| number as f64),
        DataType::Float32 => numbers::<Float32Type>(array, f64::from),
        DataType::Float64 => numbers::<Float64Type>(array, |number| number),
        DataType::Decimal128(_, scale) => {
            // One correctly rounded division: 57.16 of scale 2 is the double that "57.16" reads as.
            let scale = 10f64.pow_checked(u32::from(scale.unsigned_abs())).unwrap_or(f64::NAN);
            numbers::<Decimal128Type>(array, move |number| number as f64 / scale)
        }
        DataType::Boolean => Cells::Plain(Column::Flag(array.as_boolean().iter().collect())),
        DataType::Utf8 => texts(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => texts(array.as_string::<i64>().iter()),
        DataType::Utf8View => texts(array.as_string_view().iter()),
        DataType::Null => texts((0..array.len()).map(|_| None)),
        DataType::Timestamp(TimeUnit::Second, _) => times::<TimestampSecondType>(array, |at| at.saturating_mul(1_000)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => times::<TimestampMillisecondType>(array, |at| at),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            times::<TimestampMicrosecondType>(array, |at| at.div_euclid(1_000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            times::<TimestampNanosecondType>(array, |at| at.div_euclid(1_000_000))
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().iter();
            Cells::Plain(Column::Time(days.map(|day| day.map(|day| i64::from(day) * DAY_MS)).collect()))
        }
        DataType::Dictionary(_, values) => dictionary(array, values),
        other => Cells::Other(other.to_string()),
    }
}

/// A dictionary of texts, such as pandas writes for categories.
fn dictionary(array: &ArrayRef, values: &DataType) -> Cells {
    let Some(dictionary) = array.as_any_dictionary_opt() else { return Cells::Other(array.data_type().to_string()) };
    let Cells::Plain(Column::Text(known)) = cells(dictionary.values()) else {
        return Cells::Other(format!("a dictionary of {values}"));
    };
    let keys = dictionary.normalized_keys();
    texts(keys.into_iter().enumerate().map(|(row, key)| if dictionary.is_null(row) { None } else { known.get(key) }))
}
