//! Quiet hours: a stretch of each day in which only what is urgent is pushed.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::calendar::Calendar;

/// From when to when, in minutes from midnight in the city's zone; over midnight where the
/// end is before the start, never where they are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quiet {
    pub from: u16,
    pub to: u16,
}

const MINUTES_A_DAY: u16 = 24 * 60;

impl Quiet {
    /// For who has not said otherwise: from ten to seven.
    pub(super) const USUAL: Self = Self {
        from: 22 * 60,
        to: 7 * 60,
    };

    /// When the quiet ends in which this instant lies; none where it lies in none.
    pub(super) fn ends(self, calendar: &Calendar, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = calendar.date_of(now);
        // The quiet of last night may last still.
        [today.pred_opt(), Some(today)].into_iter().flatten().find_map(|day| {
            let last = if self.to < self.from { day.succ_opt()? } else { day };
            let (from, to) = (calendar.instant(day, self.from), calendar.instant(last, self.to));
            (from <= now && now < to).then_some(to)
        })
    }
}

/// A time of the day such as 07:30, in minutes from midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Minutes(pub u16);

impl FromStr for Minutes {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (hours, minutes) = text.split_once(':').ok_or(())?;
        let both_two = [hours, minutes]
            .iter()
            .all(|part| part.len() == 2 && part.bytes().all(|c| c.is_ascii_digit()));
        let parsed = (hours.parse::<u16>(), minutes.parse::<u16>());
        match parsed {
            (Ok(hours), Ok(minutes)) if both_two && hours < 24 && minutes < 60 => Ok(Self(hours * 60 + minutes)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = self.0 % MINUTES_A_DAY;
        write!(f, "{:02}:{:02}", within / 60, within % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_end_in_the_citys_zone() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai).expect("the tables");
        let ends = |now: &str| Quiet::USUAL.ends(&calendar, at(now)).map(|end| end.to_rfc3339());
        assert_eq!(ends("2026-03-03T21:59:59+08:00"), None);
        for within in [
            "2026-03-03T22:00:00+08:00",
            "2026-03-04T00:00:00+08:00",
            "2026-03-04T06:59:59+08:00",
        ] {
            assert_eq!(ends(within).as_deref(), Some("2026-03-03T23:00:00+00:00"), "{within}");
        }
        assert_eq!(ends("2026-03-04T07:00:00+08:00"), None);
        let at_noon = Quiet {
            from: 12 * 60,
            to: 13 * 60,
        };
        assert_eq!(
            at_noon.ends(&calendar, at("2026-03-04T12:30:00+08:00")),
            Some(at("2026-03-04T13:00:00+08:00"))
        );
        assert_eq!(at_noon.ends(&calendar, at("2026-03-04T13:30:00+08:00")), None);
    }

    #[test]
    fn a_time_of_the_day_reads_back_and_any_other_text_is_none() {
        for text in ["00:00", "07:30", "23:59"] {
            assert_eq!(
                text.parse::<Minutes>().map(|minutes| minutes.to_string()),
                Ok(text.to_owned())
            );
        }
        for wrong in ["", "7:30", "24:00", "23:60", "+7:30", "07:3x", "0730"] {
            assert_eq!(wrong.parse::<Minutes>(), Err(()), "{wrong}");
        }
    }
}
