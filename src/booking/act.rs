//! How what is asked of the book is decided. Pure.

use std::sync::Arc;

use super::book::{Book, Node, SYSTEM, Said};
use super::change::{change, still_asked};
use super::command::{Command, LONGEST_MICROS, Make, Place, What};
use super::model::{Act, Booking, BookingId, Objection, State};
use super::offer::{Offer, plus_minutes};
use super::resources::{Resource, ResourceId};
use super::rules::{Approval, Terms};
use super::sharing::{Holder, keep};
use super::whether::{Ask, Found, whether};
use super::why::Why;
use crate::clock::Timestamp;
use crate::error::{Error, Facts, FieldError, Reason, Result};
use crate::identity::PersonId;

/// What came of it.
#[derive(Debug, Clone)]
pub struct Done {
    /// The booking as it is now.
    pub booking: Booking,
    /// Its resource.
    pub resource: Arc<Resource>,
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
        What::Serve | What::Instead(_) => {
            return Err(Error::internal("what is offered is offered by nobody's command"));
        }
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

pub fn node(book: &Book, id: ResourceId) -> Result<&Arc<Node>> {
    book.node(id).ok_or_else(|| Error::refused(Reason::NotFound))
}

/// The offer around a time.
fn offer_around(book: &Book, node: &Node, start: Timestamp, end: Timestamp) -> Offer {
    let (first, last) = (book.date(start), book.date(end));
    node.offer(&book.calendar, first.pred_opt().unwrap_or(first), last)
}

/// The end of what is asked for: of one slot where none is said.
pub fn end_of(node: &Node, place: &Place) -> Timestamp {
    let one = || plus_minutes(place.start, node.facts().slot_minutes);
    place.end.unwrap_or_else(one)
}

pub fn find(
    book: &Book,
    asked: &Node,
    person: Option<PersonId>,
    place: &Place,
    (pass, at_desk): (bool, bool),
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
        at_desk,
        except: &except,
        was,
    };
    whether(book, &ask)
}

/// How a booking stands that was confirmed just now by its person, and until when.
pub fn settled(terms: &Terms, start: Timestamp, now: Timestamp, pass: bool) -> Result<(State, Option<Timestamp>), Why> {
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
pub fn load(terms: &Terms, state: State, party: i64) -> i64 {
    match (state, terms.approval) {
        (State::Pending, Approval::Competes) => 0,
        _ => party,
    }
}

fn make_one(book: &mut Book, command: &Command, make: &Make) -> Result<BookingId> {
    let asked = Arc::clone(node(book, command.resource_id)?);
    let now = book.now;
    let found = find(
        book,
        &asked,
        make.person,
        &make.place,
        (command.pass, command.is_staff),
        None,
    )
    .map_err(Why::error)?;
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
        right: found.right,
        share_id: found.share_id,
        replaces_id: None,
        objection: None,
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
pub fn theirs(book: &Book, command: &Command, id: BookingId, act: Act) -> Result<Booking> {
    let booking = known(book, id)?.clone();
    let is_own = booking.person_id.is_some() && booking.person_id.map(|id| id.uuid()) == command.actor.whose();
    if !is_own && !command.is_staff {
        return Err(Error::refused(Reason::NotFound));
    }
    let by_staff = matches!(
        act,
        Act::Approve | Act::Decline | Act::CheckIn | Act::Complete | Act::NoShow | Act::Excuse | Act::Uphold
    );
    if by_staff && !command.is_staff || act == Act::Object && !is_own {
        return Err(Error::refused(Reason::Forbidden));
    }
    if let Some(expected) = &command.expected {
        expected(booking.version)?;
    }
    booking.state.permits(act)?;
    Ok(booking)
}

pub fn said(command: &Command) -> Said<'_> {
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
                && !book.is_closed_then(&booking)
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
            if book.is_closed_then(&booking) {
                return Err(Error::because(
                    Reason::StateConflict,
                    "该时段已停用，不能记为未到，请取消该预约。",
                    "It is closed then, so that nobody could come; cancel the booking.",
                ));
            }
            book.miss(booking, actor, said(command))?;
        }
        Act::Excuse => {
            decided(command, &booking)?;
            let excused = Booking {
                state: State::Completed,
                objection: None,
                ..booking
            };
            let excused = book.become_(excused, act, actor, said(command))?;
            book.tell(&excused, "booking_excused");
        }
        Act::Object => {
            let rules = Arc::clone(book.version_of(&booking)?);
            let days = rules.terms.no_show.object_days * 86_400_000_000;
            if booking.objection.is_some() || now.micros() > booking.end_at.micros() + days {
                return Err(Error::because(
                    Reason::StateConflict,
                    "已经申诉过，或已过申诉期限。",
                    "There was an objection already, or the time for one is over.",
                ));
            }
            let objected = Booking {
                objection: Some(Objection::Open),
                ..booking
            };
            book.become_(objected, act, actor, said(command))?;
        }
        Act::Uphold => {
            if booking.objection != Some(Objection::Open) {
                return Err(Error::because(
                    Reason::StateConflict,
                    "没有待处理的申诉。",
                    "There is no objection to be decided.",
                ));
            }
            decided(command, &booking)?;
            let upheld = Booking {
                objection: Some(Objection::Rejected),
                ..booking
            };
            let upheld = book.become_(upheld, act, actor, said(command))?;
            book.tell(&upheld, "booking_upheld");
        }
        Act::Make | Act::Offer | Act::Change | Act::Expire => {
            return Err(Error::internal("this act is asked for in another way"));
        }
    }
    Ok(id)
}

/// An objection is decided with a reason.
fn decided(command: &Command, booking: &Booking) -> Result<()> {
    if booking.objection == Some(Objection::Open) && command.reason.is_none() {
        return Err(Error::field(FieldError::body(
            "/reason",
            "required",
            "请写明对申诉的处理理由。",
            "Say why the objection is decided so.",
        )));
    }
    Ok(())
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
        let found = find(
            book,
            &asked,
            booking.person_id,
            &place,
            (command.pass, false),
            Some(&booking),
        );
        let found = found.map_err(|why| named(why, id))?;
        confirmed.resource_id = found.resource_id;
        (confirmed.right, confirmed.share_id) = (found.right, found.share_id);
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
        replace(book, &booking)?;
    }
    Ok(id)
}

/// Who takes the time that was offered instead of one that a closure met has no use for that one.
fn replace(book: &mut Book, taken: &Booking) -> Result<()> {
    let before = taken.replaces_id.and_then(|id| book.booking(id)).cloned();
    if let Some(before) = before.filter(|before| before.state.is_live()) {
        let gone = Booking {
            state: State::Cancelled,
            load: 0,
            until_at: None,
            ..before
        };
        book.become_(gone, Act::Cancel, SYSTEM, Said::default())?;
    }
    Ok(())
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

/// Whether the desk asked for it, of its own share.
fn is_of_desk(book: &Book, node: &Node, booking: &Booking) -> bool {
    let above = node.above.iter().filter_map(|id| book.node(*id));
    let nodes = std::iter::once(node).chain(above.map(|node| &**node));
    let mut shares = nodes.flat_map(|node| &node.shares);
    shares.any(|(share, _)| Some(share.id) == booking.share_id && share.holder == Holder::Desk)
}

fn approve(book: &mut Book, command: &Command, booking: Booking) -> Result<BookingId> {
    let id = booking.id;
    let mut approved = Booking {
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
        // While it was asked for it took nothing, nor of what is withheld.
        let offer = offer_around(book, &node, booking.start_at, booking.end_at);
        let ask = Ask {
            node: &node,
            offer: &offer,
            person: booking.person_id,
            start: booking.start_at,
            end: booking.end_at,
            party: booking.party,
            pass: false,
            at_desk: is_of_desk(book, &node, &booking),
            except: &[id],
            was: None,
        };
        let free = book.free(&node, booking.stretch(), &[id]);
        let left = keep::left_for(book, &ask, &node, free);
        if let Some((share, at)) = left.share
            && left.places < booking.party
        {
            return Err(Why::Withheld(share.holder, share.reason.clone(), at).error());
        }
        approved.share_id = keep::share_of(book, &ask, &node).map(|share| share.id);
    }
    let approved = book.become_(approved, Act::Approve, &command.actor.name, said(command))?;
    book.tell(&approved, "booking_approved");
    Ok(id)
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
