//! Which ways and nodes a pedestrian may use, as rules over their tags.
//!
//! Precedence is the usual one: what is said of walking (`foot`) beats what is
//! said of everybody (`access`), and either beats the default of the kind of way.
//! A value that cannot be read is counted and as good as absent: the way stays.

use super::{conditions, wheels};
use crate::circle::osm::Tags;
use std::collections::BTreeMap;

/// Properties of a way that matter to who walks on it, one bit each, as the map
/// file stores them with each edge.
pub mod flag {
    /// May be walked only from the origin out, or to a door in.
    pub const PRIVATE: u32 = 1;
    /// Under ground or through a hill; not the passage through a building.
    pub const TUNNEL: u32 = 1 << 1;
    pub const BRIDGE: u32 = 1 << 2;
    pub const INDOOR: u32 = 1 << 3;
    pub const STEPS: u32 = 1 << 4;
    pub const FERRY: u32 = 1 << 5;
    /// Walked in the edge's direction only.
    pub const FORWARD_ONLY: u32 = 1 << 6;
    /// Walked against the edge's direction only.
    pub const BACKWARD_ONLY: u32 = 1 << 7;
    /// An escalator or moving walkway.
    pub const CONVEYING: u32 = 1 << 8;
    /// A lift mapped as a way.
    pub const LIFT: u32 = 1 << 9;
    /// A way that crosses a road.
    pub const CROSSING: u32 = 1 << 10;
    /// That crossing waits for a light.
    pub const SIGNALS: u32 = 1 << 11;
    /// No wheelchair gets along: stairs without a ramp, sand, `wheelchair=no`.
    pub const NO_WHEELCHAIR: u32 = 1 << 12;
    /// It, or a gate at one of its ends, is open at some hours only.
    pub const CONDITIONAL: u32 = 1 << 13;
    /// The outline of a square.
    pub const AREA: u32 = 1 << 14;
    /// For walking first of all: a path, not a road.
    pub const PATH: u32 = 1 << 15;
    /// Ends at the edge of the map's box, or leaves it.
    pub const CUT: u32 = 1 << 16;
    /// In an arc: the junction it leads to is a private gate.
    pub const TO_GATE: u32 = 1 << 17;

    /// There is a wait at one of the ends.
    pub const WAIT: u32 = 1 << 18;
    /// Streets that nothing mapped joins to this one lie near.
    pub const REGIONS_MEET: u32 = 1 << 19;
    /// In an arc: nothing leads on from the junction it leads to.
    pub const TO_DEAD_END: u32 = 1 << 20;
    /// Nothing is told that a wheelchair would have to know.
    pub const UNKNOWN: u32 = 1 << 21;
    /// No wheelchair gets over the end `from`, or the end `to`: a kerb, a stile.
    pub const STEP_AT_FROM: u32 = 1 << 22;
    pub const STEP_AT_TO: u32 = 1 << 23;
    /// Its slope is known.
    pub const SLOPE: u32 = 1 << 24;

    /// What a foot is never put on: nobody starts or arrives on a bridge, in a
    /// tunnel, on an escalator, in a lift.
    pub const NO_FOOT: u32 = TUNNEL | BRIDGE | FERRY | CONVEYING | LIFT;
    /// What has a record of particulars.
    pub const RECORDED: u32 = STEPS | FERRY | LIFT | WAIT | SLOPE | CONDITIONAL;
    /// What makes an edge cost something else than its metres at the pace, or
    /// not free for everybody in both directions.
    pub const PARTICULAR: u32 =
        RECORDED | FORWARD_ONLY | BACKWARD_ONLY | CONVEYING | NO_WHEELCHAIR | STEP_AT_FROM | STEP_AT_TO;
    /// What an arc has beside its edge's flags.
    pub const ARC_ONLY: u32 = TO_GATE | TO_DEAD_END;
    /// A line of sight across a square, not drawn on the ground.
    pub const SIGHT: u32 = 1 << 25;
    /// All bits in use; another one in a file is an error.
    pub const ALL: u32 = (1 << 26) - 1;
}

/// What a node does to the ways that meet in it, as the map file stores it.
pub mod node_flag {
    /// A gate or barrier for residents, customers and the like.
    pub const PRIVATE: u32 = 1;
    /// Nobody passes.
    pub const BLOCKED: u32 = 1 << 1;
    pub const BARRIER: u32 = 1 << 2;
    pub const KERB: u32 = 1 << 3;
    pub const LIFT: u32 = 1 << 4;
    pub const ENTRANCE: u32 = 1 << 5;
    pub const CONDITIONAL: u32 = 1 << 6;
    pub const SIGNALS: u32 = 1 << 7;
    /// The map's box, or missing data, ends a way here.
    pub const CUT: u32 = 1 << 8;
    /// No wheelchair gets past.
    pub const WHEEL_STOP: u32 = 1 << 9;
    pub const ALL: u32 = (1 << 10) - 1;
}

/// How a pedestrian may use a way.
#[derive(Debug, Clone, PartialEq)]
pub struct WayUse {
    /// Bits of [`flag`].
    pub flags: u32,
    /// The number of steps where it is tagged.
    pub step_count: Option<u32>,
    /// The slope along the way as a fraction, upwards positive; 0 unless told.
    pub incline: f32,
    /// Seconds a ferry or lift takes, and between two of them, where tagged.
    pub duration_s: Option<f32>,
    pub interval_s: Option<f32>,
    /// The rule of its hours, as [`conditions`] writes it.
    pub rule: Option<String>,
}

/// How a node of a way may be passed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeUse {
    /// Bits of [`node_flag`].
    pub flags: u32,
    /// The rule of its hours.
    pub rule: Option<String>,
}

/// Values that could not be read, by key, with how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable(pub BTreeMap<&'static str, u64>);

impl Unreadable {
    pub(super) fn note(&mut self, key: &'static str) {
        *self.0.entry(key).or_default() += 1;
    }

    /// How many there were in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Who may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Residents, customers and the like.
    Private,
    /// Nobody.
    Nobody,
}

/// Kinds of `highway` that anyone may walk on unless something forbids it.
const WALKABLE: [&str; 23] = [
    "corridor",
    "crossing",
    "cycleway",
    "elevator",
    "footway",
    "living_street",
    "path",
    "pedestrian",
    "platform",
    "primary",
    "primary_link",
    "residential",
    "road",
    "secondary",
    "secondary_link",
    "service",
    "steps",
    "tertiary",
    "tertiary_link",
    "track",
    "trunk",
    "trunk_link",
    "unclassified",
];

/// Kinds that are walked only where `foot` allows it.
const WALKABLE_IF_SAID: [&str; 4] = ["bridleway", "busway", "bus_guideway", "raceway"];

/// Kinds made for walking: what crosses a road on them waits at its lights.
const PATHS: [&str; 8] = [
    "corridor",
    "crossing",
    "cycleway",
    "footway",
    "path",
    "pedestrian",
    "platform",
    "steps",
];

/// Node barriers that stop a walker unless `foot` or `access` says otherwise.
const CLOSED_BARRIERS: [&str; 8] = [
    "city_wall",
    "ditch",
    "fence",
    "guard_rail",
    "hedge",
    "retaining_wall",
    "wall",
    "wire_fence",
];

/// How `tags` of a way may be walked, `None` where not at all.
pub fn way_use(tags: &Tags, unreadable: &mut Unreadable) -> Option<WayUse> {
    let ferry = tags.is("route", "ferry");
    let kind = tags.get("highway").unwrap_or_default();
    let platform = tags.is("railway", "platform") || tags.is("public_transport", "platform");
    let pier = tags.is("man_made", "pier");
    let by_default = if ferry || platform || pier || WALKABLE.contains(&kind) {
        Access::Public
    } else if WALKABLE_IF_SAID.contains(&kind) {
        Access::Nobody
    } else {
        return None;
    };
    let by_default = if tags.is("motorroad", "yes") {
        Access::Nobody
    } else {
        by_default
    };
    let access = access(tags, by_default, unreadable);
    let rule = conditions::rule_text(tags, access, access, unreadable);
    if access == Access::Nobody && !rule.as_deref().is_some_and(conditions::opens) {
        return None;
    }
    let mut flags = 0;
    let mut set = |bit: u32, when: bool| {
        if when {
            flags |= bit;
        }
    };
    let steps = kind == "steps";
    set(flag::PRIVATE, access == Access::Private);
    set(flag::FERRY, ferry);
    set(flag::TUNNEL, is_tunnel(tags));
    set(flag::BRIDGE, is_bridge(tags));
    set(
        flag::INDOOR,
        kind == "corridor" || tags.is("indoor", "yes") || tags.is("tunnel", "building_passage"),
    );
    set(flag::STEPS, steps);
    set(flag::LIFT, kind == "elevator");
    let crossing = kind == "crossing"
        || ["footway", "path", "cycleway"]
            .iter()
            .any(|key| tags.is(key, "crossing"));
    set(flag::CROSSING, crossing);
    set(flag::SIGNALS, crossing && has_signals(tags));
    set(flag::NO_WHEELCHAIR, wheels::is_closed_way(tags, steps));
    set(flag::UNKNOWN, wheels::is_unknown(tags));
    set(flag::CONDITIONAL, rule.is_some());
    set(flag::AREA, tags.is("area", "yes"));
    set(flag::PATH, PATHS.contains(&kind) || platform || pier);
    let (forward, backward, conveying) = directions(tags, steps);
    set(flag::CONVEYING, conveying);
    set(flag::FORWARD_ONLY, forward && !backward);
    set(flag::BACKWARD_ONLY, backward && !forward);
    // Stairs cost by their steps, an escalator and a lift by themselves.
    let incline = wheels::incline(tags).filter(|_| flags & (flag::STEPS | flag::LIFT | flag::FERRY) == 0);
    let incline = incline.unwrap_or_default();
    if incline != 0.0 {
        flags |= flag::SLOPE;
    }
    note_unreadable(tags, steps, unreadable);
    let timed = ferry || kind == "elevator";
    let mut told = |key: &'static str| timed.then(|| wheels::seconds(tags, key, unreadable)).flatten();
    let (duration_s, interval_s) = (told("duration"), told("interval"));
    let step_count = tags
        .get("step_count")
        .and_then(|count| count.trim().parse::<u32>().ok())
        .filter(|count| (1..=10_000).contains(count));
    Some(WayUse {
        flags,
        step_count,
        incline,
        duration_s,
        interval_s,
        rule,
    })
}

/// How a node that lies on a way may be passed.
pub fn node_use(tags: &Tags, unreadable: &mut Unreadable) -> NodeUse {
    if tags.is_empty() {
        return NodeUse::default();
    }
    let barrier = tags.get("barrier").filter(|kind| *kind != "no");
    let kerb = barrier == Some("kerb") || tags.get("kerb").is_some();
    let lift = tags.is("highway", "elevator");
    let entrance = tags.get("entrance").is_some_and(|kind| kind != "no");
    let gate = matches!(tags.get("highway"), Some("gate" | "stile"));
    let locked = tags.is("locked", "yes");
    let mut flags = 0;
    let mut set = |bit: u32, when: bool| {
        if when {
            flags |= bit;
        }
    };
    set(node_flag::KERB, kerb);
    set(node_flag::LIFT, lift);
    set(node_flag::ENTRANCE, entrance);
    set(
        node_flag::BARRIER,
        gate || locked || (barrier.is_some() && barrier != Some("kerb")),
    );
    set(
        node_flag::SIGNALS,
        matches!(tags.get("highway"), Some("crossing" | "traffic_signals"))
            && tags.get("crossing").is_some()
            && has_signals(tags),
    );
    let mut rule = None;
    // Access tags of a shop or a toilet that happens to stand on a way say
    // nothing about the way.
    if barrier.is_some() || kerb || lift || entrance || gate || locked {
        set(node_flag::WHEEL_STOP, wheels::is_closed_node(tags));
        let closed = barrier.is_some_and(|kind| CLOSED_BARRIERS.contains(&kind));
        let by_default = if closed { Access::Nobody } else { Access::Public };
        let access = node_access(tags, by_default, locked, unreadable);
        // What is unreadable was counted just now.
        let unlocked = node_access(tags, by_default, false, &mut Unreadable::default());
        rule = conditions::rule_text(tags, access, unlocked, unreadable);
        set(node_flag::CONDITIONAL, rule.is_some());
        let opens = rule.as_deref().is_some_and(conditions::opens);
        match access {
            Access::Public => {}
            Access::Private => set(node_flag::PRIVATE, true),
            Access::Nobody => set(node_flag::BLOCKED, !opens),
        }
    }
    NodeUse { flags, rule }
}

/// A lock keeps out whom neither `foot` lets in nor a private gate knows.
fn node_access(tags: &Tags, by_default: Access, locked: bool, unreadable: &mut Unreadable) -> Access {
    if let Some(foot) = readable(tags, "foot", unreadable) {
        return foot;
    }
    let general = readable(tags, "access", unreadable);
    match (locked, general) {
        (true, Some(Access::Private)) => Access::Private,
        (true, _) => Access::Nobody,
        (false, general) => general.unwrap_or(by_default),
    }
}

fn access(tags: &Tags, by_default: Access, unreadable: &mut Unreadable) -> Access {
    let foot = readable(tags, "foot", unreadable);
    let general = readable(tags, "access", unreadable);
    match (foot, general) {
        (Some(foot), _) => foot,
        // `access=yes` does not open what is closed to walkers by its kind.
        (None, Some(Access::Public)) | (None, None) => by_default,
        (None, Some(_)) if by_default == Access::Nobody => Access::Nobody,
        (None, Some(general)) => general,
    }
}

/// What an access tag says, `None` where it is absent, says nothing or cannot
/// be read (which is counted).
fn readable(tags: &Tags, key: &'static str, unreadable: &mut Unreadable) -> Option<Access> {
    let value = tags.get(key)?.trim();
    let access = access_value(value);
    if access.is_none() && !matches!(value, "unknown" | "variable") {
        unreadable.note(key);
    }
    access
}

/// What a value of an access tag says, `None` where it says nothing.
pub(super) fn access_value(value: &str) -> Option<Access> {
    match value {
        "yes" | "designated" | "permissive" | "official" | "public" | "discouraged" | "limited" | "allowed" => {
            Some(Access::Public)
        }
        "private" | "customers" | "residents" | "resident" | "delivery" | "destination" | "permit" | "members"
        | "employees" | "employee" | "staff" | "students" | "agricultural" | "forestry" | "key" => {
            Some(Access::Private)
        }
        "no" | "use_sidepath" | "military" | "emergency" | "restricted" | "prohibited" => Some(Access::Nobody),
        _ => None,
    }
}

/// Whether the way runs under ground. A passage through a building does not.
#[must_use]
pub fn is_tunnel(tags: &Tags) -> bool {
    tags.get("tunnel")
        .is_some_and(|kind| kind != "no" && kind != "building_passage")
}

/// Whether the way runs over something.
#[must_use]
pub fn is_bridge(tags: &Tags) -> bool {
    tags.get("bridge").is_some_and(|kind| kind != "no")
}

/// The level above (positive) or below the ground, 0 where it is not told.
#[must_use]
pub fn layer(tags: &Tags) -> i32 {
    tags.get("layer")
        .and_then(|layer| layer.trim().parse::<f64>().ok())
        .filter(|layer| layer.is_finite())
        .map_or(0, |layer| layer.clamp(-100.0, 100.0) as i32)
}

fn has_signals(tags: &Tags) -> bool {
    tags.is("crossing", "traffic_signals") || tags.is("crossing:signals", "yes")
}

/// Whether one may walk along the way's direction, against it, and whether it
/// moves by itself.
fn directions(tags: &Tags, steps: bool) -> (bool, bool, bool) {
    let (mut forward, mut backward) = match tags.get("oneway:foot") {
        Some("yes" | "1" | "true") => (true, false),
        Some("-1" | "reverse") => (false, true),
        _ => (true, true),
    };
    forward &= !tags.is("foot:forward", "no");
    backward &= !tags.is("foot:backward", "no");
    let conveying = tags.get("conveying").filter(|kind| *kind != "no");
    if steps || conveying.is_some() {
        match conveying {
            Some("forward") => backward = false,
            Some("backward") => forward = false,
            _ => {}
        }
    }
    (forward, backward, conveying.is_some())
}

fn note_unreadable(tags: &Tags, steps: bool, unreadable: &mut Unreadable) {
    let mut check = |key: &'static str, is_good: &dyn Fn(&str) -> bool| {
        if tags.get(key).is_some_and(|value| !is_good(value.trim())) {
            unreadable.note(key);
        }
    };
    check("width", &|value| wheels::metres(value).is_some());
    check("maxwidth:physical", &|value| wheels::metres(value).is_some());
    check("incline", &|value| {
        value == "0" || wheels::incline(tags).is_some() || (steps && matches!(value, "up" | "down"))
    });
    check("step_count", &|value| value.parse::<u32>().is_ok());
    check("layer", &|value| value.parse::<f64>().is_ok());
    check("sac_scale", &|value| {
        value.split(';').all(|grade| SAC_SCALE.contains(&grade.trim()))
    });
    check("wheelchair", &|value| {
        matches!(value, "yes" | "no" | "limited" | "designated" | "bad" | "unknown")
    });
}

/// The grades of the Swiss Alpine Club, as `OpenStreetMap` writes them.
const SAC_SCALE: [&str; 7] = [
    "strolling",
    "hiking",
    "mountain_hiking",
    "demanding_mountain_hiking",
    "alpine_hiking",
    "demanding_alpine_hiking",
    "difficult_alpine_hiking",
];

#[cfg(test)]
mod tests {
    use super::{Unreadable, flag, node_flag, node_use, way_use};
    use crate::circle::osm::Tags;

    fn way<const N: usize>(tags: [(&str, &str); N]) -> Option<u32> {
        way_use(&Tags::from(tags), &mut Unreadable::default()).map(|way| way.flags & !flag::UNKNOWN)
    }

    fn node<const N: usize>(tags: [(&str, &str); N]) -> u32 {
        node_use(&Tags::from(tags), &mut Unreadable::default()).flags
    }

    #[test]
    fn motorways_and_what_is_not_built_are_no_way_for_a_walker() {
        for kind in ["motorway", "motorway_link", "construction", "proposed"] {
            assert_eq!(way([("highway", kind)]), None, "{kind}");
        }
        assert_eq!(way([("razed:highway", "footway")]), None);
        assert_eq!(way([("highway", "trunk"), ("motorroad", "yes")]), None);
        assert_eq!(way([("highway", "trunk")]), Some(0));
    }

    #[test]
    fn what_is_said_of_walking_beats_what_is_said_of_everybody() {
        assert_eq!(
            way([("highway", "service"), ("access", "private"), ("foot", "yes")]),
            Some(0)
        );
        assert_eq!(way([("highway", "service"), ("access", "yes"), ("foot", "no")]), None);
        assert_eq!(way([("highway", "service"), ("access", "no")]), None);
        assert_eq!(way([("highway", "primary"), ("foot", "use_sidepath")]), None);
        for class in ["private", "customers", "residents", "destination"] {
            assert_eq!(way([("highway", "service"), ("access", class)]), Some(flag::PRIVATE));
        }
    }

    #[test]
    fn driveways_cycleways_and_bridleways_are_walked_where_foot_allows_it() {
        let public = |tags: Option<u32>| tags.is_some_and(|flags| flags & flag::PRIVATE == 0);
        assert!(public(way([
            ("highway", "service"),
            ("service", "driveway"),
            ("foot", "yes")
        ])));
        assert!(public(way([("highway", "cycleway"), ("foot", "designated")])));
        assert!(public(way([("highway", "bridleway"), ("foot", "yes")])));
        assert_eq!(way([("highway", "bridleway")]), None);
        assert_eq!(way([("highway", "bridleway"), ("access", "yes")]), None);
    }

    #[test]
    fn an_unreadable_value_is_counted_and_the_way_kept() {
        let mut unreadable = Unreadable::default();
        let tags = Tags::from([
            ("highway", "path"),
            ("sac_scale", "3"),
            ("width", "2,5"),
            ("incline", "up"),
            ("foot", "yes;no"),
        ]);
        assert!(way_use(&tags, &mut unreadable).is_some());
        assert_eq!(
            unreadable.0.iter().map(|(k, n)| (*k, *n)).collect::<Vec<_>>(),
            [("foot", 1), ("incline", 1), ("sac_scale", 1), ("width", 1)]
        );
    }

    #[test]
    fn a_lock_closes_a_gate_unless_foot_opens_it() {
        assert_eq!(
            node([("barrier", "gate"), ("locked", "yes")]),
            node_flag::BARRIER | node_flag::BLOCKED
        );
        assert_eq!(
            node([("barrier", "gate"), ("locked", "yes"), ("foot", "yes")]),
            node_flag::BARRIER
        );
        assert_eq!(
            node([("barrier", "gate"), ("access", "private")]),
            node_flag::BARRIER | node_flag::PRIVATE
        );
        assert_eq!(
            node([("barrier", "bollard"), ("motor_vehicle", "destination")]),
            node_flag::BARRIER
        );
        assert_eq!(node([("amenity", "toilets"), ("access", "customers")]), 0);
    }

    #[test]
    fn a_lock_with_hours_opens_in_them() {
        let locked = [("barrier", "gate"), ("locked", "yes")];
        let with_hours = [locked[0], locked[1], ("locked:conditional", "no @ (06:00-22:00)")];
        assert_eq!(node(with_hours), node_flag::BARRIER | node_flag::CONDITIONAL);
    }

    #[test]
    fn an_escalator_goes_one_way() {
        assert_eq!(
            way([("highway", "steps"), ("conveying", "forward")]),
            Some(flag::STEPS | flag::PATH | flag::CONVEYING | flag::FORWARD_ONLY | flag::NO_WHEELCHAIR)
        );
    }
}
