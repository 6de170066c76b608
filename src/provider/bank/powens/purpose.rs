//! What a transaction was for, by the words in the codes of its categories. The list of codes is not known here; words
//! that say nothing lead to no purpose.

use crate::domain::evidence::Purpose;

/// A category, and what it is a part of.
#[derive(serde::Deserialize)]
pub struct Category {
    code: Option<String>,
    parent_code: Option<String>,
}

/// The purpose: by the codes first, as the narrower, then by what they are parts of.
pub fn of(categories: &[Category]) -> Option<Purpose> {
    let codes = categories.iter().filter_map(|category| category.code.as_deref());
    let parents = categories.iter().filter_map(|category| category.parent_code.as_deref());
    codes.chain(parents).find_map(|code| words(code).iter().find_map(|word| by_word(word)))
}

/// The words of a code such as `loanRepayment`, `loan_repayment` or `loan-repayment`, in lower case.
fn words(code: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in code.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        lower_before = c.is_lowercase();
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}

fn by_word(word: &str) -> Option<Purpose> {
    Some(match word {
        "salary" | "salaries" | "wage" | "wages" | "payroll" => Purpose::Salary,
        "pension" | "pensions" | "retirement" | "benefit" | "benefits" | "allowance" | "allowances"
        | "unemployment" | "welfare" => Purpose::Benefit,
        "rent" | "rents" | "housing" | "mortgage" | "mortgages" => Purpose::Housing,
        "bill" | "bills" | "utilities" | "utility" | "energy" | "electricity" | "gas" | "water" | "phone"
        | "telecom" | "telephone" | "internet" | "insurance" | "insurances" => Purpose::Bills,
        "loan" | "loans" | "credit" | "credits" | "debt" | "debts" => Purpose::Credit,
        "bnpl" | "instalment" | "instalments" => Purpose::Instalments,
        "gambling" | "betting" | "bets" | "lottery" | "lotteries" | "casino" | "casinos" => Purpose::Gambling,
        "cash" | "atm" | "withdrawal" | "withdrawals" => Purpose::Cash,
        "rejected" | "rejection" | "rejections" | "unpaid" => Purpose::RejectedDebit,
        "internal" => Purpose::OwnTransfer,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_the_purpose() {
        for (code, parent, expected) in [
            (Some("salary"), None, Some(Purpose::Salary)),
            (Some("familyAllowances"), Some("income"), Some(Purpose::Benefit)),
            (Some("consumer_loan"), Some("housing"), Some(Purpose::Credit)),
            (Some("GAMBLING_AND_LOTTERIES"), None, Some(Purpose::Gambling)),
            (Some("parents"), Some("current"), None),
            (Some("other"), Some("home-insurance"), Some(Purpose::Bills)),
            (Some("internalTransfer"), None, Some(Purpose::OwnTransfer)),
            (Some("rejectedDebit"), Some("bankFees"), Some(Purpose::RejectedDebit)),
            (None, None, None),
            (Some(""), None, None),
        ] {
            let category = Category { code: code.map(Into::into), parent_code: parent.map(Into::into) };
            assert_eq!(of(&[category]), expected, "{code:?} in {parent:?}");
        }
    }
}
