//! How a name is spelt in pinyin, polyphonic characters in all their ways.

use pinyin::ToPinyinMulti;

use super::fold::{is_han, runs};

/// One thing that is spelt as a whole: a character with its readings, or a
/// Latin word or number as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    /// Readings without tones, the commonest first; ü as `v` and as `u`.
    Character(Vec<String>),
    /// A word of ASCII letters and digits.
    Word(String),
}

/// Readings of a character that are taken: the commonest.
const MAX_READINGS: usize = 3;

/// How a unit is written in a spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `xingfushequ`.
    Full,
    /// `xfsq`; words and numbers stay whole.
    Initials,
}

impl Unit {
    /// The ways in which the unit is written, without doubles.
    pub(super) fn spellings(&self, style: Style) -> Vec<&str> {
        match self {
            Unit::Word(word) => vec![word],
            Unit::Character(readings) => {
                let mut spellings: Vec<&str> = Vec::with_capacity(readings.len());
                for reading in readings {
                    let spelling = match style {
                        Style::Full => reading.as_str(),
                        Style::Initials => reading.get(..1).unwrap_or_default(),
                    };
                    if !spellings.contains(&spelling) {
                        spellings.push(spelling);
                    }
                }
                spellings
            }
        }
    }
}

/// The units of a folded name, in order; none where it has no ideograph.
/// Characters without a reading and letters of other scripts are left out.
pub(super) fn units(folded: &str) -> Vec<Unit> {
    if !folded.chars().any(is_han) {
        return Vec::new();
    }
    let mut units = Vec::new();
    for run in runs(folded) {
        if run.is_ascii() {
            units.push(Unit::Word(run));
        } else {
            units.extend(run.chars().filter_map(readings).map(Unit::Character));
        }
    }
    units
}

fn readings(c: char) -> Option<Vec<String>> {
    let mut readings: Vec<String> = Vec::new();
    for reading in c.to_pinyin_multi()? {
        let plain = reading.plain();
        let written = if plain.contains('ü') {
            vec![plain.replace('ü', "v"), plain.replace('ü', "u")]
        } else {
            vec![plain.to_owned()]
        };
        for spelling in written {
            // Some interjections are spelt with accents even without a tone.
            if spelling.bytes().all(|b| b.is_ascii_lowercase()) && !readings.contains(&spelling) {
                readings.push(spelling);
            }
        }
    }
    readings.truncate(MAX_READINGS);
    (!readings.is_empty()).then_some(readings)
}

/// The distinct beginnings, `letters` long, of all spellings of the units
/// from the first on. Where more than `most` would come of it, polyphonic
/// characters from there on are spelt the commonest way only.
pub(super) fn beginnings(units: &[Unit], style: Style, most: usize, letters: usize) -> Vec<String> {
    let mut beginnings = vec![String::new()];
    for unit in units {
        let ways = unit.spellings(style);
        let all = extended(&beginnings, &ways, letters);
        beginnings = if all.len() <= most {
            all
        } else {
            extended(&beginnings, ways.get(..1).unwrap_or_default(), letters)
        };
        if beginnings.iter().all(|start| start.len() >= letters) {
            break;
        }
    }
    beginnings
}

fn extended(starts: &[String], ways: &[&str], letters: usize) -> Vec<String> {
    let mut longer: Vec<String> = Vec::with_capacity(starts.len() * ways.len());
    for start in starts {
        for way in ways {
            let room = letters.saturating_sub(start.len());
            let spelling = format!("{start}{}", way.get(..room).unwrap_or(way));
            if !longer.contains(&spelling) {
                longer.push(spelling);
            }
        }
    }
    longer
}

/// Whether `typed` (ASCII, at most 64 bytes) begins a spelling of the units
/// in any of their readings.
pub(super) fn begins(units: &[Unit], style: Style, typed: &str) -> bool {
    // Bit n: the units so far may have spelt n letters of `typed`.
    let mut reached: u128 = 1;
    for unit in units {
        let mut next: u128 = 0;
        for spelling in unit.spellings(style) {
            let mut from = reached;
            while from != 0 {
                let at = from.trailing_zeros() as usize;
                from &= from - 1;
                let rest = typed.get(at..).unwrap_or_default();
                if spelling.starts_with(rest) {
                    return true;
                }
                if rest.starts_with(spelling) {
                    next |= 1u128.checked_shl((at + spelling.len()) as u32).unwrap_or(0);
                }
            }
        }
        if next == 0 {
            return false;
        }
        reached = next;
    }
    false
}
