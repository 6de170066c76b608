//! Which store a URL names.

use super::*;

#[test]
fn a_url_names_the_store() {
    for (url, expected) in [
        ("", "expected --store sqlite:PATH or memory"),
        ("sqlite:", "expected --store sqlite:PATH or memory"),
        ("sqlite", "expected --store sqlite:PATH or memory"),
        ("memory:x", "expected --store sqlite:PATH or memory"),
        ("mysql://user:secret@host", "found `mysql`"),
        ("postgres://user:secret@host/aval", "a later version"),
    ] {
        match open(url, &Options::default()) {
            Err(StoreError::Unusable(found)) => {
                assert!(found.contains(expected) && !found.contains("secret"), "{url}: {found}");
            }
            _ => panic!("{url}: expected a refusal"),
        }
    }
    assert!(open("memory", &Options::default()).is_ok());
}
