//! The ten categories and the kinds of place below them, from the readable
//! table `data/osm-categories.toml`, which also says by what tags
//! `OpenStreetMap` has each kind.

mod category;
mod markdown;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::tag_rules::{RuleError, RuleSet, TagRule, says_it_is_there};
use crate::circle::osm::Tags;

pub use category::Category;

/// A kind of place below a category: a pharmacy, a bus stop.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The code used in the API, the tables and the files.
    pub code: String,
    /// The category that it belongs to.
    pub category: Category,
    /// Chinese name, also shown for a place that has no name of its own.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The rules by which `OpenStreetMap` has it, as written in the table.
    pub osm: Vec<String>,
}

/// What a category is called.
#[derive(Debug)]
struct CategoryNames {
    zh: String,
    zh_word: String,
    en: String,
}

/// What the tags of an element say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading<'table, 'tags> {
    /// A place of this kind.
    Place(&'table Kind),
    /// It would be a place but is closed, gone or not for the public.
    NotForPublic(&'table Kind),
    /// Something the table leaves out on purpose, such as a bench.
    LeftOut,
    /// This tag is of a key for places and the table does not know its value.
    Unknown {
        /// The tag's key.
        key: &'tags str,
        /// The tag's value.
        value: &'tags str,
    },
    /// Nothing that concerns places.
    Nothing,
}

/// The table of categories and kinds.
#[derive(Debug)]
pub struct Kinds {
    list: Vec<Kind>,
    /// In the order of [`Category::ALL`].
    category_names: Vec<CategoryNames>,
    by_code: HashMap<String, usize>,
    places: RuleSet,
    never: RuleSet,
    left_out: RuleSet,
    ignored_values: Vec<String>,
}

/// Why a table of kinds could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KindsError {
    #[error("not a table of kinds: {0}")]
    Toml(#[from] toml::de::Error),
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error("the categories must be the ten, in their order")]
    Categories,
    #[error("kind {0:?} stands twice")]
    Twice(String),
    #[error("kind {0:?}: a code is lower-case letters and _, and both names are given")]
    Code(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    ignored_values: Vec<String>,
    never: Vec<String>,
    left_out: Vec<String>,
    category: Vec<CategoryRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryRow {
    code: Category,
    zh: String,
    zh_word: String,
    en: String,
    kinds: Vec<KindRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindRow {
    code: String,
    zh: String,
    en: String,
    #[serde(default)]
    weak: bool,
    #[serde(default)]
    osm: Vec<String>,
}

/// Keys whose values are places, or close enough to ask about.
const PLACE_KEYS: [&str; 8] = [
    "amenity",
    "shop",
    "leisure",
    "healthcare",
    "office",
    "tourism",
    "public_transport",
    "emergency",
];

static TABLE: LazyLock<Kinds> = LazyLock::new(|| {
    // Part of the program, not input: a test reads it.
    match Kinds::parse(include_str!("../../../data/osm-categories.toml")) {
        Ok(kinds) => kinds,
        Err(error) => unreachable!("data/osm-categories.toml: {error}"),
    }
});

impl Kinds {
    /// The table of the program.
    #[must_use]
    pub fn table() -> &'static Self {
        &TABLE
    }

    /// Reads a table of kinds.
    ///
    /// # Errors
    /// [`KindsError`] where it is no TOML, a rule cannot be read, a kind stands
    /// twice, or the categories are not the ten in order.
    pub fn parse(text: &str) -> Result<Self, KindsError> {
        let file: TableFile = toml::from_str(text)?;
        if !file.category.iter().map(|row| row.code).eq(Category::ALL) {
            return Err(KindsError::Categories);
        }
        let mut table = Self {
            list: Vec::new(),
            category_names: Vec::new(),
            by_code: HashMap::new(),
            places: RuleSet::default(),
            never: unranked(&file.never)?,
            left_out: unranked(&file.left_out)?,
            ignored_values: file.ignored_values,
        };
        for category in file.category {
            table.category_names.push(CategoryNames {
                zh: category.zh,
                zh_word: category.zh_word,
                en: category.en,
            });
            for row in category.kinds {
                table.add(category.code, row)?;
            }
        }
        Ok(table)
    }

    fn add(&mut self, category: Category, row: KindRow) -> Result<(), KindsError> {
        let is_code = |code: &str| code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if row.code.is_empty() || !is_code(&row.code) || row.zh.is_empty() || row.en.is_empty() {
            return Err(KindsError::Code(row.code));
        }
        let number = self.list.len();
        if self.by_code.insert(row.code.clone(), number).is_some() {
            return Err(KindsError::Twice(row.code));
        }
        for rule in &row.osm {
            let rule = TagRule::parse(rule)?;
            let weight = if row.weak { 0 } else { rule.weight() };
            self.places.add(rule, weight, number);
        }
        self.list.push(Kind {
            code: row.code,
            category,
            zh: row.zh,
            en: row.en,
            osm: row.osm,
        });
        Ok(())
    }

    /// All kinds, by category and then as the table has them.
    #[must_use]
    pub fn all(&self) -> &[Kind] {
        &self.list
    }

    /// The kind of a code, or none.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Kind> {
        self.by_code.get(code).and_then(|&n| self.list.get(n))
    }

    /// What an element's tags say about it.
    #[must_use]
    pub fn read<'table, 'tags>(&'table self, tags: &'tags Tags) -> Reading<'table, 'tags> {
        let ignored = &self.ignored_values;
        let best = self.places.best(tags, ignored);
        if let Some(kind) = best.and_then(|number| self.list.get(number)) {
            return match self.never.best(tags, ignored) {
                Some(_) => Reading::NotForPublic(kind),
                None => Reading::Place(kind),
            };
        }
        let unknown = tags
            .0
            .iter()
            .find(|(key, value)| PLACE_KEYS.contains(&key.as_str()) && says_it_is_there(value, ignored));
        match unknown {
            None => Reading::Nothing,
            Some(_) if self.left_out.best(tags, ignored).is_some() => Reading::LeftOut,
            Some((key, value)) => Reading::Unknown { key, value },
        }
    }

    /// The kind of place that an element's tags make it, or none.
    #[must_use]
    pub fn match_osm(&self, tags: &Tags) -> Option<&Kind> {
        match self.read(tags) {
            Reading::Place(kind) => Some(kind),
            _ => None,
        }
    }
}

fn unranked(rules: &[String]) -> Result<RuleSet, RuleError> {
    let mut set = RuleSet::default();
    for rule in rules {
        set.add(TagRule::parse(rule)?, 1, 0);
    }
    Ok(set)
}
