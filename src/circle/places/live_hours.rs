//! Opening hours that know their state now.
//!
//! Reading an expression is far dearer than asking it, and asking it dearer than
//! remembering: so equal texts share one reading, and its state is kept with the
//! instant of its next change and asked anew only when that falls due.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwapOption;

use crate::calendar::{Calendar, Hours, HoursState};
use crate::clock::Timestamp;

/// A state that holds from one instant until another.
struct Held {
    from: Timestamp,
    until: Timestamp,
    state: HoursState,
}

/// How long a state is believed that never changes as far as the calendar looks.
const A_DAY_MICROS: i64 = 86_400_000_000;

/// One expression with its state.
pub struct LiveHours {
    hours: Hours,
    held: ArcSwapOption<Held>,
}

impl LiveHours {
    /// The expression.
    pub fn hours(&self) -> &Hours {
        &self.hours
    }

    /// The state at `at`; `now` tells whether that is worth keeping.
    pub fn state(&self, calendar: &Calendar, at: Timestamp, now: bool) -> HoursState {
        if let Some(held) = self.held.load().as_ref()
            && held.from <= at
            && at < held.until
        {
            return held.state.clone();
        }
        let state = calendar.state(&self.hours, at.to_utc());
        if now {
            let until = match state.next_change {
                Some(change) => change.into(),
                None => Timestamp::from_micros(at.micros().saturating_add(A_DAY_MICROS)),
            };
            let held = Held {
                from: at,
                until,
                state: state.clone(),
            };
            self.held.store(Some(Arc::new(held)));
        }
        state
    }
}

/// All expressions in use.
#[derive(Default)]
pub struct HoursInUse(Mutex<HashMap<String, Weak<LiveHours>>>);

impl HoursInUse {
    /// The shared reading of a text; none where it cannot be read, which only a
    /// table written by another version can hold.
    pub fn read(&self, text: &str) -> Option<Arc<LiveHours>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hours) = known.get(text).and_then(Weak::upgrade) {
            return Some(hours);
        }
        let hours = match Hours::parse(text) {
            Ok(hours) => hours,
            Err(error) => {
                tracing::warn!(%error, text, "stored opening hours cannot be read");
                return None;
            }
        };
        let live = Arc::new(LiveHours {
            hours,
            held: ArcSwapOption::empty(),
        });
        // Texts that nobody uses any more are dropped whenever the table would grow;
        // it grows by half at least, so that this is rare.
        if known.len() == known.capacity() {
            known.retain(|_, hours| hours.strong_count() > 0);
            let half = known.len() / 2;
            known.reserve(half);
        }
        known.insert(text.to_owned(), Arc::downgrade(&live));
        Some(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_held_state_is_the_asked_state_before_and_after_its_change() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai).expect("the tables");
        let live = HoursInUse::default().read("Mo-Su 08:00-20:00").expect("hours");
        for (instant, open) in [
            ("2026-03-05T10:00:00+08:00", true),
            ("2026-03-05T19:59:59+08:00", true),
            ("2026-03-05T20:00:00+08:00", false),
            ("2026-03-06T07:59:00+08:00", false),
            ("2026-03-06T08:00:00+08:00", true),
            ("2026-03-05T07:00:00+08:00", false),
        ] {
            let state = live.state(&calendar, at(instant), true);
            assert_eq!(state.open, Some(open), "{instant}");
            assert_eq!(state, calendar.state(live.hours(), at(instant).to_utc()));
        }
    }

    #[test]
    fn equal_texts_share_one_reading() {
        let in_use = HoursInUse::default();
        let (one, two) = (in_use.read("24/7").expect("hours"), in_use.read("24/7").expect("hours"));
        assert!(Arc::ptr_eq(&one, &two));
        assert!(in_use.read("nonsense").is_none());
    }
}
