//! The circle in few words: a line for small screens, and a sentence to be
//! spoken, with numbers and times in words.

use chrono::DateTime;
use chrono_tz::Tz;

use super::lookup::Reached;
use crate::language::Language;
use crate::text::speech::{en_duration, en_number, en_time, zh_count, zh_duration, zh_number, zh_time};

/// No summary is longer, in characters.
const SUMMARY_CHARS: usize = 40;

/// What there is to tell.
pub struct Told<'a> {
    /// How many minutes one walks at the most.
    pub minutes: u32,
    /// How many metres, where these are counted and not minutes.
    pub metres: Option<f64>,
    /// What is told about, the nearest first.
    pub places: &'a [&'a Reached],
    /// The instant, in the zone of the listener.
    pub at: DateTime<Tz>,
}

impl Told<'_> {
    fn count(&self) -> u32 {
        self.places.len() as u32
    }

    fn open(&self) -> u32 {
        self.places
            .iter()
            .filter(|reached| reached.open() == Some(true))
            .count() as u32
    }

    /// How far the circle is, in words.
    fn span(&self, language: Language) -> String {
        match (language, self.metres) {
            (Language::Zh, None) => format!("{}分钟", zh_count(self.minutes)),
            (Language::Zh, Some(metres)) => format!("{}米", zh_number(metres as u32)),
            (Language::En, None) => en_duration(self.minutes * 60),
            (Language::En, Some(metres)) => format!("{} metres", en_number(metres as u32)),
        }
    }

    /// The nearest place: its name in that language and the seconds to it.
    fn nearest(&self, language: Language) -> Option<(&str, u32)> {
        let reached = self.places.first()?;
        let facts = &reached.entry.place.facts;
        let name = match language {
            Language::Zh => &facts.name,
            Language::En => facts.name_en.as_ref().unwrap_or(&facts.name),
        };
        Some((name, reached.walk_s.ceil() as u32))
    }
}

/// The circle in at most 40 characters.
pub fn summary_text(told: &Told<'_>, language: Language) -> String {
    let (count, open) = (told.count(), told.open());
    let (zh, en) = match told.metres {
        None => (format!("{}分钟", told.minutes), format!("{} min", told.minutes)),
        Some(metres) => (format!("{metres}米"), format!("{metres} m")),
    };
    let long = told.nearest(language).map(|(name, seconds)| {
        let walk = seconds.div_ceil(60).max(1);
        match language {
            Language::Zh => format!("{zh}内{count}处，{open}处开放，最近：{name}，{walk}分钟"),
            Language::En => format!("{count} places; nearest {name}, {walk} min"),
        }
    });
    let short = match language {
        Language::Zh => format!("步行{zh}内有{count}处服务，{open}处开放"),
        Language::En => format!("{count} places in {en}, {open} open"),
    };
    long.filter(|text| text.chars().count() <= SUMMARY_CHARS)
        .unwrap_or(short)
}

/// The circle in a sentence or two without a digit.
pub fn say(told: &Told<'_>, language: Language) -> String {
    let time = told.at.time();
    match (language, told.nearest(language)) {
        (Language::Zh, None) => format!("步行{}以内没有找到服务点。", told.span(language)),
        (Language::Zh, Some((name, seconds))) => format!(
            "步行{}以内，共有{}处服务点。最近的是{}，大约走{}。{}的时候，其中{}处开放。",
            told.span(language),
            zh_count(told.count()),
            without_digits(name, language),
            zh_duration(seconds),
            zh_time(time),
            zh_count(told.open()),
        ),
        (Language::En, None) => format!("There is no place within {} of walking.", told.span(language)),
        (Language::En, Some((name, seconds))) => format!(
            "Within {} of walking the number of places is {}. The nearest is {}, about {} away. At {}, {} open.",
            told.span(language),
            en_number(told.count()),
            without_digits(name, language),
            en_duration(seconds),
            en_time(time),
            match told.open() {
                0 => "none of them is".to_owned(),
                1 => "one of them is".to_owned(),
                open => format!("{} of them are", en_number(open)),
            },
        ),
    }
}

/// A name with its numbers in words.
fn without_digits(name: &str, language: Language) -> String {
    let mut said = String::with_capacity(name.len());
    let mut digits = String::new();
    for letter in name.chars().chain(['\0']) {
        if letter.is_ascii_digit() && digits.len() < 9 {
            digits.push(letter);
            continue;
        }
        if let Ok(number) = digits.parse::<u32>() {
            match language {
                Language::Zh => said.push_str(&zh_number(number)),
                Language::En => {
                    if !said.is_empty() && !said.ends_with(' ') {
                        said.push(' ');
                    }
                    said.push_str(&en_number(number));
                }
            }
        }
        digits.clear();
        if letter.is_ascii_digit() {
            digits.push(letter);
        } else if letter != '\0' {
            said.push(letter);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_said_in_words() {
        assert_eq!(without_digits("7天酒店", Language::Zh), "七天酒店");
        assert_eq!(without_digits("幸福社区12号楼", Language::Zh), "幸福社区十二号楼");
        assert_eq!(without_digits("Gate 3", Language::En), "Gate three");
        let long = without_digits("12345678901234567890", Language::Zh);
        assert!(!long.contains(|c: char| c.is_ascii_digit()), "{long}");
    }
}
