//! Words made comparable: small letters without accents.

/// The words of a text, folded.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(plain) => words.last_mut().into_iter().for_each(|w| w.push_str(plain)),
            None if c.is_alphanumeric() => words.last_mut().into_iter().for_each(|w| w.push(c)),
            None if matches!(c, '\'' | '’' | '.' | '\u{300}'..='\u{36f}') => {}
            None => words.push(String::new()),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// What an accented letter is without its accent.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ĝ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ĺ' | 'ľ' | 'ļ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ö' | 'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' | 'þ' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// Errors between two words (letters put in, left out, swapped with a neighbour or mistaken), or nothing above `most`.
pub(super) fn errors(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let width = b.len() + 1;
    let mut rows = [(0..width).collect::<Vec<usize>>(), vec![0; width], vec![0; width]];
    for (i, &x) in a.iter().enumerate() {
        rows.rotate_right(1);
        // Now row 1 is the one before, row 2 the one before that, row 0 is written.
        rows[0][0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let mut cost = (rows[1][j] + usize::from(x != y)).min(rows[1][j + 1] + 1).min(rows[0][j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                cost = cost.min(rows[2][j - 1] + 1);
            }
            rows[0][j + 1] = cost;
        }
        if rows[0].iter().all(|&c| c > most) {
            return None;
        }
    }
    Some(rows[0][b.len()]).filter(|&c| c <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(a: &str, b: &str) -> Option<usize> {
        errors(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), 2)
    }

    #[test]
    fn accents_case_and_dots_do_not_matter() {
        assert_eq!(words("Praça São-João, N.º 5"), ["praca", "sao", "joao", "nº", "5"]);
    }

    #[test]
    fn swapped_neighbours_are_one_error() {
        assert_eq!(count("market", "makret"), Some(1));
        assert_eq!(count("market", "markt"), Some(1));
        assert_eq!(count("market", "basket"), Some(2));
        assert_eq!(count("market", "harbour"), None);
    }
}
