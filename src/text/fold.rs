//! One spelling for what a reader takes as the same.

use std::sync::LazyLock;

use hanconv::RawDictionary;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Folds full width to half width and compatibility forms to plain ones
/// (NFKC), upper to lower case, accents away (`é` to `e`), and traditional
/// characters to simplified ones.
///
/// The last goes character by character by OpenCC's table, never by phrase,
/// so that the folding of a part is a part of the folding of the whole.
pub fn fold(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let plain: String = decomposed
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_accent(*c))
        .collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&plain);
    composed.chars().map(simplify).collect()
}

/// Combining diacritical marks; those of other scripts (the voicing of kana)
/// are left to be composed again.
fn is_accent(c: char) -> bool {
    ('\u{0300}'..='\u{036f}').contains(&c)
}

/// The simplified form of a character, or itself.
fn simplify(c: char) -> char {
    let table = &*SIMPLIFIED;
    table
        .binary_search_by_key(&c, |(traditional, _)| *traditional)
        .ok()
        .and_then(|found| table.get(found))
        .map_or(c, |(_, simplified)| *simplified)
}

/// Traditional and simplified character, in order of the first: 33 kB.
static SIMPLIFIED: LazyLock<Box<[(char, char)]>> = LazyLock::new(|| {
    let single = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    };
    let mut pairs: Vec<(char, char)> = RawDictionary::TSCharacters
        .iter()
        .filter_map(|(from, to)| Some((single(from)?, single(to)?)))
        .filter(|(from, to)| from != to)
        .collect();
    pairs.sort_unstable();
    pairs.dedup_by_key(|(from, _)| *from);
    // Where the simplified form is itself the traditional one of another
    // (薴 to 苧 to 苎), all three are one.
    let find = |c: char| {
        let found = pairs.binary_search_by_key(&c, |(from, _)| *from).ok()?;
        pairs.get(found).map(|(_, to)| *to)
    };
    let settled = |c: char| std::iter::successors(Some(c), |c| find(*c)).take(4).last();
    (pairs.iter())
        .map(|(from, to)| (*from, settled(*to).unwrap_or(*to)))
        .collect()
});

/// Whether a character is a Chinese ideograph, the zero 〇 included.
pub(super) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3007}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

/// Folded text cut into runs: a run of ideographs, or of other letters and
/// digits. All else separates, though ideographs run on over it
/// (幸福·社区 is 幸福社区).
pub(super) fn runs(folded: &str) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut word_ended = true;
    for c in folded.chars() {
        let last_is_han = runs.last().and_then(|run| run.chars().next()).map(is_han);
        let joins = match last_is_han {
            Some(true) => is_han(c),
            Some(false) => !is_han(c) && !word_ended,
            None => false,
        };
        // Marks of scripts that write vowels so belong to their word.
        let is_mark = !c.is_ascii() && !c.is_alphanumeric() && !word_ended && is_spoken_mark(c);
        if !c.is_alphanumeric() && !is_han(c) && !is_mark {
            word_ended = true;
            continue;
        }
        match runs.last_mut() {
            Some(run) if joins => run.push(c),
            _ => runs.push(c.to_string()),
        }
        word_ended = false;
    }
    runs
}

/// Vowel signs and the like of South and South-East Asian scripts, which are
/// marks rather than letters.
fn is_spoken_mark(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}
