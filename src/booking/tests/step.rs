//! What somebody does, as a property test makes it up.

use proptest::prelude::*;

use super::MORNING;
use crate::booking::command::{Command, Place, What};
use crate::booking::offer::plus_minutes;
use crate::booking::resources::ResourceId;
use crate::gate::{Actor, Signed};
use crate::identity::PersonId;

/// Something that somebody does, in numbers that are always good for something.
#[derive(Debug, Clone)]
pub enum Step {
    Make {
        resource: usize,
        person: usize,
        at: i64,
        length: i64,
        party: i64,
        hold: bool,
    },
    Change {
        booking: usize,
        at: i64,
        length: i64,
        party: i64,
    },
    Do {
        booking: usize,
        act: usize,
    },
    Wait {
        minutes: i64,
    },
    Withhold {
        pool: bool,
        places: i64,
    },
    Resize {
        resource: usize,
        capacity: i64,
        buffer: i64,
        slot: i64,
    },
}

/// Any of them.
pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6_usize, 0..4_usize, 0..60_i64, 1..9_i64, 1..6_i64, any::<bool>())
            .prop_map(|(resource, person, at, length, party, hold)| Step::Make { resource, person, at, length, party, hold }),
        3 => (any::<prop::sample::Index>(), 0..60_i64, 1..9_i64, 1..6_i64)
            .prop_map(|(booking, at, length, party)| Step::Change { booking: booking.index(1_000), at, length, party }),
        4 => (any::<prop::sample::Index>(), 0..6_usize)
            .prop_map(|(booking, act)| Step::Do { booking: booking.index(1_000), act }),
        1 => (1..40_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => (any::<bool>(), 0..4_i64).prop_map(|(pool, places)| Step::Withhold { pool, places }),
        1 => (0..6_usize, 1..6_i64, 0..4_i64, 1..4_i64)
            .prop_map(|(resource, capacity, buffer, slot)| Step::Resize { resource, capacity, buffer: buffer * 5, slot: slot * 15 }),
    ]
}

/// A command of a person, who is of the staff as well.
pub fn command(person: PersonId, resource: ResourceId, what: What) -> Command {
    Command {
        actor: Actor {
            name: person.to_string(),
            signed: Some(Signed {
                person: person.uuid(),
                session: person.uuid(),
            }),
            acting: None,
        },
        is_staff: true,
        pass: false,
        reason: None,
        repeat: None,
        expected: None,
        resource_id: resource,
        what,
    }
}

/// A time in quarters of an hour from the morning on.
pub fn place(at: i64, length: i64, party: i64) -> Place {
    let start = plus_minutes(MORNING.parse().expect("a time"), at * 15 + 60);
    Place {
        start,
        end: Some(plus_minutes(start, length * 15)),
        party,
        resource: None,
    }
}
