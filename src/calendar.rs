//! The civil calendar of one time zone: opening hours, China's days off, and
//! the weekend days that are worked (调休).
//!
//! The grammar and the rules of a day come from the crate `opening-hours`;
//! what it does not know is here. A day off counts as the grammar's `PH`, so
//! that hours which say nothing of `PH` treat it as its ordinary weekday. A
//! shifted working day is evaluated as the weekday it works as (see
//! `hours.rs`). A year without a table is said: `provisional`.
//!
//! Nothing here knows the present: every question names its instant or day.
//!
//! Sunrise, sunset, dawn and dusk are taken as 07:00, 19:00, 06:00 and 20:00
//! all the year, since hours are kept without the place they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use compact_calendar::CompactCalendar;
use opening_hours::schedule::Schedule;
use opening_hours::{Context, ContextHolidays, RuleKind};

mod hours;
mod table;

pub use hours::{Hours, HoursError, MAX_HOURS_CHARS};
use table::{Entry, YearTable};
pub use table::{TableError, TableProblem};

/// How far ahead a change of state is looked for. Hours that keep one state
/// longer (24/7, a past season) have no next change.
pub const HORIZON_DAYS: u64 = 400;

/// What hours say at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursState {
    /// Whether it is open; `None` where the hours themselves say `unknown`.
    pub open: Option<bool>,
    /// When `open` or `comment` next changes, if within [`HORIZON_DAYS`].
    pub next_change: Option<DateTime<Utc>>,
    /// The answer may yet change: it depends on weekdays or holidays, and up
    /// to the next change lies a day whose year has no table, or a shifted
    /// day on which these hours cannot be evaluated (see [`Hours`]).
    pub provisional: bool,
    /// The comment of the rule in force ("by appointment").
    pub comment: Option<Arc<str>>,
}

/// What kind of day a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// Monday to Friday, and nothing else is known.
    Weekday,
    /// Saturday or Sunday, and nothing else is known.
    Weekend,
    /// A day off, with the holiday's name.
    Off(&'a str),
    /// A day that is worked as if it were this weekday.
    WorksAs(Weekday),
}

/// A time zone with its tables of days off and shifted working days.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: Tz,
    years: BTreeSet<i32>,
    days: BTreeMap<NaiveDate, Entry>,
    /// How hours see an ordinary day.
    ordinary: Context,
    /// How hours see a shifted day and the day after it.
    around_shifts: BTreeMap<NaiveDate, Context>,
}

impl Calendar {
    /// The calendar of `zone` with the tables that the program brings.
    ///
    /// # Errors
    /// Where one of them is malformed, which only a faulty build can cause.
    pub fn new(zone: Tz) -> Result<Self, TableError> {
        Self::from_tables(zone, table::EMBEDDED.iter().copied())
    }

    /// The calendar of `zone` with these tables only, each a year and the
    /// text of its CSV (`date,name,kind`). A later table of a year replaces
    /// an earlier one.
    ///
    /// # Errors
    /// A malformed table, with its line and column.
    pub fn from_tables<'t>(zone: Tz, tables: impl IntoIterator<Item = (i32, &'t str)>) -> Result<Self, TableError> {
        let mut calendar = Calendar {
            zone,
            years: BTreeSet::new(),
            days: BTreeMap::new(),
            ordinary: Context::default(),
            around_shifts: BTreeMap::new(),
        };
        for (year, csv) in tables {
            calendar.take(year, csv)?;
        }
        calendar.derive_contexts();
        Ok(calendar)
    }

    /// The same calendar with a city's own table for one year.
    ///
    /// # Errors
    /// A malformed table, with its line and column.
    pub fn with_table(mut self, year: i32, csv: &str) -> Result<Self, TableError> {
        self.take(year, csv)?;
        self.derive_contexts();
        Ok(self)
    }

    fn take(&mut self, year: i32, csv: &str) -> Result<(), TableError> {
        let YearTable { days } = YearTable::parse(year, csv)?;
        self.days.retain(|date, _| date.year() != year);
        self.days.extend(days);
        self.years.insert(year);
        Ok(())
    }

    fn derive_contexts(&mut self) {
        let off = || {
            self.days
                .iter()
                .filter(|(_, entry)| matches!(entry, Entry::Off(_)))
                .map(|(date, _)| *date)
        };
        self.ordinary = context(off());
        let shifted = self.days.iter().filter_map(|(date, entry)| match entry {
            Entry::WorksAs(_) => Some(*date),
            Entry::Off(_) => None,
        });
        self.around_shifts = shifted
            .flat_map(|date| [Some(date), date.succ_opt()])
            .flatten()
            .map(|date| {
                let near = off().filter(|day| (*day - date).num_days().abs() <= 800);
                let marks = [Some(date), date.pred_opt()]
                    .into_iter()
                    .flatten()
                    .filter_map(|day| hours::weekday_mark(day, self.works_as(day)));
                (date, context(near.chain(marks)))
            })
            .collect();
    }

    /// The zone in which days begin and end.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The years that have a table, in order.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.years.iter().copied()
    }

    /// What kind of day `date` is.
    pub fn day(&self, date: NaiveDate) -> DayKind<'_> {
        match (self.days.get(&date), date.weekday()) {
            (Some(Entry::Off(name)), _) => DayKind::Off(name),
            (Some(Entry::WorksAs(weekday)), _) => DayKind::WorksAs(*weekday),
            (None, Weekday::Sat | Weekday::Sun) => DayKind::Weekend,
            (None, _) => DayKind::Weekday,
        }
    }

    /// The weekday whose rules hold on `date`: its own, save on a shifted day.
    pub fn works_as(&self, date: NaiveDate) -> Weekday {
        match self.days.get(&date) {
            Some(Entry::WorksAs(weekday)) => *weekday,
            _ => date.weekday(),
        }
    }

    /// The civil day of an instant.
    pub fn date_of(&self, at: DateTime<Utc>) -> NaiveDate {
        let utc = at.naive_utc();
        let offset = self.zone.offset_from_utc_datetime(&utc).fix();
        let date = utc.checked_add_offset(offset).unwrap_or(utc).date();
        // Where clocks go back over midnight, the day has begun already.
        match date.succ_opt() {
            Some(tomorrow) if self.instant(tomorrow, 0) <= at => tomorrow,
            _ => date,
        }
    }

    /// When the civil day of an instant ends.
    pub fn day_ends(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let tomorrow = self.date_of(at).succ_opt();
        tomorrow.map_or(at, |tomorrow| self.instant(tomorrow, 0))
    }

    /// What `hours` say at `at`, and until when.
    pub fn state(&self, hours: &Hours, at: DateTime<Utc>) -> HoursState {
        let first_day = self.date_of(at);
        let view = View::new(self, hours);
        let mut current = (RuleKind::Closed, Arc::from(""));
        // The change that is found, and its day.
        let mut change: Option<(DateTime<Utc>, NaiveDate)> = None;
        let mut last_day = first_day;
        'walk: for ahead in 0..=HORIZON_DAYS {
            let Some(date) = first_day.checked_add_days(Days::new(ahead)) else {
                break;
            };
            for stretch in view.schedule(date) {
                let from = self.instant(date, stretch.range.start.mins_from_midnight());
                // A stretch that clocks going forward leave empty begins
                // where the next one begins: look one further.
                if change.is_some_and(|(when, _)| from > when) {
                    break 'walk;
                }
                let next = (stretch.kind, stretch.comment);
                if from <= at {
                    current = next;
                } else {
                    change = (next != current).then_some((from, date));
                }
            }
            last_day = date;
            if hours.is_constant() {
                break;
            }
        }
        let (kind, comment) = current;
        HoursState {
            open: match kind {
                RuleKind::Open => Some(true),
                RuleKind::Closed => Some(false),
                RuleKind::Unknown => None,
            },
            next_change: change.map(|(when, _)| when),
            provisional: hours.follows_weekdays()
                && self.is_provisional(hours, first_day, change.map_or(last_day, |(_, day)| day)),
            comment: (!comment.is_empty()).then_some(comment),
        }
    }

    /// Whether `hours` have any opening on the civil day `date`, be it one
    /// that began the evening before: what a timetable shows.
    pub fn serves_on(&self, hours: &Hours, date: NaiveDate) -> bool {
        View::new(self, hours)
            .schedule(date)
            .into_iter()
            .any(|stretch| stretch.kind == RuleKind::Open)
    }

    /// When `hours` are open, as the stretches that begin on the civil days from `first` to
    /// `last`, in order. What goes on past midnight is one stretch, save that a day that is
    /// open throughout begins a new one: so the answer for a day is the same whatever days
    /// are asked about. Where clocks go back the hour that exists twice is in it twice,
    /// where they go forward the missing one is not.
    pub fn open_between(&self, hours: &Hours, first: NaiveDate, last: NaiveDate) -> Vec<Open> {
        let view = View::new(self, hours);
        let mut found: Vec<(NaiveDate, Open)> = Vec::new();
        // The day before tells what goes on from there, the day after where it ends.
        let from = first.pred_opt().unwrap_or(first);
        let days = u64::try_from((last - from).num_days()).unwrap_or(0) + 1;
        for date in (0..=days).filter_map(|ahead| from.checked_add_days(Days::new(ahead))) {
            for (begins, ends) in open_minutes(view.schedule(date)) {
                let (from, to) = (self.instant(date, begins), self.instant(date, ends));
                let is_whole = begins == 0 && ends >= 24 * 60;
                match found.last_mut() {
                    Some((_, before)) if begins == 0 && !is_whole && before.1 == from => before.1 = to,
                    _ if from < to => found.push((date, (from, to))),
                    _ => {}
                }
            }
        }
        found.retain(|(date, _)| (first..=last).contains(date));
        found.into_iter().map(|(_, open)| open).collect()
    }

    /// Whether the state's calendar of the year of `date` is known, with its days off and
    /// shifted working days.
    pub fn knows(&self, date: NaiveDate) -> bool {
        self.years.contains(&date.year())
    }

    /// Whether people work on `date`: a weekday that is no day off, or a shifted one.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        matches!(self.day(date), DayKind::Weekday | DayKind::WorksAs(_))
    }

    /// The civil day that is so many working days from `date`, which itself does not count;
    /// before it where they are negative.
    pub fn working_days_from(&self, date: NaiveDate, working_days: i64) -> NaiveDate {
        let (mut date, mut left) = (date, working_days.abs());
        while left > 0 {
            let next = if working_days < 0 {
                date.pred_opt()
            } else {
                date.succ_opt()
            };
            let Some(next) = next else { break };
            date = next;
            left -= i64::from(self.is_working_day(date));
        }
        date
    }

    fn is_provisional(&self, hours: &Hours, first: NaiveDate, last: NaiveDate) -> bool {
        let untabled = (first.year()..=last.year()).any(|year| !self.years.contains(&year));
        untabled || (hours.by_marks().is_none() && self.around_shifts.range(first..=last).next().is_some())
    }

    /// The instant of a wall-clock time, in minutes from midnight: the first
    /// of two where clocks go back, the end of the gap where they go forward.
    /// So later wall-clock times are never earlier instants.
    pub fn instant(&self, date: NaiveDate, minutes: u16) -> DateTime<Utc> {
        /// No zone ever skipped more than a day.
        const LONGEST_GAP_MINUTES: i64 = 26 * 60;
        let midnight = date.and_time(NaiveTime::MIN);
        (0..=LONGEST_GAP_MINUTES)
            .find_map(|skipped| {
                let past_midnight = TimeDelta::minutes(i64::from(minutes) + skipped);
                let wall = midnight.checked_add_signed(past_midnight)?;
                self.zone.from_local_datetime(&wall).earliest()
            })
            .map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
    }
}

/// A stretch of time in which something is open: from its beginning to its end.
pub type Open = (DateTime<Utc>, DateTime<Utc>);

/// When a day is open, in minutes from its midnight, with neighbours put together.
fn open_minutes(schedule: Schedule) -> Vec<(u16, u16)> {
    let mut open: Vec<(u16, u16)> = Vec::new();
    for stretch in schedule {
        if stretch.kind != RuleKind::Open {
            continue;
        }
        let (begins, ends) = (
            stretch.range.start.mins_from_midnight(),
            stretch.range.end.mins_from_midnight(),
        );
        match open.last_mut() {
            Some(before) if before.1 == begins => before.1 = ends,
            _ => open.push((begins, ends)),
        }
    }
    open
}

/// The crate's context in which these days are `PH`.
fn context(public_holidays: impl Iterator<Item = NaiveDate>) -> Context {
    let mut public = CompactCalendar::default();
    for date in public_holidays {
        public.insert(date);
    }
    Context::default().with_holidays(ContextHolidays::new(Arc::new(public), Arc::default()))
}

/// Hours seen through a calendar, for several days in a row.
struct View<'a> {
    calendar: &'a Calendar,
    hours: &'a Hours,
    ordinary: opening_hours::OpeningHours,
}

impl<'a> View<'a> {
    fn new(calendar: &'a Calendar, hours: &'a Hours) -> Self {
        View {
            calendar,
            hours,
            ordinary: hours.rules().clone().with_context(calendar.ordinary.clone()),
        }
    }

    /// The civil day from 00:00 to 24:00, what spills over from the day
    /// before included, each day under its own weekday.
    fn schedule(&self, date: NaiveDate) -> Schedule {
        match (self.calendar.around_shifts.get(&date), self.hours.by_marks()) {
            (Some(context), Some(by_marks)) => by_marks.clone().with_context(context.clone()).schedule_at(date),
            _ => self.ordinary.schedule_at(date),
        }
    }
}

#[cfg(test)]
mod tests;
