//! Text as people search it: without case, accents and doubled spaces.

/// `"Crème  Brûlée"` → `"creme brulee"`.
pub fn fold(text: &str) -> String {
    deunicode::deunicode(text).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a search, each ready for LIKE, in which `%`, `_` and `\` mean themselves.
pub fn like_words(query: &str) -> Vec<String> {
    let escape = |word: &str| word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    fold(query).split(' ').filter(|w| !w.is_empty()).map(|w| format!("%{}%", escape(w))).collect()
}
