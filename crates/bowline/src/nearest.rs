//! The known word that an unknown one was probably meant to be.

/// The most alike of the known words, if one is alike enough to be worth a suggestion.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let scored = known
        .into_iter()
        .map(|known| (strsim::jaro(word, known), known));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.75).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_word_is_near_the_one_that_was_meant() {
        let known = ["listen", "ops_listen", "trusted_proxies", "store"];
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("trusted_proxy", known), Some("trusted_proxies"));
        assert_eq!(nearest("color", known), None);
    }
}
