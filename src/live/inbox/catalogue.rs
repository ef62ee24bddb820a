//! The one catalogue of what an inbox says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Payload;
use crate::language::{Language, Words};

/// One kind of entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// Whether it may be pushed in quiet hours.
    pub urgent: bool,
    zh: String,
    en: String,
}

impl Template {
    /// The text with what is filled in.
    pub(super) fn text(&self, payload: &Payload, language: Language) -> String {
        let (template, at) = match language {
            Language::Zh => (&self.zh, 0),
            Language::En => (&self.en, 1),
        };
        payload.words.iter().fold(template.clone(), |text, (name, words)| {
            text.replace(&format!("{{{name}}}"), words.get(at).map_or("", String::as_str))
        })
    }
}

/// All kinds, by name.
pub(super) static CATALOGUE: LazyLock<BTreeMap<String, Template>> =
    LazyLock::new(|| match toml::from_str(include_str!("../../../data/inbox.toml")) {
        Ok(catalogue) => catalogue,
        Err(error) => unreachable!("data/inbox.toml is part of the program, and is at fault: {error}"),
    });

/// What an entry says whose kind this version does not know, as beside a newer one.
pub(super) const UNKNOWN: Words = Words {
    zh: std::borrow::Cow::Borrowed("有新的消息，请更新应用后查看。"),
    en: std::borrow::Cow::Borrowed("There is something new. Please update the app to read it."),
};

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> = text
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().expect("a closing brace"))
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn both_languages_fill_in_the_same_and_end_as_sentences_do() {
        for (kind, template) in CATALOGUE.iter() {
            assert_eq!(names(&template.zh), names(&template.en), "{kind}");
            assert!(template.zh.ends_with('。') && template.en.ends_with('.'), "{kind}");
        }
    }

    #[test]
    fn what_is_filled_in_is_in_the_language_of_the_text() {
        let payload = Payload {
            about: None,
            words: BTreeMap::from([("unit".to_owned(), ["一号楼".to_owned(), "Building 1".to_owned()])]),
        };
        let template = CATALOGUE.get("home_ended").expect("a kind");
        assert_eq!(template.text(&payload, Language::Zh), "您在一号楼的居住登记已结束。");
        assert!(template.text(&payload, Language::En).ends_with("at Building 1."));
    }
}
