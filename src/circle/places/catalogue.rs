//! The places in memory: an immutable snapshot that lookups read, replaced as a
//! whole when something changed. Tying a door to the streets is the costly part,
//! so ties are kept and made anew only for places that changed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::live_hours::{HoursInUse, LiveHours};
use super::model::{Place, PlaceId, Status};
use super::store;
use crate::circle::streets::{DoorIndex, DoorTie, Pace, Snapper, StreetMap};
use crate::coordinates::Point;
use crate::db::Conn;
use crate::db::follow::Follow;
use crate::error::Result;
use crate::text::SearchName;

/// A place with what lookups need of it.
pub struct Entry {
    /// The place.
    pub place: Place,
    /// Its name, ready for search.
    pub search_name: SearchName,
    /// Its opening hours; for a mobile service none, see [`Entry::stop_hours`].
    pub hours: Option<Arc<LiveHours>>,
    /// The hours of each of its stops.
    pub stop_hours: Vec<Option<Arc<LiveHours>>>,
    /// Its doors or stops, tied to the streets.
    ties: Vec<DoorTie>,
}

impl Entry {
    /// Where it is entered: its stops, else its doors, else its location.
    pub fn access_points(&self) -> impl Iterator<Item = Point> {
        self.ties.iter().map(|tie| tie.point)
    }
}

/// What a door of the index belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The place, by its position among the entries.
    pub entry: usize,
    /// The stop of a mobile service.
    pub stop: Option<usize>,
}

/// All places at one moment.
#[derive(Default)]
pub struct Snapshot {
    entries: Vec<Arc<Entry>>,
    targets: Vec<Target>,
    doors: DoorIndex,
}

impl Snapshot {
    /// All places, the closed ones too, by name and id.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// What each door of [`Snapshot::doors`] belongs to.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The doors of the open places.
    pub fn doors(&self) -> &DoorIndex {
        &self.doors
    }
}

/// The catalogue, kept true.
pub struct Catalogue {
    map: Arc<StreetMap>,
    walking: Pace,
    step_free: Pace,
    hours: HoursInUse,
    snapshot: ArcSwap<Snapshot>,
}

impl Catalogue {
    /// An empty catalogue over a map. Doors are tied once for those who use
    /// stairs and once for those who do not.
    pub fn new(map: Arc<StreetMap>, walking: &Pace, step_free: &Pace) -> Self {
        Self {
            map,
            walking: walking.clone(),
            step_free: step_free.clone(),
            hours: HoursInUse::default(),
            snapshot: ArcSwap::default(),
        }
    }

    /// The places as they are now.
    pub fn now(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    fn entry(&self, snapper: &mut Snapper, place: Place, known: Option<&Arc<Entry>>) -> Arc<Entry> {
        let points = access_points(&place);
        let ties = match known {
            Some(known) if known.ties.iter().map(|tie| tie.point).eq(points.iter().copied()) => known.ties.clone(),
            _ => {
                let view = self.map.view();
                let tie = |point| DoorTie::new(snapper, &view, point, &self.walking, &self.step_free);
                points.into_iter().map(tie).collect()
            }
        };
        let facts = &place.facts;
        Arc::new(Entry {
            search_name: SearchName::new(&facts.name, facts.name_en.as_deref()),
            hours: facts.opening_hours.as_deref().and_then(|text| self.hours.read(text)),
            stop_hours: facts
                .stops
                .iter()
                .map(|stop| self.hours.read(&stop.opening_hours))
                .collect(),
            ties,
            place,
        })
    }

    fn publish(&self, mut entries: Vec<Arc<Entry>>) {
        entries.sort_by(|a, b| {
            let (one, other) = (&a.place, &b.place);
            (&one.facts.name, one.id).cmp(&(&other.facts.name, other.id))
        });
        let mut targets = Vec::new();
        let mut ties = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            if entry.place.status == Status::Closed {
                continue;
            }
            let is_mobile = !entry.place.facts.stops.is_empty();
            for (nth, tie) in entry.ties.iter().enumerate() {
                targets.push(Target {
                    entry: number,
                    stop: is_mobile.then_some(nth),
                });
                ties.push(*tie);
            }
        }
        let doors = DoorIndex::build(&self.map, &ties);
        self.snapshot.store(Arc::new(Snapshot {
            entries,
            targets,
            doors,
        }));
    }
}

/// Where a place is entered: a mobile service at its stops, any other at its
/// doors, or at its location where none is known.
fn access_points(place: &Place) -> Vec<Point> {
    let facts = &place.facts;
    if !facts.stops.is_empty() {
        facts.stops.iter().map(|stop| stop.point).collect()
    } else if !facts.doors.is_empty() {
        facts.doors.iter().map(|door| door.point).collect()
    } else {
        vec![facts.location]
    }
}

impl Follow for Catalogue {
    fn kind(&self) -> &'static str {
        store::KIND
    }

    fn reload(&self, conn: &mut Conn) -> Result<()> {
        let before = self.now();
        let known: HashMap<PlaceId, &Arc<Entry>> = before.entries.iter().map(|entry| (entry.place.id, entry)).collect();
        let mut snapper = Snapper::default();
        let entries = store::load_all(conn)?
            .into_iter()
            .map(|place| {
                let known = known.get(&place.id).copied();
                self.entry(&mut snapper, place, known)
            })
            .collect();
        self.publish(entries);
        Ok(())
    }

    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()> {
        let ids: Vec<PlaceId> = keys.iter().filter_map(|key| key.parse().ok()).collect();
        let is_changed: HashSet<PlaceId> = ids.iter().copied().collect();
        let before = self.now();
        let (changed, mut entries): (Vec<_>, Vec<_>) = before
            .entries
            .iter()
            .cloned()
            .partition(|entry| is_changed.contains(&entry.place.id));
        let mut snapper = Snapper::default();
        for place in store::load(conn, &ids)? {
            let known = changed.iter().find(|entry| entry.place.id == place.id);
            entries.push(self.entry(&mut snapper, place, known));
        }
        self.publish(entries);
        Ok(())
    }
}
