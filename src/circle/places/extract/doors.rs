//! The doors of a mapped area: entrances and gates among the nodes of its outline.

use crate::circle::osm::{Node, Point, Tags};

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
}

/// A door of a place, on its outline.
#[derive(Debug, Clone, PartialEq)]
pub struct OsmDoor {
    /// Where it is.
    pub point: Point,
    /// What kind of access point it is.
    pub kind: OsmDoorKind,
    /// The node that it is in `OpenStreetMap`.
    pub osm_node: i64,
}

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

/// A node's standing as a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Stated(OsmDoorKind),
    /// An entrance without a type that says for whom.
    Untyped,
}

/// The doors among the nodes of an outline: main and plain entrances and gates
/// alike; those of no such type only where there is none of these; never
/// service, emergency, exit, private or locked ones. Each node once.
pub fn doors_among<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Vec<OsmDoor> {
    let mut stated: Vec<OsmDoor> = Vec::new();
    let mut untyped: Vec<OsmDoor> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for node in nodes {
        let (list, kind) = match standing(&node.tags) {
            Some(Standing::Stated(kind)) => (&mut stated, kind),
            Some(Standing::Untyped) => (&mut untyped, OsmDoorKind::Entrance),
            None => continue,
        };
        if seen.insert(node.id) {
            list.push(OsmDoor {
                point: node.point,
                kind,
                osm_node: node.id,
            });
        }
    }
    if stated.is_empty() { untyped } else { stated }
}

fn standing(tags: &Tags) -> Option<Standing> {
    if tags.is_empty() || !visitors_may_pass(tags) {
        return None;
    }
    let entrance: Vec<&str> = tags
        .get("entrance")
        .map_or_else(Vec::new, |value| value.split(';').map(str::trim).collect());
    if entrance.iter().any(|value| NOT_FOR_VISITORS.contains(value)) {
        return None;
    }
    if entrance.contains(&"main") {
        return Some(Standing::Stated(OsmDoorKind::Main));
    }
    if entrance.contains(&"yes") {
        return Some(Standing::Stated(OsmDoorKind::Entrance));
    }
    if tags.get("barrier").is_some_and(|b| GATES.contains(&b)) {
        return Some(Standing::Stated(OsmDoorKind::Gate));
    }
    let has_door = tags.get("door").is_some_and(|door| door != "no");
    let untyped = !entrance.is_empty() || has_door || tags.is("building", "entrance");
    untyped.then_some(Standing::Untyped)
}

/// By the usual precedence `foot` decides before `access`; a locked door is one
/// only where `foot` says so.
fn visitors_may_pass(tags: &Tags) -> bool {
    let closed = |value: &str| {
        matches!(
            value,
            "no" | "private" | "residents" | "permit" | "employees" | "staff" | "delivery"
        )
    };
    if let Some(foot) = tags.get("foot") {
        return !closed(foot);
    }
    !tags.get("access").is_some_and(closed) && !tags.is("locked", "yes")
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
        doors_among(nodes.iter().chain(nodes.first()))
            .into_iter()
            .map(|door| (door.osm_node, door.kind))
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
}
