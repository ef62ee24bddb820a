//! The book: what a batch of commands touches, as it is and as it becomes. Pure.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::cells::{Day, Stretch};
use super::model::{Act, Booking, BookingId, Counted, Step};
use super::offer::{CivilDay, Offer, Times};
use super::resources::{Closure, Facts, Kind, Resource, ResourceId};
use super::rules::{RulesVersionId, Version, WaitingPolicy};
use super::sharing::{Agreement, Share, Standing};
use super::waiting::{Waiting, WaitingId, WaitingState};
use super::whether::Ask;
use crate::calendar::{Calendar, Hours};
use crate::clock::Timestamp;
use crate::db::repeats::Repeats;
use crate::error::{Error, Result};
use crate::gate::Actor;
use crate::grid::UnitId;
use crate::identity::PersonId;
use crate::jobs::Claimed;

/// A resource with all that decides when it is offered and to whom.
#[derive(Debug)]
pub struct Node {
    /// The resource.
    pub resource: Arc<Resource>,
    /// Its hours.
    pub hours: Arc<Hours>,
    /// Its rules.
    pub rules: Arc<Version>,
    /// Its closures, and those of what it is part of.
    pub closures: Vec<(Closure, Option<Hours>)>,
    /// The agreements by which it is shared, and those of what it is part of.
    pub agreements: Vec<(Agreement, Hours)>,
    /// Its shares that are withheld for some.
    pub shares: Vec<(Share, Option<Hours>)>,
    /// What it is part of, directly or not.
    pub above: Vec<ResourceId>,
    /// What is part of it, directly or not.
    pub below: Vec<ResourceId>,
    /// What is directly part of it and offered.
    pub parts: Vec<ResourceId>,
}

impl Node {
    /// What is said about the resource.
    pub fn facts(&self) -> &Facts {
        &self.resource.facts
    }

    /// Its offer that begins on these days.
    pub fn offer(&self, calendar: &Calendar, first: NaiveDate, last: NaiveDate) -> Offer {
        let days = (first, last);
        Offer::of(
            calendar,
            self.facts(),
            &self.hours,
            &self.closures,
            &self.agreements,
            days,
        )
    }
}

#[derive(Debug, Default)]
struct Kept {
    day: Day,
    is_changed: bool,
}

/// What somebody is told.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Whom.
    pub person: PersonId,
    /// Of which kind.
    pub kind: &'static str,
    /// About which booking.
    pub booking: BookingId,
}

/// A booking, and when something is due for it next.
pub type WithDue = (Booking, Option<Timestamp>);

/// What is written when all is decided.
#[derive(Debug, Default)]
pub struct Written {
    /// Bookings that are new.
    pub made: Vec<WithDue>,
    /// Bookings that became another.
    pub changed: Vec<WithDue>,
    /// What became of them.
    pub steps: Vec<Step>,
    /// Days of resources that are others now.
    pub days: Vec<(ResourceId, i64, Day)>,
    /// Who is told what, about which booking of which resource.
    pub letters: Vec<(Letter, Booking, Arc<Resource>)>,
    /// What tells requests that come again.
    pub repeats: Repeats,
    /// What was made by somebody for another, and when it begins.
    pub deputed: Vec<(Actor, BookingId, Timestamp)>,
    /// Who waits otherwise now.
    pub waited: Vec<Waiting>,
    /// Jobs that are done, and when the next of their booking is due.
    pub ended: Vec<(Claimed, BookingId, Option<Timestamp>)>,
}

/// The state of a batch.
#[derive(Debug)]
pub struct Book {
    /// The time at which the batch is decided.
    pub now: Timestamp,
    /// Where days begin and end.
    pub calendar: Arc<Calendar>,
    /// What was asked before.
    pub repeats: Repeats,
    /// What was made by somebody for another.
    pub deputed: Vec<(Actor, BookingId)>,
    /// Jobs that are done.
    pub ended: Vec<(Claimed, BookingId)>,
    nodes: HashMap<ResourceId, Arc<Node>>,
    days: HashMap<(ResourceId, i64), Kept>,
    bookings: HashMap<BookingId, Booking>,
    counted: HashMap<Option<PersonId>, Vec<Counted>>,
    housemates: HashMap<PersonId, Vec<PersonId>>,
    standings: HashMap<PersonId, Standing>,
    versions: HashMap<RulesVersionId, Arc<Version>>,
    waiting: Vec<Waiting>,
    waited: BTreeSet<WaitingId>,
    kept: Vec<(WaitingId, Times)>,
    new: HashSet<BookingId>,
    touched: BTreeSet<BookingId>,
    steps: Vec<Step>,
    letters: Vec<Letter>,
    civil_days: Cell<[Option<CivilDay>; 2]>,
}

impl Book {
    /// An empty one, at a time.
    pub fn new(now: Timestamp, calendar: Arc<Calendar>) -> Self {
        Self {
            now,
            calendar,
            repeats: Repeats::default(),
            deputed: Vec::new(),
            ended: Vec::new(),
            nodes: HashMap::new(),
            days: HashMap::new(),
            bookings: HashMap::new(),
            counted: HashMap::new(),
            housemates: HashMap::new(),
            standings: HashMap::new(),
            versions: HashMap::new(),
            waiting: Vec::new(),
            waited: BTreeSet::new(),
            kept: Vec::new(),
            new: HashSet::new(),
            touched: BTreeSet::new(),
            steps: Vec::new(),
            letters: Vec::new(),
            civil_days: Cell::new([None; 2]),
        }
    }

    /// Takes in a resource.
    pub fn know(&mut self, node: Arc<Node>) {
        self.versions.insert(node.rules.id, Arc::clone(&node.rules));
        self.nodes.insert(node.resource.id, node);
    }

    /// Takes in a version of rules that a booking was made under.
    pub fn know_version(&mut self, version: Arc<Version>) {
        self.versions.insert(version.id, version);
    }

    /// Takes in a day of a resource. One that is not taken in counts as taken.
    pub fn know_day(&mut self, resource: ResourceId, number: i64, day: Day) {
        let kept = Kept { day, is_changed: false };
        self.days.insert((resource, number), kept);
    }

    /// Takes in a booking.
    pub fn know_booking(&mut self, booking: Booking) {
        self.count(booking.counted());
        self.bookings.insert(booking.id, booking);
    }

    /// Takes in what counts of a booking, each once; nothing new of one that is known whole.
    pub fn know_counted(&mut self, one: Counted) {
        if !self.bookings.contains_key(&one.id) {
            self.counted.entry(one.person_id).or_default().push(one);
        }
    }

    fn count(&mut self, one: Counted) {
        if one.person_id.is_none() && one.party_id.is_none() {
            return;
        }
        let own = self.counted.entry(one.person_id).or_default();
        match own.iter_mut().find(|known| known.id == one.id) {
            Some(known) => *known = one,
            None => own.push(one),
        }
    }

    /// Takes in who lives with somebody, themselves included.
    pub fn know_household(&mut self, person: PersonId, housemates: Vec<PersonId>) {
        self.housemates.insert(person, housemates);
    }

    /// Takes in what is known of somebody where it counts who may book.
    pub fn know_standing(&mut self, person: PersonId, standing: Standing) {
        self.standings.insert(person, standing);
    }

    /// What is known of somebody where it counts who may book.
    pub fn standing(&self, person: PersonId) -> Option<&Standing> {
        self.standings.get(&person)
    }

    /// A resource.
    pub fn node(&self, id: ResourceId) -> Option<&Arc<Node>> {
        self.nodes.get(&id)
    }

    /// All resources.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// A booking.
    pub fn booking(&self, id: BookingId) -> Option<&Booking> {
        self.bookings.get(&id)
    }

    /// All bookings.
    pub fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values()
    }

    /// What counts of the bookings of a person.
    pub fn of(&self, person: PersonId) -> &[Counted] {
        self.counted.get(&Some(person)).map_or(&[], Vec::as_slice)
    }

    /// What counts of the bookings of those who book as residents of a party.
    pub fn of_party(&self, party: UnitId) -> impl Iterator<Item = &Counted> {
        let all = self.counted.values().flatten();
        all.filter(move |one| one.party_id == Some(party))
    }

    /// Who lives with somebody, themselves included.
    pub fn household(&self, person: PersonId) -> &[PersonId] {
        self.housemates.get(&person).map_or(&[], Vec::as_slice)
    }

    /// The version of rules that a booking was made under.
    ///
    /// # Errors
    /// Where it was not loaded.
    pub fn version_of(&self, booking: &Booking) -> Result<&Arc<Version>> {
        let version = self.versions.get(&booking.rules_version_id);
        version.ok_or_else(|| Error::internal("the rules of a booking were not loaded"))
    }

    /// The civil day of a time.
    pub fn date(&self, at: Timestamp) -> NaiveDate {
        self.day(at).date
    }

    /// The civil day of a time, with its beginning and its end. What is asked for most, over and
    /// over, is today and the day of one slot.
    pub fn day(&self, at: Timestamp) -> CivilDay {
        let known = self.civil_days.get();
        let found = known.into_iter().flatten().find(|day| day.holds(at));
        if let Some(day) = found {
            return day;
        }
        let date = self.calendar.date_of(at.to_utc());
        let next = date.succ_opt().unwrap_or(date);
        let day = CivilDay {
            date,
            from: self.calendar.instant(date, 0).into(),
            to: self.calendar.instant(next, 0).into(),
        };
        let [today, other] = known;
        self.civil_days.set(match day.holds(self.now) {
            true => [Some(day), other],
            false => [today, Some(day)],
        });
        day
    }

    /// The most places that bookings of the very resource take in some cells, without these.
    pub fn most(&self, resource: ResourceId, cells: Stretch, except: &[BookingId]) -> i64 {
        let except: Vec<&Booking> = except
            .iter()
            .filter_map(|id| self.bookings.get(id))
            .filter(|booking| booking.resource_id == resource && booking.load > 0 && booking.stretch().meets(cells))
            .collect();
        let mut most = 0;
        for (day, range) in cells.days() {
            let Some(kept) = self.days.get(&(resource, day)) else {
                return i64::MAX;
            };
            if except.is_empty() {
                most = most.max(kept.day.most(range));
                continue;
            }
            for cell in range {
                let without: i64 = except
                    .iter()
                    .filter(|booking| {
                        let on_day =
                            |(other, range): (i64, std::ops::Range<usize>)| other == day && range.contains(&cell);
                        booking.stretch().days().any(on_day)
                    })
                    .map(|booking| booking.load)
                    .sum();
                most = most.max(kept.day.at(cell) - without);
            }
        }
        most
    }

    /// How many places of a resource are free throughout some cells, without these bookings:
    /// none where what it is part of, or what is part of it, is taken.
    pub fn free(&self, node: &Node, cells: Stretch, except: &[BookingId]) -> i64 {
        let id = node.resource.id;
        // A pool takes no place itself.
        let is_pool = |id: &&ResourceId| self.nodes.get(id).is_some_and(|node| node.facts().kind == Kind::Pool);
        let mut relatives = node.above.iter().chain(&node.below).filter(|id| !is_pool(id));
        if relatives.any(|other| self.most(*other, cells, except) > 0) {
            return 0;
        }
        let taken = self.most(id, cells, except);
        let capacity = node.facts().capacity;
        match node.facts().kind {
            Kind::Shared => capacity.saturating_sub(taken).max(0),
            Kind::Exclusive if taken == 0 => capacity,
            Kind::Exclusive | Kind::Pool => 0,
        }
    }

    fn add(&mut self, booking: &Booking, places: i64) -> Result<()> {
        if places == 0 {
            return Ok(());
        }
        for (day, range) in booking.stretch().days() {
            let kept = self.days.get_mut(&(booking.resource_id, day));
            let kept = kept.ok_or_else(|| Error::internal("a day of a resource was not loaded"))?;
            kept.day.add(range, places)?;
            kept.is_changed = true;
        }
        Ok(())
    }

    /// Enters a booking that is new.
    ///
    /// # Errors
    /// Where the cells do not fit, which only a fault can cause.
    pub fn enter(&mut self, booking: Booking, act: Act, actor: &str, said: Said<'_>) -> Result<()> {
        self.add(&booking, booking.load)?;
        self.new.insert(booking.id);
        self.note(&booking, act, actor, said);
        self.know_booking(booking);
        Ok(())
    }

    /// A booking becomes this, by an act.
    ///
    /// # Errors
    /// Where the cells do not fit, which only a fault can cause.
    pub fn become_(&mut self, mut booking: Booking, act: Act, actor: &str, said: Said<'_>) -> Result<Booking> {
        let before = self.bookings.get(&booking.id).cloned();
        let before = before.ok_or_else(|| Error::internal("a booking that was not loaded was changed"))?;
        let takes = |one: &Booking| (one.resource_id, one.load, one.stretch());
        if takes(&before) != takes(&booking) {
            self.add(&before, -before.load)?;
            self.add(&booking, booking.load)?;
        }
        booking.version = before.version + 1;
        booking.updated_at = self.now;
        self.touched.insert(booking.id);
        self.note(&booking, act, actor, said);
        self.know_booking(booking.clone());
        Ok(booking)
    }

    /// A reminder was sent, which is no step.
    pub fn reminded(&mut self, id: BookingId) {
        let now = self.now;
        if let Some(booking) = self.bookings.get_mut(&id) {
            booking.reminded_at = Some(now);
            self.touched.insert(id);
        }
    }

    fn note(&mut self, booking: &Booking, act: Act, actor: &str, said: Said<'_>) {
        self.steps.push(Step {
            booking_id: booking.id,
            number: booking.version,
            at: self.now,
            actor: actor.to_owned(),
            act,
            state: booking.state,
            resource_id: booking.resource_id,
            start_at: booking.start_at,
            end_at: booking.end_at,
            party: booking.party,
            is_override: said.is_override,
            reason: said.reason.map(str::to_owned),
        });
    }

    /// Somebody is told of a booking; nobody where it is nobody's.
    pub fn tell(&mut self, booking: &Booking, kind: &'static str) {
        self.letters.extend(booking.person_id.map(|person| Letter {
            person,
            kind,
            booking: booking.id,
        }));
    }

    /// Takes in somebody who waits.
    pub fn know_waiting(&mut self, waiting: Waiting) {
        if !self.waiting.iter().any(|known| known.id == waiting.id) {
            self.waiting.push(waiting);
        }
    }

    /// All who wait, and to whom something is offered.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// Who waits, the first first.
    pub fn queue(&self) -> Vec<Waiting> {
        let mut queue: Vec<Waiting> = self
            .waiting
            .iter()
            .filter(|one| one.is_next(self.now))
            .cloned()
            .collect();
        queue.sort_by_key(|one| (one.queued_at, one.id));
        queue
    }

    /// Whether what is free of any resource may be for those who wait, though nobody gave anything
    /// back: kept for the first by strict rules, or given free by time.
    pub fn looks_at_those_who_wait(&self) -> bool {
        let mut nodes = self.nodes.values();
        nodes.any(|node| {
            let terms = &node.rules.terms;
            terms.waiting == WaitingPolicy::Strict || terms.opens.len() > 1 || !node.shares.is_empty()
        })
    }

    /// From here on nothing is kept for those who wait.
    pub fn keep_nothing(&mut self) {
        self.kept.clear();
    }

    /// What comes free between two times is kept for somebody who waits first, and for whom it is
    /// not enough yet.
    pub fn keep_for(&mut self, waiting: WaitingId, times: Times) {
        self.kept.push((waiting, times));
    }

    /// Whether what is free of a resource at the times that somebody asks for is kept for another.
    pub fn is_kept(&self, ask: &Ask<'_>, node: &Node) -> bool {
        let is_near = |id: ResourceId| node.resource.id == id || node.above.contains(&id) || node.below.contains(&id);
        self.kept.iter().any(|(id, (from, to))| {
            *from < ask.end
                && ask.start < *to
                && self.waiting.iter().any(|one| {
                    one.id == *id
                        && one.state == WaitingState::Waiting
                        && Some(one.person_id) != ask.person
                        && is_near(one.resource_id)
                })
        })
    }

    /// What becomes of somebody who waits.
    pub fn waits(&mut self, id: WaitingId, become_: impl FnOnce(&mut Waiting)) {
        if let Some(waiting) = self.waiting.iter_mut().find(|one| one.id == id) {
            become_(waiting);
            waiting.updated_at = self.now;
            self.waited.insert(id);
        }
    }

    /// Who let the offer of a booking lapse, or gave it back, waits behind all others, and
    /// not for the very place.
    pub fn back_to_the_end(&mut self, offer: BookingId) {
        let now = self.now;
        let of = |one: &&Waiting| one.booking_id == Some(offer) && one.state == WaitingState::Offered;
        if let Some(id) = self.waiting.iter().find(of).map(|one| one.id) {
            self.waits(id, |waiting| {
                waiting.state = WaitingState::Waiting;
                waiting.booking_id = None;
                waiting.queued_at = now;
            });
        }
    }

    /// Who waited has taken the offer of a booking.
    pub fn taken(&mut self, offer: BookingId) {
        let of = |one: &&Waiting| one.booking_id == Some(offer) && one.state == WaitingState::Offered;
        if let Some(id) = self.waiting.iter().find(of).map(|one| one.id) {
            self.waits(id, |waiting| waiting.state = WaitingState::Taken);
        }
    }

    fn with_due(&self, ids: impl Iterator<Item = BookingId>) -> Result<Vec<WithDue>> {
        let known = ids.filter_map(|id| self.bookings.get(&id));
        known.map(|booking| Ok((booking.clone(), self.due(booking)?))).collect()
    }

    /// What is to be written.
    ///
    /// # Errors
    /// Where something was not loaded, which only a fault can cause.
    pub fn written(self) -> Result<Written> {
        let made: BTreeSet<BookingId> = self.new.iter().copied().collect();
        let changed = self.touched.iter().copied().filter(|id| !made.contains(id));
        let mut ended = Vec::with_capacity(self.ended.len());
        for (job, id) in &self.ended {
            let booking = self.bookings.get(id);
            let due = booking.map(|booking| self.due(booking)).transpose()?.flatten();
            ended.push((job.clone(), *id, due));
        }
        let mut letters: Vec<(Letter, Booking, Arc<Resource>)> = self
            .letters
            .iter()
            .filter_map(|letter| {
                let booking = self.bookings.get(&letter.booking)?;
                let resource = &self.nodes.get(&booking.resource_id)?.resource;
                Some((letter.clone(), booking.clone(), Arc::clone(resource)))
            })
            .collect();
        letters.sort_by_key(|(letter, ..)| letter.person);
        let deputed = self.deputed.iter();
        let deputed = deputed.filter_map(|(actor, id)| Some((actor.clone(), *id, self.bookings.get(id)?.start_at)));
        let mut written = Written {
            changed: self.with_due(changed)?,
            made: self.with_due(made.iter().copied())?,
            deputed: deputed.collect(),
            letters,
            ended,
            ..Written::default()
        };
        let waited = self.waiting.into_iter();
        written.waited = waited.filter(|one| self.waited.contains(&one.id)).collect();
        written.steps = self.steps;
        written.repeats = self.repeats;
        written.days = self
            .days
            .into_iter()
            .filter(|(_, kept)| kept.is_changed)
            .map(|((resource, number), kept)| (resource, number, kept.day))
            .collect();
        written
            .days
            .sort_unstable_by_key(|(resource, number, _)| (*resource, *number));
        Ok(written)
    }
}

/// In whose name the clock acts.
pub const SYSTEM: &str = "system";

/// What is said with an act.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// Whether limits were passed over.
    pub is_override: bool,
    /// Why.
    pub reason: Option<&'a str>,
}
