//! Writing a table: beside its place first, put there whole.

use super::batch::{Column, ColumnKind, plain, rfc_3339};
use super::{Format, TableError};
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much of a Parquet file waits in memory for its row group to be written, in bytes.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// Writes a table row by row group, CSV or Parquet by the ending of the file's name.
pub struct Writer {
    file: PathBuf,
    beside: PathBuf,
    kinds: Vec<ColumnKind>,
    rows: u64,
    sink: Option<Sink>,
}

enum Sink {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    CsvGz(Box<csv::Writer<GzEncoder<BufWriter<File>>>>),
    Parquet(Box<ArrowWriter<BufWriter<File>>>, Arc<Schema>),
}

impl Writer {
    /// Begins a table with these columns. The file itself appears, or changes, when the table is finished.
    pub fn create(file: impl AsRef<Path>, columns: &[(&str, ColumnKind)]) -> Result<Self, TableError> {
        let file = file.as_ref();
        let format = Format::of(file)?;
        let mut beside = file.as_os_str().to_owned();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let opened = BufWriter::new(File::create(&beside).map_err(|error| TableError::io(&beside, error))?);
        let names = columns.iter().map(|(name, _)| name);
        let failed = |error: csv::Error| TableError::format(file, error.to_string());
        let sink = match format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(opened);
                writer.write_record(names).map_err(failed)?;
                Sink::Csv(Box::new(writer))
            }
            Format::CsvGz => {
                let mut writer = csv::Writer::from_writer(GzEncoder::new(opened, flate2::Compression::default()));
                writer.write_record(names).map_err(failed)?;
                Sink::CsvGz(Box::new(writer))
            }
            Format::Parquet => {
                let schema = Arc::new(schema(columns));
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                let writer = ArrowWriter::try_new(opened, schema.clone(), Some(properties));
                Sink::Parquet(Box::new(writer.map_err(|error| TableError::format(file, error.to_string()))?), schema)
            }
        };
        let kinds = columns.iter().map(|(_, kind)| *kind).collect();
        Ok(Self { file: file.to_owned(), beside, kinds, rows: 0, sink: Some(sink) })
    }

    /// Writes some rows: all columns, in the order in which they were announced, all of one length.
    pub fn write(&mut self, columns: &[Column]) -> Result<(), TableError> {
        let rows = columns.first().map_or(0, Column::rows);
        let fits = columns.iter().map(Column::kind).eq(self.kinds.iter().copied());
        if !fits || columns.iter().any(|column| column.rows() != rows) {
            return Err(TableError::format(&self.file, "expected the announced columns, all of one length"));
        }
        match &mut self.sink {
            Some(Sink::Csv(writer)) => write_csv(writer, columns, rows),
            Some(Sink::CsvGz(writer)) => write_csv(writer, columns, rows),
            Some(Sink::Parquet(writer, schema)) => write_parquet(writer, schema, columns),
            None => Ok(()),
        }
        .map_err(|error| TableError::io(&self.beside, error))?;
        self.rows += rows as u64;
        Ok(())
    }

    /// Ends the table, puts it in its place and returns how many rows it has.
    pub fn finish(mut self) -> Result<u64, TableError> {
        let finished = match self.sink.take() {
            Some(Sink::Csv(writer)) => writer.into_inner().map_err(|error| io::Error::other(error.to_string())),
            Some(Sink::CsvGz(writer)) => {
                writer.into_inner().map_err(|error| io::Error::other(error.to_string())).and_then(GzEncoder::finish)
            }
            Some(Sink::Parquet(writer, _)) => writer.into_inner().map_err(io::Error::other),
            None => return Ok(self.rows),
        };
        let durable = |mut writer: BufWriter<File>| {
            writer.flush()?;
            writer.get_ref().sync_all()?;
            std::fs::rename(&self.beside, &self.file)
        };
        finished.and_then(durable).map_err(|error| TableError::io(&self.file, error))?;
        Ok(self.rows)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.sink.is_some() {
            // Nothing waits for a table that was given up; a file that stays behind does no harm.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

fn schema(columns: &[(&str, ColumnKind)]) -> Schema {
    let fields = columns.iter().map(|(name, kind)| {
        let kind = match kind {
            ColumnKind::Number => DataType::Float64,
            ColumnKind::Text => DataType::Utf8,
            ColumnKind::Flag => DataType::Boolean,
            ColumnKind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        };
        Field::new(*name, kind, true)
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn write_csv<W: Write>(writer: &mut csv::Writer<W>, columns: &[Column], rows: usize) -> io::Result<()> {
    for row in 0..rows {
        for column in columns {
            match column {
                Column::Number(cells) => match cells.get(row) {
                    Some(number) if !number.is_nan() => writer.write_field(plain(*number)),
                    _ => writer.write_field(""),
                },
                Column::Text(cells) => writer.write_field(cells.get(row).unwrap_or_default()),
                Column::Flag(cells) => {
                    let name = |flag| if flag { "true" } else { "false" };
                    writer.write_field(cells.get(row).copied().flatten().map_or("", name))
                }
                Column::Time(cells) => {
                    writer.write_field(cells.get(row).copied().flatten().map(rfc_3339).unwrap_or_default())
                }
            }?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

fn write_parquet(
    writer: &mut ArrowWriter<BufWriter<File>>,
    schema: &Arc<Schema>,
    columns: &[Column],
) -> io::Result<()> {
    let arrays = columns.iter().map(|column| -> ArrayRef {
        match column {
            Column::Number(cells) => {
                let cells = cells.iter().map(|number| (!number.is_nan()).then_some(*number));
                Arc::new(cells.collect::<Float64Array>())
            }
            Column::Text(cells) => {
                let mut builder = StringBuilder::new();
                cells.iter().for_each(|text| builder.append_option(text));
                Arc::new(builder.finish())
            }
            Column::Flag(cells) => Arc::new(cells.iter().copied().collect::<BooleanArray>()),
            Column::Time(cells) => {
                Arc::new(cells.iter().copied().collect::<TimestampMillisecondArray>().with_timezone("UTC"))
            }
        }
    });
    let batch = RecordBatch::try_new(schema.clone(), arrays.collect()).map_err(io::Error::other)?;
    writer.write(&batch).map_err(io::Error::other)?;
    if writer.in_progress_size() > ROW_GROUP_BYTES {
        writer.flush().map_err(io::Error::other)?;
    }
    Ok(())
}
