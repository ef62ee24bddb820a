//! Places and their rules.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::Kind;
use crate::clock::Timestamp;
use crate::coordinates::Point;
use crate::db::{Id, Named};
use crate::grid::{Door, MOST_DOORS, UnitId};

/// Declares an enum whose variants have one name in code, tables and API.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Its name in code, tables and API.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}

named_enum! {
    /// Where a place comes from.
    Source {
        /// Entered over HTTP.
        Operator = "operator",
        /// Imported from a table.
        Import = "import",
        /// OpenStreetMap's.
        Osm = "osm",
    }
}

named_enum! {
    /// Whether a place is still there.
    Status {
        /// It is.
        Open = "open",
        /// It has been given up; it is in nobody's circle.
        Closed = "closed",
    }
}

named_enum! {
    /// Whether a wheelchair gets in.
    Wheelchair {
        /// Without help.
        Yes = "yes",
        /// With some help.
        Limited = "limited",
        /// Not.
        No = "no",
    }
}

/// Where and when a mobile service stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Where, WGS-84.
    pub point: Point,
    /// When, as an opening-hours expression; it counts on the days that it names.
    pub opening_hours: String,
}

/// How many doors a place may have, and how many stops.
pub const MOST_ACCESS_POINTS: usize = MOST_DOORS;

/// Whether a text looks like a telephone number: 3 to 32 digits and the signs
/// that people write between them. The API document has the same as a pattern.
pub fn is_phone(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_digit() || c == '+' || c == '(';
    let goes_on = |c: char| c.is_ascii_digit() || " ()/;,.+-".contains(c);
    (3..=32).contains(&text.len()) && text.starts_with(begins) && text.chars().all(goes_on)
}

/// What somebody says about a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its name in Chinese, or as it is written there.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Its kind, which fixes its category.
    pub kind: &'static Kind,
    /// The unit in which it lies.
    pub unit_id: Option<UnitId>,
    /// Where it is, WGS-84.
    pub location: Point,
    /// When it is open, as an opening-hours expression that the calendar reads.
    pub opening_hours: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Whether a wheelchair gets in, where known.
    pub wheelchair: Option<Wheelchair>,
    /// Its doors; without any the location counts as one.
    pub doors: Vec<Door>,
    /// Where a mobile service stands; one that has stops is nowhere else.
    pub stops: Vec<Stop>,
}

impl Facts {
    /// What does not go together: the field at fault, a stable code, and the
    /// reason in Chinese and English.
    pub fn contradictions(&self) -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
        let mut found = Vec::new();
        let is_mobile = !self.stops.is_empty();
        if is_mobile && !self.doors.is_empty() {
            found.push((
                "doors",
                "mobile",
                "流动服务只有停靠点，没有出入口。",
                "A mobile service has stops and no doors.",
            ));
        }
        if is_mobile && self.opening_hours.is_some() {
            found.push((
                "opening_hours",
                "mobile",
                "流动服务的时间写在各停靠点上。",
                "A mobile service has its hours at its stops.",
            ));
        }
        if self.doors.iter().any(|door| door.is_far_from(self.location)) {
            found.push((
                "doors",
                "too_far",
                "出入口距离服务点超过五公里，请检查坐标。",
                "A door is more than 5 km from the place; check the coordinates.",
            ));
        }
        found
    }
}

/// The id of a place.
pub type PlaceId = Id<Place>;

/// Somewhere a resident goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// Where it comes from.
    pub source: Source,
    /// By what its source knows it; for OpenStreetMap `node/123`.
    pub reference: String,
    /// What is said about it.
    pub facts: Facts,
    /// Whether it is still there.
    pub status: Status,
    /// Grows with each change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Named for Place {
    const PREFIX: &'static str = "plc";
}

/// What must be shown with whatever comes from OpenStreetMap.
pub const OSM_ATTRIBUTION: &str = "© OpenStreetMap contributors, ODbL 1.0";

impl Place {
    /// What must be shown with it.
    pub fn attribution(&self) -> Option<&'static str> {
        (self.source == Source::Osm).then_some(OSM_ATTRIBUTION)
    }

    /// OpenStreetMap's element, where it comes from there.
    pub fn osm(&self) -> Option<&str> {
        (self.source == Source::Osm).then_some(self.reference.as_str())
    }
}
