//! Places from `OpenStreetMap`: points, closed ways and multipolygons whose tags
//! the table of [`kinds`](super::kinds) knows, with their doors.
//!
//! The data is not ours to mend: a tag that cannot be read is left out and
//! counted, and the place is taken.

mod areas;
mod compounds;
pub(crate) mod doors;
mod fences;
mod lines;
mod malls;
mod nodes;
pub(crate) mod outline;
mod street_doors;
#[cfg(test)]
mod tests;
mod twins;

use std::collections::BTreeMap;

use super::kinds::{Kind, Kinds, Reading};
use super::model::is_phone;
use crate::circle::osm::{OsmData, Point, Tags, Wanted};
use crate::circle::streets;

use areas::Shape;
pub use compounds::{Compound, compounds_without_gate};
pub use doors::{OsmDoor, OsmDoorKind};
use nodes::Nodes;
use street_doors::Surroundings;
use twins::Taken;

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
    /// Doors on its outline, in its fence, or else where the streets meet it; of a
    /// node in a mall the mall's. None where there is nothing of all that.
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
    /// Places with at least one mapped door.
    pub with_doors: usize,
    /// Areas without one, which are entered where the streets meet their outline.
    pub by_the_street: usize,
    /// Areas that no street comes to: of them only the middle is known.
    pub without_door: usize,
    /// Places mapped twice, taken once.
    pub twins: usize,
}

/// Places and what was counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extract {
    /// Nodes, then ways, then relations, each in file order.
    pub places: Vec<OsmPlace>,
    /// What is mapped twice and one of these places.
    pub twins: Vec<Twin>,
    /// What was counted on the way.
    pub report: ExtractReport,
}

/// An element that is the same place as another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// What is left out, such as `node/123`.
    pub reference: String,
    /// The place that it is.
    pub place: String,
}

/// Whether an element with these tags concerns places. True also for what is
/// only counted in the report.
#[must_use]
pub fn is_wanted(tags: &Tags) -> bool {
    Kinds::table().read(tags) != Reading::Nothing
}

/// What of an `OpenStreetMap` file [`extract`] looks at: places, and the streets
/// and barriers around them. Entrances and gates come with the ways that they
/// are on.
#[must_use]
pub fn wanted() -> Wanted<'static> {
    Wanted {
        node: &is_wanted,
        way: &|tags| is_wanted(tags) || streets::walkable(tags).is_some() || streets::is_barrier(tags),
        relation: &|tags| is_wanted(tags) || streets::is_water_relation(tags),
    }
}

/// What of an `OpenStreetMap` file the report on doors and gates looks at:
/// areas, compounds, and the streets and barriers around them.
#[must_use]
pub fn wanted_for_report() -> Wanted<'static> {
    Wanted {
        node: &|_| false,
        way: &|tags| (wanted().way)(tags) || (compounds::wanted().way)(tags),
        relation: &|tags| (wanted().relation)(tags) || (compounds::wanted().relation)(tags),
    }
}

/// All places of the data. `hours_are_valid` says whether an `opening_hours`
/// value can be read.
#[must_use]
pub fn extract(data: &OsmData, hours_are_valid: &dyn Fn(&str) -> bool) -> Extract {
    let mut extractor = Extractor {
        extract: Extract::default(),
        hours_are_valid,
    };
    let nodes = Nodes::new(data);
    let mut taken = Vec::new();
    for node in &data.nodes {
        if let Some(kind) = extractor.kind_of(&node.tags) {
            let reference = format!("node/{}", node.id);
            taken.push(Taken {
                id: node.id,
                place: extractor.place(reference, kind, &node.tags, node.point),
                outline: None,
            });
        }
    }
    extractor.take_areas(data, &nodes, &mut taken);
    let (mut taken, twins) = twins::merge(taken);
    malls::give_doors(data, &nodes, &mut taken);
    let report = &mut extractor.extract.report;
    report.twins = twins.len();
    for one in &taken {
        let doors = &one.place.doors;
        *report.taken.entry(&one.place.kind.code).or_default() += 1;
        let is_mapped = doors.iter().any(|door| door.kind != OsmDoorKind::Street);
        report.with_doors += usize::from(is_mapped);
        report.by_the_street += usize::from(!is_mapped && !doors.is_empty());
        report.without_door += usize::from(one.outline.is_some() && doors.is_empty());
    }
    extractor.extract.twins = twins;
    extractor.extract.places = taken.into_iter().map(|one| one.place).collect();
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

    /// The places that are areas, with their doors.
    fn take_areas(&mut self, data: &OsmData, nodes: &Nodes<'_>, taken: &mut Vec<Taken>) {
        let areas = self.areas(data);
        let mut shapes: Vec<Shape> = areas.iter().map(|area| area.parts.shape(nodes)).collect();
        for (number, gates) in fences::gates(data, nodes, &shapes) {
            let Some(shape) = shapes.get_mut(number as usize) else {
                continue;
            };
            shape.mapped.stated.extend(gates.along);
            if shape.mapped.stated.is_empty() {
                shape.mapped.stated.extend(gates.around);
            }
        }
        let doorless: Vec<&Shape> = shapes.iter().filter(|shape| shape.mapped.is_empty()).collect();
        let surroundings = Surroundings::new(data, nodes, &doorless);
        let mut number = 0;
        let street_doors: Vec<Vec<OsmDoor>> = areas
            .iter()
            .zip(&shapes)
            .map(|(area, shape)| {
                if !shape.mapped.is_empty() {
                    return Vec::new();
                }
                number += 1;
                surroundings.doors(number - 1, &area.parts, shape, nodes)
            })
            .collect();
        for ((area, shape), street_doors) in areas.iter().zip(shapes).zip(street_doors) {
            let Some(point) = shape.point else {
                self.extract.report.lost_areas += 1;
                continue;
            };
            self.extract.report.broken_areas += usize::from(shape.broken);
            let mut place = self.place(area.reference.clone(), area.kind, area.tags, point);
            place.doors = if shape.mapped.is_empty() {
                street_doors
            } else {
                shape.mapped.doors()
            };
            taken.push(Taken {
                id: area.id,
                place,
                outline: Some(shape.outline),
            });
        }
    }

    /// What the tags say about a place, which has no doors yet.
    fn place(&mut self, reference: String, kind: &'static Kind, tags: &Tags, point: Point) -> OsmPlace {
        OsmPlace {
            reference,
            name: self.text(
                tags,
                &["name:zh-Hans", "name:zh", "name", "official_name", "brand:zh", "brand"],
            ),
            name_en: self.text(tags, &["name:en", "int_name"]),
            kind,
            point,
            doors: Vec::new(),
            opening_hours: self.checked(tags, "opening_hours", self.hours_are_valid),
            phone: self.phone(tags),
            wheelchair: self.wheelchair(tags),
        }
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
