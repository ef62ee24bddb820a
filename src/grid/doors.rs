//! Doors: where people enter and leave a place or a building.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::coordinates::Point;
use crate::text::is_plain;

/// How many doors a place or a unit may have.
pub const MOST_DOORS: usize = 50;
/// How far from what it leads into a door may be, in metres.
pub const DOORS_WITHIN_M: f64 = 5_000.0;
/// How long the name of a door may be, in characters.
const LONGEST_NAME: usize = 80;

/// What kind of access point a door is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoorKind {
    /// The main entrance.
    Main,
    /// Another entrance.
    Entrance,
    /// A gate in the fence or wall around.
    Gate,
    /// Where a street meets the outline, of which no door is mapped.
    Street,
}

impl DoorKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Main, Self::Entrance, Self::Gate, Self::Street];

    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Entrance => "entrance",
            Self::Gate => "gate",
            Self::Street => "street",
        }
    }
}

impl FromStr for DoorKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// An access point of a place or of a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Door {
    /// Its kind.
    pub kind: DoorKind,
    /// What is written at it: 东门.
    pub name: Option<String>,
    /// Where it is, WGS-84.
    pub point: Point,
}

impl Door {
    /// Whether it is too far from what it should lead into.
    pub fn is_far_from(&self, location: Point) -> bool {
        self.point.metres_to(location) > DOORS_WITHIN_M
    }
}

/// Whether a text can be the name of a door: 1 to 80 characters that show
/// something. The API document has the same as a schema.
pub fn is_door_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.chars().count()) && is_plain(text)
}
