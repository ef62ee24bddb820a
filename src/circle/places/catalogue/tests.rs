//! A patched catalogue answers as one that was built from scratch.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::circle::osm::{Node, OsmData, Tags, Way};
use crate::circle::places::Source;
use crate::circle::places::kinds::{Category, Kinds};
use crate::circle::places::model::{Facts, Stop};
use crate::circle::streets::{BuildOptions, TimeModel, Walker, build};
use crate::clock::Timestamp;
use crate::coordinates::LocalMetres;
use crate::grid::{Door, DoorKind};

const CENTRE: Point = Point::new(30.0, 114.0);
/// Streets in each direction, 100 m apart: 2 × 20 × 19 edges, in two blocks.
const STREETS: i64 = 20;

fn at(east: f64, north: f64) -> Point {
    LocalMetres::around(CENTRE).point([east, north])
}

fn town(streets: i64) -> StreetMap {
    let node = |number: i64| Node {
        id: number,
        point: at((number % streets) as f64 * 100.0, (number / streets) as f64 * 100.0),
        tags: Tags::default(),
    };
    let way = |number: i64| Way {
        id: number,
        nodes: (0..streets)
            .map(|along| match number < streets {
                true => number * streets + along,
                false => along * streets + number - streets,
            })
            .collect(),
        tags: Tags(vec![("highway".to_owned(), "footway".to_owned())]),
    };
    let data = OsmData {
        nodes: (0..streets * streets).map(node).collect(),
        ways: (0..2 * streets).map(way).collect(),
        ..OsmData::default()
    };
    let (bytes, _) = build(&data, &BuildOptions::default(), &mut |_, _| {}).expect("a map");
    StreetMap::from_bytes(&bytes.0).expect("the same map")
}

fn pace(name: &str) -> &'static Pace {
    TimeModel::shipped().expect("a table").pace(name).expect("a pace")
}

fn catalogue(map: &Arc<StreetMap>) -> Catalogue {
    Catalogue::new(Arc::clone(map), pace("adult"), pace("wheelchair"))
}

/// What becomes of a place.
#[derive(Debug, Clone)]
struct Fate {
    place: usize,
    name: usize,
    kind: usize,
    location: (i32, i32),
    doors: Vec<(i32, i32)>,
    /// Gone, closed, mobile, or (mostly) simply there.
    state: u8,
}

fn fate() -> impl Strategy<Value = Fate> {
    let position = || (-300..2_200_i32, -300..2_200_i32);
    (
        0..40_usize,
        0..5_usize,
        0..Kinds::table().all().len(),
        position(),
        proptest::collection::vec(position(), 0..4),
        0..10_u8,
    )
        .prop_map(|(place, name, kind, location, doors, state)| Fate {
            place,
            name,
            kind,
            location,
            doors,
            state,
        })
}

impl Fate {
    fn place(&self, id: PlaceId, version: i64) -> Option<Place> {
        let point = |(east, north): &(i32, i32)| at(f64::from(*east), f64::from(*north));
        let is_mobile = self.state == 1;
        let door = |position| Door {
            kind: DoorKind::Gate,
            name: None,
            point: point(position),
        };
        let stop = |position| Stop {
            point: point(position),
            opening_hours: "Tu 09:00-11:00".to_owned(),
        };
        let place = Place {
            id,
            source: Source::Operator,
            reference: id.to_string(),
            facts: Facts {
                name: ["甲", "乙", "丙", "丁", "戊"][self.name].to_owned(),
                name_en: None,
                kind: &Kinds::table().all()[self.kind],
                unit_id: None,
                location: point(&self.location),
                opening_hours: None,
                phone: None,
                wheelchair: None,
                doors: self.doors.iter().filter(|_| !is_mobile).map(door).collect(),
                stops: self.doors.iter().filter(|_| is_mobile).map(stop).collect(),
            },
            status: if self.state == 2 { Status::Closed } else { Status::Open },
            version,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(version),
        };
        (self.state > 0).then_some(place)
    }
}

/// Whose a door is: the place, and which of its doors.
type Owner = (PlaceId, usize);

fn owner(snapshot: &Snapshot, door: u32) -> Owner {
    let target = snapshot.targets().get(door as usize).expect("a target");
    let entry = snapshot.entry(target.entry).expect("a place");
    let nth = entry.doors.iter().position(|own| *own == door).expect("its door");
    assert_eq!(
        snapshot.doors().points().get(door as usize),
        Some(&entry.ties[nth].point)
    );
    assert_eq!(snapshot.doors().category(door), entry.place.facts.kind.category as u8);
    assert_eq!(target.stop(), (!entry.place.facts.stops.is_empty()).then_some(nth));
    (entry.place.id, nth)
}

/// What is listed on each edge for a pace.
fn listed(map: &StreetMap, snapshot: &Snapshot, pace: &Pace) -> Vec<Vec<(Owner, f32, f32)>> {
    (0..map.view().edges.len() as u32)
        .map(|edge| {
            let feet = snapshot.doors().on_edge(edge, pace).iter();
            let mut feet: Vec<_> = feet
                .map(|foot| (owner(snapshot, foot.door), foot.along_m, foot.leg_m()))
                .collect();
            feet.sort_by_key(|(owner, ..)| *owner);
            feet
        })
        .collect()
}

/// All doors within ten minutes, by seconds and owner.
fn reached(walker: &mut Walker, map: &StreetMap, snapshot: &Snapshot, origin: Point) -> Vec<(Owner, u64)> {
    let reach = walker.reach(map, snapshot.doors(), origin, pace("adult"), 600.0);
    let mut doors: Vec<_> = reach
        .arrivals
        .iter()
        .map(|arrival| (owner(snapshot, arrival.door), arrival.seconds.to_bits()))
        .collect();
    doors.sort();
    doors
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_124),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_patched_catalogue_answers_as_one_built_from_scratch(
        batches in proptest::collection::vec(proptest::collection::vec(fate(), 1..12), 1..20),
    ) {
        let map = Arc::new(town(STREETS));
        let ids: Vec<PlaceId> = std::iter::repeat_with(PlaceId::new).take(40).collect();
        let patched = catalogue(&map);
        let mut places: BTreeMap<PlaceId, Place> = BTreeMap::new();
        let mut walker = Walker::default();
        for (version, batch) in (1..).zip(&batches) {
            for fate in batch {
                let id = ids[fate.place];
                match fate.place(id, version) {
                    Some(place) => places.insert(id, place),
                    None => places.remove(&id),
                };
            }
            // Also ids of which nothing changed, and the same id twice.
            let told: Vec<PlaceId> = batch.iter().map(|fate| ids[fate.place]).chain([ids[0]]).collect();
            let found = places.values().filter(|place| told.contains(&place.id)).cloned().collect();
            patched.patch(&told, found);
        }
        let scratch = catalogue(&map);
        scratch.replace(places.values().cloned().collect());
        let (patched, scratch) = (patched.now(), scratch.now());

        let by_name = |snapshot: &Snapshot| -> Vec<Place> {
            snapshot.by_name(None).map(|entry| entry.place.clone()).collect()
        };
        prop_assert_eq!(by_name(&patched), by_name(&scratch));
        prop_assert!(patched.by_name(None).map(|entry| sort_key(entry)).is_sorted());
        for id in &ids {
            let own = |snapshot: &Snapshot| snapshot.place(*id).map(|entry| entry.place.clone());
            prop_assert_eq!(own(&patched), places.get(id).cloned());
            prop_assert_eq!(own(&scratch), places.get(id).cloned());
            let rest = |snapshot: &Snapshot| snapshot.by_name(Some(("丙", *id))).count();
            let after = places.values().filter(|place| (place.facts.name.as_str(), place.id) > ("丙", *id));
            prop_assert_eq!(rest(&patched), after.count());
        }
        for name in ["adult", "wheelchair"] {
            prop_assert_eq!(listed(&map, &patched, pace(name)), listed(&map, &scratch, pace(name)));
        }
        for category in Category::ALL {
            let open = places.values().filter(|place| place.status == Status::Open);
            let doors = open.filter(|place| place.facts.kind.category == category).map(|place| access_points(place).len());
            prop_assert_eq!(patched.doors().count_of(category as u8), doors.sum::<usize>());
        }
        // In the town, at its rim, and where no street is near.
        for origin in [at(950.0, 950.0), at(0.0, 100.0), at(2_300.0, 2_000.0), at(-290.0, 800.0)] {
            prop_assert_eq!(
                reached(&mut walker, &map, &patched, origin),
                reached(&mut walker, &map, &scratch, origin)
            );
        }
        // Numbers are used again: there are never more than were once in use.
        let most = 40 * 3;
        prop_assert!(patched.doors().len() <= most, "{}", patched.doors().len());
    }
}
