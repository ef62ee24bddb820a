//! Units and their rules.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::doors::Door;
use crate::clock::Timestamp;
use crate::coordinates::Point;
use crate::db::{Id, Named};

/// A level of the administrative tree, the highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 市
    City,
    /// 县、市、区
    County,
    /// 街道、镇
    Street,
    /// 社区、村
    Community,
    /// 网格
    Grid,
    /// 居民小组
    Group,
    /// 楼栋
    Building,
}

impl Level {
    /// All levels, the highest first.
    pub const ALL: [Self; 7] = [
        Self::City,
        Self::County,
        Self::Street,
        Self::Community,
        Self::Grid,
        Self::Group,
        Self::Building,
    ];

    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::County => "county",
            Self::Street => "street",
            Self::Community => "community",
            Self::Grid => "grid",
            Self::Group => "group",
            Self::Building => "building",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(())
    }
}

/// Whether a unit is of the town or of the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// 城镇
    Urban,
    /// 乡村
    Rural,
}

impl Setting {
    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Urban => "urban",
            Self::Rural => "rural",
        }
    }
}

impl FromStr for Setting {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Urban, Self::Rural]
            .into_iter()
            .find(|setting| setting.name() == text)
            .ok_or(())
    }
}

/// The id of a unit.
pub type UnitId = Id<Unit>;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// The unit above; none for a root.
    pub parent_id: Option<UnitId>,
    /// Its level, always lower than its parent's.
    pub level: Level,
    /// Its division code, an opaque text of its own.
    pub code: String,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Town or country.
    pub setting: Setting,
    /// How many people live there.
    pub population: Option<i64>,
    /// Where it is, WGS-84.
    pub location: Option<Point>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with each change.
    pub version: i64,
    /// The unit that took its place, where it was merged into another: what hangs on it
    /// is that one's.
    pub merged_into: Option<UnitId>,
    /// When that was.
    pub closed_at: Option<Timestamp>,
    /// Where those who live there leave it; without any the location counts.
    pub doors: Vec<Door>,
}

impl Named for Unit {
    const PREFIX: &'static str = "unt";
}

impl Unit {
    /// The unit above: that which took its place, or its parent.
    pub fn above(&self) -> Option<UnitId> {
        self.merged_into.or(self.parent_id)
    }
}
