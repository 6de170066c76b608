use super::checkpointer::{Bounds, Checkpointer};
use super::*;
use crate::store::specimen::{generation, id, imported, reported, submitted};
use rusqlite::Connection;
use std::path::PathBuf;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("aval.db")
    }

    fn open(&self) -> Result<Sqlite, StoreError> {
        Sqlite::open(&self.path(), &Options::default())
    }

    /// A store with a submission, an imported purchase and a report.
    fn filled(&self) -> Sqlite {
        let store = self.open().unwrap();
        let mut writer = store.writer().unwrap();
        let champion = Arc::new(generation("champion"));
        writer.keep_generation(&champion).unwrap();
        let entries = [submitted(0, &champion), imported(1), reported(2, 0)];
        writer.commit(&Batch { entries: entries.map(Arc::new).into(), ..Batch::default() }).unwrap();
        store
    }

    /// Changes the database as nobody should.
    fn tamper(&self, sql: &str) {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }
}

fn check_refused(result: Result<impl Sized, StoreError>, expected: &[&str]) {
    let Err(refusal) = result else { panic!("expected a refusal with {expected:?}") };
    let shown = refusal.to_string();
    assert!(expected.iter().all(|part| shown.contains(part)), "expected {expected:?} in: {shown}");
}

#[test]
fn what_is_no_store_of_ours_is_refused_with_its_mend() {
    let letter = Place::new();
    std::fs::write(letter.path(), "Dear Sir or Madam, this is not a database.".repeat(200)).unwrap();
    check_refused(letter.open(), &["aval.db is not a database", "--store"]);
    let short = Place::new();
    std::fs::write(short.path(), "Dear Sir or Madam").unwrap();
    check_refused(short.open(), &["aval.db is not a database", "--store"]);

    let foreign = Place::new();
    foreign.tamper("CREATE TABLE cake (flour INTEGER)");
    check_refused(foreign.open(), &["aval.db is the database of another program", "--store"]);

    let place = Place::new();
    let nowhere = Sqlite::open(&place.directory.path().join("none/aval.db"), &Options::default());
    check_refused(nowhere, &["none does not exist: make it"]);
    check_refused(Sqlite::open(place.directory.path(), &Options::default()), &["--store"]);
}

#[test]
fn a_newer_version_is_refused() {
    let place = Place::new();
    drop(place.filled());
    place.tamper("PRAGMA user_version = 99");
    match place.open() {
        Err(StoreError::Version { found: 99, known: 2, path }) => assert!(path.ends_with("aval.db"), "{path}"),
        other => panic!("expected the version to be refused, found {other:?}"),
    }
}

#[test]
fn a_store_of_the_first_version_is_brought_up_to_date() {
    let place = Place::new();
    drop(place.filled());
    place.tamper(
        "DROP TABLE delivery; DROP TABLE webhook_endpoint; DELETE FROM meta WHERE name = 'deliveries_put'; \
         PRAGMA user_version = 1",
    );
    let store = place.open().unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!((reader.deliveries_put().unwrap(), reader.pending_endpoints().unwrap()), (0, Vec::new()));
    assert!(reader.last().unwrap().is_some(), "what it held is there");
    assert!(store.writer().is_ok());
}

#[test]
fn a_path_is_held_by_all_its_names() {
    let place = Place::new();
    let store = place.filled();
    let _writer = store.writer().unwrap();
    let link = place.directory.path().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    check_refused(Sqlite::open(&link, &Options::default()).unwrap().writer(), &["held by another server"]);
    let not_migrated = Place::new();
    drop(not_migrated.open());
    not_migrated.tamper("PRAGMA user_version = 0; PRAGMA application_id = 0");
    check_refused(not_migrated.open(), &["another program"]);
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.filled();
    let _writer = store.writer().unwrap();
    let _reader = store.reader().unwrap().last();
    let mut names = Vec::new();
    for file in std::fs::read_dir(place.directory.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?} has mode {mode:o}", file.file_name());
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["aval.db", "aval.db-shm", "aval.db-wal", "aval.db.lock"]);
}

#[test]
fn commits_are_durable_by_what_sqlite_answers() {
    let place = Place::new();
    let store = place.filled();
    let connection = store.0.connect(Access::Write).unwrap();
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
    for (name, expected) in [
        ("journal_mode", rusqlite::types::Value::Text("wal".into())),
        ("synchronous", 2.into()),
        ("foreign_keys", 1.into()),
        ("wal_autocheckpoint", 0.into()),
        ("application_id", 0x6176_616c.into()),
        ("user_version", 2.into()),
    ] {
        assert_eq!(pragma(name).unwrap(), expected, "{name}");
    }
}

#[test]
fn damage_is_named_by_table_column_and_row() {
    let row = id(0).seq().0;
    for (sql, expected) in [
        ("UPDATE entry SET event = x'' WHERE kind = 1", format!("table entry, column event, row {row}: ")),
        ("UPDATE entry SET at_ms = -1 WHERE kind = 1", format!("table entry, column at_ms, row {row}: ")),
        ("UPDATE entry SET kind = 8 WHERE kind = 1", format!("table entry, column kind, row {row}: ")),
        ("DELETE FROM generation", format!("table entry, column event, row {row}: generation")),
        ("UPDATE generation SET content = x'ff'", "table generation, column content, row 1: ".into()),
        ("UPDATE entry SET merchant = CAST(x'ff' AS TEXT) WHERE kind = 1", "column merchant".into()),
    ] {
        let place = Place::new();
        let store = place.filled();
        place.tamper(sql);
        match store.reader().unwrap().tail(Seq(0), 10) {
            Err(StoreError::Damaged(found)) => {
                assert!(found.starts_with(&expected) || found.contains(&expected), "{sql}: {found}");
            }
            other => panic!("{sql}: expected damage, found {other:?}"),
        }
    }
    let place = Place::new();
    let store = place.filled();
    let digest = Digest::of(b"x");
    store.writer().unwrap().keep_artifacts(&[(digest, b"x")]).unwrap();
    place.tamper("UPDATE artifact SET bytes = x'00'");
    check_refused(store.reader().unwrap().artifact(digest), &["table artifact, column bytes", &digest.to_string()]);
    place.tamper("DELETE FROM meta");
    check_refused(store.reader().unwrap().settled_through(), &["table meta, column value, row settled_through"]);
}

#[test]
fn a_torn_database_is_damaged_or_refused() {
    let place = Place::new();
    drop(place.filled());
    let mut bytes = std::fs::read(place.path()).unwrap();
    for page in bytes.chunks_exact_mut(4_096).skip(1) {
        page[..8].fill(0xee);
    }
    std::fs::write(place.path(), bytes).unwrap();
    let result = place.open().and_then(|store| store.reader()?.tail(Seq(0), 10));
    assert!(matches!(result, Err(StoreError::Damaged(_))), "{result:?}");
}

#[test]
fn erasing_the_subject_leaves_the_rest() {
    let place = Place::new();
    let store = place.filled();
    let before = store.reader().unwrap().entry(id(0)).unwrap().unwrap();
    assert!(before.subject.is_some());
    place.tamper("UPDATE entry SET subject = NULL");
    let after = store.reader().unwrap().entry(id(0)).unwrap().unwrap();
    assert_eq!(after.subject, None);
    let erased = Entry { subject: None, ..before };
    assert_eq!(format!("{after:?}"), format!("{erased:?}"));
}

#[test]
fn only_what_comes_later_is_indexed_by_application() {
    let place = Place::new();
    let store = place.filled();
    let connection = store.0.connect(Access::Read).unwrap();
    let plan = |sql: &str| {
        connection.query_row(&format!("EXPLAIN QUERY PLAN {sql}"), [], |row| row.get::<_, String>(3)).unwrap()
    };
    let by_application = plan("SELECT event FROM entry WHERE application = 1 ORDER BY seq");
    assert!(by_application.contains("USING INDEX entry_later"), "{by_application}");
    let indices = "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'entry'";
    let indices: String = connection.query_row(indices, [], |row| row.get(0)).unwrap();
    assert_eq!(indices, "entry_later", "no other index stands on the durable path");
}

/// Writes 4 MiB through a write-ahead log within these bounds, and returns how long its file and the database became.
fn written_through(bounds: Bounds, place: &Place) -> (u64, u64) {
    let length = |name: &str| std::fs::metadata(place.directory.path().join(name)).map_or(0, |file| file.len());
    let store = place.open().unwrap();
    let connection = store.0.connect(Access::Write).unwrap();
    let mut checkpointer = Checkpointer::start(&store.0, bounds).unwrap();
    let bytes = vec![7_u8; 32 << 10];
    let mut longest = 0;
    for n in 0..128 {
        let insert = "INSERT INTO checkpoint (through, bytes) VALUES (?1, ?2)";
        connection.execute(insert, rusqlite::params![n, bytes]).unwrap();
        longest = longest.max(length("aval.db-wal"));
        checkpointer.committed(bytes.len() as u64, &connection);
    }
    drop(checkpointer);
    (longest, length("aval.db"))
}

#[test]
fn the_write_ahead_log_is_moved_beside_the_writer_and_begins_anew_past_its_bound() {
    let (longest, database) = written_through(Bounds { every_bytes: 64 << 10, wal_bytes: u64::MAX }, &Place::new());
    assert!(database > 4 << 20, "the thread moved {database} bytes, the log became {longest} long");
    let (longest, database) = written_through(Bounds { every_bytes: 64 << 10, wal_bytes: 0 }, &Place::new());
    assert!(longest < 256 << 10, "the log became {longest} bytes long");
    assert!(database > 4 << 20, "the writer moved {database} bytes");
}

#[test]
fn a_database_is_read_without_its_write_ahead_log() {
    let place = Place::new();
    let store = place.filled();
    let names = ["aval.db-wal", "aval.db-shm"].map(|name| place.directory.path().join(name));
    assert!(names.iter().all(|path| !path.exists()), "the last to go leaves the database alone");
    assert_eq!(store.reader().unwrap().last().unwrap(), Some(id(2).seq()));
}
