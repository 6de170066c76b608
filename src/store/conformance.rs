//! What every store does: one suite, run for each of them. A new store adds one line to `every_store!`.

mod deliveries;
mod journeys;
mod opening;

use super::specimen::{at, generation, id, imported, journey, keys, merchant, reported, submitted};
use super::*;
use crate::domain::keys::KeyKind;
use deliveries::{
    dead_deliveries_wait_apart_and_come_back, deliveries_are_written_with_their_entries_and_go_away,
    endpoints_are_put_beside_the_writer,
};
use journeys::{a_journey_is_read_as_it_went, lists_by_state_follow_the_newest_state};
use std::sync::atomic::{AtomicBool, Ordering};

/// A store under test: opened, and opened again, as a process that starts would.
struct Bed {
    open: Box<Open>,
}

type Open = dyn Fn(&Options) -> Result<Arc<dyn Store>, StoreError>;

impl Bed {
    fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            open: Box::new(move |options| {
                open(&format!("sqlite:{}", directory.path().join("a.db").display()), options)
            }),
        }
    }

    /// What ends with the process is opened again by going on with it.
    fn memory() -> Self {
        let memory = std::cell::OnceCell::new();
        Self { open: Box::new(move |options| Ok(Arc::new(memory.get_or_init(|| Memory::new(options)).clone()))) }
    }

    fn store(&self) -> Arc<dyn Store> {
        (self.open)(&Options::default()).unwrap()
    }

    /// The store with a writer that knows the generation of [`champion`].
    fn writer(&self) -> (Arc<dyn Store>, Box<dyn Writer>) {
        let store = self.store();
        let mut writer = store.writer().unwrap();
        writer.keep_generation(&champion()).unwrap();
        (store, writer)
    }

    /// The store with these entries in it.
    fn with(&self, entries: impl IntoIterator<Item = Entry>) -> (Arc<dyn Store>, Box<dyn Writer>) {
        let (store, mut writer) = self.writer();
        writer.commit(&batch(entries)).unwrap();
        (store, writer)
    }
}

macro_rules! every_store {
    ([$($store:ident)*] $tests:tt) => {
        $(every_store!($store $tests);)*
    };
    ($store:ident { $($test:ident)* }) => {
        mod $store {
            $(#[test] fn $test() { super::$test(&super::Bed::$store()) })*
        }
    };
}

every_store! {
    [sqlite memory]
    {
        an_empty_store_holds_nothing
        what_was_written_is_read
        a_batch_is_written_whole_or_not_at_all
        after_a_failed_commit_the_writer_is_done_and_another_goes_on
        places_ascend
        a_history_is_found_by_the_whole_id
        the_tail_goes_on_from_any_place
        a_journey_is_read_as_it_went
        lists_are_filtered_and_go_on
        lists_by_state_follow_the_newest_state
        a_list_looks_at_a_bounded_number_of_rows
        settled_requests_are_found
        checkpoints_follow_one_another
        artifacts_are_kept_once
        entries_refer_to_kept_generations
        there_is_one_writer
        readers_see_what_is_committed_beside_the_writer
        everybody_goes_on_at_once
        api_keys_are_put_beside_the_writer
        deliveries_are_written_with_their_entries_and_go_away
        dead_deliveries_wait_apart_and_come_back
        endpoints_are_put_beside_the_writer
        everything_is_there_after_opening_again
        a_full_store_says_so_and_keeps_what_it_has
    }
}

fn champion() -> Arc<GenerationRef> {
    Arc::new(generation("champion"))
}

fn batch(entries: impl IntoIterator<Item = Entry>) -> Batch {
    Batch { entries: entries.into_iter().map(Arc::new).collect(), ..Batch::default() }
}

fn submissions(places: std::ops::Range<i64>) -> Vec<Entry> {
    let champion = champion();
    places.map(|n| submitted(n, &champion)).collect()
}

fn ids(entries: &[Entry]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

fn all(store: &dyn Store) -> Vec<EntryId> {
    ids(&store.reader().unwrap().tail(Seq(0), usize::MAX).unwrap())
}

/// Two entries are one, NaN or not.
fn same(found: &[Entry], expected: &[Entry]) {
    assert_eq!(format!("{found:#?}"), format!("{expected:#?}"));
    let subjects = |entries: &[Entry]| entries.iter().map(|entry| entry.subject.clone()).collect::<Vec<_>>();
    assert_eq!(subjects(found), subjects(expected));
}

fn an_empty_store_holds_nothing(bed: &Bed) {
    let mut reader = bed.store().reader().unwrap();
    assert_eq!(reader.last().unwrap(), None);
    assert_eq!(reader.settled_through().unwrap(), Seq(0));
    assert!(reader.entry(id(1)).unwrap().is_none() && reader.entry_at(Seq(1)).unwrap().is_none());
    assert!(reader.history(id(1)).unwrap().is_empty() && reader.tail(Seq(0), 10).unwrap().is_empty());
    assert!(reader.settled_request(1).unwrap().is_none() && reader.checkpoint(Seq(0)).unwrap().is_none());
    assert!(reader.artifact(Digest::of(b"")).unwrap().is_none() && reader.api_keys().unwrap().is_empty());
    let page = reader.list(&query()).unwrap();
    assert!(page.entries.is_empty() && page.next.is_none());
}

fn what_was_written_is_read(bed: &Bed) {
    let mut entries = submissions(0..3);
    entries.extend(journey(2, &champion()));
    entries.extend([imported(6), imported(7), reported(8, 1)]);
    let (store, _writer) = bed.with(entries.clone());
    let mut reader = store.reader().unwrap();
    same(&reader.tail(Seq(0), 10).unwrap(), &entries);
    for entry in &entries {
        same(&[reader.entry(entry.id).unwrap().unwrap()], std::slice::from_ref(entry));
        same(&[reader.entry_at(entry.id.seq()).unwrap().unwrap()], std::slice::from_ref(entry));
    }
    assert_eq!(reader.last().unwrap(), Some(id(8).seq()));
}

fn a_batch_is_written_whole_or_not_at_all(bed: &Bed) {
    let (store, mut writer) = bed.with(submissions(0..2));
    let stranger = Arc::new(generation("never kept"));
    let mut bad = batch([imported(2), submitted(3, &stranger)]);
    bad.settled_requests = vec![(7, id(0).seq())];
    bad.checkpoint = Some(Checkpoint { through: id(2).seq(), bytes: vec![1] });
    assert!(writer.commit(&bad).is_err());
    drop(writer);
    assert_eq!(all(store.as_ref()), [id(0), id(1)]);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.settled_request(7).unwrap(), None);
    assert_eq!(reader.checkpoint(Seq(0)).unwrap(), None);
}

fn after_a_failed_commit_the_writer_is_done_and_another_goes_on(bed: &Bed) {
    let (store, mut writer) = bed.with(submissions(0..2));
    assert!(writer.commit(&batch([imported(0)])).is_err());
    assert!(writer.commit(&batch([imported(3)])).is_err(), "a writer that has failed writes nothing more");
    drop(writer);
    let mut writer = store.writer().unwrap();
    writer.commit(&batch([imported(3)])).unwrap();
    assert_eq!(all(store.as_ref()), [id(0), id(1), id(3)]);
}

fn places_ascend(bed: &Bed) {
    for bad in [vec![imported(1)], vec![imported(2)], vec![imported(4), imported(3)], vec![imported(5), imported(5)]] {
        let shown = ids(&bad);
        let store = bed.store();
        if store.reader().unwrap().last().unwrap().is_none() {
            store.writer().unwrap().commit(&batch([imported(2)])).unwrap();
        }
        let refused = store.writer().unwrap().commit(&batch(bad));
        assert!(matches!(refused, Err(StoreError::Unusable(_))), "{shown:?} after {:?}: {refused:?}", id(2));
        assert_eq!(all(store.as_ref()), [id(2)], "{shown:?}");
    }
}

fn a_history_is_found_by_the_whole_id(bed: &Bed) {
    let mut entries = submissions(0..3);
    entries.extend([imported(3), reported(4, 1), reported(5, 2), reported(6, 1)]);
    let (store, _writer) = bed.with(entries);
    let mut reader = store.reader().unwrap();
    let guessed = EntryId::from_parts(id(1).seq(), id(1).random() ^ 1);
    for (application, expected) in [
        (id(0), vec![id(0)]),
        (id(1), vec![id(1), id(4), id(6)]),
        (id(2), vec![id(2), id(5)]),
        (id(3), vec![id(3)]),
        (id(4), vec![]),
        (guessed, vec![]),
        (id(9), vec![]),
    ] {
        assert_eq!(ids(&reader.history(application).unwrap()), expected, "{application:?}");
    }
    assert!(reader.entry(guessed).unwrap().is_none());
}

fn the_tail_goes_on_from_any_place(bed: &Bed) {
    let (store, _writer) = bed.with((0..10).map(imported));
    let mut reader = store.reader().unwrap();
    for (after, limit, expected) in [
        (Seq(0), 3, 0..3),
        (id(2).seq(), 3, 3..6),
        (Seq(id(2).seq().0 + 1), 3, 3..6),
        (id(8).seq(), 3, 9..10),
        (id(9).seq(), 3, 0..0),
        (Seq(i64::MAX), 3, 0..0),
        (Seq(0), 0, 0..0),
    ] {
        let expected: Vec<_> = expected.map(id).collect();
        assert_eq!(ids(&reader.tail(after, limit).unwrap()), expected, "{limit} after {after:?}");
    }
}

fn query() -> ListQuery {
    ListQuery {
        merchant: merchant("demo"),
        before: None,
        state: None,
        customer: None,
        created_from: None,
        created_before: None,
        limit: 100,
    }
}

fn lists_are_filtered_and_go_on(bed: &Bed) {
    let mut entries = submissions(0..12);
    let Event::Submitted(other) = &mut entries[4].event else { panic!("a submission") };
    other.facts.merchant = merchant("other");
    entries[4].merchant = merchant("other");
    entries.extend([imported(12), reported(13, 1)]);
    let (store, _writer) = bed.with(entries);
    let mut reader = store.reader().unwrap();
    let customer = keys(2).get(KeyKind::Customer);
    for (name, query, expected) in [
        ("all of a merchant", query(), vec![11, 10, 9, 8, 7, 6, 5, 3, 2, 1, 0]),
        ("another merchant", ListQuery { merchant: merchant("other"), ..query() }, vec![4]),
        ("no merchant", ListQuery { merchant: merchant("none"), ..query() }, vec![]),
        ("accepted", ListQuery { state: Some(StateKind::Accepted), ..query() }, vec![9, 6, 3, 0]),
        ("declined", ListQuery { state: Some(StateKind::Declined), ..query() }, vec![10, 7, 1]),
        ("expired", ListQuery { state: Some(StateKind::Expired), ..query() }, vec![]),
        ("one customer", ListQuery { customer, ..query() }, vec![9, 2]),
        ("from", ListQuery { created_from: Some(at(9)), ..query() }, vec![11, 10, 9]),
        ("before a time", ListQuery { created_before: Some(at(2)), ..query() }, vec![1, 0]),
        ("older than", ListQuery { before: Some(id(2).seq()), ..query() }, vec![1, 0]),
        (
            "all together",
            ListQuery { state: Some(StateKind::Accepted), customer, created_from: Some(at(3)), ..query() },
            vec![9],
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(id).collect();
        let page = reader.list(&query).unwrap();
        assert_eq!((ids(&page.entries), page.next), (expected.clone(), None), "{name}");
        for limit in [1, 2, 3] {
            let mut paged = ListQuery { limit, ..query.clone() };
            let mut found = Vec::new();
            loop {
                let page = reader.list(&paged).unwrap();
                assert!(page.entries.len() <= limit, "{name}, {limit} a page");
                found.extend(ids(&page.entries));
                let Some(next) = page.next else { break };
                paged.before = Some(next);
            }
            assert_eq!(found, expected, "{name}, {limit} a page");
        }
    }
}

fn a_list_looks_at_a_bounded_number_of_rows(bed: &Bed) {
    let mut entries = submissions(0..1);
    entries.extend((1..=LIST_ROWS as i64).map(imported));
    let (store, _writer) = bed.with(entries);
    let mut reader = store.reader().unwrap();
    let first = reader.list(&query()).unwrap();
    assert_eq!((ids(&first.entries), first.next), (vec![], Some(id(1).seq())), "short, and not the last");
    let second = reader.list(&ListQuery { before: first.next, ..query() }).unwrap();
    assert_eq!((ids(&second.entries), second.next), (vec![id(0)], None));
}

fn settled_requests_are_found(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let lot = |settled_requests| Batch { settled_requests, ..Batch::default() };
    writer.commit(&lot(vec![(3, Seq(12)), (u64::MAX, Seq(11))])).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.settled_through().unwrap(), Seq(12));
    writer.commit(&lot(vec![(3, Seq(14)), (5, Seq(13))])).unwrap();
    for (fingerprint, expected) in [(3, Some(12)), (u64::MAX, Some(11)), (5, Some(13)), (4, None)] {
        assert_eq!(reader.settled_request(fingerprint).unwrap(), expected.map(Seq), "{fingerprint}: the first answer");
    }
    assert_eq!(reader.settled_through().unwrap(), Seq(14));
}

fn checkpoints_follow_one_another(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let checkpoint = |n: i64| Checkpoint { through: id(n).seq(), bytes: vec![n as u8; 10_000] };
    for n in [3, 5] {
        writer.commit(&Batch { checkpoint: Some(checkpoint(n)), ..batch([imported(n)]) }).unwrap();
    }
    let mut reader = store.reader().unwrap();
    for (after, expected) in [(Seq(0), Some(3)), (id(2).seq(), Some(3)), (id(3).seq(), Some(5)), (id(5).seq(), None)] {
        assert_eq!(reader.checkpoint(after).unwrap(), expected.map(checkpoint), "after {after:?}");
    }
}

fn artifacts_are_kept_once(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let files: [&[u8]; 2] = [b"a model", b"a policy"];
    let files = files.map(|bytes| (Digest::of(bytes), bytes));
    writer.keep_artifacts(&files).unwrap();
    writer.keep_artifacts(&files).unwrap();
    let mut reader = store.reader().unwrap();
    for (digest, bytes) in files {
        assert_eq!(reader.artifact(digest).unwrap().as_deref(), Some(bytes));
    }
    assert_eq!(reader.artifact(Digest::of(b"another")).unwrap(), None);
}

fn entries_refer_to_kept_generations(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let other = Arc::new(generation("challenger"));
    writer.keep_generation(&other).unwrap();
    writer.keep_generation(&champion()).unwrap();
    let entries = [submitted(0, &other), submitted(1, &champion()), submitted(2, &other)];
    writer.commit(&batch(entries.clone())).unwrap();
    same(&store.reader().unwrap().tail(Seq(0), 9).unwrap(), &entries);
    drop((writer, store));

    let store = bed.store();
    let mut writer = store.writer().unwrap();
    writer.commit(&batch([submitted(3, &other)])).unwrap();
    let found = store.reader().unwrap().entry(id(3)).unwrap().unwrap();
    same(&[found], &[submitted(3, &other)]);
    let refused = writer.commit(&batch([submitted(4, &Arc::new(generation("never kept")))])).unwrap_err();
    assert!(refused.to_string().contains("generation"), "{refused}");
}

fn there_is_one_writer(bed: &Bed) {
    let store = bed.store();
    let writer = store.writer().unwrap();
    for other in [store.clone(), bed.store()] {
        assert!(matches!(other.writer(), Err(StoreError::Held(_))), "a second writer");
    }
    drop(writer);
    store.writer().unwrap();
}

fn readers_see_what_is_committed_beside_the_writer(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let mut readers = [store.reader().unwrap(), store.reader().unwrap()];
    for n in 0..5 {
        writer.commit(&batch([imported(n)])).unwrap();
        for reader in &mut readers {
            assert_eq!(reader.last().unwrap(), Some(id(n).seq()), "as soon as the commit returns");
        }
    }
    drop(writer);
    for reader in &mut readers {
        assert_eq!(reader.tail(Seq(0), 10).unwrap().len(), 5, "after the writer has gone too");
    }
}

fn everybody_goes_on_at_once(bed: &Bed) {
    const COMMITS: i64 = 100;
    let (store, mut writer) = bed.writer();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let all = (0..COMMITS).try_for_each(|n| writer.commit(&batch((n * 8..n * 8 + 8).map(imported))));
            done.store(true, Ordering::Release);
            all.unwrap();
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let mut read = 0;
                loop {
                    let last_time = done.load(Ordering::Acquire);
                    let mut reader = store.reader().unwrap();
                    let after = if read == 0 { Seq(0) } else { id(read - 1).seq() };
                    let next = reader.tail(after, 1_000).unwrap();
                    assert_eq!(next.len() % 8, 0, "whole batches are seen, or nothing of them");
                    let expected: Vec<_> = (read..read + next.len() as i64).map(id).collect();
                    assert_eq!(ids(&next), expected, "in order, each once");
                    read += next.len() as i64;
                    if last_time {
                        break assert_eq!(read, COMMITS * 8);
                    }
                }
            });
        }
        scope.spawn(|| (0..20).for_each(|n| store.put_api_key(&api_key(&n.to_string(), n)).unwrap()));
    });
    assert_eq!(store.reader().unwrap().api_keys().unwrap().len(), 20);
}

fn api_key(name: &str, created: i64) -> ApiKey {
    ApiKey {
        prefix: format!("aval_{name}"),
        digest: Digest::of(name.as_bytes()),
        merchant: merchant("demo"),
        roles: "merchant,reviewer".into(),
        created_at: at(created),
        revoked_at: None,
    }
}

fn api_keys_are_put_beside_the_writer(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let (first, second) = (api_key("first", 2), api_key("second", 1));
    store.put_api_key(&first).unwrap();
    writer.commit(&batch([imported(0)])).unwrap();
    store.put_api_key(&second).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.api_keys().unwrap(), [second.clone(), first.clone()], "by age");
    let revoked = ApiKey { revoked_at: Some(at(9)), ..first };
    store.put_api_key(&revoked).unwrap();
    writer.commit(&batch([imported(1)])).unwrap();
    assert_eq!(reader.api_keys().unwrap(), [second, revoked]);
}

fn everything_is_there_after_opening_again(bed: &Bed) {
    let mut entries = submissions(0..20);
    entries.push(reported(20, 3));
    let checkpoint = Checkpoint { through: id(20).seq(), bytes: vec![7; 100] };
    let (store, mut writer) = bed.writer();
    let settled_requests = vec![(9, id(0).seq())];
    let whole = Batch { settled_requests, checkpoint: Some(checkpoint.clone()), ..batch(entries.clone()) };
    writer.commit(&whole).unwrap();
    writer.keep_artifacts(&[(Digest::of(b"x"), b"x")]).unwrap();
    drop((writer, store));

    let mut reader = bed.store().reader().unwrap();
    same(&reader.tail(Seq(0), 100).unwrap(), &entries);
    assert_eq!(reader.history(id(3)).unwrap().len(), 2);
    assert_eq!(reader.checkpoint(Seq(0)).unwrap(), Some(checkpoint));
    assert_eq!(reader.settled_request(9).unwrap(), Some(id(0).seq()));
    assert_eq!(reader.artifact(Digest::of(b"x")).unwrap().as_deref(), Some(b"x".as_slice()));
}

fn a_full_store_says_so_and_keeps_what_it_has(bed: &Bed) {
    let store = (bed.open)(&Options { max_bytes: Some(1 << 19) }).unwrap();
    let mut writer = store.writer().unwrap();
    writer.keep_generation(&champion()).unwrap();
    let mut written = 0;
    let full = loop {
        assert!(written < 10_000, "half a mebibyte does not hold {written} submissions");
        match writer.commit(&batch(submissions(written..written + 100))) {
            Ok(()) => written += 100,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full(_)), "{full}");
    assert!(written >= 200, "room for {written}");
    drop(writer);
    let expected: Vec<_> = (0..written).map(id).collect();
    assert_eq!(all(store.as_ref()), expected);
    assert!(store.writer().is_ok(), "with room again, it goes on");
}

#[test]
fn memory_fails_when_told_to_before_or_after_writing() {
    for (after_write, expected) in [(false, vec![id(0)]), (true, vec![id(0), id(1)])] {
        let memory = Memory::default();
        let mut writer = memory.writer().unwrap();
        writer.commit(&batch([imported(0)])).unwrap();
        memory.fail_commits(1, after_write);
        assert!(writer.commit(&batch([imported(1)])).is_err());
        assert_eq!(all(&memory), expected, "after_write: {after_write}");
        drop(writer);
        memory.writer().unwrap().commit(&batch([imported(2)])).unwrap();
    }
}
