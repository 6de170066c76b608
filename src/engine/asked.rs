//! How often each challenge was asked of a phone number and of a customer in the last day, over all journeys.

use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::keys::{KeyHash, KeyKind, Keys};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::policy::ChallengeLimits;
use std::collections::{HashMap, VecDeque};

/// The most askings that are remembered: the oldest go first, however young.
const MOST: usize = 1_000_000;

/// What is limited: a kind of challenge, for one phone number or customer.
type Subject = (ChallengeKind, KeyKind, KeyHash);

/// The askings of the last day.
#[derive(Debug, Default)]
pub struct Asked {
    counts: HashMap<Subject, u32>,
    order: VecDeque<(Timestamp, Subject)>,
}

impl Asked {
    /// A challenge was asked of whom the keys say, at a time. Times come nearly in order.
    pub fn add(&mut self, kind: ChallengeKind, keys: &Keys, at: Timestamp) {
        self.forget(at);
        for (key, hash) in subjects(keys) {
            let subject = (kind, key, hash);
            *self.counts.entry(subject).or_default() += 1;
            self.order.push_back((at, subject));
        }
    }

    /// The kinds that were asked as often as their limits allow.
    pub fn over(&mut self, keys: &Keys, at: Timestamp, limits: impl Fn(ChallengeKind) -> ChallengeLimits) -> Kinds {
        self.forget(at);
        let is_over = |kind: &ChallengeKind| {
            let ChallengeLimits { daily_per_phone, daily_per_customer, .. } = limits(*kind);
            subjects(keys).any(|(key, hash)| {
                let most = if key == KeyKind::Phone { daily_per_phone } else { daily_per_customer };
                self.counts.get(&(*kind, key, hash)).is_some_and(|count| *count >= most)
            })
        };
        ChallengeKind::ALL.into_iter().filter(is_over).collect()
    }

    fn forget(&mut self, now: Timestamp) {
        let old = |at: Timestamp| at.plus_ms(DAY_MS) <= now;
        while let Some((_, subject)) = self.order.pop_front_if(|(at, _)| old(*at)) {
            self.release(subject);
        }
        while self.order.len() > MOST {
            self.order.pop_front().into_iter().for_each(|(_, subject)| self.release(subject));
        }
    }

    fn release(&mut self, subject: Subject) {
        if let Some(count) = self.counts.get_mut(&subject) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&subject);
            }
        }
    }
}

fn subjects(keys: &Keys) -> impl Iterator<Item = (KeyKind, KeyHash)> {
    [KeyKind::Phone, KeyKind::Customer].into_iter().filter_map(|key| Some((key, keys.get(key)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_and_a_customer_have_their_limits_for_a_day() {
        let keys = |customer, phone| {
            let mut keys = Keys::default();
            keys.0[KeyKind::Customer as usize] = Some(customer);
            keys.0[KeyKind::Phone as usize] = phone;
            keys
        };
        let limits = |_| ChallengeLimits {
            tries: 3,
            ttl_seconds: 600,
            resends: 2,
            resend_after_seconds: 30,
            daily_per_phone: 2,
            daily_per_customer: 3,
        };
        let at = |ms| Timestamp::from_ms(ms).unwrap();
        let mut asked = Asked::default();
        let sms: Kinds = [ChallengeKind::SmsCode].into_iter().collect();
        asked.add(ChallengeKind::SmsCode, &keys(1, Some(10)), at(0));
        assert_eq!(asked.over(&keys(1, Some(10)), at(1), limits), Kinds::NONE);
        asked.add(ChallengeKind::SmsCode, &keys(2, Some(10)), at(2));
        assert_eq!(asked.over(&keys(3, Some(10)), at(3), limits), sms, "the phone, whoever has it");
        assert_eq!(asked.over(&keys(1, None), at(3), limits), Kinds::NONE);
        asked.add(ChallengeKind::SmsCode, &keys(1, Some(11)), at(4));
        asked.add(ChallengeKind::SmsCode, &keys(1, Some(12)), at(5));
        assert_eq!(asked.over(&keys(1, Some(13)), at(6), limits), sms, "the customer, with whatever phone");
        assert_eq!(
            asked.over(&keys(1, Some(13)), at(DAY_MS), limits),
            Kinds::NONE,
            "a day later the first is forgotten"
        );
        assert_eq!(asked.over(&keys(1, Some(13)), at(9 * DAY_MS), limits), Kinds::NONE);
        assert!(asked.counts.is_empty() && asked.order.is_empty());
    }
}
