//! Who walks, from where and how: what questions about walks have in common.

pub mod view;

use super::lookup::Asked;
use super::streets::{Ask, Pace, When};
use crate::calendar::Calendar;
use crate::clock::Timestamp;
use crate::coordinates::Point;

/// A walk that is asked about.
#[derive(Debug, Clone)]
pub struct Walking {
    /// What was asked for: a point, a building, a place.
    pub at: Point,
    /// Where the walk may start, at least one: that point, or doors.
    pub origins: Vec<Point>,
    /// How one walks.
    pub pace: Pace,
    /// To the origin, and not from it.
    pub reverse: bool,
    /// Whether ferries are taken.
    pub ferry: bool,
    /// For which instant.
    pub when: Timestamp,
    /// Whether that instant is now.
    pub is_now: bool,
}

impl Walking {
    /// The question to the streets, within so many seconds.
    #[must_use]
    pub fn ask<'a>(&'a self, calendar: &'a Calendar, limit_s: f64) -> Ask<'a> {
        Ask {
            reverse: self.reverse,
            ferry: self.ferry,
            when: Some(When {
                calendar,
                at: self.when,
                is_now: self.is_now,
            }),
            ..Ask::new(&self.origins, &self.pace, limit_s)
        }
    }

    /// The question as the circle asks it.
    pub(super) fn asked(&self, limit_s: f64) -> Asked<'_> {
        Asked {
            origin: self.at,
            pace: &self.pace,
            limit_s,
            at: self.when,
            is_now: self.is_now,
        }
    }
}
