//! The facilities that standards ask for within a walk. The table that ships is
//! `data/facilities.toml`; a city's own rows count before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::places::kinds::{Category, Kinds};

/// Whether a standard demands a facility or recommends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// 应配建 ▲.
    Must,
    /// 宜配建 △.
    Should,
}

/// Minutes of walking and the metres that GB 50180-2018 takes for them.
pub const TIERS: [(u32, f64); 3] = [(5, 300.0), (10, 500.0), (15, 1000.0)];

/// The metres of walking that GB 50180-2018 takes for `minutes`; none for others
/// than 5, 10 and 15.
#[must_use]
pub fn tier_m(minutes: u32) -> Option<f64> {
    TIERS.iter().find(|tier| tier.0 == minutes).map(|tier| tier.1)
}

/// A facility.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Facility {
    /// Its name in tables and the API.
    pub code: String,
    /// Its name in Chinese.
    #[serde(rename(deserialize = "zh"))]
    pub name: String,
    /// Its name in English.
    #[serde(rename(deserialize = "en"))]
    pub name_en: String,
    /// The category that it belongs to.
    pub category: Category,
    /// The kinds of place that count as it.
    pub kinds: Vec<String>,
    /// By what tags OpenStreetMap has it.
    #[serde(default)]
    pub osm: Vec<String>,
    /// Of the 5, 10 or 15 minutes' circle.
    pub tier: u32,
    /// The service radius in metres; null where the standard names none, then the tier's
    /// own 300, 500 or 1000 m count.
    pub metres: Option<f64>,
    /// Whether the standard demands it or recommends it.
    pub requirement: Requirement,
    /// Who says so.
    pub source: String,
    /// Whether the row was compared with the standard's own text. Others must not be
    /// called national law.
    pub checked: bool,
    /// Whether the standard is a national one; a city's own rule is not.
    #[serde(default)]
    pub national: bool,
}

impl Facility {
    /// Within how many metres of walking it should be.
    #[must_use]
    pub fn within_m(&self) -> f64 {
        self.metres.or(tier_m(self.tier)).unwrap_or_default()
    }
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FacilitiesError {
    /// It is no such table.
    #[error("the table of facilities cannot be read: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// A row is wrong.
    #[error("facility {code}: {what}")]
    Row {
        /// Which.
        code: String,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    facility: Vec<Facility>,
}

/// The table in force.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facilities(Vec<Facility>);

impl Facilities {
    /// The table that ships with the program.
    ///
    /// # Errors
    /// Where somebody broke it; a test sees it.
    pub fn shipped() -> Result<Self, FacilitiesError> {
        Self::parse(include_str!("../../data/facilities.toml"))
    }

    /// Reads a table in the form of `data/facilities.toml`.
    ///
    /// # Errors
    /// The row at fault and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FacilitiesError> {
        let table: Table = toml::from_str(text).map_err(Box::new)?;
        let mut seen = std::collections::BTreeSet::new();
        for row in &table.facility {
            let fault = |what: String| FacilitiesError::Row {
                code: row.code.clone(),
                what,
            };
            if !seen.insert(row.code.as_str()) {
                return Err(fault("the code is there twice".into()));
            }
            if tier_m(row.tier).is_none() {
                return Err(fault(format!("tier is {}, not 5, 10 or 15", row.tier)));
            }
            if row.metres.is_some_and(|metres| !(1.0..=5_000.0).contains(&metres)) {
                return Err(fault("metres must be from 1 to 5000".into()));
            }
            if row.kinds.is_empty() {
                return Err(fault("kinds is empty".into()));
            }
            if let Some(kind) = row.kinds.iter().find(|kind| Kinds::table().get(kind).is_none()) {
                return Err(fault(format!("there is no kind {kind}")));
            }
        }
        Ok(Self(table.facility))
    }

    /// The same with a city's own rows: a row of a known code replaces it, others
    /// are added.
    #[must_use]
    pub fn with(self, own: Self) -> Self {
        let mut rest: BTreeMap<String, Facility> = own.0.into_iter().map(|row| (row.code.clone(), row)).collect();
        let mut rows: Vec<Facility> = self
            .0
            .into_iter()
            .map(|row| rest.remove(&row.code).unwrap_or(row))
            .collect();
        rows.extend(rest.into_values());
        Self(rows)
    }

    /// All rows.
    #[must_use]
    pub fn all(&self) -> &[Facility] {
        &self.0
    }

    /// Those of the circle of so many minutes: its own tier and those below.
    pub fn within(&self, minutes: u32) -> impl Iterator<Item = &Facility> {
        self.0.iter().filter(move |row| row.tier <= minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_can_be_read_and_claims_nothing_unchecked() {
        let table = Facilities::shipped().expect("the table");
        assert!(table.all().len() > 25);
        assert!(table.all().iter().all(|row| !row.checked && !row.source.is_empty()));
        assert_eq!(table.within(5).filter(|row| row.tier == 10).count(), 0);
    }

    #[test]
    fn a_city_overrides_a_row_and_adds_its_own() {
        let row = |code: &str, metres: u32| {
            format!(
                "[[facility]]\ncode = \"{code}\"\nzh = \"甲\"\nen = \"A\"\ncategory = \"commerce\"\nkinds = [\"bank\"]\n\
                 tier = 15\nmetres = {metres}\nrequirement = \"should\"\nsource = \"city\"\nchecked = true\n"
            )
        };
        let own = Facilities::parse(&(row("bank", 700) + &row("second_bank", 900))).expect("rows");
        let table = Facilities::shipped().expect("the table");
        let before = table.all().len();
        let table = table.with(own);
        assert_eq!(table.all().len(), before + 1);
        let bank = table.all().iter().find(|row| row.code == "bank").expect("bank");
        assert!((bank.within_m() - 700.0).abs() < 1e-9);
    }

    #[test]
    fn a_row_at_fault_is_named() {
        let bad = "[[facility]]\ncode = \"x\"\nzh = \"甲\"\nen = \"A\"\ncategory = \"commerce\"\nkinds = [\"no_such\"]\n\
                   tier = 15\nrequirement = \"must\"\nsource = \"s\"\nchecked = false\n";
        let error = Facilities::parse(bad).expect_err("no such kind").to_string();
        assert!(error.contains("x") && error.contains("no_such"), "{error}");
    }
}
