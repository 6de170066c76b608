//! Journeys in every store.

use super::*;

pub fn a_journey_is_read_as_it_went(bed: &Bed) {
    let mut entries = submissions(0..3);
    entries.extend(journey(2, &champion()));
    entries.push(reported(6, 2));
    let (store, _writer) = bed.with(entries.clone());
    let expected: Vec<_> = entries.iter().filter(|entry| entry.application == id(2)).cloned().collect();
    assert_eq!(expected.len(), 5);
    let mut reader = store.reader().unwrap();
    same(&reader.history(id(2)).unwrap(), &expected);
    same(&reader.tail(id(2).seq(), 10).unwrap(), &entries[3..]);
}

pub fn lists_by_state_follow_the_newest_state(bed: &Bed) {
    let (store, mut writer) = bed.with(submissions(0..3));
    let mut reader = store.reader().unwrap();
    let mut listed = |state, customer| {
        let page = reader.list(&ListQuery { state: Some(state), customer, ..query() }).unwrap();
        ids(&page.entries)
    };
    assert_eq!(listed(StateKind::Challenged, None), [id(2)]);
    let steps = journey(2, &champion());
    let customer = keys(2).get(KeyKind::Customer);
    for (step, challenged, verifying, accepted) in [
        (0, vec![id(2)], vec![], vec![id(0)]),
        (1, vec![], vec![id(2)], vec![id(0)]),
        (2, vec![], vec![], vec![id(2), id(0)]),
    ] {
        writer.commit(&batch([steps[step].clone()])).unwrap();
        let found = [StateKind::Challenged, StateKind::Verifying, StateKind::Accepted].map(|state| listed(state, None));
        assert_eq!(found, [challenged, verifying, accepted], "after step {step}");
    }
    assert_eq!(listed(StateKind::Accepted, customer), [id(2)], "steps name no customer, their submission does");
    writer.commit(&batch([reported(6, 2)])).unwrap();
    assert_eq!(listed(StateKind::Accepted, None), [id(2), id(0)], "a report changes no state");
}
