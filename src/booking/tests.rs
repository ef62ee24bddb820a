//! The core against a small model: random commands, with rules and resources that change
//! between them.

mod step;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proptest::prelude::*;

use super::act::decide;
use super::book::{Book, Node, Written};
use super::cells::{CELL_MICROS, Day, Stretch};
use super::command::{Make, Place, What};
use super::fit::conflicts;
use super::model::{Act, Booking, BookingId, State};
use super::offer::{Times, plus_minutes};
use super::resources::{Facts, Kind, Resource, ResourceId, Status};
use super::rules::{Limit, Overlap, Period, RulesId, RulesVersionId, Terms, Version, Whose};
use super::sharing::{Holder, Share, ShareId, Standing};
use crate::calendar::{Calendar, Hours};
use crate::circle::places::PlaceId;
use crate::clock::Timestamp;
use crate::grid::UnitId;
use crate::identity::PersonId;
use step::{Step, command, place, step};

const MORNING: &str = "2026-12-01T00:00:00Z";
const MOST_AT_ONCE: i64 = 3;

/// Everything that a database would keep.
struct Kept {
    calendar: Arc<Calendar>,
    now: Timestamp,
    rules: Arc<Version>,
    resources: Vec<Resource>,
    bookings: BTreeMap<BookingId, Booking>,
    days: HashMap<(ResourceId, i64), Day>,
    people: Vec<PersonId>,
    /// Those of the first people, for whom places are withheld.
    unit: UnitId,
    /// What is withheld of resources, by their number.
    shares: BTreeMap<usize, Share>,
}

fn resource(kind: Kind, capacity: i64, part_of: Option<&Resource>, rules: &Version) -> Resource {
    let id = ResourceId::new();
    Resource {
        id,
        place_id: PlaceId::new(),
        unit_id: UnitId::new(),
        root_id: part_of.map_or(id, |whole| whole.root_id),
        facts: Facts {
            part_of: part_of.map(|whole| whole.id),
            kind,
            name: "x".into(),
            name_en: None,
            capacity,
            opening_hours: "00:00-24:00".into(),
            slot_minutes: 30,
            interval_minutes: 30,
            buffer_before_minutes: 0,
            buffer_after_minutes: 0,
            rules_id: rules.rules_id,
            open_to: Vec::new(),
            department_id: None,
        },
        has_sharing: false,
        rules_version_id: rules.id,
        status: Status::Open,
        version: 1,
        created_at: Timestamp::from_micros(0),
        updated_at: Timestamp::from_micros(0),
    }
}

impl Kept {
    /// A hall with two halves, one of them shared, and a pool of two courts.
    fn new() -> Self {
        let limit = Limit {
            of: Whose::Person,
            per: Period::Active,
            bookings: Some(MOST_AT_ONCE),
            minutes: None,
        };
        let rules = Version {
            id: RulesVersionId::new(),
            rules_id: RulesId::new(),
            number: 1,
            terms: Terms {
                slots_max: 4,
                limits: vec![limit],
                overlap: Overlap::Allow,
                ..Terms::default()
            },
        };
        let hall = resource(Kind::Exclusive, 20, None, &rules);
        let left = resource(Kind::Exclusive, 10, Some(&hall), &rules);
        let right = resource(Kind::Shared, 5, Some(&hall), &rules);
        let pool = resource(Kind::Pool, 4, None, &rules);
        let courts = [(); 2].map(|()| resource(Kind::Exclusive, 4, Some(&pool), &rules));
        let resources = [hall, left, right, pool].into_iter().chain(courts);
        Self {
            calendar: Arc::new(Calendar::new(chrono_tz::UTC).expect("tables")),
            now: MORNING.parse().expect("a time"),
            rules: Arc::new(rules),
            resources: resources.collect(),
            bookings: BTreeMap::new(),
            days: HashMap::new(),
            people: (0..4).map(|_| PersonId::new()).collect(),
            unit: UnitId::new(),
            shares: BTreeMap::new(),
        }
    }

    fn nodes(&self) -> Vec<Arc<Node>> {
        let of = |id: ResourceId| self.resources.iter().find(|one| one.id == id);
        let above = |one: &Resource| {
            let up = |one: &Resource| one.facts.part_of.and_then(of);
            std::iter::successors(up(one), |one| up(one))
                .map(|one| one.id)
                .collect::<Vec<_>>()
        };
        let all = self.resources.iter().enumerate();
        all.map(|(number, one)| {
            let below = self.resources.iter().filter(|other| above(other).contains(&one.id));
            let parts = self
                .resources
                .iter()
                .filter(|other| other.facts.part_of == Some(one.id));
            Arc::new(Node {
                resource: Arc::new(one.clone()),
                hours: Arc::new(Hours::parse(&one.facts.opening_hours).expect("hours")),
                rules: Arc::clone(&self.rules),
                closures: Vec::new(),
                agreements: Vec::new(),
                shares: self
                    .shares
                    .get(&number)
                    .map(|share| (share.clone(), None))
                    .into_iter()
                    .collect(),
                above: above(one),
                below: below.map(|one| one.id).collect(),
                parts: parts.map(|one| one.id).collect(),
            })
        })
        .collect()
    }

    fn book(&self) -> Book {
        let mut book = Book::new(self.now, Arc::clone(&self.calendar));
        for node in self.nodes() {
            let (first, _) = super::cells::Cell::of(self.now).place();
            for day in first - 2..first + 4 {
                let known = self.days.get(&(node.resource.id, day)).cloned();
                book.know_day(node.resource.id, day, known.unwrap_or_default());
            }
            book.know(node);
        }
        for booking in self.bookings.values() {
            book.know_booking(booking.clone());
        }
        for person in &self.people {
            let units = self.is_of_unit(*person).then_some(self.unit);
            let standing = Standing {
                units: units.into_iter().collect(),
                is_elder: false,
            };
            book.know_standing(*person, standing);
        }
        book
    }

    fn is_of_unit(&self, person: PersonId) -> bool {
        self.people
            .iter()
            .position(|one| *one == person)
            .is_some_and(|place| place < 2)
    }

    /// What of a share nobody of those whom it is for has taken at a time, or between two.
    fn kept(&self, share: &Share, from: Timestamp, to: Timestamp, without: Option<BookingId>, by_places: bool) -> i64 {
        let takes = |booking: &&Booking| {
            booking.share_id == Some(share.id)
                && Some(booking.id) != without
                && booking.load > 0
                && !booking.has_lapsed(self.now)
                && booking.load_from < to
                && from < booking.load_to
        };
        let taken: Vec<&Booking> = self.bookings.values().filter(takes).collect();
        let mut most = 0;
        let mut at = from;
        while at < to {
            let here = taken
                .iter()
                .filter(|booking| booking.load_from <= at && at < booking.load_to);
            most = most.max(here.map(|booking| if by_places { booking.load } else { 1 }).sum());
            at = plus_minutes(at, 5);
        }
        (share.places - most).max(0)
    }

    /// The places that are free for somebody.
    fn free_for(
        &self,
        person: PersonId,
        one: &Resource,
        start: Timestamp,
        times: Times,
        without: Option<BookingId>,
    ) -> i64 {
        let (from, to) = times;
        let free = self.free(one, from, to, without);
        let number = self
            .resources
            .iter()
            .position(|other| other.id == one.id)
            .expect("known");
        let in_force = |number: usize| {
            let share = self.shares.get(&number)?;
            (!self.is_of_unit(person) && self.now < share.released_at(start)).then_some(share)
        };
        if number == 0 && in_force(2).is_some() {
            return 0;
        }
        if let Some(share) = in_force(3).filter(|_| number > 3) {
            let courts = self.resources.iter().skip(4);
            let open = courts.filter(|court| self.free(court, from, to, without) > 0).count() as i64;
            // What is before and after a slot is nobody's share.
            let end = plus_minutes(to, -one.facts.buffer_after_minutes);
            return if open > self.kept(share, start, end, without, false) {
                free
            } else {
                0
            };
        }
        let Some(share) = in_force(2).filter(|_| number == 2) else {
            return free;
        };
        let mut least = free;
        let mut at = from;
        while at < to {
            let next = plus_minutes(at, 5);
            least = least.min(self.free(one, at, next, without) - self.kept(share, at, next, without, true));
            at = next;
        }
        least.max(0)
    }

    fn keep(&mut self, written: Written) {
        let all = written.made.into_iter().chain(written.changed);
        self.bookings.extend(all.map(|(booking, _)| (booking.id, booking)));
        let days = written.days.into_iter();
        self.days.extend(days.map(|(id, number, day)| ((id, number), day)));
    }

    /// The places that are free, counted minute by minute over all bookings.
    fn free(&self, one: &Resource, from: Timestamp, to: Timestamp, without: Option<BookingId>) -> i64 {
        let nodes = self.nodes();
        let node = nodes.iter().find(|node| node.resource.id == one.id).expect("known");
        let lapsed = |booking: &Booking| booking.has_lapsed(self.now);
        let mut least = one.facts.capacity;
        let mut at = from;
        while at < to {
            let present = |booking: &&Booking| {
                booking.load > 0
                    && Some(booking.id) != without
                    && !lapsed(booking)
                    && booking.load_from <= at
                    && at < booking.load_to
            };
            let here: Vec<&Booking> = self.bookings.values().filter(present).collect();
            let near = |booking: &&&Booking| {
                node.above.contains(&booking.resource_id) || node.below.contains(&booking.resource_id)
            };
            let own: i64 = here
                .iter()
                .filter(|one_of| one_of.resource_id == one.id)
                .map(|one| one.load)
                .sum();
            let left = match one.facts.kind {
                _ if here.iter().any(|booking| near(&booking)) => 0,
                Kind::Exclusive if own > 0 => 0,
                _ => (one.facts.capacity - own).max(0),
            };
            least = least.min(left);
            at = plus_minutes(at, 5);
        }
        least
    }

    /// Whether the model would let it be booked.
    fn fits(&self, asked: &Resource, place: &Place, person: PersonId, was: Option<&Booking>) -> bool {
        let end = place.end.expect("an end");
        let minutes = (end.micros() - place.start.micros()) / 60_000_000;
        let facts = &asked.facts;
        let midnight = place.start.micros().rem_euclid(86_400_000_000) / 60_000_000;
        let is_offered = minutes > 0
            && minutes % facts.slot_minutes == 0
            && midnight % facts.interval_minutes == 0
            && midnight + facts.slot_minutes <= 1_440
            && (midnight + minutes <= 1_440 || 1_440 % facts.slot_minutes == 0 && midnight % facts.slot_minutes == 0);
        let slots = minutes / facts.slot_minutes.max(1);
        let active = |booking: &&Booking| {
            booking.person_id == Some(person)
                && Some(booking.id) != was.map(|was| was.id)
                && booking.state.is_live()
                && !booking.has_lapsed(self.now)
                && booking.end_at > self.now
        };
        let has = self.bookings.values().filter(active).count() as i64;
        let nodes: Vec<&Resource> = match facts.kind {
            Kind::Pool => self
                .resources
                .iter()
                .filter(|one| one.facts.part_of == Some(asked.id))
                .collect(),
            _ => vec![asked],
        };
        let has_room = |one: &&Resource| {
            let (from, to) = Booking::load_times(one, place.start, end);
            let without = was.map(|was| was.id);
            // What is withheld is withheld of each slot, until its own time.
            let whole = self.free(one, from, to, without) >= place.party;
            let slots = (0..slots).map(|number| plus_minutes(place.start, number * facts.slot_minutes));
            let mut of_each = slots.map(|start| {
                let times = Booking::load_times(one, start, plus_minutes(start, facts.slot_minutes));
                self.free_for(person, one, start, times, without)
            });
            let asks_for_no_more = was.is_some_and(|was| {
                let is_there = was.state.is_live() && !was.has_lapsed(self.now);
                let same = (was.resource_id, was.start_at, was.end_at) == (one.id, place.start, end);
                is_there && same && place.party <= was.load
            });
            whole && (asks_for_no_more || of_each.all(|free| free >= place.party))
        };
        place.start > self.now
            && is_offered
            && slots <= self.rules.terms.slots_max
            && place.party <= facts.capacity
            && (was.is_some() || has < MOST_AT_ONCE)
            && nodes.iter().any(has_room)
    }

    /// That what is kept is true to itself.
    fn holds(&self) {
        let all: Vec<Booking> = self.bookings.values().cloned().collect();
        let mut sums: HashMap<(ResourceId, i64), Day> = HashMap::new();
        for booking in &all {
            for (day, cells) in booking.stretch().days() {
                let sum = sums.entry((booking.resource_id, day)).or_default();
                sum.add(cells, booking.load).expect("it fits a cell");
            }
        }
        for (key, day) in &self.days {
            assert_eq!(
                *day,
                sums.remove(key).unwrap_or_default(),
                "the cells are what the bookings add up to"
            );
        }
        assert!(sums.values().all(|day| *day == Day::default()), "a day is missing");
        let nodes = self.nodes();
        for conflict in conflicts(nodes.iter().map(|node| &**node), &all) {
            let marked = |id: &BookingId| self.bookings[id].is_excess;
            assert!(conflict.bookings.iter().all(marked), "{conflict:?}");
        }
    }

    /// Marks what a change of resources left behind, as the change itself does.
    fn mark(&mut self) {
        let all: Vec<Booking> = self.bookings.values().cloned().collect();
        let nodes = self.nodes();
        for conflict in conflicts(nodes.iter().map(|node| &**node), &all) {
            for id in conflict.bookings {
                if let Some(booking) = self.bookings.get_mut(&id) {
                    booking.is_excess = true;
                }
            }
        }
    }
}

/// Does a step in the core and in the model, which must agree.
fn take(kept: &mut Kept, step: &Step) {
    let chosen = |kept: &Kept, number: usize| {
        let count = kept.bookings.len();
        (count > 0)
            .then(|| kept.bookings.values().nth(number % count).cloned())
            .flatten()
    };
    let (command, expected) = match step {
        Step::Wait { minutes } => {
            kept.now = plus_minutes(kept.now, *minutes);
            return;
        }
        Step::Withhold { pool, places } => {
            let number = if *pool { 3 } else { 2 };
            kept.shares.remove(&number);
            if *places > 0 {
                let share = Share {
                    id: ShareId::new(),
                    resource_id: kept.resources[number].id,
                    holder: Holder::Unit,
                    unit_id: Some(kept.unit),
                    places: *places,
                    hours: None,
                    reason: "x".into(),
                    release_seconds: 3_600,
                    created_at: kept.now,
                    ended_at: None,
                };
                kept.shares.insert(number, share);
            }
            return;
        }
        Step::Resize {
            resource,
            capacity,
            buffer,
            slot,
        } => {
            let facts = &mut kept.resources[*resource].facts;
            facts.capacity = *capacity;
            facts.buffer_after_minutes = *buffer;
            (facts.slot_minutes, facts.interval_minutes) = (*slot, *slot);
            kept.mark();
            return;
        }
        Step::Make {
            resource,
            person,
            at,
            length,
            party,
            hold,
        } => {
            let (asked, person) = (kept.resources[*resource].clone(), kept.people[*person]);
            let place = place(*at, *length, *party);
            let fits = kept.fits(&asked, &place, person, None);
            let make = Make {
                person: Some(person),
                place,
                is_hold: *hold,
            };
            (command(person, asked.id, What::Make(make)), fits)
        }
        Step::Change {
            booking,
            at,
            length,
            party,
        } => {
            let Some(booking) = chosen(kept, *booking) else { return };
            let asked = kept
                .resources
                .iter()
                .find(|one| one.id == booking.asked_id)
                .expect("known")
                .clone();
            let place = place(*at, *length, *party);
            let person = booking.person_id.expect("a person");
            let can = matches!(booking.state, State::Held | State::Confirmed) && !booking.has_lapsed(kept.now);
            let fits = can && booking.start_at > kept.now && kept.fits(&asked, &place, person, Some(&booking));
            (
                command(person, booking.resource_id, What::Change(booking.id, place)),
                fits,
            )
        }
        Step::Do { booking, act } => {
            let Some(booking) = chosen(kept, *booking) else { return };
            let acts = [
                Act::Confirm,
                Act::Cancel,
                Act::CheckIn,
                Act::Complete,
                Act::NoShow,
                Act::Approve,
            ];
            let act = acts[*act];
            let person = booking.person_id.expect("a person");
            let state = if booking.has_lapsed(kept.now) {
                State::Expired
            } else {
                booking.state
            };
            let now = kept.now;
            let may = match (act, state) {
                (Act::Confirm, State::Held) => booking.start_at > now,
                (Act::Confirm, State::Expired) => {
                    let asked = kept
                        .resources
                        .iter()
                        .find(|one| one.id == booking.asked_id)
                        .expect("known");
                    let again = Place {
                        start: booking.start_at,
                        end: Some(booking.end_at),
                        party: booking.party,
                        resource: None,
                    };
                    // It is counted like a new one.
                    let has_room = kept.fits(asked, &again, person, Some(&booking));
                    let live = |one: &&Booking| {
                        one.person_id == Some(person) && one.state.is_live() && one.end_at > now && !one.has_lapsed(now)
                    };
                    let others = kept.bookings.values().filter(live).count() as i64;
                    has_room && (others < MOST_AT_ONCE)
                }
                (Act::Cancel, State::Held | State::Confirmed | State::CheckedIn) => booking.end_at > now,
                (Act::CheckIn, State::Confirmed) => plus_minutes(booking.start_at, -30) <= now && now < booking.end_at,
                (Act::Complete, State::CheckedIn) => true,
                (Act::Complete, State::Confirmed) => booking.start_at <= now,
                (Act::NoShow, State::Confirmed) => booking.start_at <= now,
                _ => false,
            };
            (command(person, booking.resource_id, What::Do(booking.id, act)), may)
        }
    };
    let mut book = kept.book();
    book.let_lapse().expect("it lapses");
    let decided = decide(&mut book, &command);
    assert_eq!(decided.is_ok(), expected, "{step:?}: {decided:?} at {}", kept.now);
    kept.keep(book.written().expect("written"));
    kept.holds();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        if std::env::var_os("ONEGRID_TORTURE").is_some() { 5_000 } else { 150 }
    ))]

    /// Whatever people do, the core and the model agree, and all that is kept fits.
    #[test]
    fn the_core_agrees_with_a_plain_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut kept = Kept::new();
        for step in &steps {
            take(&mut kept, step);
        }
    }
}

#[test]
fn a_cell_is_five_minutes() {
    assert_eq!(CELL_MICROS, 300_000_000);
    let stretch = Stretch::of(Timestamp::from_micros(0), plus_minutes(Timestamp::from_micros(0), 15));
    assert_eq!(stretch.days().next(), Some((0, 0..3)));
}
