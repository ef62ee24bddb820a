//! Names that are found by two characters of them, by pinyin, by initials.
//!
//! Stock full-text search finds no two-character Chinese word. So the words
//! are made here, the same for SQLite's FTS5 and PostgreSQL's `simple`
//! configuration, each of ASCII letters and digits beginning with a letter
//! that says its kind, so that neither parser takes one apart:
//!
//! | token | kind |
//! | --- | --- |
//! | `u5e78`, `u5e78u798f` | a character; two neighbours (code points) |
//! | `wxingfu` | a Latin word or a number |
//! | `pfushequ` | pinyin from a character on, at most twelve letters |
//! | `ifsq` | initials likewise, at most four |
//!
//! Polyphonic characters multiply spellings, so only their beginnings are
//! stored, and a query asks for no more than those: twelve letters of pinyin
//! are three or four characters, by which few names agree. A [`Query`] asks
//! for all of its terms, the Latin ones as prefixes. What the index finds is
//! confirmed by [`Query::matches`], which knows the whole name.

use super::fold::{fold, is_han, runs};
use super::pinyin::{self, Style, Unit};

/// The longest query, in characters, as given and as folded.
pub const MAX_QUERY_CHARS: usize = 64;

/// Characters of a name that are indexed; a query finds nothing beyond.
const MAX_NAME_CHARS: usize = 128;
/// Spellings stored for each place in a name where one may begin to type.
const MAX_SPELLINGS: usize = 32;
/// Letters of a word's token after its kind.
const WORD_LETTERS: usize = 32;
/// Letters of pinyin in a token after its kind.
const PINYIN_LETTERS: usize = 12;
/// Initials in a token after their kind.
const INITIALS_LETTERS: usize = 4;

/// A name made ready to be found: about as large as the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchName {
    /// Folded names, one a line, runs apart by a space where both are words.
    lines: Box<str>,
}

impl SearchName {
    /// From a name and its English form.
    pub fn new(name: &str, name_en: Option<&str>) -> Self {
        let lines: Vec<String> = [Some(name), name_en]
            .into_iter()
            .flatten()
            .map(|name| spaced(&name.chars().take(MAX_NAME_CHARS).collect::<String>()))
            .filter(|line| !line.is_empty())
            .collect();
        SearchName {
            lines: lines.join("\n").into(),
        }
    }

    /// The tokens to store, apart by spaces, none twice.
    pub fn tokens(&self) -> String {
        let mut tokens = Tokens::default();
        for line in self.lines.lines() {
            for run in runs(line) {
                if starts_with_han(&run) {
                    tokens.add_characters(&run);
                } else {
                    tokens.add(&word_token(&run));
                }
            }
            let units = pinyin::units(line);
            for start in 0..units.len() {
                tokens.add_spellings(units.get(start..).unwrap_or_default());
            }
        }
        tokens.joined
    }
}

/// The tokens of one name, to store in the index.
pub fn tokens(name: &str) -> String {
    SearchName::new(name, None).tokens()
}

/// The kinds of spelling: the token's letter, the style, how much is stored.
const SPELT: [(char, Style, usize); 2] = [
    ('p', Style::Full, PINYIN_LETTERS),
    ('i', Style::Initials, INITIALS_LETTERS),
];

#[derive(Default)]
struct Tokens {
    joined: String,
    seen: std::collections::HashSet<String>,
}

impl Tokens {
    fn add(&mut self, token: &str) {
        if self.seen.insert(token.to_owned()) {
            if !self.joined.is_empty() {
                self.joined.push(' ');
            }
            self.joined.push_str(token);
        }
    }

    fn add_characters(&mut self, run: &str) {
        let codes: Vec<String> = run.chars().map(code).collect();
        for single in &codes {
            self.add(single);
        }
        for pair in codes.windows(2) {
            self.add(&pair.concat());
        }
    }

    fn add_spellings(&mut self, units: &[Unit]) {
        for (kind, style, letters) in SPELT {
            for beginning in pinyin::beginnings(units, style, MAX_SPELLINGS, letters) {
                self.add(&format!("{kind}{beginning}"));
            }
        }
    }
}

/// What somebody looks for: every term must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    chunks: Vec<Chunk>,
}

/// A part of a query between spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chunk {
    /// Latin letters and digits, or one word of another script.
    Word(String),
    /// Runs of which one at least is of ideographs: found as they stand.
    Text(Vec<String>),
}

impl Query {
    /// Reads what was typed; `None` where there is no letter, digit or
    /// character in it, or more than [`MAX_QUERY_CHARS`].
    pub fn parse(typed: &str) -> Option<Self> {
        // Look no further into a text that is too long anyway.
        if typed.chars().take(MAX_QUERY_CHARS + 1).count() > MAX_QUERY_CHARS {
            return None;
        }
        let folded = fold(typed);
        if folded.chars().count() > MAX_QUERY_CHARS {
            return None;
        }
        let mut chunks = Vec::new();
        for part in folded.split_whitespace() {
            let runs = runs(part);
            if runs.iter().any(|run| starts_with_han(run)) {
                chunks.push(Chunk::Text(runs));
            } else {
                chunks.extend(runs.into_iter().map(Chunk::Word));
            }
        }
        (!chunks.is_empty()).then_some(Query { chunks })
    }

    /// The query for a `MATCH` of FTS5.
    pub fn fts5(&self) -> String {
        self.write(&Grammar {
            exact: |token| format!("\"{token}\""),
            prefix: |token| format!("\"{token}\"*"),
            and: " AND ",
            or: " OR ",
        })
    }

    /// The query for `to_tsquery('simple', …)` of PostgreSQL.
    pub fn tsquery(&self) -> String {
        self.write(&Grammar {
            exact: str::to_owned,
            prefix: |token| format!("{token}:*"),
            and: " & ",
            or: " | ",
        })
    }

    fn write(&self, grammar: &Grammar) -> String {
        let mut terms: Vec<String> = Vec::new();
        for chunk in &self.chunks {
            let runs = match chunk {
                Chunk::Word(word) => std::slice::from_ref(word),
                Chunk::Text(runs) => runs,
            };
            for run in runs {
                for term in grammar.terms(run, matches!(chunk, Chunk::Word(_))) {
                    if !terms.contains(&term) {
                        terms.push(term);
                    }
                }
            }
        }
        terms.join(grammar.and)
    }

    /// Whether the name has all that is looked for: text with characters in
    /// it as it stands, words at the beginning of a word, of pinyin, or of
    /// initials at any character.
    pub fn matches(&self, name: &SearchName) -> bool {
        self.chunks.iter().all(|chunk| {
            name.lines.lines().any(|line| match chunk {
                Chunk::Text(runs) => contains_runs(line, runs),
                Chunk::Word(word) => begins_word(line, word) || begins_spelling(line, word),
            })
        })
    }
}

/// How one of the two databases writes a query.
struct Grammar {
    exact: fn(&str) -> String,
    prefix: fn(&str) -> String,
    and: &'static str,
    or: &'static str,
}

impl Grammar {
    /// The terms that a run is looked for by; `spelt` also as pinyin.
    fn terms(&self, run: &str, spelt: bool) -> Vec<String> {
        if starts_with_han(run) {
            let codes: Vec<String> = run.chars().map(code).collect();
            return match codes.as_slice() {
                [single] => vec![(self.exact)(single)],
                several => several.windows(2).map(|pair| (self.exact)(&pair.concat())).collect(),
            };
        }
        let mut ways = vec![(self.prefix)(&word_token(run))];
        if spelt && run.is_ascii() {
            ways.extend(SPELT.into_iter().map(|(kind, _, letters)| {
                let begun = run.get(..letters).unwrap_or(run);
                (self.prefix)(&format!("{kind}{begun}"))
            }));
        }
        vec![match ways.as_slice() {
            [only] => only.clone(),
            several => format!("({})", several.join(self.or)),
        }]
    }
}

/// Folded text with its runs apart by a space where both are words.
fn spaced(text: &str) -> String {
    join(&runs(&fold(text)))
}

fn join(runs: &[String]) -> String {
    let mut line = String::new();
    let mut after_word = false;
    for run in runs {
        let is_word = !starts_with_han(run);
        if after_word && is_word {
            line.push(' ');
        }
        line.push_str(run);
        after_word = is_word;
    }
    line
}

fn starts_with_han(run: &str) -> bool {
    run.chars().next().is_some_and(is_han)
}

/// A character by its code point: `u5e78`.
fn code(c: char) -> String {
    format!("u{:04x}", u32::from(c))
}

/// A word behind its kind, letters beyond ASCII by code point, cut short.
fn word_token(word: &str) -> String {
    let mut token = String::from('w');
    for c in word.chars() {
        if token.len() > WORD_LETTERS {
            break;
        }
        if c.is_ascii_alphanumeric() {
            token.push(c.to_ascii_lowercase());
        } else {
            token.push_str(&code(c));
        }
    }
    token.truncate(WORD_LETTERS + 1);
    token
}

/// Whether the runs stand in the line one after the other, a word at the
/// front from its beginning (`1号楼` is not in `11号楼`).
fn contains_runs(line: &str, runs: &[String]) -> bool {
    let wanted = join(runs);
    let from_word = runs.first().is_some_and(|run| !starts_with_han(run));
    line.match_indices(&wanted).any(|(at, _)| {
        !from_word || {
            let before = line.get(..at).unwrap_or_default().chars().next_back();
            before.is_none_or(|c| is_han(c) || !c.is_alphanumeric())
        }
    })
}

fn begins_word(line: &str, word: &str) -> bool {
    runs(line)
        .iter()
        .any(|run| !starts_with_han(run) && run.starts_with(word))
}

fn begins_spelling(line: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return false;
    }
    let units = pinyin::units(line);
    (0..units.len()).any(|start| {
        let rest = units.get(start..).unwrap_or_default();
        [Style::Full, Style::Initials]
            .into_iter()
            .any(|style| pinyin::begins(rest, style, word))
    })
}

#[cfg(test)]
mod tests;
