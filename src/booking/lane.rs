//! The lane of bookings: what a batch locks and loads, and what it stores.
//!
//! Locks are taken in one order everywhere: the wholes that resources belong to, by id; then
//! the persons and households, by number. Whoever holds a whole alone reads and writes its
//! bookings and their cells.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::act::{self, Done};
use super::book::{Book, Node, SYSTEM, WithDue, Written};
use super::cells::Stretch;
use super::command::{self, Command, What};
use super::model::{Act, Booking, BookingId, State};
use super::offer::plus_minutes;
use super::resources::{self, Kind, ResourceId};
use super::sharing::{self, Holder, ShareId};
use super::trees::Trees;
use super::undo::UNDOING;
use super::waiting::{self, Waiting};
use super::whether::candidates;
use super::{due, instead, step_store, store};
use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::lane::Work;
use crate::db::locks;
use crate::db::repeats::Repeats;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::gate::Actor;
use crate::grid::UnitId;
use crate::grid::households;
use crate::grid::members::day_number;
use crate::identity::delegations;
use crate::identity::{People, PersonId};
use crate::jobs;

/// Bookings as a lane does them.
pub struct Booker {
    /// What knows the resources.
    pub trees: Trees,
    people: People,
}

impl Booker {
    /// With days as this calendar has them.
    pub fn new(calendar: Arc<Calendar>, people: People) -> Self {
        Self {
            trees: Trees::new(calendar),
            people,
        }
    }

    /// Where days begin and end.
    pub fn calendar(&self) -> &Arc<Calendar> {
        self.trees.calendar()
    }

    /// Takes in what is known of these persons, where it counts who may book; the units whose
    /// bookings are counted together with theirs, as parties of agreements.
    pub fn know_standings(&self, conn: &mut Conn, book: &mut Book, persons: &[PersonId]) -> Result<Vec<UnitId>> {
        let is_restricted = |node: &&Arc<Node>| {
            !node.facts().open_to.is_empty() || !node.agreements.is_empty() || !node.shares.is_empty()
        };
        if !book.nodes().any(|node| is_restricted(&node)) {
            return Ok(Vec::new());
        }
        let for_elders = |node: &Arc<Node>| node.shares.iter().any(|(share, _)| share.holder == Holder::Elders);
        let people = book.nodes().any(for_elders).then_some(&self.people);
        let mut parties: BTreeSet<UnitId> = BTreeSet::new();
        let counting = book.nodes().filter(|node| node.rules.terms.counts_parties());
        let sharing: BTreeSet<UnitId> = counting
            .flat_map(|node| &node.agreements)
            .flat_map(|(agreement, _)| &agreement.parties)
            .filter_map(|party| party.unit_id)
            .collect();
        for (person, standing) in sharing::standings(conn, people, persons, book.date(book.now))? {
            parties.extend(standing.units.iter().filter(|unit| sharing.contains(unit)));
            book.know_standing(person, standing);
        }
        Ok(parties.into_iter().collect())
    }

    /// Takes in the bookings by which those for whom places are withheld have taken of them,
    /// between two times.
    pub fn know_allotted(&self, conn: &mut Conn, book: &mut Book, from: Timestamp, to: Timestamp) -> Result<()> {
        let shares: Vec<ShareId> = book
            .nodes()
            .flat_map(|node| &node.shares)
            .map(|(share, _)| share.id)
            .collect();
        if shares.is_empty() {
            return Ok(());
        }
        let found = store::of_shares(conn, &shares, from, to)?;
        let versions = found.iter().map(|booking| booking.rules_version_id).collect();
        for version in self.trees.versions(conn, &versions)? {
            book.know_version(version);
        }
        for booking in found {
            book.know_booking(booking);
        }
        Ok(())
    }

    /// Takes in what is held or not settled of the resources in the book.
    pub fn know_unsettled(conn: &mut Conn, book: &mut Book) -> Result<()> {
        let ids: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
        for booking in store::unsettled(conn, &ids, book.now)? {
            book.know_booking(booking);
        }
        Ok(())
    }

    /// Takes in what counts of the bookings of these persons and parties, and the rules that all
    /// in the book were made under.
    pub fn know_counted(
        &self,
        conn: &mut Conn,
        book: &mut Book,
        persons: &[PersonId],
        parties: &[UnitId],
    ) -> Result<()> {
        let days = book.nodes().map(|node| node.rules.terms.no_show.within_days).max();
        // The week of a slot of today began at most six days ago.
        const DAY_MICROS: i64 = 86_400_000_000;
        let days = days.filter(|_| book.nodes().any(|node| node.rules.terms.no_show.count.is_some()));
        let from = book.now.micros() - days.unwrap_or(0).max(9) * DAY_MICROS;
        for counted in store::counted(conn, persons, parties, Timestamp::from_micros(from))? {
            book.know_counted(counted);
        }
        let versions = book.bookings().map(|booking| booking.rules_version_id).collect();
        for version in self.trees.versions(conn, &versions)? {
            book.know_version(version);
        }
        Ok(())
    }

    /// Takes in these days of resources.
    pub fn know_days(&self, conn: &mut Conn, book: &mut Book, wanted: &BTreeSet<(ResourceId, i64)>) -> Result<()> {
        let wanted: Vec<(ResourceId, i64)> = wanted.iter().copied().collect();
        for (resource, number) in &wanted {
            book.know_day(*resource, *number, super::cells::Day::default());
        }
        for (resource, number, day) in store::load_days(conn, &wanted)? {
            book.know_day(resource, number, day);
        }
        Ok(())
    }

    /// The days of all of a resource's whole that times touch, with the longest buffers.
    pub fn days_of(
        book: &Book,
        id: ResourceId,
        from: Timestamp,
        to: Timestamp,
        days: &mut BTreeSet<(ResourceId, i64)>,
    ) {
        let Some(root) = book.node(id).map(|node| node.resource.root_id) else {
            return;
        };
        let tree: Vec<&Arc<Node>> = book.nodes().filter(|node| node.resource.root_id == root).collect();
        let before = tree.iter().map(|node| node.facts().buffer_before_minutes).max();
        let after = tree.iter().map(|node| node.facts().buffer_after_minutes).max();
        let from = plus_minutes(from, -before.unwrap_or(0));
        let to = plus_minutes(to, after.unwrap_or(0));
        for (day, _) in Stretch::of(from, to).days() {
            // A pool takes no place itself.
            let taking = tree.iter().filter(|node| node.facts().kind != Kind::Pool);
            days.extend(taking.map(|node| (node.resource.id, day)));
        }
    }

    /// The resources in which a booking of this one finds its place: itself, or the parts of a pool.
    pub fn places_of(book: &Book, id: ResourceId) -> Vec<&Node> {
        book.node(id).map_or_else(Vec::new, |node| candidates(book, node))
    }

    /// Adds the days of the bookings that lapse now.
    pub fn days_of_lapsing(book: &Book, days: &mut BTreeSet<(ResourceId, i64)>) {
        for booking in book
            .bookings()
            .filter(|booking| book.node(booking.resource_id).is_some())
        {
            if booking.has_lapsed(book.now) || booking.start_at <= book.now {
                days.extend(booking.stretch().days().map(|(day, _)| (booking.resource_id, day)));
            }
        }
    }

    /// Takes in who lives with these persons, where that counts; all whose bookings count.
    pub fn know_households(conn: &mut Conn, book: &mut Book, persons: &[PersonId]) -> Result<Vec<PersonId>> {
        if !book.nodes().any(|node| node.rules.terms.counts_households()) {
            return Ok(persons.to_vec());
        }
        let mut all: BTreeSet<PersonId> = persons.iter().copied().collect();
        for (person, housemates) in households::housemates(conn, persons)? {
            all.extend(&housemates);
            book.know_household(person, housemates);
        }
        Ok(all.into_iter().collect())
    }
}

/// Who waits for what may come free: by what is done to these bookings, by those that lapse
/// now, or at a resource that changed; and to whom these bookings are offered.
fn who_waits(
    conn: &mut Conn,
    book: &Book,
    resources: &[ResourceId],
    commands: &[Command],
    before: &[Booking],
) -> Result<Vec<Waiting>> {
    let lapses = |booking: &&Booking| booking.has_lapsed(book.now) || booking.start_at <= book.now;
    let lapsing = book.bookings().filter(lapses).filter(|booking| booking.load > 0);
    // What took nothing any more may take again what is another's by now.
    let all: Vec<&Booking> = before.iter().chain(lapsing).collect();
    let mut from = all.iter().map(|booking| booking.load_from).min();
    let mut to = all.iter().map(|booking| booking.load_to).max();
    if commands
        .iter()
        .any(|command| matches!(command.what, What::Serve | What::Instead(_)))
    {
        from = from.map_or(Some(book.now), |from| Some(from.min(book.now)));
        to = Some(Timestamp::from_micros(i64::MAX / 2));
    }
    if book.looks_at_those_who_wait() {
        // What is free may be theirs.
        let slot = book.nodes().map(|node| node.facts().slot_minutes).max().unwrap_or(0);
        let places = commands.iter().filter_map(|command| command.what.place());
        let times: Vec<(Timestamp, Timestamp)> = places.map(|place| place.within(slot)).collect();
        from = times.iter().map(|(from, _)| *from).chain(from).min();
        to = times.iter().map(|(_, to)| *to).chain(to).max();
    }
    let mut found = match from.zip(to) {
        Some((from, to)) => waiting::near_all(conn, resources, (from, to), book.now)?,
        None => Vec::new(),
    };
    let offered = all.iter().filter(|booking| booking.state == State::Offered);
    let offered: Vec<BookingId> = offered.map(|booking| booking.id).collect();
    if !offered.is_empty() {
        found.extend(waiting::of_bookings(conn, &offered)?);
    }
    Ok(found)
}

/// Offers what is free of a resource, which changed, to those who wait for it.
pub fn serve_waiting(tx: &mut Tx<'_>, booker: &Booker, id: ResourceId) -> Result<()> {
    serve(tx, booker, id, What::Serve)
}

/// Offers another time to those whose bookings of a resource a closure met.
pub fn serve_instead(tx: &mut Tx<'_>, booker: &Booker, id: ResourceId, met: Vec<BookingId>) -> Result<()> {
    serve(tx, booker, id, What::Instead(met))
}

fn serve(tx: &mut Tx<'_>, booker: &Booker, id: ResourceId, what: What) -> Result<()> {
    let command = Command {
        actor: Actor {
            name: SYSTEM.to_owned(),
            signed: None,
            acting: None,
        },
        is_staff: true,
        pass: false,
        reason: None,
        repeat: None,
        expected: None,
        resource_id: id,
        what,
    };
    let book = booker.load(tx, &[command])?;
    booker.store(tx, book)
}

/// What was made of requests that come again.
fn again(commands: &[Command], book: &Book) -> Vec<BookingId> {
    let repeats = commands.iter().filter_map(|command| command.repeat.as_ref());
    let made = repeats.filter_map(|repeat| book.repeats.before(repeat).ok().flatten());
    made.filter_map(|id| id.parse().ok()).collect()
}

/// What stands in the way of requests that compete and are to be approved.
fn rivals(conn: &mut Conn, book: &Book, commands: &[Command]) -> Result<Vec<Booking>> {
    let mut found = Vec::new();
    for command in commands {
        let What::Do(id, Act::Approve) = &command.what else {
            continue;
        };
        let Some(booking) = book.booking(*id).filter(|booking| booking.load == 0) else {
            continue;
        };
        let Some(node) = book.node(booking.resource_id) else {
            continue;
        };
        let mut near = vec![booking.resource_id];
        near.extend(node.above.iter().chain(&node.below));
        found.extend(store::taking(conn, &near, booking.load_from, booking.load_to)?);
    }
    Ok(found)
}

/// The times that a command touches, on which resource.
fn touched(book: &Book, command: &Command, times: &mut Vec<(ResourceId, Timestamp, Timestamp)>) {
    let id = command.resource_id;
    if let Some(place) = command.what.place()
        && let Some(node) = book.node(id)
    {
        let longest = book.nodes().map(|node| node.facts().slot_minutes).max();
        let slot = longest.unwrap_or(0).max(node.facts().slot_minutes);
        let end = place.end.unwrap_or_else(|| plus_minutes(place.start, slot));
        // What is longer is refused before anybody looks whether there is room.
        let end = end.min(Timestamp::from_micros(
            place.start.micros().saturating_add(command::LONGEST_MICROS),
        ));
        times.push((id, place.start, end));
    }
    if let What::Instead(ids) = &command.what {
        for booking in ids.iter().filter_map(|id| book.booking(*id)) {
            let last = plus_minutes(booking.end_at, (instead::DAYS_AHEAD + 1) * 1_440);
            times.push((booking.resource_id, booking.start_at, last));
        }
    }
    if let Some(booking) = command.what.booking().and_then(|id| book.booking(id)) {
        let replaced = booking.replaces_id.and_then(|id| book.booking(id));
        times.extend(replaced.map(|one| (one.resource_id, one.load_from, one.load_to)));
        times.push((booking.resource_id, booking.load_from, booking.load_to));
        times.push((booking.resource_id, booking.start_at, booking.end_at));
    }
}

impl Work for Booker {
    type Command = Command;
    type State = Book;
    type Answer = Done;

    fn name(&self) -> &'static str {
        "booking"
    }

    fn load(&self, tx: &mut Tx<'_>, commands: &[Command]) -> Result<Book> {
        let mut ids: Vec<BookingId> = commands.iter().flat_map(|command| command.what.bookings()).collect();
        let mut before = store::load_these(tx, &ids)?;
        let replaced: Vec<BookingId> = before.iter().filter_map(|booking| booking.replaces_id).collect();
        before.extend(store::load_these(tx, &replaced)?);
        ids.extend(replaced);
        let on: BTreeSet<ResourceId> = commands
            .iter()
            .map(|command| command.resource_id)
            .chain(before.iter().map(|booking| booking.resource_id))
            .collect();
        let roots = resources::lock_roots(tx, &on.into_iter().collect::<Vec<_>>())?;
        // Meanwhile they may have become others; from here on they stay as they are.
        let before = store::load_these(tx, &ids)?;
        let mut book = Book::new(clock::now(), Arc::clone(self.calendar()));
        self.trees.know(tx, &mut book, &roots)?;

        let all: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
        Self::know_unsettled(tx, &mut book)?;
        for waits in who_waits(tx, &book, &all, commands, &before)? {
            book.know_waiting(waits);
        }

        let made_for = commands.iter().filter_map(|command| match &command.what {
            What::Make(make) => make.person,
            _ => None,
        });
        let waits = book.waiting().map(|waits| waits.person_id);
        let persons: BTreeSet<PersonId> = made_for
            .chain(before.iter().filter_map(|one| one.person_id))
            .chain(waits)
            .collect();
        let persons: Vec<PersonId> = persons.into_iter().collect();
        let counted = Self::know_households(tx, &mut book, &persons)?;
        let parties = self.know_standings(tx, &mut book, &persons)?;
        let actors = commands.iter().filter_map(|command| command.actor.signed);
        let named = counted.iter().map(|person| person.uuid());
        let named = named.chain(parties.iter().map(|unit| unit.uuid()));
        locks::hold(tx, "booking", named.chain(actors.map(|signed| signed.person)))?;

        book.repeats = Repeats::load(tx, commands.iter().filter_map(|one| one.repeat.as_ref()), book.now)?;
        for booking in before {
            if book.node(booking.resource_id).is_none() {
                // It was moved between two looks; a retry finds it.
                return Err(Error::refused(Reason::Busy));
            }
            book.know_booking(booking);
        }
        self.know_counted(tx, &mut book, &counted, &parties)?;
        for id in again(commands, &book) {
            // What came of a request that comes again is shown as it is now.
            if book.booking(id).is_none()
                && let Some(booking) = store::load_one(tx, id)?
            {
                let version = HashSet::from([booking.rules_version_id]);
                for version in self.trees.versions(tx, &version)? {
                    book.know_version(version);
                }
                book.know_booking(booking);
            }
        }
        for booking in rivals(tx, &book, commands)? {
            book.know_booking(booking);
        }

        let mut times = Vec::new();
        for command in commands {
            touched(&book, command, &mut times);
        }
        let waits = book.waiting().map(|waits| (waits.from_at, waits.to_at));
        let all: Vec<(Timestamp, Timestamp)> = times.iter().map(|(_, from, to)| (*from, *to)).chain(waits).collect();
        let span = (
            all.iter().map(|(from, _)| *from).min(),
            all.iter().map(|(_, to)| *to).max(),
        );
        let mut days = BTreeSet::new();
        for (id, from, to) in times {
            Self::days_of(&book, id, from, to, &mut days);
        }
        for waits in book.waiting() {
            Self::days_of(&book, waits.resource_id, waits.from_at, waits.to_at, &mut days);
        }
        if let (Some(from), Some(to)) = (span.0, span.1) {
            self.know_allotted(tx, &mut book, from, to)?;
        }
        Self::days_of_lapsing(&book, &mut days);
        self.know_days(tx, &mut book, &days)?;
        let mut is_freed = book.let_lapse()?;
        for command in commands {
            is_freed |= matches!(command.what, What::Serve | What::Instead(_));
            if let What::Instead(ids) = &command.what {
                instead::offer_instead(&mut book, ids)?;
            }
        }
        if is_freed || book.looks_at_those_who_wait() {
            waiting::offer(&mut book, is_freed)?;
        }
        Ok(book)
    }

    fn decide(&self, book: &mut Book, command: &Command) -> Result<Done> {
        let takes = |book: &Book| {
            let bookings = command.what.bookings().into_iter();
            let with_replaced = bookings.flat_map(|id| [Some(id), book.booking(id).and_then(|one| one.replaces_id)]);
            let found = with_replaced.flatten().filter_map(|id| book.booking(id));
            found
                .map(|one| (one.resource_id, one.load, one.stretch()))
                .collect::<Vec<_>>()
        };
        let before = takes(book);
        let done = act::decide(book, command)?;
        let gives_back = |(was, is): (&(ResourceId, i64, Stretch), &(ResourceId, i64, Stretch))| {
            was.1 > 0 && ((was.0, was.2) != (is.0, is.2) || is.1 < was.1)
        };
        // What that freed goes to those who wait before anybody else is heard.
        if before.iter().zip(&takes(book)).any(gives_back) {
            waiting::offer(book, true)?;
        }
        Ok(done)
    }

    fn store(&self, tx: &mut Tx<'_>, book: Book) -> Result<()> {
        let (now, today) = (book.now, book.date(book.now));
        let Written {
            made,
            changed,
            steps,
            days,
            letters,
            repeats,
            deputed,
            waited,
            ended,
        } = book.written()?;
        let new: Vec<Booking> = made.iter().map(|(booking, _)| booking.clone()).collect();
        store::insert(tx, &new)?;
        for (booking, _) in &changed {
            store::update(tx, booking)?;
        }
        step_store::insert_steps(tx, &steps)?;
        store::write_days(tx, &days)?;
        let mut waits = Vec::new();
        for (job, id, next) in ended {
            job.finish(tx)?;
            waits.push((id, next));
        }
        for (booking, due) in &changed {
            if let Some(due) = due {
                jobs::bring_back(tx, due::KIND, &booking.id.to_string(), *due)?;
            }
        }
        // A job that is there already is kept.
        let of = |(booking, due): &WithDue| (booking.id, *due);
        waits.extend(changed.iter().map(of));
        jobs::put_all(tx, &due::jobs(waits)?)?;
        jobs::put_new(tx, &due::jobs(made.iter().map(of))?)?;
        repeats.store(tx, now)?;
        for waits in &waited {
            waiting::update(tx, waits)?;
        }
        for (letter, booking, resource) in &letters {
            due::write(tx, letter, booking, resource, self.calendar())?;
        }
        let day = i64::from(day_number(today));
        for (actor, id, start) in deputed {
            delegations::record(tx, &actor, &UNDOING, id.uuid(), Some(start), day)?;
        }
        Ok(())
    }
}
