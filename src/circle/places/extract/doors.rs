//! The mapped doors of an area: entrances and gates among the nodes of its outline.

use crate::circle::osm::{Node, Point, Tags};

use super::lines::spread;
use crate::circle::places::model::MOST_ACCESS_POINTS;

/// What kind of door a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OsmDoorKind {
    /// `entrance=main`.
    Main,
    /// `entrance=yes`, or one of no stated type where there is nothing better.
    Entrance,
    /// A gate in the fence.
    Gate,
    /// Where the street network meets the outline, or comes close to it.
    Street,
}

/// A door of a place, on its outline.
#[derive(Debug, Clone, PartialEq)]
pub struct OsmDoor {
    /// Where it is.
    pub point: Point,
    /// What kind of access point it is.
    pub kind: OsmDoorKind,
    /// What it is called: `东门`, `A口`; of a [`OsmDoorKind::Street`] the street.
    pub name: Option<String>,
    /// The node that it is in `OpenStreetMap`, where it is one.
    pub osm_node: Option<i64>,
}

/// Longest name of a door that is taken, in characters.
const MOST_NAME_CHARS: usize = 80;

/// Barriers that a person walks through.
const GATES: [&str; 12] = [
    "gate",
    "entrance",
    "lift_gate",
    "swing_gate",
    "sliding_gate",
    "sliding_beam",
    "wicket_gate",
    "kissing_gate",
    "hampshire_gate",
    "turnstile",
    "full-height_turnstile",
    "stile",
];

/// Entrances that are not for who visits the place.
const NOT_FOR_VISITORS: [&str; 13] = [
    "no",
    "service",
    "emergency",
    "exit",
    "fire_exit",
    "emergency_exit",
    "emergency_ward_entrance",
    "private",
    "staff",
    "employees",
    "garage",
    "delivery",
    "residents",
];

/// Barriers that nobody walks through unless they are told to be open.
const CLOSED: [&str; 8] = [
    "city_wall",
    "ditch",
    "fence",
    "guard_rail",
    "hedge",
    "retaining_wall",
    "wall",
    "wire_fence",
];

/// A node's standing as a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// An entrance or gate.
    Stated(OsmDoorKind),
    /// An entrance without a type that says for whom.
    Untyped,
    /// A door that is not for who visits, or a closed barrier.
    Refused,
    /// No door.
    None,
}

/// The doors among the nodes of an outline.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    /// Main and plain entrances and gates, alike.
    pub stated: Vec<OsmDoor>,
    /// Doors of no such type, which count where there is none of these.
    pub untyped: Vec<OsmDoor>,
    /// Where one is that is not for who visits.
    pub refused: Vec<Point>,
}

impl Mapped {
    /// Looks at the nodes of an outline, each once.
    pub fn among<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        let mut found = Self::default();
        let mut seen = std::collections::HashSet::new();
        for node in nodes {
            let (list, kind) = match standing(&node.tags) {
                Standing::Stated(kind) => (&mut found.stated, kind),
                Standing::Untyped => (&mut found.untyped, OsmDoorKind::Entrance),
                Standing::Refused => {
                    found.refused.push(node.point);
                    continue;
                }
                Standing::None => continue,
            };
            if seen.insert(node.id) {
                list.push(door_at(node, kind));
            }
        }
        found
    }

    /// Whether there is no door at all.
    pub fn is_empty(&self) -> bool {
        self.stated.is_empty() && self.untyped.is_empty()
    }

    /// Those that count: main and plain entrances and gates alike; those of no
    /// such type only where there is none of these; never service, emergency,
    /// exit, private or locked ones.
    pub fn doors(self) -> Vec<OsmDoor> {
        let mut doors = if self.stated.is_empty() {
            self.untyped
        } else {
            self.stated
        };
        // What has more doors than a place may have keeps its main ones.
        if doors.len() > MOST_ACCESS_POINTS {
            doors.sort_by_key(|door| door.kind != OsmDoorKind::Main);
        }
        spread(doors, MOST_ACCESS_POINTS, |door| door.point)
    }
}

/// The door that a node is.
pub(super) fn door_at(node: &Node, kind: OsmDoorKind) -> OsmDoor {
    OsmDoor {
        point: node.point,
        kind,
        name: name_of(&node.tags),
        osm_node: Some(node.id),
    }
}

/// What a door is called: its name, else its number among the doors (`ref`),
/// else its address.
pub(super) fn name_of(tags: &Tags) -> Option<String> {
    let told = |keys: &[&str]| {
        keys.iter()
            .filter_map(|key| tags.get(key))
            .map(str::trim)
            .find(|value| !value.is_empty() && !value.contains(char::is_control))
    };
    let name = told(&["name:zh-Hans", "name:zh", "name", "ref", "addr:unit", "addr:housename"]);
    let name = match (name, told(&["addr:housenumber"])) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => match told(&["addr:street"]) {
            Some(street) => format!("{street} {number}"),
            None => number.to_owned(),
        },
        (None, None) => return None,
    };
    Some(name.chars().take(MOST_NAME_CHARS).collect())
}

/// What a node is as a door.
pub(super) fn standing(tags: &Tags) -> Standing {
    if tags.is_empty() {
        return Standing::None;
    }
    let entrance: Vec<&str> = tags
        .get("entrance")
        .map_or_else(Vec::new, |value| value.split(';').map(str::trim).collect());
    let barrier = tags.get("barrier");
    let is_gate = barrier.is_some_and(|kind| GATES.contains(&kind));
    let has_door = tags.get("door").is_some_and(|door| door != "no");
    let is_untyped = !entrance.is_empty() || has_door || tags.is("building", "entrance");
    let is_closed = barrier.is_some_and(|kind| CLOSED.contains(&kind));
    if !is_gate && !is_untyped && !is_closed {
        return Standing::None;
    }
    let is_for_others = entrance.iter().any(|value| NOT_FOR_VISITORS.contains(value));
    if is_for_others || !visitors_may_pass(tags, is_closed) {
        return Standing::Refused;
    }
    if entrance.contains(&"main") {
        return Standing::Stated(OsmDoorKind::Main);
    }
    if entrance.contains(&"yes") {
        return Standing::Stated(OsmDoorKind::Entrance);
    }
    if is_gate {
        return Standing::Stated(OsmDoorKind::Gate);
    }
    Standing::Untyped
}

/// By the usual precedence `foot` decides before `access`; a locked door is one
/// only where `foot` says so, a piece of wall only where either does.
fn visitors_may_pass(tags: &Tags, is_closed: bool) -> bool {
    let closed = |value: &str| {
        matches!(
            value,
            "no" | "private" | "resident" | "residents" | "permit" | "employees" | "staff" | "delivery" | "military"
        )
    };
    if let Some(foot) = tags.get("foot") {
        return !closed(foot);
    }
    match tags.get("access") {
        Some(access) => !closed(access) && !tags.is("locked", "yes"),
        None => !is_closed && !tags.is("locked", "yes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(nodes: &[&[(&str, &str)]]) -> Vec<(i64, OsmDoorKind)> {
        let nodes: Vec<Node> = (1..)
            .zip(nodes)
            .map(|(id, tags)| Node {
                id,
                point: Point::new(0.0, 0.0),
                tags: Tags(tags.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()),
            })
            .collect();
        Mapped::among(nodes.iter().chain(nodes.first()))
            .doors()
            .into_iter()
            .filter_map(|door| Some((door.osm_node?, door.kind)))
            .collect()
    }

    #[test]
    fn main_plain_entrances_and_gates_count_alike_and_each_once() {
        assert_eq!(
            doors(&[
                &[("entrance", "main")],
                &[("entrance", "yes")],
                &[("barrier", "gate")],
                &[("entrance", "secondary")],
                &[("barrier", "bollard")],
            ]),
            [
                (1, OsmDoorKind::Main),
                (2, OsmDoorKind::Entrance),
                (3, OsmDoorKind::Gate)
            ]
        );
    }

    #[test]
    fn untyped_doors_count_only_where_there_is_nothing_better() {
        let untyped: &[(&str, &str)] = &[("entrance", "home")];
        let door: &[(&str, &str)] = &[("door", "hinged")];
        assert_eq!(
            doors(&[untyped, door]),
            [(1, OsmDoorKind::Entrance), (2, OsmDoorKind::Entrance)]
        );
        assert_eq!(doors(&[untyped, &[("barrier", "gate")]]), [(2, OsmDoorKind::Gate)]);
    }

    #[test]
    fn service_emergency_exit_private_and_locked_doors_never_count() {
        for tags in [
            &[("entrance", "service")][..],
            &[("entrance", "emergency")],
            &[("entrance", "exit")],
            &[("entrance", "private")],
            &[("entrance", "service"), ("door", "yes")],
            &[("entrance", "service"), ("barrier", "gate")],
            &[("entrance", "yes"), ("access", "private")],
            &[("barrier", "gate"), ("access", "no")],
            &[("barrier", "gate"), ("locked", "yes")],
            &[("barrier", "gate"), ("foot", "no"), ("access", "yes")],
        ] {
            assert_eq!(doors(&[tags]), [], "{tags:?}");
        }
    }

    #[test]
    fn foot_decides_before_access_and_lock() {
        assert_eq!(
            doors(&[
                &[("barrier", "gate"), ("locked", "yes"), ("foot", "yes")],
                &[("barrier", "gate"), ("access", "private"), ("foot", "designated")],
                &[("entrance", "yes"), ("access", "customers")],
            ])
            .len(),
            3
        );
    }

    #[test]
    fn a_door_is_called_by_its_name_its_number_or_its_address() {
        let called = |tags: &[(&str, &str)]| {
            name_of(&Tags(
                tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ))
        };
        assert_eq!(called(&[("ref", "2"), ("name", " 东门 ")]).as_deref(), Some("东门"));
        assert_eq!(
            called(&[("ref", "A口"), ("addr:housenumber", "9")]).as_deref(),
            Some("A口")
        );
        assert_eq!(
            called(&[("addr:housenumber", "9"), ("addr:street", "幸福路")]).as_deref(),
            Some("幸福路 9")
        );
        assert_eq!(called(&[("entrance", "main"), ("name", " ")]), None);
    }

    #[test]
    fn a_refused_door_is_told_from_none() {
        let tags = |key: &str, value: &str| Tags::from([(key, value)]);
        assert_eq!(standing(&tags("entrance", "service")), Standing::Refused);
        assert_eq!(standing(&tags("barrier", "wall")), Standing::Refused);
        assert_eq!(standing(&tags("barrier", "bollard")), Standing::None);
        assert_eq!(standing(&tags("access", "private")), Standing::None);
        assert_eq!(standing(&tags("entrance", "no")), Standing::Refused);
    }
}
