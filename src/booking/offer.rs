//! The offer drawn over a resource's calendar: when it is open, what of that is closed, and
//! the slots that this leaves. Pure.

use chrono::NaiveDate;

use super::cells::{CELL_MICROS, Cell};
use super::resources::{Closure, Facts};
use super::sharing::Agreement;
use crate::calendar::{Calendar, Hours};
use crate::clock::Timestamp;

/// From when until when.
pub type Times = (Timestamp, Timestamp);

const MINUTE_MICROS: i64 = 60_000_000;

/// A time later or earlier by so many minutes.
pub fn plus_minutes(at: Timestamp, minutes: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + minutes * MINUTE_MICROS)
}

/// A civil day in the city's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilDay {
    /// Its date.
    pub date: NaiveDate,
    /// When it begins.
    pub from: Timestamp,
    /// When the next one begins.
    pub to: Timestamp,
}

impl CivilDay {
    /// Whether a time is on it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// By what a time is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the owner's own hours.
    Own,
    /// By an agreement, by its place in the list of them.
    By(usize),
}

/// When a resource is offered on some days.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    open: Vec<Times>,
    ways: Vec<(Times, Way)>,
    closed: Vec<(Times, String)>,
    slot: i64,
    interval: i64,
}

/// What is left of times without others.
fn without(times: Times, others: &[Times]) -> Vec<Times> {
    let mut left = vec![times];
    for (from, to) in others {
        left = left
            .into_iter()
            .flat_map(|(start, end)| [(start, end.min(*from)), (start.max(*to), end)])
            .filter(|(start, end)| start < end)
            .collect();
    }
    left
}

impl Offer {
    /// The offer that begins on the civil days from `first` to `last`, with what closes it.
    pub fn of(
        calendar: &Calendar,
        facts: &Facts,
        hours: &Hours,
        closures: &[(Closure, Option<Hours>)],
        agreements: &[(Agreement, Hours)],
        (first, last): (NaiveDate, NaiveDate),
    ) -> Self {
        let times = |(from, to): (chrono::DateTime<chrono::Utc>, _)| (Timestamp::from(from), Timestamp::from(to));
        // What is open from an odd minute on begins at the next cell.
        let even = |(from, to): Times| (Cell::from(from).begins(), to);
        let own = calendar.open_between(hours, first, last);
        let mut open: Vec<Times> = own.into_iter().map(times).map(even).collect();
        let mut ways: Vec<(Times, Way)> = Vec::new();
        if !agreements.is_empty() {
            ways.extend(open.iter().map(|times| (*times, Way::Own)));
        }
        for (index, (agreement, hours)) in agreements.iter().enumerate() {
            let (first, last) = (first.max(agreement.from_day), last.min(agreement.to_day));
            if first > last {
                continue;
            }
            for shared in calendar
                .open_between(hours, first, last)
                .into_iter()
                .map(times)
                .map(even)
            {
                let shared = (shared.0, agreement.ended_at.map_or(shared.1, |at| at.min(shared.1)));
                if shared.0 >= shared.1 {
                    continue;
                }
                ways.push((shared, Way::By(index)));
                // Slots begin where the hours before them end: nothing is offered twice.
                let beyond = without(shared, &open);
                open.extend(beyond);
            }
        }
        open.sort_unstable();
        let mut closed = Vec::new();
        for (closure, hours) in closures {
            let until = closure.to_at.into_iter().chain(closure.lifted_at).min();
            let until = until.unwrap_or(Timestamp::from_micros(i64::MAX));
            if until <= closure.from_at {
                continue;
            }
            let Some(hours) = hours else {
                closed.push(((closure.from_at, until), closure.reason.clone()));
                continue;
            };
            let before = first.pred_opt().unwrap_or(first);
            let after = last.succ_opt().unwrap_or(last);
            for (from, to) in calendar.open_between(hours, before, after).into_iter().map(times) {
                let (from, to) = (from.max(closure.from_at), to.min(until));
                if from < to {
                    closed.push(((from, to), closure.reason.clone()));
                }
            }
        }
        Self {
            open,
            ways,
            closed,
            slot: facts.slot_minutes * MINUTE_MICROS,
            interval: facts.interval_minutes * MINUTE_MICROS,
        }
    }

    /// The slots, in the order of their beginnings; the closed ones too.
    pub fn slots(&self) -> impl Iterator<Item = Times> {
        self.open.iter().flat_map(move |(from, to)| {
            let (from, to) = (from.micros(), to.micros());
            let begins = std::iter::successors(Some(from), move |begins| Some(begins + self.interval));
            begins
                .take_while(move |begins| begins + self.slot <= to)
                .map(move |begins| {
                    (
                        Timestamp::from_micros(begins),
                        Timestamp::from_micros(begins + self.slot),
                    )
                })
        })
    }

    /// How many slots these times are; none where they are not such as are offered: the
    /// first begins where one does, and each of the others where the one before ends.
    pub fn count(&self, start: Timestamp, end: Timestamp) -> Option<i64> {
        let (start, end) = (start.micros(), end.micros());
        if start % CELL_MICROS != 0 || end <= start || (end - start) % self.slot != 0 {
            return None;
        }
        let holds = |(from, to): &&Times| {
            let (from, to) = (from.micros(), to.micros());
            from <= start && start + self.slot <= to && (start - from) % self.interval == 0
        };
        let mut until = self.open.iter().find(holds)?.1.micros();
        let mut at = start;
        while at < end {
            if at + self.slot > until {
                // A day that is open throughout goes on where the one before ends.
                let goes_on = |(from, _): &&Times| at == until && from.micros() == at;
                until = self.open.iter().find(goes_on)?.1.micros();
                if at + self.slot > until {
                    return None;
                }
            }
            at += self.slot;
        }
        Some((end - start) / self.slot)
    }

    /// When it is open and not closed.
    pub fn open_times(&self) -> Vec<Times> {
        let closed: Vec<Times> = self.closed.iter().map(|(times, _)| *times).collect();
        self.open.iter().flat_map(|times| without(*times, &closed)).collect()
    }

    /// Whether these times are offered throughout by ways of which somebody may.
    pub fn is_covered(&self, start: Timestamp, end: Timestamp, may: &dyn Fn(Way) -> bool) -> bool {
        if self.ways.is_empty() {
            return may(Way::Own);
        }
        let mut at = start;
        while at < end {
            let goes_on = |((from, to), way): &&(Times, Way)| *from <= at && at < *to && may(*way);
            let ends = self.ways.iter().filter(goes_on).map(|((_, to), _)| *to).max();
            match ends {
                Some(to) => at = to,
                None => return false,
            }
        }
        true
    }

    /// Whether a way offers a part of these times.
    pub fn meets(&self, start: Timestamp, end: Timestamp, way: Way) -> bool {
        let mut of_it = self.ways.iter().filter(|(_, own)| *own == way);
        of_it.any(|((from, to), _)| *from < end && start < *to)
    }

    /// Whether it is open throughout these times.
    pub fn is_open(&self, start: Timestamp, end: Timestamp) -> bool {
        let mut at = start;
        for (from, to) in &self.open {
            if *from <= at && at < *to {
                at = *to;
            }
        }
        at >= end
    }

    /// Why these times are closed, where they are.
    pub fn closed(&self, start: Timestamp, end: Timestamp) -> Option<&str> {
        let meets = |((from, to), _): &&(Times, String)| *from < end && start < *to;
        self.closed.iter().find(meets).map(|(_, reason)| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::resources::Kind;
    use crate::booking::rules::RulesId;
    use proptest::prelude::*;

    fn facts(slot_minutes: i64, interval_minutes: i64) -> Facts {
        Facts {
            part_of: None,
            kind: Kind::Shared,
            name: "x".into(),
            name_en: None,
            capacity: 5,
            opening_hours: String::new(),
            slot_minutes,
            interval_minutes,
            buffer_before_minutes: 0,
            buffer_after_minutes: 0,
            rules_id: RulesId::new(),
            open_to: Vec::new(),
            department_id: None,
        }
    }

    fn offer(zone: chrono_tz::Tz, hours: &str, facts: &Facts, first: &str, last: &str) -> Offer {
        let calendar = Calendar::new(zone).expect("tables");
        let hours = Hours::parse(hours).expect("hours");
        let day = |text: &str| text.parse().expect("a date");
        Offer::of(&calendar, facts, &hours, &[], &[], (day(first), day(last)))
    }

    fn local(zone: chrono_tz::Tz, offer: &Offer) -> Vec<String> {
        let show = |at: Timestamp| at.to_utc().with_timezone(&zone).format("%dT%H:%M%z").to_string();
        offer.slots().map(|(from, _)| show(from)).collect()
    }

    #[test]
    fn clocks_that_change_move_no_opening_and_an_hour_that_exists_twice_is_offered_twice() {
        let zone = chrono_tz::America::New_York;
        let spring = offer(zone, "15:00-16:30", &facts(30, 30), "2026-03-08", "2026-03-08");
        assert_eq!(
            local(zone, &spring),
            ["08T15:00-0400", "08T15:30-0400", "08T16:00-0400"]
        );
        let night = offer(zone, "01:00-04:00", &facts(60, 60), "2026-03-08", "2026-03-08");
        assert_eq!(local(zone, &night), ["08T01:00-0500", "08T03:00-0400"]);
        let autumn = offer(zone, "01:00-03:00", &facts(30, 30), "2026-11-01", "2026-11-01");
        assert_eq!(
            local(zone, &autumn),
            [
                "01T01:00-0400",
                "01T01:30-0400",
                "01T01:00-0500",
                "01T01:30-0500",
                "01T02:00-0500",
                "01T02:30-0500"
            ]
        );
    }

    #[test]
    fn a_month_over_the_change_keeps_its_local_hours() {
        let zone = chrono_tz::America::New_York;
        let month = offer(zone, "Mo 09:00-10:00", &facts(60, 60), "2026-03-01", "2026-03-31");
        assert_eq!(
            local(zone, &month),
            [
                "02T09:00-0500",
                "09T09:00-0400",
                "16T09:00-0400",
                "23T09:00-0400",
                "30T09:00-0400"
            ]
        );
    }

    #[test]
    fn slots_over_midnight_belong_to_the_day_on_which_they_begin() {
        let zone = chrono_tz::Asia::Shanghai;
        let night = offer(zone, "22:00-02:00", &facts(120, 120), "2026-12-01", "2026-12-01");
        assert_eq!(local(zone, &night), ["01T22:00+0800", "02T00:00+0800"]);
        let always = facts(60, 60);
        let one = offer(zone, "24/7", &always, "2026-12-01", "2026-12-01");
        assert_eq!(one.slots().count(), 24);
        let three = offer(zone, "24/7", &always, "2026-11-30", "2026-12-02");
        assert_eq!(three.slots().count(), 72);
        let (start, _) = one.slots().last().expect("a slot");
        assert_eq!(three.count(start, plus_minutes(start, 180)), Some(3));
        assert_eq!(one.count(start, plus_minutes(start, 180)), None);
    }

    #[test]
    fn shifted_working_days_and_days_off_follow_the_state() {
        let zone = chrono_tz::Asia::Shanghai;
        // 2026-10-10 is a Saturday that is worked; 2026-10-01 is off.
        let hours = "Mo-Fr 09:00-10:00; PH off";
        let days = offer(zone, hours, &facts(60, 60), "2026-10-01", "2026-10-12");
        let shown = local(zone, &days);
        assert!(shown.contains(&"10T09:00+0800".to_owned()), "{shown:?}");
        assert!(!shown.contains(&"01T09:00+0800".to_owned()), "{shown:?}");
        let leap = offer(zone, "Feb 29 09:00-10:00", &facts(60, 60), "2028-02-28", "2028-03-01");
        assert_eq!(local(zone, &leap), ["29T09:00+0800"]);
    }

    #[test]
    fn an_agreement_offers_its_hours_on_its_days_and_nothing_twice() {
        let zone = chrono_tz::Asia::Shanghai;
        let calendar = Calendar::new(zone).expect("tables");
        let day = |text: &str| -> NaiveDate { text.parse().expect("a date") };
        let agreement = Agreement {
            id: crate::booking::sharing::AgreementId::new(),
            resource_id: crate::booking::resources::ResourceId::new(),
            mode: crate::booking::sharing::Mode::Shared,
            name: "x".into(),
            from_day: day("2026-12-02"),
            to_day: day("2026-12-03"),
            hours: String::new(),
            is_public: false,
            parties: Vec::new(),
            created_at: Timestamp::from_micros(0),
            ended_at: None,
        };
        let agreements = [(agreement, Hours::parse("11:00-14:00").expect("hours"))];
        let own = Hours::parse("10:00-12:00").expect("hours");
        let days = (day("2026-12-01"), day("2026-12-04"));
        let offer = Offer::of(&calendar, &facts(60, 60), &own, &[], &agreements, days);
        assert_eq!(
            local(zone, &offer).iter().map(|text| &text[..6]).collect::<Vec<_>>(),
            [
                "01T10:", "01T11:", "02T10:", "02T11:", "02T12:", "02T13:", "03T10:", "03T11:", "03T12:", "03T13:",
                "04T10:", "04T11:"
            ]
        );
        let at = |hour: i64| plus_minutes(calendar.instant(day("2026-12-02"), 0).into(), hour * 60);
        assert!(offer.is_covered(at(10), at(12), &|way| way == Way::Own));
        assert!(!offer.is_covered(at(10), at(13), &|way| way == Way::Own));
        assert!(offer.is_covered(at(11), at(14), &|way| way == Way::By(0)));
        assert!(offer.is_covered(at(10), at(14), &|_| true));
        assert!(!offer.is_covered(at(10), at(14), &|way| way == Way::By(0)));
    }

    proptest! {
        /// What the list shows is what is taken, and nothing else is.
        #[test]
        fn the_list_and_the_check_agree(slot in 1_i64..30, interval in 1_i64..30, at in 0_i64..600, length in 1_i64..60) {
            let (slot, interval) = (slot * 5, interval * 5);
            let zone = chrono_tz::Asia::Shanghai;
            let facts = facts(slot, interval);
            let offer = offer(zone, "08:00-12:00,13:30-26:00", &facts, "2026-12-01", "2026-12-02");
            let begins = Calendar::new(zone).expect("tables").instant("2026-12-01".parse().expect("a date"), 0);
            let start = plus_minutes(begins.into(), at * 5);
            let end = plus_minutes(start, length * 5);
            let listed: Vec<Times> = offer.slots().collect();
            let first = plus_minutes(start, slot);
            let is_listed = listed.contains(&(start, first));
            prop_assert_eq!(offer.count(start, first).is_some(), is_listed);
            if let Some(count) = offer.count(start, end) {
                prop_assert_eq!(count * slot, length * 5);
                prop_assert!(is_listed);
            }
        }
    }
}
