//! The places in memory: an immutable snapshot that lookups read. A change makes a
//! new one that shares with the old all but what changed: places and doors have
//! numbers that stay, and everything is listed in pieces that copies share. So a
//! changed place costs the same among a hundred thousand as among ten.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::live_hours::{HoursInUse, LiveHours};
use super::model::{Place, PlaceId, Status};
use super::ordered::Ordered;
use super::rendered::Rendered;
use super::store;
use crate::circle::streets::{Chunks, DoorIndex, DoorTie, Pace, Rows, Snapper, StreetMap};
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
    /// What answers say of it in any case; none of a mobile service.
    pub rendered: Option<Rendered>,
    /// Its doors or stops, tied to the streets.
    ties: Vec<DoorTie>,
    /// Its number.
    number: u32,
    /// The numbers of its ties, ascending; none where it is closed.
    doors: Vec<u32>,
}

impl Entry {
    fn numbered_ties(&self) -> impl Iterator<Item = (u32, &DoorTie)> {
        self.doors.iter().copied().zip(&self.ties)
    }
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
    /// The place, by its number.
    pub entry: u32,
    /// Which of the points it is where the place is entered: of its stops, of its doors.
    pub nth: u16,
    /// Whether that is the stop of a mobile service.
    pub is_stop: bool,
}

impl Target {
    /// The stop of a mobile service.
    pub fn stop(&self) -> Option<usize> {
        self.is_stop.then_some(usize::from(self.nth))
    }
}

/// To what a door belongs whose number is free.
const NOBODY: Target = Target {
    entry: u32::MAX,
    nth: 0,
    is_stop: false,
};

/// All places at one moment.
#[derive(Clone)]
pub struct Snapshot {
    entries: Chunks<Option<Arc<Entry>>>,
    by_name: Ordered<Arc<Entry>>,
    by_id: Ordered<(PlaceId, u32)>,
    targets: Chunks<Target>,
    doors: DoorIndex,
    /// The walks remembered to these very doors.
    rows: Arc<Rows>,
}

impl Snapshot {
    fn empty(map: &StreetMap, rows_bytes: usize) -> Self {
        Self {
            entries: Chunks::new(None),
            by_name: Ordered::default(),
            by_id: Ordered::default(),
            targets: Chunks::new(NOBODY),
            doors: DoorIndex::build(map, &[]),
            rows: Arc::new(Rows::new(rows_bytes)),
        }
    }

    /// All places, the closed ones too, by name and id; those after a name and id
    /// where these are given.
    pub fn by_name(&self, after: Option<(&str, PlaceId)>) -> impl Iterator<Item = &Arc<Entry>> {
        self.by_name.after(move |entry| match after {
            Some(last) => sort_key(entry).cmp(&last),
            None => std::cmp::Ordering::Greater,
        })
    }

    /// The place with this number, as a [`Target`] has it.
    pub fn entry(&self, number: u32) -> Option<&Arc<Entry>> {
        self.entries.get(number as usize)?.as_ref()
    }

    /// The place with this id, also a closed one.
    pub fn place(&self, id: PlaceId) -> Option<&Arc<Entry>> {
        let (_, number) = self.by_id.find(|(other, _)| other.cmp(&id))?;
        self.entry(*number)
    }

    /// What each door of [`Snapshot::doors`] belongs to.
    pub fn targets(&self) -> &Chunks<Target> {
        &self.targets
    }

    /// The doors of the open places. Each is of the category that its place has, as
    /// a number.
    pub fn doors(&self) -> &DoorIndex {
        &self.doors
    }

    /// The walks remembered to them.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}

fn sort_key(entry: &Entry) -> (&str, PlaceId) {
    (&entry.place.facts.name, entry.place.id)
}

/// Numbers, the lowest free one first.
#[derive(Default)]
struct Numbers {
    next: u32,
    free: BTreeSet<u32>,
}

impl Numbers {
    fn take(&mut self) -> u32 {
        self.free.pop_first().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

/// The numbers of the places and of their doors.
#[derive(Default)]
struct Numbering {
    places: Numbers,
    doors: Numbers,
}

/// The catalogue, kept true.
pub struct Catalogue {
    map: Arc<StreetMap>,
    walking: Pace,
    step_free: Pace,
    hours: HoursInUse,
    /// How much memory the walks to the doors of one snapshot may take.
    rows_bytes: usize,
    snapshot: ArcSwap<Snapshot>,
    /// Held by whoever makes the next snapshot.
    numbering: Mutex<Numbering>,
}

/// The next snapshot in the making.
struct Draft<'a> {
    catalogue: &'a Catalogue,
    numbering: &'a mut Numbering,
    snapper: Snapper,
    next: Snapshot,
    gone: Vec<Arc<Entry>>,
    come: Vec<Arc<Entry>>,
}

impl Catalogue {
    /// An empty catalogue over a map. Doors are tied once for those who use
    /// stairs and once for those who do not.
    pub fn new(map: Arc<StreetMap>, walking: &Pace, step_free: &Pace) -> Self {
        Self {
            walking: walking.clone(),
            step_free: step_free.clone(),
            hours: HoursInUse::default(),
            rows_bytes: 0,
            snapshot: ArcSwap::from_pointee(Snapshot::empty(&map, 0)),
            numbering: Mutex::default(),
            map,
        }
    }

    /// The same, with so many bytes for walks that are remembered: those from a corner
    /// in a dense city take 2 to 4 kB.
    #[must_use]
    pub fn remembering(self, rows_bytes: usize) -> Self {
        let snapshot = ArcSwap::from_pointee(Snapshot::empty(&self.map, rows_bytes));
        Self {
            rows_bytes,
            snapshot,
            ..self
        }
    }

    /// The places as they are now.
    pub fn now(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Takes these places in, and none else. Of those that it had it keeps the ties.
    fn replace(&self, places: Vec<Place>) {
        let mut numbering = self.numbering.lock().unwrap_or_else(PoisonError::into_inner);
        *numbering = Numbering::default();
        let before = self.now();
        let mut draft = Draft::new(self, Snapshot::empty(&self.map, self.rows_bytes), &mut numbering);
        for place in places {
            let known = before.place(place.id);
            draft.add(place, known.map(Arc::as_ref), None);
        }
        let next = draft.finish();
        self.snapshot.store(Arc::new(next));
    }

    /// Takes in what became of the places with these ids; those that are not among
    /// `places` are gone.
    fn patch(&self, ids: &[PlaceId], places: Vec<Place>) {
        let mut places: HashMap<PlaceId, Place> = places.into_iter().map(|place| (place.id, place)).collect();
        let mut numbering = self.numbering.lock().unwrap_or_else(PoisonError::into_inner);
        let mut draft = Draft::new(self, Snapshot::clone(&self.now()), &mut numbering);
        for id in ids.iter().copied().collect::<BTreeSet<_>>() {
            let known = draft.next.place(id).cloned();
            match (places.remove(&id), known) {
                (Some(place), Some(known)) if known.place == place => {}
                (Some(place), known) => {
                    known.iter().for_each(|known| draft.take_off(known));
                    draft.add(place, known.as_deref(), known.as_ref().map(|known| known.number));
                }
                (None, Some(known)) => draft.remove(&known),
                (None, None) => {}
            }
        }
        let next = draft.finish();
        self.snapshot.store(Arc::new(next));
    }
}

impl<'a> Draft<'a> {
    fn new(catalogue: &'a Catalogue, next: Snapshot, numbering: &'a mut Numbering) -> Self {
        Self {
            catalogue,
            numbering,
            snapper: Snapper::default(),
            next,
            gone: Vec::new(),
            come: Vec::new(),
        }
    }

    /// Takes a place's doors and name off the lists; its number stays its own.
    fn take_off(&mut self, entry: &Arc<Entry>) {
        self.next.by_name.remove(|other| sort_key(other).cmp(&sort_key(entry)));
        for door in &entry.doors {
            self.next.targets.clear(*door as usize);
            self.numbering.doors.free.insert(*door);
        }
        self.gone.push(Arc::clone(entry));
    }

    fn remove(&mut self, entry: &Arc<Entry>) {
        self.take_off(entry);
        let id = entry.place.id;
        self.next.by_id.remove(|(other, _)| other.cmp(&id));
        self.next.entries.clear(entry.number as usize);
        self.numbering.places.free.insert(entry.number);
    }

    /// Lists a place. `known` is what was known of it, `number` the number that it had.
    fn add(&mut self, place: Place, known: Option<&Entry>, number: Option<u32>) {
        let id = place.id;
        let ties = self.ties(&place, known);
        let number = number.unwrap_or_else(|| {
            let number = self.numbering.places.take();
            self.next.by_id.insert((id, number), |(other, _)| other.cmp(&id));
            number
        });
        let doors = match place.status {
            Status::Open => ties.iter().map(|_| self.numbering.doors.take()).collect(),
            Status::Closed => Vec::new(),
        };
        let hours = &self.catalogue.hours;
        let facts = &place.facts;
        let entry = Arc::new(Entry {
            search_name: SearchName::new(&facts.name, facts.name_en.as_deref()),
            hours: facts.opening_hours.as_deref().and_then(|text| hours.read(text)),
            stop_hours: facts.stops.iter().map(|stop| hours.read(&stop.opening_hours)).collect(),
            ties,
            number,
            doors,
            rendered: Rendered::of(&place),
            place,
        });
        let is_mobile = !entry.place.facts.stops.is_empty();
        // A place has some dozens of doors at the most.
        for (nth, door) in (0_u16..).zip(&entry.doors) {
            let target = Target {
                entry: number,
                nth,
                is_stop: is_mobile,
            };
            self.next.targets.put(*door as usize, target);
        }
        self.next.entries.put(number as usize, Some(Arc::clone(&entry)));
        let listed = Arc::clone(&entry);
        self.next
            .by_name
            .insert(listed, |other| sort_key(other).cmp(&sort_key(&entry)));
        self.come.push(entry);
    }

    /// Tying a door to the streets is the costly part: where the points are as they
    /// were, so are the ties.
    fn ties(&mut self, place: &Place, known: Option<&Entry>) -> Vec<DoorTie> {
        let points = access_points(place);
        if let Some(known) = known
            && known.ties.iter().map(|tie| tie.point).eq(points.iter().copied())
        {
            return known.ties.clone();
        }
        let Catalogue {
            map,
            walking,
            step_free,
            ..
        } = self.catalogue;
        let view = map.view();
        let tie = |point| DoorTie::new(&mut self.snapper, &view, point, walking, step_free);
        points.into_iter().map(tie).collect()
    }

    fn finish(mut self) -> Snapshot {
        let gone: Vec<(u32, &DoorTie)> = self.gone.iter().flat_map(|entry| entry.numbered_ties()).collect();
        let come: Vec<(u32, &DoorTie, u8)> = self
            .come
            .iter()
            .flat_map(|entry| {
                let category = entry.place.facts.kind.category as u8;
                entry.numbered_ties().map(move |(door, tie)| (door, tie, category))
            })
            .collect();
        if !gone.is_empty() || !come.is_empty() {
            self.next.doors.patch(&gone, &come);
            self.next.rows = Arc::new(Rows::new(self.catalogue.rows_bytes));
        }
        self.next
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
        self.replace(store::load_all(conn)?);
        Ok(())
    }

    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()> {
        let ids: Vec<PlaceId> = keys.iter().filter_map(|key| key.parse().ok()).collect();
        self.patch(&ids, store::load(conn, &ids)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
