//! Files that are good, and files that are refused.

use super::*;

fn yaml_files(directory: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root(directory)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn the_largest_conditions_fit_the_stack() {
    let brackets = |count: usize, inner: &str| format!("{}{inner}{}", "(".repeat(count), ")".repeat(count));
    for condition in [
        format!("true{}", "||true".repeat(160)),
        format!("{}1.0 > 0.0", "1.0+".repeat(21)),
        brackets(8, "true"),
        brackets(4, &format!("{}true", "true==".repeat(12))),
        brackets(7, &format!("{}true", "!".repeat(128))),
        format!("{}true", "true?true:".repeat(22)),
    ] {
        let more = format!("rules: [{{ name: r, when: '{condition}', outcome: decline }}]\n");
        let policy = load(&format!("{BASE}{more}"));
        let judgement = decide(&policy, &facts(), &[scored(0.01), scored(0.01)], &Standing::default(), &explain);
        assert_eq!(judgement.outcome, Outcome::Decline, "{condition}");
    }
}

#[test]
fn list_values_match_however_they_are_written() {
    for (entry, blocked) in [
        ("customer: [shop/c-1]", true),
        ("customer: [other/c-1]", false),
        ("card: [fp-1]", true),
        ("card: [fp-2]", false),
        ("device: [d-1]", true),
        ("email: [ADA@example.org]", true),
        ("email: [bob@example.org]", false),
        ("phone: ['+33612345678']", true),
        ("address: [{ line1: 12 rue du BAC, postal_code: '75007', country: FR }]", true),
        ("address: [{ line1: 14 rue du BAC, postal_code: '75007', country: FR }]", false),
        ("ip: ['2001:DB8:0:0::1']", true),
        ("ip: ['2001:DB8:0:1::1']", false),
        ("terminal: [shop/t-1]", true),
    ] {
        let policy = load(&format!("{BASE}block: {{ {entry} }}\n"));
        assert_eq!(policy.block.holds(&extracted().keys), blocked, "{entry}");
    }
}

/// Every file under `fixtures/policies/bad` says in its first line how it is refused.
#[test]
fn bad_files_are_refused_with_place_and_mend() {
    let update = std::env::var_os("AVAL_UPDATE").is_some();
    let files = yaml_files("fixtures/policies/bad");
    assert!(files.len() > 30, "the fixtures are there");
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        let refused = match Policy::load("policy.yaml", &source, &hasher()) {
            Ok(_) => panic!("{} was accepted", path.display()),
            Err(refusal) => refusal.to_string(),
        };
        let first = format!("# Expected: {refused}");
        if update {
            let rest = source.split_once('\n').map_or("", |(_, rest)| rest);
            std::fs::write(&path, format!("{first}\n{rest}")).unwrap();
        } else {
            assert_eq!(source.lines().next(), Some(first.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn bounds_on_counts_hold() {
    let entries = |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(", ");
    let rules = entries(MAX_RULES + 1, &|at| format!("{{ name: r{at}, when: 'true', outcome: decline }}"));
    let cards = entries(MAX_LIST_ENTRIES + 1, &|at| format!("c{at}"));
    for (more, expected) in [
        (format!("rules: [{rules}]\n"), "expected at most 200 rules, found 201; shorten the list"),
        (
            format!("block: {{ card: [{cards}] }}\n"),
            "expected at most 50000 list entries, found 50001; shorten the list",
        ),
    ] {
        let refusal = Policy::load("p.yaml", &format!("{BASE}{more}"), &hasher()).unwrap_err().to_string();
        assert!(refusal.ends_with(expected), "{refusal}");
    }
}

#[test]
fn the_shipped_policies_are_good() {
    for path in yaml_files("policies") {
        let source = std::fs::read_to_string(&path).unwrap();
        let policy = Policy::load(&path.display().to_string(), &source, &hasher());
        assert!(policy.is_ok(), "{policy:?}");
    }
    let handbook = load(&std::fs::read_to_string(root("policies/handbook.yaml")).unwrap());
    for count in 1..=24 {
        let any = PlanChoice::new(count, 0, 0).unwrap();
        let amount = Money { amount_minor: 1, currency: Currency::parse("USD").unwrap() };
        assert_eq!(handbook.constraints(&MerchantId::parse("demo").unwrap(), any, amount, None), []);
    }
}

#[test]
fn the_examples_of_the_documentation_are_good() {
    let text = std::fs::read_to_string(root("docs/policy.md")).unwrap();
    let blocks: Vec<_> = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        load(&if block.starts_with("# part") { format!("{BASE}{block}") } else { block.into() });
    }
}

/// With `AVAL_UPDATE=1` the file is written instead.
#[test]
fn the_schema_is_current() {
    let path = root("policies/policy.schema.json");
    let current = serde_json::to_string_pretty(&Policy::json_schema()).unwrap() + "\n";
    if std::env::var_os("AVAL_UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == current, "policies/policy.schema.json is not current: run the tests with AVAL_UPDATE=1");
}

#[test]
fn a_policy_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Policy>();
    shared::<Generation>();
}
