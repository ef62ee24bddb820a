//! How much of each tag the data has: what a map can know of surfaces, kerbs and
//! stairs is what somebody mapped, and whoever reads an answer may ask how much
//! that is. Counted when the map is built, kept in it as one text.

use super::graph::NodeTable;
use super::tags::{Unreadable, flag, way_use};
use crate::circle::osm::{Bounds, OsmData, Point, Tags};
use serde::{Deserialize, Serialize};

/// In how much of something a tag is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagShare {
    /// Of what: `streets` in metres; `stairs`, `crossings`, `kerbs`, `gates` and
    /// `lifts` by number.
    pub of: String,
    /// The tag's key, or a word for several: `hours` is `opening_hours` or a
    /// conditional access, `access` is `foot`, `access` or `locked`.
    pub tag: String,
    /// In how much it is told.
    pub told: f64,
    /// Of how much there is.
    pub all: f64,
}

/// More shares than a map is believed to have.
const MOST_SHARES: usize = 200;

/// What of a way or node to look at: a word, and keys of which one is enough.
type Asked = (&'static str, &'static [&'static str]);

const OF_STREETS: [Asked; 10] = [
    ("name", &["name", "name:zh", "name:zh-Hans"]),
    ("surface", &["surface"]),
    ("smoothness", &["smoothness"]),
    ("width", &["width", "est_width", "maxwidth:physical"]),
    ("incline", &["incline"]),
    ("wheelchair", &["wheelchair"]),
    ("lit", &["lit"]),
    ("access", ACCESS),
    ("hours", HOURS),
    ("layer", &["layer"]),
];
const OF_STAIRS: [Asked; 4] = [
    ("step_count", &["step_count"]),
    ("incline", &["incline"]),
    (
        "handrail",
        &["handrail", "handrail:left", "handrail:right", "handrail:center"],
    ),
    ("ramp", &["ramp", "ramp:wheelchair", "ramp:stroller"]),
];
const OF_CROSSINGS: [Asked; 3] = [
    ("crossing", &["crossing", "crossing:signals", "crossing:markings"]),
    ("kerb", &["kerb"]),
    ("tactile_paving", &["tactile_paving"]),
];
const OF_KERBS: [Asked; 2] = [
    ("kerb", &["kerb", "kerb:height"]),
    ("tactile_paving", &["tactile_paving"]),
];
const OF_GATES: [Asked; 2] = [("access", ACCESS), ("hours", HOURS)];
const OF_LIFTS: [Asked; 2] = [("wheelchair", &["wheelchair"]), ("hours", HOURS)];
const ACCESS: &[&str] = &["foot", "access", "locked"];
const HOURS: &[&str] = &["opening_hours", "foot:conditional", "access:conditional"];

/// The shares of one kind of thing while they are counted.
struct Counted {
    of: &'static str,
    asked: &'static [Asked],
    told: Vec<f64>,
    all: f64,
}

impl Counted {
    fn new(of: &'static str, asked: &'static [Asked]) -> Self {
        Self {
            of,
            asked,
            told: vec![0.0; asked.len()],
            all: 0.0,
        }
    }

    fn add(&mut self, tags: &Tags, amount: f64) {
        self.all += amount;
        for (told, (_, keys)) in self.told.iter_mut().zip(self.asked) {
            if keys
                .iter()
                .any(|key| tags.get(key).is_some_and(|value| !value.trim().is_empty()))
            {
                *told += amount;
            }
        }
    }

    fn shares(self) -> impl Iterator<Item = TagShare> {
        let rounded = |amount: f64| (amount * 10.0).round() / 10.0;
        let (of, all) = (self.of, rounded(self.all));
        self.asked.iter().zip(self.told).map(move |((tag, _), told)| TagShare {
            of: of.to_owned(),
            tag: (*tag).to_owned(),
            told: rounded(told),
            all,
        })
    }
}

/// Counts what lies in `bbox` of the walkable ways and the nodes on them.
/// Ferries are no streets.
pub(super) fn count(data: &OsmData, table: &NodeTable<'_>, bbox: Option<Bounds>) -> Vec<TagShare> {
    let mut streets = Counted::new("streets", &OF_STREETS);
    let mut stairs = Counted::new("stairs", &OF_STAIRS);
    let mut crossings = Counted::new("crossings", &OF_CROSSINGS);
    let mut kerbs = Counted::new("kerbs", &OF_KERBS);
    let mut gates = Counted::new("gates", &OF_GATES);
    let mut lifts = Counted::new("lifts", &OF_LIFTS);
    let mut seen = vec![false; table.len()];
    let is_inside = |point: Point| bbox.is_none_or(|bbox| bbox.contains(point));
    for way in &data.ways {
        let Some(usage) = way_use(&way.tags, &mut Unreadable::default()).filter(|usage| usage.flags & flag::FERRY == 0)
        else {
            continue;
        };
        let mut metres = 0.0;
        let mut before: Option<Point> = None;
        for id in &way.nodes {
            let Some(place) = table.place(*id) else {
                before = None;
                continue;
            };
            let node = table.at(place);
            if !is_inside(node.point) {
                before = None;
                continue;
            }
            metres += before.map_or(0.0, |before| before.metres_to(node.point));
            before = Some(node.point);
            let first_time = seen
                .get_mut(place as usize)
                .is_some_and(|seen| !std::mem::replace(seen, true));
            if !first_time || node.tags.is_empty() {
                continue;
            }
            let barrier = node.tags.get("barrier");
            match (node.tags.get("highway"), barrier) {
                (Some("crossing"), _) => crossings.add(&node.tags, 1.0),
                (Some("elevator"), _) => lifts.add(&node.tags, 1.0),
                (_, Some("kerb")) => kerbs.add(&node.tags, 1.0),
                (_, Some(barrier)) if barrier.contains("gate") || barrier == "turnstile" => gates.add(&node.tags, 1.0),
                _ => {}
            }
        }
        if metres > 0.0 {
            streets.add(&way.tags, metres);
            if usage.flags & flag::STEPS != 0 {
                stairs.add(&way.tags, 1.0);
            }
            if usage.flags & flag::LIFT != 0 {
                lifts.add(&way.tags, 1.0);
            }
        }
    }
    [streets, stairs, crossings, kerbs, gates, lifts]
        .into_iter()
        .flat_map(Counted::shares)
        .collect()
}

/// As the map's text has them.
pub(super) fn to_text(shares: &[TagShare]) -> String {
    serde_json::to_string(shares).unwrap_or_default()
}

/// Reads the text of a map; none where it says something that cannot be.
pub(super) fn from_text(text: &str) -> Option<Vec<TagShare>> {
    let shares: Vec<TagShare> = serde_json::from_str(text).ok()?;
    let is_word = |word: &str| {
        (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let is_sound = |share: &TagShare| {
        is_word(&share.of) && is_word(&share.tag) && share.all.is_finite() && (0.0..=share.all).contains(&share.told)
    };
    (shares.len() <= MOST_SHARES && shares.iter().all(is_sound)).then_some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circle::osm::{Node, Way};

    #[test]
    fn metres_of_street_and_things_on_it_are_counted_where_their_tags_are_told() {
        let node = |id: i64, lon: f64, tags: Tags| Node {
            id,
            point: Point::new(0.0, lon),
            tags,
        };
        let way = |id: i64, nodes: &[i64], tags: Tags| Way {
            id,
            nodes: nodes.to_vec(),
            tags,
        };
        let data = OsmData {
            nodes: vec![
                node(1, 0.0, Tags::from([("barrier", "gate"), ("locked", "no")])),
                node(2, 0.001, Tags::from([("barrier", "kerb")])),
                node(3, 0.003, Tags::from([("highway", "crossing"), ("kerb", "lowered")])),
                node(4, 0.5, Tags::from([("barrier", "gate")])),
            ],
            ways: vec![
                way(
                    10,
                    &[1, 2],
                    Tags::from([("highway", "footway"), ("surface", "asphalt"), ("lit", " ")]),
                ),
                way(11, &[2, 3], Tags::from([("highway", "steps"), ("step_count", "9")])),
                way(
                    12,
                    &[3, 1],
                    Tags::from([("highway", "motorway"), ("surface", "asphalt")]),
                ),
                way(13, &[1, 4], Tags::from([("route", "ferry"), ("name", "轮渡")])),
            ],
            ..OsmData::default()
        };
        let shares = count(&data, &NodeTable::new(&data.nodes), None);
        let share = |of: &str, tag: &str| {
            let share = shares.iter().find(|share| share.of == of && share.tag == tag);
            share.map(|share| (share.told, share.all)).unwrap()
        };
        // 0.001 and 0.002 degrees on the equator: 111.2 and 222.4 m.
        assert_eq!(share("streets", "surface"), (111.2, 333.6));
        assert_eq!(share("streets", "lit"), (0.0, 333.6));
        assert_eq!(share("streets", "name"), (0.0, 333.6));
        assert_eq!(share("stairs", "step_count"), (1.0, 1.0));
        assert_eq!(share("crossings", "kerb"), (1.0, 1.0));
        assert_eq!(share("kerbs", "kerb"), (0.0, 1.0));
        // The gate on the ferry's pier is on no street.
        assert_eq!(share("gates", "access"), (1.0, 1.0));
        assert_eq!(share("gates", "hours"), (0.0, 1.0));
        assert_eq!(share("lifts", "wheelchair"), (0.0, 0.0));

        // A box around the first 150 m leaves the stairs out.
        let bbox = Bounds {
            min_lon: -0.001,
            min_lat: -0.001,
            max_lon: 0.0015,
            max_lat: 0.001,
        };
        let shares = count(&data, &NodeTable::new(&data.nodes), Some(bbox));
        assert_eq!((shares[0].told, shares[0].all), (0.0, 111.2));
        assert_eq!(from_text(&to_text(&shares)), Some(shares));
    }

    #[test]
    fn a_text_that_cannot_be_is_refused() {
        let good = r#"[{"of":"streets","tag":"surface","told":1.0,"all":2.0}]"#;
        assert!(from_text(good).is_some());
        for (from, to) in [
            ("1.0", "3.0"),
            ("1.0", "-1.0"),
            ("2.0", "1e999"),
            ("surface", "\\u001b[2J"),
            ("surface", ""),
            ("\"all\"", "\"any\""),
            ("[", ""),
        ] {
            assert_eq!(from_text(&good.replacen(from, to, 1)), None, "{to}");
        }
    }
}
