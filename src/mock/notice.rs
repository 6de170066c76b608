//! Notices on their way back: when each is due, and what was asked to go wrong with them.

use super::paths::Twist;
use crate::domain::time::Timestamp;
use crate::provider::http::{Method, Request, Transport};
use serde_json::Value;
use std::time::Duration;

/// The most notices that wait.
const MOST: usize = 10_000;
/// How often a notice is sent until it is answered 200.
const TRIES: u8 = 3;
/// How long after it was not answered 200 it is sent again, in milliseconds.
const AGAIN_MS: i64 = 2_000;
/// How late a late notice is, and how old a stale one, in milliseconds.
const LATE_MS: i64 = 600_000;
/// How long a notice may take to be answered.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A notice before it is known when it is sent.
pub struct Draft {
    /// Where to.
    pub url: String,
    /// Its body.
    pub body: Value,
    /// How long after now it is due, in milliseconds.
    pub after_ms: i64,
}

/// One that waits.
struct Planned {
    due: Timestamp,
    request: Request,
    tries: u8,
}

/// Those that wait.
#[derive(Default)]
pub struct Outbox {
    planned: Vec<Planned>,
}

impl Outbox {
    /// Plans an attempt's notices. `sign` writes the headers of one, for the time that it bears and whether it is forged.
    pub fn plan(
        &mut self,
        now: Timestamp,
        mut drafts: Vec<Draft>,
        twists: &[Twist],
        sign: impl Fn(Request, Timestamp, bool) -> Request,
    ) {
        let has = |twist| twists.contains(&twist);
        if has(Twist::None) {
            return;
        }
        if has(Twist::Reordered) {
            let times: Vec<i64> = drafts.iter().rev().map(|draft| draft.after_ms).collect();
            drafts.iter_mut().zip(times).for_each(|(draft, after_ms)| draft.after_ms = after_ms);
            drafts.reverse();
        }
        for draft in drafts {
            let due = now.plus_ms(draft.after_ms + if has(Twist::Late) { LATE_MS } else { 0 });
            let signed_at = if has(Twist::Stale) { due.plus_ms(-6 * LATE_MS) } else { due };
            let request = Request::new(Method::Post, draft.url).json(&draft.body);
            let request = sign(request, signed_at, has(Twist::Forged));
            for _ in 0..if has(Twist::Duplicate) { 2 } else { 1 } {
                self.add(Planned { due, request: request.clone(), tries: 0 });
            }
        }
    }

    fn add(&mut self, planned: Planned) {
        if self.planned.len() < MOST {
            self.planned.push(planned);
        }
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.planned.iter().map(|planned| planned.due).min()
    }

    /// Takes those that are due, in the order in which they are, each with how often it was sent before.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<(Request, u8)> {
        let (mut due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.planned).into_iter().partition(|planned| planned.due <= now);
        self.planned = rest;
        due.sort_by_key(|planned| planned.due);
        due.into_iter().map(|planned| (planned.request, planned.tries)).collect()
    }

    /// Plans one again that was sent and not answered 200.
    fn again(&mut self, now: Timestamp, request: Request, tries: u8) {
        if tries < TRIES {
            self.add(Planned { due: now.plus_ms(AGAIN_MS), request, tries });
        }
    }
}

impl super::Mock {
    /// When the next notice is due.
    pub fn next_notice(&self) -> Option<Timestamp> {
        self.state().outbox.next_due()
    }

    /// Takes the notices that are due, in the order in which they are, to be handed over otherwise than by a transport.
    /// They are not sent again.
    pub fn take_notices(&self) -> Vec<Request> {
        let now = self.now();
        self.state().outbox.take_due(now).into_iter().map(|(request, _)| request).collect()
    }

    /// Sends the notices that are due; how many. One that is not answered 200 is sent again, three times in all.
    pub async fn send_notices(&self, transport: &dyn Transport) -> usize {
        let due = self.state().outbox.take_due(self.now());
        let sent = due.len();
        for (request, tries) in due {
            let answer = transport.send(&request, TIMEOUT).await;
            if !answer.is_ok_and(|answer| answer.status == 200) {
                self.state().outbox.again(self.now(), request, tries + 1);
            }
        }
        sent
    }
}

/// The path of an address, as it is signed.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms).unwrap()
    }

    /// The body, the time of each notice and the time it bears, in the order in which they are sent.
    fn plan(twists: &[Twist]) -> Vec<(i64, String)> {
        let draft = |name: &str, after_ms| Draft { url: "http://x.test/n".into(), body: name.into(), after_ms };
        let mut outbox = Outbox::default();
        outbox.plan(ms(10_000_000), vec![draft("a", 0), draft("b", 500)], twists, |request, at, forged| {
            request.header("signed", format!("{}{}", at.ms() - 10_000_000, if forged { "!" } else { "" }))
        });
        let mut sent = Vec::new();
        while let Some(due) = outbox.next_due() {
            for (request, _) in outbox.take_due(due) {
                let body = String::from_utf8(request.body).unwrap();
                sent.push((due.ms() - 10_000_000, format!("{body}@{}", request.headers[1].1)));
            }
        }
        sent
    }

    #[test]
    fn twists_change_what_is_sent() {
        let sent =
            |notices: &[(i64, &str)]| notices.iter().map(|(at, text)| (*at, (*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(plan(&[]), sent(&[(0, "\"a\"@0"), (500, "\"b\"@500")]));
        assert_eq!(plan(&[Twist::None]), sent(&[]));
        assert_eq!(plan(&[Twist::Reordered]), sent(&[(0, "\"b\"@0"), (500, "\"a\"@500")]));
        assert_eq!(plan(&[Twist::Late]), sent(&[(600_000, "\"a\"@600000"), (600_500, "\"b\"@600500")]));
        assert_eq!(plan(&[Twist::Forged]), sent(&[(0, "\"a\"@0!"), (500, "\"b\"@500!")]));
        assert_eq!(plan(&[Twist::Stale])[0], (0, "\"a\"@-3600000".into()));
        assert_eq!(plan(&[Twist::Duplicate]).len(), 4);
    }

    #[test]
    fn what_is_not_answered_is_sent_three_times() {
        let mut outbox = Outbox::default();
        for tries in 1..=3 {
            outbox.again(ms(0), Request::new(Method::Post, "http://x.test/n"), tries);
        }
        assert_eq!(outbox.take_due(ms(10_000)).len(), 2);
    }

    #[test]
    fn paths_of_addresses() {
        assert_eq!(path_of("http://x.test/a/b"), "/a/b");
        assert_eq!(path_of("http://x.test"), "/");
    }
}
