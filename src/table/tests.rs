use super::*;
use std::io::Write as _;

fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn csv(text: &str) -> (tempfile::TempDir, Source) {
    let place = place();
    let file = place.path().join("a.csv");
    std::fs::write(&file, text).unwrap();
    let source = open(&file).unwrap();
    (place, source)
}

fn texts(cells: &[Option<&str>]) -> Texts {
    let mut texts = Texts::default();
    cells.iter().for_each(|cell| texts.push(*cell));
    texts
}

#[test]
fn what_is_written_is_read_back_in_every_format() {
    let numbers = vec![1.0, f64::NAN, -0.1, 1e300, 123_456_789_012.0];
    let words = texts(&[Some("a,b"), None, Some("\"é\"\n"), Some("x"), Some("0")]);
    let flags = vec![Some(true), None, Some(false), None, Some(true)];
    let times = vec![Some(0), Some(1_532_476_800_500), None, Some(1), Some(2)];
    let kinds = [("n", ColumnKind::Number), ("t", ColumnKind::Text), ("f", ColumnKind::Flag), ("at", ColumnKind::Time)];
    let columns = [
        Column::Number(numbers.clone()),
        Column::Text(words.clone()),
        Column::Flag(flags.clone()),
        Column::Time(times.clone()),
    ];
    for name in ["a.csv", "a.csv.gz", "a.parquet"] {
        let place = place();
        let file = place.path().join(name);
        let mut writer = Writer::create(&file, &kinds).unwrap();
        (0..2_000).for_each(|_| writer.write(&columns).unwrap());
        assert!(!file.exists(), "{name} stands there before it is whole");
        assert_eq!(writer.finish().unwrap(), 10_000);
        let source = open(&file).unwrap();
        assert_eq!(source.names(), ["n", "t", "f", "at"], "{name}");
        assert_eq!(source.rows(), (name == "a.parquet").then_some(10_000));
        let mut row = 0;
        for batch in source.read(&["at", "f", "t", "n"]).unwrap() {
            let batch = batch.unwrap();
            assert_eq!(batch.first_row(), row as u64 + 1, "{name}");
            assert!(batch.rows() <= BATCH_ROWS);
            let (read, kept) = (batch.numbers("n").unwrap(), batch.texts("t").unwrap());
            let (said, when) = (batch.flags("f").unwrap(), batch.times("at").unwrap());
            for at in 0..batch.rows() {
                let from = row % 5;
                assert_eq!(read[at].to_bits(), numbers[from].to_bits(), "{name} row {row}");
                assert_eq!(kept.get(at), words.get(from), "{name} row {row}");
                assert_eq!((said[at], when[at]), (flags[from], times[from]), "{name} row {row}");
                row += 1;
            }
        }
        let rows: usize = source.read_all().unwrap().map(|batch| batch.unwrap().rows()).sum();
        assert_eq!(rows, 10_000, "{name}");
    }
}

#[test]
fn a_table_that_is_given_up_leaves_nothing() {
    let place = place();
    drop(Writer::create(place.path().join("a.parquet"), &[("n", ColumnKind::Number)]).unwrap());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn cells_are_read_as_what_is_asked_for() {
    let (_place, source) = csv("\u{feff}a,b,c\n1,True,2018-07-25 08:30:00\n,no,2018-07-25\n2.5,,\n");
    let batch = source.read_all().unwrap().next().unwrap().unwrap();
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&batch.numbers("a").unwrap()), bits(&[1.0, f64::NAN, 2.5]));
    assert_eq!(bits(&batch.numbers("b").unwrap()), bits(&[1.0, 0.0, f64::NAN]));
    assert_eq!(batch.flags("b").unwrap().as_ref(), [Some(true), Some(false), None]);
    assert_eq!(batch.times("c").unwrap().as_ref(), [Some(1_532_507_400_000), Some(1_532_476_800_000), None]);
    assert_eq!(*batch.texts("a").unwrap(), texts(&[Some("1"), None, Some("2.5")]));
}

#[test]
fn a_cell_that_cannot_be_read_is_named() {
    let (_place, source) = csv("a,b\n1,2\nx,inf\n");
    let batch = source.read_all().unwrap().next().unwrap().unwrap();
    for (error, expected) in [
        (batch.numbers("a").unwrap_err(), "row 2, column `a`: expected a finite number"),
        (batch.numbers("b").unwrap_err(), "row 2, column `b`: expected a finite number"),
        (batch.flags("b").unwrap_err(), "row 1, column `b`: expected true or false (or 1 or 0)"),
        (batch.times("a").unwrap_err(), "row 1, column `a`: expected a time such as"),
        (batch.texts("z").unwrap_err(), "there is no column `z`; there are a, b"),
        (source.read(&["z"]).err().unwrap(), "there is no column `z`; there are a, b"),
    ] {
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_file_that_is_no_table_is_refused() {
    let place = place();
    let file = |name: &str, bytes: &[u8]| {
        let file = place.path().join(name);
        std::fs::File::create(&file).unwrap().write_all(bytes).unwrap();
        file
    };
    let long = [b"a\n\"".as_slice(), &vec![b'x'; MAX_LINE_BYTES as usize + (1 << 18)]].concat();
    for (path, expected) in [
        (file("a.txt", b""), "expected a name that ends in .csv, .csv.gz or .parquet"),
        (file("empty.csv", b""), "expected a header"),
        (file("twice.csv", b"a,a\n"), "the column `a` is there twice"),
        (file("short.csv", b"a,b\n1,2\n3\n"), "line 3: expected 2 cells as in the header, found 1"),
        (file("utf.csv", b"a\n\xff\n"), "row 1: expected UTF-8"),
        (file("quote.csv", &long), "is a quotation mark left open?"),
        (file("a.csv.gz", b"a\n1\n2\n3\n4\n5\n6\n"), "gzip"),
        (file("a.parquet", b"PAR1"), "a.parquet: "),
        (place.path().join("none.csv"), "none.csv: "),
    ] {
        let read = open(&path).and_then(|source| source.read_all()?.collect::<Result<Vec<_>, _>>());
        let error = read.err().unwrap_or_else(|| panic!("{} was read", path.display())).to_string();
        assert!(error.contains(expected), "{error}\n expected: {expected}");
    }
}
