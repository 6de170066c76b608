//! The policy of the demonstration: the one that is given, with the demo shop as the merchant that customers read about.

use crate::domain::storefront::Storefront;

/// The section of a policy that says what customers are told.
const SECTION: &str = "storefront:";

/// The policy whose text this is, for a shop at `shop_url`.
pub fn for_shop(policy: &str, shop_url: &str) -> String {
    let ours = format!(
        "{SECTION}\n  name: Demo Shop\n  support_email: help@example.org\n  support_url: {shop_url}/help\n  \
         privacy_url: {shop_url}/privacy\n  terms_url: {shop_url}/terms\n  card_change_url: '{shop_url}/card?plan={}'\n",
        Storefront::PLAN
    );
    let mut text = String::new();
    let (mut inside, mut done) = (false, false);
    for line in policy.lines() {
        inside = if inside { line.starts_with([' ', '\t']) } else { line.trim_end() == SECTION };
        if inside && !done {
            text.push_str(&ours);
            done = true;
        }
        if !inside {
            text.push_str(line);
            text.push('\n');
        }
    }
    if !done {
        text.push_str(&ours);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::MerchantId;
    use crate::domain::keys::KeyHasher;
    use crate::policy::Policy;

    #[test]
    fn the_shipped_policy_gets_the_shop() {
        let shipped = include_str!("../../policies/default.yaml");
        let changed = for_shop(shipped, "http://127.0.0.1:8090");
        let policy = Policy::load("policy", &changed, &KeyHasher::new([7; 16])).unwrap();
        let shop = policy.storefront(&MerchantId::parse("demo").unwrap()).clone();
        assert_eq!(&*shop.privacy_url, "http://127.0.0.1:8090/privacy");
        let card = shop.card_change_url("app_1");
        assert_eq!(card.as_deref(), Some("http://127.0.0.1:8090/card?plan=app_1"));
        assert_eq!(changed.matches("\nservicing:").count(), shipped.matches("\nservicing:").count());
    }

    #[test]
    fn a_policy_without_the_section_gets_one() {
        let changed = for_shop("name: x\n", "http://127.0.0.1:1");
        assert!(changed.starts_with("name: x\nstorefront:\n"), "{changed}");
    }
}
