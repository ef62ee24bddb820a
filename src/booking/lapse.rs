//! What the time does to bookings: they lapse, are given back, and what is due next. Pure.

use super::book::{Book, SYSTEM, Said};
use super::model::{Act, Booking, BookingId, State};
use crate::clock::Timestamp;
use crate::error::Result;

impl Book {
    /// The time now gives back what nobody confirmed, approved or came to in time; whether
    /// there was anything.
    ///
    /// # Errors
    /// Where the cells do not fit, which only a fault can cause.
    pub fn let_lapse(&mut self) -> Result<bool> {
        let mut lapsed: Vec<BookingId> = self
            .bookings()
            // Those of other resources, which are not locked, wait for their own turn.
            .filter(|booking| self.node(booking.resource_id).is_some())
            .filter(|booking| booking.has_lapsed(self.now) || self.is_missed(booking))
            .map(|booking| booking.id)
            .collect();
        lapsed.sort_unstable();
        let any = !lapsed.is_empty();
        for id in lapsed {
            let Some(booking) = self.booking(id).cloned() else {
                continue;
            };
            if booking.has_lapsed(self.now) {
                self.lapse(booking)?;
            } else if self.is_closed_then(&booking) {
                self.call_off(booking)?;
            } else {
                self.miss(booking, SYSTEM, Said::default())?;
            }
        }
        Ok(any)
    }

    /// Whether its resource is closed then, so that nobody can come.
    pub fn is_closed_then(&self, booking: &Booking) -> bool {
        let Some(node) = self.node(booking.resource_id).filter(|node| !node.closures.is_empty()) else {
            return false;
        };
        let (first, last) = (self.date(booking.start_at), self.date(booking.end_at));
        let offer = node.offer(&self.calendar, first, last);
        offer.closed(booking.start_at, booking.end_at).is_some()
    }

    /// Nobody could come, since it was closed: that is nobody's fault.
    fn call_off(&mut self, booking: Booking) -> Result<()> {
        let off = Booking {
            state: State::Cancelled,
            load: 0,
            until_at: None,
            ..booking
        };
        let off = self.become_(off, Act::Cancel, SYSTEM, Said::default())?;
        self.tell(&off, "booking_cancelled");
        Ok(())
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
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + seconds * 1_000_000)
}
