//! Rules over `OpenStreetMap` tags, in the grammar that the header of
//! `data/osm-categories.toml` documents, and an index that finds the best one.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::circle::osm::Tags;

/// One condition on an element's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// The tag has one of these values.
    OneOf { key: String, values: Vec<String> },
    /// The tag is there, with a value that is not ignored.
    Present { key: String },
    /// The tag is absent or has none of these values.
    NoneOf { key: String, values: Vec<String> },
    /// The tag is not there.
    Absent { key: String },
    /// A name contains one of these texts (kept in lower case).
    NameContains { texts: Vec<String> },
}

/// Why a rule could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("rule {rule:?}: {condition:?} is none of key=value, key=*, key!=value, key!=*, name~text")]
    NotACondition { rule: String, condition: String },
    #[error("rule {rule:?}: an empty value in {condition:?}")]
    EmptyValue { rule: String, condition: String },
    #[error("rule {rule:?}: the first condition must be key=value or key=*")]
    FirstCondition { rule: String },
}

/// Conditions that must hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRule {
    conditions: Vec<Condition>,
}

impl TagRule {
    /// Reads `"key=value + name~text"`.
    ///
    /// # Errors
    /// [`RuleError`] names the rule and the condition that cannot be read.
    pub fn parse(rule: &str) -> Result<Self, RuleError> {
        let conditions = rule
            .split(" + ")
            .map(|condition| parse_condition(rule, condition.trim()))
            .collect::<Result<Vec<_>, _>>()?;
        match conditions.first() {
            Some(Condition::OneOf { .. } | Condition::Present { .. }) => Ok(Self { conditions }),
            _ => Err(RuleError::FirstCondition { rule: rule.to_owned() }),
        }
    }

    /// How specific the rule is: 2 for a named value or a name, 1 for any other
    /// condition.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.conditions
            .iter()
            .map(|condition| match condition {
                Condition::OneOf { .. } | Condition::NameContains { .. } => 2,
                _ => 1,
            })
            .sum()
    }

    fn rest_holds(&self, tags: &Tags, ignored_values: &[String]) -> bool {
        self.conditions
            .iter()
            .skip(1)
            .all(|condition| condition.holds(tags, ignored_values))
    }
}

impl Condition {
    fn holds(&self, tags: &Tags, ignored_values: &[String]) -> bool {
        let has_one_of = |key: &str, wanted: &[String]| {
            tags.get(key)
                .is_some_and(|value| values_of(value).any(|v| wanted.iter().any(|w| w == v)))
        };
        match self {
            Self::OneOf { key, values } => has_one_of(key, values),
            Self::NoneOf { key, values } => !has_one_of(key, values),
            Self::Absent { key } => tags.get(key).is_none(),
            Self::Present { key } => tags
                .get(key)
                .is_some_and(|value| says_it_is_there(value, ignored_values)),
            Self::NameContains { texts } => tags.0.iter().filter(|(key, _)| is_name(key)).any(|(_, name)| {
                let name = name.to_lowercase();
                texts.iter().any(|text| name.contains(text))
            }),
        }
    }
}

fn parse_condition(rule: &str, condition: &str) -> Result<Condition, RuleError> {
    let not_a_condition = || RuleError::NotACondition {
        rule: rule.to_owned(),
        condition: condition.to_owned(),
    };
    let list = |values: &str| {
        let list: Vec<String> = values.split('|').map(|v| v.trim().to_owned()).collect();
        if list.iter().any(String::is_empty) {
            return Err(RuleError::EmptyValue {
                rule: rule.to_owned(),
                condition: condition.to_owned(),
            });
        }
        Ok(list)
    };
    if let Some(texts) = condition.strip_prefix("name~") {
        let texts = list(texts)?.iter().map(|t| t.to_lowercase()).collect();
        return Ok(Condition::NameContains { texts });
    }
    let (key, values) = condition.split_once('=').ok_or_else(not_a_condition)?;
    let (key, negated) = match key.strip_suffix('!') {
        Some(key) => (key, true),
        None => (key, false),
    };
    let is_key_character = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | ':' | '-');
    if key.is_empty() || !key.chars().all(is_key_character) {
        return Err(not_a_condition());
    }
    let key = key.to_owned();
    Ok(match (negated, values) {
        (false, "*") => Condition::Present { key },
        (true, "*") => Condition::Absent { key },
        (false, _) => Condition::OneOf {
            key,
            values: list(values)?,
        },
        (true, _) => Condition::NoneOf {
            key,
            values: list(values)?,
        },
    })
}

/// The values of a tag that may hold several: `cafe;bar`.
fn values_of(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').map(str::trim).filter(|v| !v.is_empty())
}

/// Whether any of a tag's values says more than that the thing is not there.
#[must_use]
pub fn says_it_is_there(value: &str, ignored_values: &[String]) -> bool {
    values_of(value).any(|v| !ignored_values.iter().any(|ignored| ignored == v))
}

fn is_name(key: &str) -> bool {
    key == "name" || key == "official_name" || key.starts_with("name:zh")
}

/// Rules in order, each leading to something, found by the key and value of
/// their first condition.
#[derive(Debug, Default)]
pub struct RuleSet {
    entries: Vec<Entry>,
    by_key: HashMap<String, KeyIndex>,
}

#[derive(Debug)]
struct Entry {
    rule: TagRule,
    weight: usize,
    leads_to: usize,
}

#[derive(Debug, Default)]
struct KeyIndex {
    by_value: HashMap<String, Vec<usize>>,
    any_value: Vec<usize>,
}

impl RuleSet {
    /// Adds a rule of the given weight after those that are there.
    pub fn add(&mut self, rule: TagRule, weight: usize, leads_to: usize) {
        let number = self.entries.len();
        match rule.conditions.first() {
            Some(Condition::OneOf { key, values }) => {
                let index = self.by_key.entry(key.clone()).or_default();
                for value in values {
                    index.by_value.entry(value.clone()).or_default().push(number);
                }
            }
            Some(Condition::Present { key }) => {
                let index = self.by_key.entry(key.clone()).or_default();
                index.any_value.push(number);
            }
            // `TagRule::parse` lets no other condition stand first.
            _ => {}
        }
        self.entries.push(Entry { rule, weight, leads_to });
    }

    /// What the best rule that holds leads to: the heaviest, then the one whose
    /// value stands first in its tag, then the first added.
    #[must_use]
    pub fn best(&self, tags: &Tags, ignored_values: &[String]) -> Option<usize> {
        let mut best = None;
        for (key, value) in &tags.0 {
            let Some(index) = self.by_key.get(key) else {
                continue;
            };
            for (position, one) in values_of(value).enumerate() {
                let named = index.by_value.get(one).map_or(&[][..], Vec::as_slice);
                let any = if ignored_values.iter().any(|ignored| ignored == one) {
                    &[][..]
                } else {
                    &index.any_value
                };
                for &number in named.iter().chain(any) {
                    let Some(entry) = self.entries.get(number) else {
                        continue;
                    };
                    if entry.rule.rest_holds(tags, ignored_values) {
                        let rank = (entry.weight, Reverse(position), Reverse(number));
                        best = best.max(Some((rank, entry.leads_to)));
                    }
                }
            }
        }
        best.map(|(_, leads_to)| leads_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: &str, tags: &[(&str, &str)]) -> bool {
        let mut rules = RuleSet::default();
        rules.add(TagRule::parse(rule).expect(rule), 1, 0);
        let tags = Tags(tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        rules.best(&tags, &["no".to_owned()]).is_some()
    }

    #[test]
    fn each_condition_holds_as_documented() {
        assert!(holds("amenity=cafe|bar", &[("amenity", "bar")]));
        assert!(holds("amenity=bar", &[("amenity", "cafe; bar")]));
        assert!(!holds("amenity=bar", &[("amenity", "barn")]));
        assert!(holds("shop=*", &[("shop", "anything")]));
        assert!(!holds("shop=*", &[("shop", "no")]));
        assert!(holds("shop=* + access!=private|no", &[("shop", "yes")]));
        assert!(!holds(
            "shop=* + access!=private|no",
            &[("shop", "yes"), ("access", "no")]
        ));
        assert!(!holds("shop=* + access!=*", &[("shop", "yes"), ("access", "yes")]));
        assert!(holds(
            "office=* + name~党群",
            &[("office", "yes"), ("name:zh", "东门党群服务站")]
        ));
        assert!(holds("shop=* + name~KTV", &[("shop", "yes"), ("name", "Big ktv")]));
        assert!(!holds("shop=* + name~KTV", &[("shop", "ktv")]));
    }

    #[test]
    fn what_is_no_rule_is_refused_and_named() {
        for bad in [
            "", "amenity", "amenity=", "a=b + c", "a=b|", "name~甲", "a!=b", "a=b + =c",
        ] {
            assert!(TagRule::parse(bad).is_err(), "{bad:?} was taken");
        }
        let error = TagRule::parse("amenity=school + level").unwrap_err();
        assert!(error.to_string().contains("\"level\""), "{error}");
    }
}
