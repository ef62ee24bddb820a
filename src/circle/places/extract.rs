//! Places from `OpenStreetMap`: points, closed ways and multipolygons whose tags
//! the table of [`kinds`](super::kinds) knows, with their doors.
//!
//! The data is not ours to mend: a tag that cannot be read is left out and
//! counted, and the place is taken.

mod areas;
pub(crate) mod doors;
pub(crate) mod outline;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use super::kinds::{Kind, Kinds, Reading};
use super::model::is_phone;
use crate::circle::osm::{Node, OsmData, Point, Tags};

use areas::{Area, corners};
pub use doors::{OsmDoor, OsmDoorKind};

/// Longest value that is taken, in characters; `OpenStreetMap`'s own limit.
const MAX_VALUE_CHARS: usize = 255;

/// What `wheelchair=*` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wheelchair {
    /// `yes` or `designated`.
    Yes,
    /// `limited`.
    Limited,
    /// `no`.
    No,
}

/// A place as `OpenStreetMap` has it.
#[derive(Debug, Clone, PartialEq)]
pub struct OsmPlace {
    /// `node/123`, `way/45` or `relation/6`.
    pub reference: String,
    /// The Chinese name, else the local one, else the brand; none where it has none.
    pub name: Option<String>,
    /// The English name.
    pub name_en: Option<String>,
    /// Its kind.
    pub kind: &'static Kind,
    /// The node, or a point inside of the area ([`point_inside`](outline::Outline::point_inside)).
    pub point: Point,
    /// Doors on its outline; none for a node and where none is mapped.
    pub doors: Vec<OsmDoor>,
    /// As written, and readable.
    pub opening_hours: Option<String>,
    /// The telephone number, as written.
    pub phone: Option<String>,
    /// Whether a wheelchair gets in.
    pub wheelchair: Option<Wheelchair>,
}

/// What was counted on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtractReport {
    /// Places taken, by the code of their kind.
    pub taken: BTreeMap<&'static str, usize>,
    /// Tags that could not be read and were left out of a place, by key.
    pub unreadable: BTreeMap<&'static str, usize>,
    /// Closed, gone or not for the public, by the kind that they would be.
    pub not_for_public: BTreeMap<&'static str, usize>,
    /// Left out on purpose, such as benches.
    pub left_out: usize,
    /// Tags of place keys that the table does not know, `amenity=…`, with how often.
    pub unknown: BTreeMap<String, usize>,
    /// Ways with a place's tags that do not close: not taken.
    pub open_ways: usize,
    /// Relations with a place's tags that are no multipolygon: not taken.
    pub other_relations: usize,
    /// Areas taken although some of their outline is missing or does not close.
    pub broken_areas: usize,
    /// Areas of whose outline nothing is in the file: not taken.
    pub lost_areas: usize,
    /// Places with at least one door.
    pub with_doors: usize,
}

/// Places and what was counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extract {
    /// Nodes, then ways, then relations, each in file order.
    pub places: Vec<OsmPlace>,
    /// What was counted on the way.
    pub report: ExtractReport,
}

/// Whether an element with these tags concerns places: for a reader that leaves
/// the rest out. Doors come with the ways on whose outline they are. True also
/// for what is only counted in the report.
#[must_use]
pub fn is_wanted(tags: &Tags) -> bool {
    Kinds::table().read(tags) != Reading::Nothing
}

/// All places of the data. `hours_are_valid` says whether an `opening_hours`
/// value can be read.
#[must_use]
pub fn extract(data: &OsmData, hours_are_valid: &dyn Fn(&str) -> bool) -> Extract {
    let mut extractor = Extractor {
        extract: Extract::default(),
        hours_are_valid,
    };
    for node in &data.nodes {
        if let Some(kind) = extractor.kind_of(&node.tags) {
            let reference = format!("node/{}", node.id);
            extractor.take(reference, kind, &node.tags, node.point, Vec::new());
        }
    }
    let areas = extractor.areas(data);
    let nodes = corners(data, &areas);
    for area in &areas {
        extractor.take_area(area, &nodes);
    }
    extractor.extract
}

struct Extractor<'a> {
    extract: Extract,
    hours_are_valid: &'a dyn Fn(&str) -> bool,
}

impl Extractor<'_> {
    fn kind_of(&mut self, tags: &Tags) -> Option<&'static Kind> {
        let report = &mut self.extract.report;
        match Kinds::table().read(tags) {
            Reading::Place(kind) => return Some(kind),
            Reading::NotForPublic(kind) => {
                *report.not_for_public.entry(&kind.code).or_default() += 1;
            }
            Reading::LeftOut => report.left_out += 1,
            Reading::Unknown { key, value } => {
                *report.unknown.entry(format!("{key}={value}")).or_default() += 1;
            }
            Reading::Nothing => {}
        }
        None
    }

    fn take_area(&mut self, area: &Area<'_>, nodes: &HashMap<i64, &Node>) {
        let shape = area.shape(nodes);
        let Some(point) = shape.point else {
            self.extract.report.lost_areas += 1;
            return;
        };
        self.extract.report.broken_areas += usize::from(shape.broken);
        self.extract.report.with_doors += usize::from(!shape.doors.is_empty());
        self.take(area.reference.clone(), area.kind, area.tags, point, shape.doors);
    }

    fn take(&mut self, reference: String, kind: &'static Kind, tags: &Tags, point: Point, doors: Vec<OsmDoor>) {
        let place = OsmPlace {
            reference,
            name: self.text(
                tags,
                &["name:zh-Hans", "name:zh", "name", "official_name", "brand:zh", "brand"],
            ),
            name_en: self.text(tags, &["name:en", "int_name"]),
            kind,
            point,
            doors,
            opening_hours: self.checked(tags, "opening_hours", self.hours_are_valid),
            phone: self.phone(tags),
            wheelchair: self.wheelchair(tags),
        };
        *self.extract.report.taken.entry(&kind.code).or_default() += 1;
        self.extract.places.push(place);
    }

    /// The first of `keys` that says something.
    fn text(&mut self, tags: &Tags, keys: &[&'static str]) -> Option<String> {
        keys.iter().find_map(|key| self.checked(tags, key, &|_| true))
    }

    fn phone(&mut self, tags: &Tags) -> Option<String> {
        ["phone", "contact:phone", "contact:mobile"]
            .iter()
            .find_map(|key| self.checked(tags, key, &|value| is_phone(first_of(value))))
            .map(|value| first_of(&value).to_owned())
    }

    fn wheelchair(&mut self, tags: &Tags) -> Option<Wheelchair> {
        let known = |value: &str| match value {
            "yes" | "designated" => Some(Wheelchair::Yes),
            "limited" => Some(Wheelchair::Limited),
            "no" => Some(Wheelchair::No),
            _ => None,
        };
        self.checked(tags, "wheelchair", &|value| known(value).is_some())
            .and_then(|value| known(&value))
    }

    /// The trimmed value of `key` where it can be read, else none, counted.
    fn checked(&mut self, tags: &Tags, key: &'static str, is_readable: &dyn Fn(&str) -> bool) -> Option<String> {
        let value = tags.get(key)?.trim();
        if value.is_empty() {
            return None;
        }
        let is_plain = value.chars().count() <= MAX_VALUE_CHARS && !value.contains(char::is_control);
        if is_plain && is_readable(value) {
            return Some(value.to_owned());
        }
        *self.extract.report.unreadable.entry(key).or_default() += 1;
        None
    }
}

/// The first of several values: `+377 1; +377 2`.
fn first_of(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}
