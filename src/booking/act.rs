//! What is asked of the book, and how it is decided. Pure.

use std::sync::Arc;

use super::book::{Book, Node, SYSTEM, Said};
use super::model::{Act, Booking, BookingId, State};
use super::offer::{Offer, plus_minutes};
use super::resources::{Kind, Resource, ResourceId};
use super::rules::{Approval, Terms};
use super::whether::{Ask, Found, Why, whether};
use crate::clock::Timestamp;
use crate::db::repeats::Repeat;
use crate::error::{Error, Facts, Reason, Result};
use crate::gate::Actor;
use crate::identity::PersonId;
use crate::jobs::Claimed;

/// Compares the version that a client has seen with the one that there is.
pub type Expected = Box<dyn Fn(i64) -> Result<()> + Send + Sync>;

/// Something that is asked of the book.
pub struct Command {
    /// In whose name.
    pub actor: Actor,
    /// Whether they are of the staff of the resource, and act as such.
    pub is_staff: bool,
    /// Whether limits, lead time, horizon and approval are passed over.
    pub pass: bool,
    /// Why, in their words.
    pub reason: Option<String>,
    /// What tells it from others, where it may come again.
    pub repeat: Option<Repeat>,
    /// Which version they have seen.
    pub expected: Option<Expected>,
    /// On which resource, as far as is known before it is locked.
    pub resource_id: ResourceId,
    /// What.
    pub what: What,
}

/// What is asked.
pub enum What {
    /// To book.
    Make(Make),
    /// That another time or party becomes of a booking.
    Change(BookingId, Place),
    /// Anything else.
    Do(BookingId, Act),
    /// That those who wait are served, after a resource changed.
    Serve,
    /// That what is due at this time is done, by the job that waits for it.
    Look(BookingId, Claimed),
}

/// A booking to be made.
#[derive(Debug, Clone)]
pub struct Make {
    /// For whom; nobody where somebody walks in without a name.
    pub person: Option<PersonId>,
    /// When and for how many.
    pub place: Place,
    /// Whether it is a hold at first.
    pub is_hold: bool,
}

/// When and for how many.
#[derive(Debug, Clone)]
pub struct Place {
    /// From when.
    pub start: Timestamp,
    /// Until when; one slot where it is not said.
    pub end: Option<Timestamp>,
    /// How many come.
    pub party: i64,
    /// In which part of the pool, where the staff choose.
    pub resource: Option<ResourceId>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Done {
    /// The booking as it is now.
    pub booking: Booking,
    /// Its resource.
    pub resource: Arc<Resource>,
}

impl What {
    /// The booking that it is about.
    pub fn booking(&self) -> Option<BookingId> {
        match self {
            Self::Make(_) | Self::Serve => None,
            Self::Change(id, _) | Self::Do(id, _) | Self::Look(id, _) => Some(*id),
        }
    }
}

/// Decides a command.
///
/// # Errors
/// Why it is refused: then the book is as it was.
pub fn decide(book: &mut Book, command: &Command) -> Result<Done> {
    if let Some(repeat) = &command.repeat
        && let Some(id) = book.repeats.before(repeat)?
    {
        let id: BookingId = id.parse().map_err(Error::internal)?;
        return done(book, id);
    }
    let id = match &command.what {
        What::Make(make) => make_one(book, command, make)?,
        What::Change(id, place) => change(book, command, *id, place)?,
        What::Do(id, act) => act_on(book, command, *id, *act)?,
        What::Serve => return Err(Error::internal("those who wait are served by nobody's command")),
        What::Look(id, job) => {
            look(book, *id)?;
            book.ended.push((job.clone(), *id));
            *id
        }
    };
    if let Some(repeat) = &command.repeat {
        book.repeats.made(repeat, id);
    }
    done(book, id)
}

fn done(book: &Book, id: BookingId) -> Result<Done> {
    let booking = known(book, id)?;
    let node = node(book, booking.resource_id)?;
    Ok(Done {
        resource: Arc::clone(&node.resource),
        booking: booking.clone(),
    })
}

fn known(book: &Book, id: BookingId) -> Result<&Booking> {
    book.booking(id).ok_or_else(|| Error::refused(Reason::NotFound))
}

fn node(book: &Book, id: ResourceId) -> Result<&Arc<Node>> {
    book.node(id).ok_or_else(|| Error::refused(Reason::NotFound))
}

/// The offer around a time.
fn offer_around(book: &Book, node: &Node, start: Timestamp, end: Timestamp) -> Offer {
    let (first, last) = (book.date(start), book.date(end));
    node.offer(&book.calendar, first.pred_opt().unwrap_or(first), last)
}

/// The end of what is asked for: of one slot where none is said.
fn end_of(node: &Node, place: &Place) -> Timestamp {
    let one = || plus_minutes(place.start, node.facts().slot_minutes);
    place.end.unwrap_or_else(one)
}

fn find(
    book: &Book,
    asked: &Node,
    person: Option<PersonId>,
    place: &Place,
    pass: bool,
    was: Option<&Booking>,
) -> Result<Found, Why> {
    let end = end_of(asked, place);
    let except: Vec<BookingId> = was.iter().map(|was| was.id).collect();
    // The answer for so long a time would cost more than it is worth.
    if end.micros() - place.start.micros() > LONGEST_MICROS {
        return Err(Why::NotOffered);
    }
    let offer = offer_around(book, asked, place.start, end);
    let ask = Ask {
        node: asked,
        offer: &offer,
        person,
        start: place.start,
        end,
        party: place.party,
        pass,
        except: &except,
        was,
    };
    whether(book, &ask)
}

/// A booking is at most so long.
pub const LONGEST_MICROS: i64 = 8 * 86_400 * 1_000_000;

/// How a booking stands that was confirmed just now by its person, and until when.
fn settled(terms: &Terms, start: Timestamp, now: Timestamp, pass: bool) -> Result<(State, Option<Timestamp>), Why> {
    if terms.approval == Approval::None || pass {
        return Ok((State::Confirmed, None));
    }
    let until = Timestamp::from_micros(start.micros() - terms.pending_expires_seconds * 1_000_000);
    if until <= now {
        return Err(Why::TooLate);
    }
    Ok((State::Pending, Some(until)))
}

/// How many places a booking takes as it stands.
fn load(terms: &Terms, state: State, party: i64) -> i64 {
    match (state, terms.approval) {
        (State::Pending, Approval::Competes) => 0,
        _ => party,
    }
}

fn make_one(book: &mut Book, command: &Command, make: &Make) -> Result<BookingId> {
    let asked = Arc::clone(node(book, command.resource_id)?);
    let now = book.now;
    let found = find(book, &asked, make.person, &make.place, command.pass, None).map_err(Why::error)?;
    let terms = &asked.rules.terms;
    let (state, until_at) = if make.is_hold {
        let until = Timestamp::from_micros(now.micros() + terms.hold_seconds * 1_000_000);
        (State::Held, Some(until))
    } else {
        settled(terms, make.place.start, now, command.pass).map_err(Why::error)?
    };
    let booking = Booking {
        id: BookingId::new(),
        resource_id: found.resource_id,
        asked_id: command.resource_id,
        person_id: make.person,
        start_at: make.place.start,
        end_at: end_of(&asked, &make.place),
        party: make.place.party,
        load_from: found.load_from,
        load_to: found.load_to,
        load: load(terms, state, make.place.party),
        state,
        was_held: make.is_hold,
        until_at,
        rules_id: asked.rules.rules_id,
        rules_version_id: asked.rules.id,
        changes: 0,
        is_late: false,
        is_excess: false,
        reminded_at: None,
        made_by: command.actor.name.clone(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let id = booking.id;
    book.enter(booking, Act::Make, &command.actor.name, said(command))?;
    if command.actor.acting.is_some() {
        book.deputed.push((command.actor.clone(), id));
    }
    Ok(id)
}

/// The booking, if the command's actor may do something to it: its person, or the staff.
fn theirs(book: &Book, command: &Command, id: BookingId, act: Act) -> Result<Booking> {
    let booking = known(book, id)?.clone();
    let is_own = booking.person_id.is_some() && booking.person_id.map(|id| id.uuid()) == command.actor.whose();
    if !is_own && !command.is_staff {
        return Err(Error::refused(Reason::NotFound));
    }
    let by_staff = matches!(
        act,
        Act::Approve | Act::Decline | Act::CheckIn | Act::Complete | Act::NoShow | Act::Excuse
    );
    if by_staff && !command.is_staff {
        return Err(Error::refused(Reason::Forbidden));
    }
    if let Some(expected) = &command.expected {
        expected(booking.version)?;
    }
    booking.state.permits(act)?;
    Ok(booking)
}

fn said(command: &Command) -> Said<'_> {
    Said {
        is_override: command.pass,
        reason: command.reason.as_deref(),
    }
}

fn act_on(book: &mut Book, command: &Command, id: BookingId, act: Act) -> Result<BookingId> {
    let booking = theirs(book, command, id, act)?;
    let actor = command.actor.name.as_str();
    let now = book.now;
    match act {
        Act::Confirm => return confirm(book, command, booking),
        Act::Approve => return approve(book, command, booking),
        Act::Decline => {
            let declined = Booking {
                state: State::Declined,
                load: 0,
                until_at: None,
                ..booking
            };
            let declined = book.become_(declined, act, actor, said(command))?;
            book.tell(&declined, "booking_declined");
        }
        Act::Cancel => {
            if now >= booking.end_at {
                return Err(Error::refused(Reason::SlotPast));
            }
            let rules = Arc::clone(book.version_of(&booking)?);
            let until = booking.start_at.micros() - rules.terms.cancel_until_seconds * 1_000_000;
            let by_staff = command.is_staff && command.actor.whose() != booking.person_id.map(|id| id.uuid());
            let was_offered = booking.state == State::Offered;
            let is_late = !matches!(booking.state, State::Held | State::Offered)
                && now.micros() > until
                && !by_staff
                && !command.pass;
            let cancelled = Booking {
                state: State::Cancelled,
                load: 0,
                until_at: None,
                is_late,
                ..booking
            };
            let cancelled = book.become_(cancelled, act, actor, said(command))?;
            if by_staff || command.actor.acting.is_some() {
                book.tell(&cancelled, "booking_cancelled");
            }
            if was_offered {
                book.back_to_the_end(id);
            }
        }
        Act::CheckIn => {
            let rules = Arc::clone(book.version_of(&booking)?);
            let opens = Timestamp::from_micros(booking.start_at.micros() - rules.terms.check_in_seconds * 1_000_000);
            if now < opens {
                return Err(Error::because(
                    Reason::StateConflict,
                    "还未到签到时间。",
                    "It is too early to check in.",
                )
                .with_facts(Facts {
                    opens_at: Some(opens),
                    ..Facts::default()
                }));
            }
            if now >= booking.end_at {
                return Err(Error::refused(Reason::SlotPast));
            }
            let there = Booking {
                state: State::CheckedIn,
                ..booking
            };
            book.become_(there, act, actor, said(command))?;
        }
        Act::Complete => {
            if booking.state == State::Confirmed && now < booking.start_at {
                return Err(not_begun());
            }
            let left = book.cut(booking, State::Completed);
            book.become_(left, act, actor, said(command))?;
        }
        Act::NoShow => {
            if now < booking.start_at {
                return Err(not_begun());
            }
            book.miss(booking, actor, said(command))?;
        }
        Act::Excuse => {
            let excused = Booking {
                state: State::Completed,
                ..booking
            };
            let excused = book.become_(excused, act, actor, said(command))?;
            book.tell(&excused, "booking_excused");
        }
        Act::Make | Act::Offer | Act::Change | Act::Expire => {
            return Err(Error::internal("this act is asked for in another way"));
        }
    }
    Ok(id)
}

fn not_begun() -> Error {
    Error::because(Reason::StateConflict, "预约尚未开始。", "It has not begun yet.")
}

fn confirm(book: &mut Book, command: &Command, booking: Booking) -> Result<BookingId> {
    let id = booking.id;
    if booking.state == State::Expired && !booking.was_held {
        return Err(booking.state.refusal());
    }
    let rules = Arc::clone(book.version_of(&booking)?);
    let mut confirmed = booking.clone();
    if booking.state == State::Expired {
        // Who comes too late still books where there is room.
        let asked = Arc::clone(node(book, still_asked(book, &booking))?);
        let place = Place {
            start: booking.start_at,
            end: Some(booking.end_at),
            party: booking.party,
            resource: None,
        };
        let found = find(book, &asked, booking.person_id, &place, command.pass, Some(&booking));
        let found = found.map_err(|why| named(why, id))?;
        confirmed.resource_id = found.resource_id;
        (confirmed.load_from, confirmed.load_to) = (found.load_from, found.load_to);
    } else if booking.start_at <= book.now {
        return Err(Error::refused(Reason::SlotPast));
    }
    let settled = settled(&rules.terms, booking.start_at, book.now, command.pass);
    (confirmed.state, confirmed.until_at) = settled.map_err(Why::error)?;
    confirmed.load = load(&rules.terms, confirmed.state, booking.party);
    let was_offered = booking.state == State::Offered;
    book.become_(confirmed, Act::Confirm, &command.actor.name, said(command))?;
    if was_offered {
        book.taken(id);
    }
    Ok(id)
}

/// The problem of a hold that was confirmed too late names the hold.
fn named(why: Why, hold: BookingId) -> Error {
    let mut facts = Facts::default();
    let error = why.error();
    if let Some(known) = error.facts() {
        facts = known.clone();
    }
    facts.rival.get_or_insert_with(|| hold.to_string());
    error.with_facts(facts)
}

fn approve(book: &mut Book, command: &Command, booking: Booking) -> Result<BookingId> {
    let id = booking.id;
    let approved = Booking {
        state: State::Confirmed,
        until_at: None,
        load: booking.party,
        ..booking.clone()
    };
    if booking.load == 0 {
        let node = Arc::clone(node(book, booking.resource_id)?);
        if book.free(&node, booking.stretch(), &[id]) < booking.party {
            let meets = |other: &&Booking| {
                other.id != id
                    && other.load > 0
                    && other.stretch().meets(booking.stretch())
                    && (other.resource_id == booking.resource_id
                        || node.above.contains(&other.resource_id)
                        || node.below.contains(&other.resource_id))
            };
            let rival = book.bookings().filter(meets).map(|other| other.id).min();
            let facts = Facts {
                rival: rival.map(|rival| rival.to_string()),
                ..Facts::default()
            };
            return Err(Error::refused(Reason::SlotFull).with_facts(facts));
        }
    }
    let approved = book.become_(approved, Act::Approve, &command.actor.name, said(command))?;
    book.tell(&approved, "booking_approved");
    Ok(id)
}

fn change(book: &mut Book, command: &Command, id: BookingId, place: &Place) -> Result<BookingId> {
    let booking = theirs(book, command, id, Act::Change)?;
    if booking.start_at <= book.now {
        return Err(Error::refused(Reason::SlotPast));
    }
    let by_person = booking.person_id.map(|id| id.uuid()) == command.actor.whose();
    let own_rules = Arc::clone(book.version_of(&booking)?);
    if by_person
        && !command.pass
        && booking.state != State::Held
        && own_rules.terms.changes_max.is_some_and(|most| booking.changes >= most)
    {
        return Err(Error::refused(Reason::TooManyChanges));
    }
    let asked_id = match place.resource {
        None => still_asked(book, &booking),
        Some(part) => moved_to(book, command, &booking, part)?,
    };
    let asked = Arc::clone(node(book, asked_id)?);
    let end = end_of(&asked, place);
    let found = find(book, &asked, booking.person_id, place, command.pass, Some(&booking)).map_err(Why::error)?;
    // As long as it keeps its time it stays in its part of a pool, where that has room.
    let is_elsewhere = (place.start, end) != (booking.start_at, booking.end_at);
    let (terms, rules_version_id) = (&asked.rules.terms, asked.rules.id);
    let asks_for_more = is_elsewhere || place.party > booking.party || place.resource.is_some();
    let (state, until_at) = match booking.state {
        State::Held => (State::Held, booking.until_at),
        _ if !asks_for_more => (booking.state, booking.until_at),
        State::Confirmed if command.is_staff && !by_person => (State::Confirmed, None),
        _ => settled(terms, place.start, book.now, command.pass).map_err(Why::error)?,
    };
    let resource_id = if is_elsewhere || place.resource.is_some() {
        found.resource_id
    } else {
        stays(book, &asked, &booking, place.party).unwrap_or(found.resource_id)
    };
    let resource = Arc::clone(&node(book, resource_id)?.resource);
    let (load_from, load_to) = Booking::load_times(&resource, place.start, end);
    let changed = Booking {
        resource_id,
        start_at: place.start,
        end_at: end,
        party: place.party,
        load_from,
        load_to,
        load: load(terms, state, place.party),
        state,
        until_at,
        rules_version_id,
        changes: booking.changes + i64::from(by_person && state != State::Held),
        reminded_at: booking.reminded_at.filter(|_| !is_elsewhere),
        is_excess: false,
        ..booking
    };
    let changed = book.become_(changed, Act::Change, &command.actor.name, said(command))?;
    if !by_person || command.actor.acting.is_some() {
        book.tell(&changed, "booking_changed");
    }
    Ok(id)
}

/// What was asked for; the resource itself where that was taken out of the pool since.
fn still_asked(book: &Book, booking: &Booking) -> ResourceId {
    match book.node(booking.asked_id) {
        Some(_) => booking.asked_id,
        None => booking.resource_id,
    }
}

/// The resource that a booking has, where it has room for so many at its time.
fn stays(book: &Book, asked: &Node, booking: &Booking, party: i64) -> Option<ResourceId> {
    if asked.facts().kind != Kind::Pool {
        return None;
    }
    let node = book.node(booking.resource_id)?;
    (book.free(node, booking.stretch(), &[booking.id]) >= party).then_some(booking.resource_id)
}

/// The part of a pool into which the staff move a booking.
fn moved_to(book: &Book, command: &Command, booking: &Booking, part: ResourceId) -> Result<ResourceId> {
    if !command.is_staff {
        return Err(Error::refused(Reason::Forbidden));
    }
    let root = node(book, booking.resource_id)?.resource.root_id;
    let there = book.node(part).filter(|node| node.resource.root_id == root);
    match there {
        Some(node) => Ok(node.resource.id),
        None => Err(Error::because(
            Reason::StateConflict,
            "只能调整到同一整体内的资源。",
            "A booking is moved within the whole that its resource is part of.",
        )),
    }
}

/// What is due at this time: what lapsed has done so when the book was opened; the rest is
/// that a booking ends, and that its person is reminded.
fn look(book: &mut Book, id: BookingId) -> Result<()> {
    let booking = known(book, id)?.clone();
    let now = book.now;
    if matches!(booking.state, State::CheckedIn | State::Confirmed) && booking.end_at <= now {
        let over = Booking {
            state: State::Completed,
            ..booking
        };
        book.become_(over, Act::Complete, SYSTEM, Said::default())?;
        return Ok(());
    }
    if book.reminder_at(&booking)?.is_some_and(|at| at <= now) && now < booking.start_at {
        book.tell(&booking, "booking_reminder");
        book.reminded(id);
    }
    Ok(())
}
