//! House numbers as people write them: `12a` and `12 a` are the same, `14-18` and `1/3` are one number each, and the 17 of
//! "Straße des 17. Juni" is none.

use super::fold::words;

/// A question taken apart: its folded words, and the parts of what may be numbers.
pub(super) struct Asked {
    pub words: Vec<String>,
    parts: Vec<Part>,
}

/// A run of digits or of letters.
struct Part {
    text: String,
    /// The word it belongs to.
    word: usize,
    /// Whether it belongs to the part before: `-18` and `/3` do, and a letter behind a number.
    joined: bool,
}

impl Asked {
    pub fn of(text: &str, most: usize) -> Self {
        let mut asked = Self { words: Vec::new(), parts: Vec::new() };
        let (mut chunk, mut gap) = (String::new(), String::new());
        for c in text.chars().chain([' ']) {
            if words(c.encode_utf8(&mut [0; 4])).is_empty() && !matches!(c, '\'' | '’' | '.' | '\u{300}'..='\u{36f}')
            {
                if !chunk.is_empty() {
                    asked.take(&chunk, &gap);
                    (chunk, gap) = (String::new(), String::new());
                }
                gap.push(c);
            } else {
                chunk.push(c);
            }
        }
        asked.words.truncate(most);
        asked.parts.retain(|p| p.word < most);
        asked
    }

    fn take(&mut self, chunk: &str, gap: &str) {
        for folded in words(chunk) {
            let tied = !gap.is_empty()
                && gap.trim().chars().all(|c| matches!(c, '-' | '–' | '/' | ';'))
                && !gap.trim().is_empty();
            for (i, text) in runs(&folded).into_iter().enumerate() {
                let after_number = self.parts.last().is_some_and(|p| is_number(&p.text));
                let letter =
                    after_number && folded.chars().count() == 1 && !is_number(&folded) && gap.trim().is_empty();
                self.parts.push(Part { text, word: self.words.len(), joined: i > 0 || tied || letter });
            }
            self.words.push(folded);
        }
    }

    /// The house that the question names beside the street: which of the numbers, and the words that name it.
    pub fn house<'a>(
        &self,
        street: &str,
        numbers: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<(usize, Vec<usize>)> {
        let mut name: Vec<String> = words(street).iter().flat_map(|w| runs(w)).collect();
        let own = |part: &Part| {
            let at = name.iter().position(|n| *n == part.text);
            at.map(|at| name.swap_remove(at)).is_some()
        };
        let own: Vec<bool> = self.parts.iter().map(own).collect();
        for first in (0..self.parts.len()).filter(|i| !own[*i] && is_number(&self.parts[*i].text)) {
            let more = (first + 1..self.parts.len()).take_while(|i| self.parts[*i].joined && !own[*i]).count();
            let run = &self.parts[first..=first + more];
            if run[0].joined && first > 0 && !own[first - 1] {
                continue;
            }
            let asked: Vec<&str> = run.iter().map(|p| p.text.as_str()).collect();
            if let Some(house) = numbers.clone().position(|number| is_called(number, &asked)) {
                return Some((house, run.iter().map(|p| p.word).collect()));
            }
        }
        None
    }
}

/// Whether a house of this number is meant: by the whole of it, or by one of several that it lists.
fn is_called(number: &str, asked: &[&str]) -> bool {
    let same = |text: &str| {
        let parts: Vec<String> = words(text).iter().flat_map(|w| runs(w)).collect();
        parts == asked
    };
    same(number) || number.split([';', ',']).any(same)
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// `12a` → `12`, `a`
fn runs(word: &str) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut digits = None;
    for c in word.chars() {
        if digits != Some(c.is_ascii_digit()) {
            runs.push(String::new());
            digits = Some(c.is_ascii_digit());
        }
        runs.last_mut().into_iter().for_each(|run| run.push(c));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_is_found_by_its_number_and_never_made_up() {
        let numbers = ["12a", "14-18", "20;22", "1/3", "12", "7", "17"];
        let found = |text: &str, street: &str| {
            let house = Asked::of(text, 12).house(street, numbers.into_iter());
            house.map(|(at, _)| numbers[at])
        };
        for (text, house) in [
            ("Main Street 12 a", Some("12a")),
            ("12A Main Street", Some("12a")),
            ("Main Street 14-18", Some("14-18")),
            ("Main Street 14 – 18", Some("14-18")),
            ("1/3 Main Street", Some("1/3")),
            ("Main Street 22", Some("20;22")),
            ("Main Street 12, 10115 Millbrook", Some("12")),
            ("Main Street 12 Millbrook", Some("12")),
            ("Main Street 13", None),
            ("Main Street 12b", None),
            ("Main Street 16", None),
            ("Main Street 1418", None),
            ("Main Street 3", None),
            ("Main Street", None),
        ] {
            assert_eq!(found(text, "Main Street"), house, "{text}");
        }
        assert_eq!(found("Straße des 17. Juni 7", "Straße des 17. Juni"), Some("7"));
        assert_eq!(found("7 Straße des 17. Juni", "Straße des 17. Juni"), Some("7"));
        assert_eq!(found("Straße des 17. Juni 17", "Straße des 17. Juni"), Some("17"));
        assert_eq!(found("Straße des 17. Juni", "Straße des 17. Juni"), None);
        assert_eq!(found("12 A Street", "A Street"), Some("12"));
    }
}
