//! The known name that a wrong one was probably meant to be.

/// The name nearest to `wrong` by edits of one letter, if one is near enough to be meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long name is not a slip of the pen, and comparing is quadratic.
    if wrong.chars().count() > 64 {
        return None;
    }
    let far = wrong.chars().count().div_ceil(3);
    let by_distance = known.into_iter().map(|name| (distance(wrong, name), name));
    by_distance.filter(|(distance, _)| *distance <= far).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Levenshtein's distance: how many letters must be put in, left out or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().enumerate() {
        let (mut diagonal, mut left) = (at, at + 1);
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let up = *cell;
            *cell = (diagonal + usize::from(letter != *other)).min(up + 1).min(left + 1);
            (diagonal, left) = (up, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["input", "impute", "center", "scale", "coef"];
        for (wrong, meant) in [
            ("imput", Some("input")),
            ("centre", Some("center")),
            ("coeff", Some("coef")),
            ("points", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, known), meant, "{wrong}");
        }
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("ab", "")), (3, 3, 2));
    }
}
