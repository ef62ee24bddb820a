//! The book: what a batch of commands touches, as it is and as it becomes. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::cells::{Day, Stretch};
use super::model::{Act, Booking, BookingId, State, Step, StepId};
use super::offer::Offer;
use super::resources::{Closure, Facts, Kind, Resource, ResourceId};
use super::rules::{RulesVersionId, Version};
use super::waiting::{Waiting, WaitingId, WaitingState};
use crate::calendar::{Calendar, Hours};
use crate::clock::Timestamp;
use crate::db::repeats::Repeats;
use crate::error::{Error, Result};
use crate::gate::Actor;
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
        Offer::of(calendar, self.facts(), &self.hours, &self.closures, first, last)
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
    of_person: HashMap<PersonId, Vec<BookingId>>,
    housemates: HashMap<PersonId, Vec<PersonId>>,
    versions: HashMap<RulesVersionId, Arc<Version>>,
    waiting: Vec<Waiting>,
    waited: BTreeSet<WaitingId>,
    new: HashSet<BookingId>,
    touched: BTreeSet<BookingId>,
    steps: Vec<Step>,
    letters: Vec<Letter>,
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
            of_person: HashMap::new(),
            housemates: HashMap::new(),
            versions: HashMap::new(),
            waiting: Vec::new(),
            waited: BTreeSet::new(),
            new: HashSet::new(),
            touched: BTreeSet::new(),
            steps: Vec::new(),
            letters: Vec::new(),
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
        if let Some(person) = booking.person_id {
            let own = self.of_person.entry(person).or_default();
            if !own.contains(&booking.id) {
                own.push(booking.id);
            }
        }
        self.bookings.insert(booking.id, booking);
    }

    /// Takes in who lives with somebody, themselves included.
    pub fn know_household(&mut self, person: PersonId, housemates: Vec<PersonId>) {
        self.housemates.insert(person, housemates);
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

    /// The bookings of a person.
    pub fn of(&self, person: PersonId) -> impl Iterator<Item = &Booking> {
        let ids = self.of_person.get(&person).into_iter().flatten();
        ids.filter_map(|id| self.bookings.get(id))
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
        self.calendar.date_of(at.to_utc())
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
        self.bookings.insert(booking.id, booking.clone());
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
            id: StepId::new(),
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

    /// The time now gives back what nobody confirmed, approved or came to in time; whether
    /// there was anything.
    ///
    /// # Errors
    /// Where the cells do not fit, which only a fault can cause.
    pub fn let_lapse(&mut self) -> Result<bool> {
        let mut lapsed: Vec<BookingId> = self
            .bookings
            .values()
            // Those of other resources, which are not locked, wait for their own turn.
            .filter(|booking| self.nodes.contains_key(&booking.resource_id))
            .filter(|booking| booking.has_lapsed(self.now) || self.is_missed(booking))
            .map(|booking| booking.id)
            .collect();
        lapsed.sort_unstable();
        let any = !lapsed.is_empty();
        for id in lapsed {
            let Some(booking) = self.bookings.get(&id).cloned() else {
                continue;
            };
            if booking.has_lapsed(self.now) {
                self.lapse(booking)?;
            } else {
                self.miss(booking, SYSTEM, Said::default())?;
            }
        }
        Ok(any)
    }

    fn lapse(&mut self, booking: Booking) -> Result<()> {
        let (was_pending, was_offered) = (booking.state == State::Pending, booking.state == State::Offered);
        let expired = Booking {
            state: State::Expired,
            load: 0,
            until_at: None,
            ..booking
        };
        let expired = self.become_(expired, Act::Expire, SYSTEM, Said::default())?;
        if was_pending {
            self.tell(&expired, "booking_expired");
        }
        if was_offered {
            self.back_to_the_end(expired.id);
        }
        Ok(())
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

    /// Whether its rules give the place back since nobody has come.
    fn is_missed(&self, booking: &Booking) -> bool {
        let grace = self
            .version_of(booking)
            .ok()
            .and_then(|rules| rules.terms.no_show.grace_seconds);
        let over = |grace: i64| booking.start_at.micros() + grace * 1_000_000 <= self.now.micros();
        booking.state == State::Confirmed && booking.end_at > self.now && grace.is_some_and(over)
    }

    /// Nobody came: the rest is given back.
    ///
    /// # Errors
    /// Where the cells do not fit, which only a fault can cause.
    pub fn miss(&mut self, booking: Booking, actor: &str, said: Said<'_>) -> Result<Booking> {
        let missed = self.cut(booking, State::NoShow);
        let missed = self.become_(missed, Act::NoShow, actor, said)?;
        self.tell(&missed, "booking_missed");
        Ok(missed)
    }

    /// A booking that ends now: what is left of its time is given back.
    pub fn cut(&self, booking: Booking, state: State) -> Booking {
        let now = super::cells::Cell::from(self.now).begins();
        Booking {
            state,
            load_to: booking.load_to.min(now).max(booking.load_from),
            until_at: None,
            ..booking
        }
    }

    /// When a booking's person is reminded of it, where that is still to be done.
    ///
    /// # Errors
    /// Where its rules were not loaded.
    pub fn reminder_at(&self, booking: &Booking) -> Result<Option<Timestamp>> {
        let Some(seconds) = self.version_of(booking)?.terms.remind_seconds else {
            return Ok(None);
        };
        let at = after(booking.start_at, -seconds);
        // Who books later than that is not reminded of what they have just done.
        let is_open = booking.state == State::Confirmed && booking.reminded_at.is_none() && booking.person_id.is_some();
        Ok((is_open && at > booking.created_at).then_some(at))
    }

    /// When something is due next for a booking: a time that may be past; none where it is over.
    ///
    /// # Errors
    /// Where its rules were not loaded.
    pub fn due(&self, booking: &Booking) -> Result<Option<Timestamp>> {
        Ok(match booking.state {
            State::Held | State::Offered | State::Pending => Some(booking.until_at.unwrap_or(booking.end_at)),
            State::Confirmed => {
                let grace = self.version_of(booking)?.terms.no_show.grace_seconds;
                let release = grace.map(|grace| after(booking.start_at, grace));
                let release = release.filter(|at| *at < booking.end_at);
                let times = [self.reminder_at(booking)?, release, Some(booking.end_at)];
                times.into_iter().flatten().min()
            }
            State::CheckedIn => Some(booking.end_at),
            _ => None,
        })
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

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + seconds * 1_000_000)
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
