//! What became of stories, as JUnit's XML: for build servers.

use super::{Ran, Report};
use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

/// The report as XML.
pub fn junit(report: &Report) -> Result<String, String> {
    let mut suite = TestSuite::new("aval scenario");
    suite.add_test_cases(report.stories.iter().map(case));
    let mut junit = Junit::new("aval");
    junit.add_test_suite(suite);
    junit.to_string().map_err(|error| error.to_string())
}

fn case(ran: &Ran) -> TestCase {
    let status = match (ran.skipped, ran.failures.first()) {
        (Some(why), _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why);
            status
        }
        (None, None) => TestCaseStatus::success(),
        (None, Some(first)) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("{}:{}: {}", ran.file, first.line, first.message));
            status.set_description(describe(ran));
            status
        }
    };
    let mut case = TestCase::new(ran.story.as_str(), status);
    case.set_classname(ran.file.as_str()).set_time(ran.took);
    case
}

/// Every difference, a line each.
fn describe(ran: &Ran) -> String {
    let mut lines = Vec::new();
    for failure in &ran.failures {
        lines.push(format!("{}:{}: {}", ran.file, failure.line, failure.message));
        for it in &failure.differences {
            lines.push(format!("  line {}: {}: expected {}, came {}", it.line, it.key, it.expected, it.came));
        }
    }
    lines.join("\n")
}
