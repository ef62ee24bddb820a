//! Counting. Pure.
//!
//! What is counted are place-minutes of resources that are not divided: of one that is shared its
//! places, of any other one. Whoever books a whole uses all of its parts; so nothing is counted twice.

use std::collections::BTreeMap;

use chrono::{Datelike, Timelike};

use crate::booking::book::{Book, Node};
use crate::booking::model::{Booking, State};
use crate::booking::offer::Times;
use crate::booking::resources::{Kind, ResourceId};
use crate::calendar::Calendar;
use crate::clock::Timestamp;

const MINUTE_MICROS: i64 = 60_000_000;
const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;

/// An hour of the week: the weekday from 1 (Monday), and the hour, in the city's zone.
pub type HourOfWeek = (u32, u32);

/// Place-minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minutes {
    /// When it was open.
    pub open: i64,
    /// When it was booked by somebody who came, or is still to come.
    pub booked: i64,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Place-minutes.
    pub minutes: Minutes,
    /// Place-minutes that were withheld for some.
    pub withheld: i64,
    /// Those of them that they used.
    pub withheld_used: i64,
    /// Bookings that were not given back in time: those that came or are to come, and those that
    /// did not come.
    pub bookings: i64,
    /// Those that did not come.
    pub no_shows: i64,
    /// The place-minutes by hour of the week.
    pub hours: BTreeMap<HourOfWeek, Minutes>,
}

impl Count {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.minutes.open += other.minutes.open;
        self.minutes.booked += other.minutes.booked;
        self.withheld += other.withheld;
        self.withheld_used += other.withheld_used;
        self.bookings += other.bookings;
        self.no_shows += other.no_shows;
        for (hour, minutes) in &other.hours {
            let own = self.hours.entry(*hour).or_default();
            own.open += minutes.open;
            own.booked += minutes.booked;
        }
    }
}

/// Cuts times into pieces that lie within an hour of the week each.
fn by_hour(calendar: &Calendar, (from, to): Times) -> impl Iterator<Item = (HourOfWeek, i64)> {
    let zone = calendar.zone();
    let mut at = from.micros();
    std::iter::from_fn(move || {
        if at >= to.micros() {
            return None;
        }
        let local = Timestamp::from_micros(at).to_utc().with_timezone(&zone);
        let into = i64::from(local.minute()) * MINUTE_MICROS
            + i64::from(local.second()) * 1_000_000
            + i64::from(local.timestamp_subsec_micros());
        let end = (at - into + HOUR_MICROS).min(to.micros());
        let piece = (
            (local.weekday().number_from_monday(), local.hour()),
            (end - at) / MINUTE_MICROS,
        );
        at = end;
        Some(piece)
    })
}

fn within((from, to): Times, (first, last): Times) -> Option<Times> {
    let (from, to) = (from.max(first), to.min(last));
    (from < to).then_some((from, to))
}

/// The undivided parts of a resource, or itself; not a pool without parts, which is nothing.
fn leaves<'a>(book: &'a Book, node: &'a Node) -> Vec<&'a Node> {
    if node.below.is_empty() {
        return (node.facts().kind != Kind::Pool).then_some(node).into_iter().collect();
    }
    let below = node.below.iter().filter_map(|id| book.node(*id));
    below
        .map(|node| &**node)
        .filter(|node| node.below.is_empty() && node.facts().kind != Kind::Pool)
        .collect()
}

fn places(node: &Node) -> i64 {
    match node.facts().kind {
        Kind::Shared => node.facts().capacity,
        Kind::Exclusive | Kind::Pool => 1,
    }
}

/// Until when a booking was used: whoever left earlier gave the rest back.
fn used(booking: &Booking) -> Times {
    (booking.start_at, booking.end_at.min(booking.load_to))
}

/// What was used of each resource of the book between two times; of those that are divided only how
/// many bookings they had.
pub fn count(book: &Book, bookings: &[Booking], span: Times) -> BTreeMap<ResourceId, Count> {
    let calendar = &book.calendar;
    let mut counts: BTreeMap<ResourceId, Count> = BTreeMap::new();
    let (first, last) = (book.date(span.0), book.date(span.1));
    let open_times = |node: &Node| -> Vec<Times> {
        let offer = node.offer(calendar, first.pred_opt().unwrap_or(first), last);
        let open = offer.open_times().into_iter();
        open.filter_map(|times| within(times, span)).collect()
    };
    for node in book
        .nodes()
        .filter(|node| node.below.is_empty() && node.facts().kind != Kind::Pool)
    {
        let count = counts.entry(node.resource.id).or_default();
        for times in open_times(node) {
            for (hour, minutes) in by_hour(calendar, times) {
                count.hours.entry(hour).or_default().open += minutes * places(node);
                count.minutes.open += minutes * places(node);
            }
        }
    }
    for node in book.nodes().filter(|node| !node.shares.is_empty()) {
        let parts = leaves(book, node);
        let Some(leaf) = parts.first() else { continue };
        let open = open_times(leaf);
        let count = counts.entry(node.resource.id).or_default();
        for (share, hours) in &node.shares {
            let kept: Vec<Times> = match hours {
                None => vec![span],
                Some(hours) => {
                    let open = calendar.open_between(hours, first.pred_opt().unwrap_or(first), last);
                    let times = open.into_iter().map(|(from, to)| (from.into(), to.into()));
                    times.collect()
                }
            };
            let since = (share.created_at, share.ended_at.unwrap_or(span.1));
            let met = open
                .iter()
                .flat_map(|open| kept.iter().filter_map(|kept| within(*kept, *open)));
            let met = met.filter_map(|times| within(times, since));
            let minutes: i64 = met
                .map(|(from, to)| (to.micros() - from.micros()) / MINUTE_MICROS)
                .sum();
            let all: i64 = parts.iter().map(|part| places(part)).sum();
            let withheld = match node.facts().kind {
                Kind::Exclusive => all,
                Kind::Shared | Kind::Pool => share.places.min(all),
            };
            count.withheld += minutes * withheld;
        }
    }
    for booking in bookings {
        let Some(node) = book.node(booking.resource_id) else {
            continue;
        };
        if !(span.0..span.1).contains(&booking.start_at) {
            continue;
        }
        let is_used = matches!(booking.state, State::Confirmed | State::CheckedIn | State::Completed);
        let is_missed = booking.state == State::NoShow;
        if !is_used && !is_missed {
            continue;
        }
        let own = counts.entry(booking.resource_id).or_default();
        own.bookings += 1;
        own.no_shows += i64::from(is_missed);
        let Some(times) = within(used(booking), span).filter(|_| is_used) else {
            continue;
        };
        for leaf in leaves(book, node) {
            let taken = match leaf.facts().kind {
                Kind::Shared if leaf.resource.id == booking.resource_id => booking.party,
                _ => places(leaf),
            };
            let count = counts.entry(leaf.resource.id).or_default();
            for (hour, minutes) in by_hour(calendar, times) {
                count.hours.entry(hour).or_default().booked += minutes * taken;
                count.minutes.booked += minutes * taken;
                if booking.share_id.is_some() {
                    count.withheld_used += minutes * taken;
                }
            }
        }
    }
    counts
}
