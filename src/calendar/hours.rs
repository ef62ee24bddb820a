//! Opening hours, read once and kept ready to evaluate.
//!
//! # Shifted days
//! The crate knows one weekday a date, the real one. For a day that works as
//! another, the hours are kept a second time with each weekday written as a
//! mark that a context can set for a day at will: `Tu` becomes
//! `PH -9010 days`, which holds on a date exactly if the date 9,010 days later
//! is among the public holidays. The context of a shifted day puts the marks
//! of that day and of the day before (whose hours may spill over midnight)
//! beside the real holidays. Dates, months, weeks and years keep their real
//! meaning, and so do rules that name a particular day of the month by its
//! weekday (`Sa[2]`, the second Saturday), which are not moved.

use std::fmt;
use std::sync::Arc;

use chrono::{Days, NaiveDate, Weekday};
use opening_hours::OpeningHours;
use opening_hours_syntax::rules::day::HolidayKind;
use opening_hours_syntax::rules::day::WeekDayRange;
use opening_hours_syntax::rules::time::{Time, TimeEvent, TimeSpan};
use opening_hours_syntax::rules::{OpeningHoursExpression, RuleOperator, RuleSequence};
use opening_hours_syntax::{Error as GrammarError, ExtendedTime};
use pest::error::LineColLocation;

/// The longest expression taken, in characters.
pub const MAX_HOURS_CHARS: usize = 512;

/// Opening hours in OpenStreetMap's grammar, checked and parsed.
///
/// A handful of expressions cannot be evaluated on shifted days (holiday
/// offsets of more than a year): there they follow the real weekday, and the
/// state says `provisional`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hours {
    text: Arc<str>,
    rules: OpeningHours,
    by_marks: Option<OpeningHours>,
    follows_weekdays: bool,
}

/// Why a text is not opening hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Nothing but spaces.
    #[error("opening hours are empty")]
    Empty,
    /// More than [`MAX_HOURS_CHARS`].
    #[error("opening hours have {chars} characters; at most {MAX_HOURS_CHARS} are taken")]
    TooLong {
        /// How many there are.
        chars: usize,
    },
    /// Not in the grammar.
    #[error("opening hours cannot be read at character {column}: {expected}")]
    Syntax {
        /// The first character that does not fit, counted from 1.
        column: usize,
        /// What the grammar would take there.
        expected: String,
    },
    /// In the grammar, but no hours that can be evaluated.
    #[error("opening hours cannot be used: {reason}")]
    Unusable {
        /// What is wrong with them.
        reason: String,
    },
}

impl Hours {
    /// Reads opening hours. Spaces around them do not count.
    ///
    /// # Errors
    /// What is wrong, and where if the grammar knows.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 {
            return Err(HoursError::Empty);
        }
        if chars > MAX_HOURS_CHARS {
            return Err(HoursError::TooLong { chars });
        }
        let rules: OpeningHours = text.parse().map_err(explain)?;
        let expression = rules.get_expression();
        if expression.rules.iter().any(ends_too_late) {
            return Err(HoursError::Unusable {
                reason: "a time ends after the second midnight".to_owned(),
            });
        }
        let follows_weekdays =
            (expression.rules.iter()).any(|rule| rule.day_selector.weekday.iter().any(|days| !is_every_day(days)));
        Ok(Hours {
            text: text.into(),
            by_marks: if follows_weekdays {
                with_marks(&expression)
            } else {
                Some(rules.clone())
            },
            rules,
            follows_weekdays,
        })
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn rules(&self) -> &OpeningHours {
        &self.rules
    }

    /// The hours with marks for weekdays; `None` where that cannot be written.
    pub(super) fn by_marks(&self) -> Option<&OpeningHours> {
        self.by_marks.as_ref()
    }

    /// Whether the state never changes.
    pub(super) fn is_constant(&self) -> bool {
        self.rules.get_expression().is_constant()
    }

    /// Whether weekdays or holidays matter at all.
    pub(super) fn follows_weekdays(&self) -> bool {
        self.follows_weekdays
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hours({:?})", self.text)
    }
}

fn explain(error: GrammarError) -> HoursError {
    match error {
        GrammarError::Syntax(inner) => {
            let (LineColLocation::Pos((_, column)) | LineColLocation::Span((_, column), _)) = inner.line_col;
            HoursError::Syntax {
                column,
                expected: inner.variant.message().into_owned(),
            }
        }
        other => HoursError::Unusable {
            reason: other.to_string(),
        },
    }
}

/// Whether a time of the rule has no end that the crate can express, on which
/// its evaluation would panic: a variable start past an end that is already
/// on the next day, such as `(sunset+06:00)-24:30`.
fn ends_too_late(rule: &RuleSequence) -> bool {
    let late = |span: &TimeSpan| match (clock(span.range.start), clock(span.range.end)) {
        (Some(start), Some(end)) => start >= end && end.add_hours(24).is_none(),
        _ => false,
    };
    rule.time_selector.spans.iter().any(late)
}

/// The time of day, with the sun as the crate takes it where no place is known.
fn clock(time: Time) -> Option<ExtendedTime> {
    match time {
        Time::Fixed(at) => Some(at),
        Time::Variable(variable) => {
            let hour = match variable.event {
                TimeEvent::Dawn => 6,
                TimeEvent::Sunrise => 7,
                TimeEvent::Sunset => 19,
                TimeEvent::Dusk => 20,
            };
            ExtendedTime::new(hour, 0)?.add_minutes(variable.offset)
        }
    }
}

/// The marks of Monday to Sunday lie this many days after the day they are
/// set for, ten days apart so that those of two neighbours never meet, and
/// far from any real holiday.
const MARK_DAYS: [i16; 7] = [9000, 9010, 9020, 9030, 9040, 9050, 9060];

/// Real offsets from holidays (`PH -1 day`) that can stand beside marks.
const LARGEST_OFFSET_DAYS: i16 = 366;

/// A positive offset is written by the crate without its sign, and then not
/// read again: it is printed as this plus the offset, negative, and mended.
const PLUS_DAYS: i16 = 20_000;

fn mark_days(weekday: Weekday) -> i16 {
    match weekday {
        Weekday::Mon => MARK_DAYS[0],
        Weekday::Tue => MARK_DAYS[1],
        Weekday::Wed => MARK_DAYS[2],
        Weekday::Thu => MARK_DAYS[3],
        Weekday::Fri => MARK_DAYS[4],
        Weekday::Sat => MARK_DAYS[5],
        Weekday::Sun => MARK_DAYS[6],
    }
}

/// The date that stands for "`date` is a `weekday`" among the holidays.
pub(super) fn weekday_mark(date: NaiveDate, weekday: Weekday) -> Option<NaiveDate> {
    date.checked_add_days(Days::new(mark_days(weekday).unsigned_abs().into()))
}

/// The hours with every plain weekday replaced by its mark.
fn with_marks(expression: &OpeningHoursExpression) -> Option<OpeningHours> {
    let mut marked = expression.clone();
    let mut printed = expression.clone();
    for (rule, print) in marked.rules.iter_mut().zip(&mut printed.rules) {
        // Behind a comma the crate prints a rule for all days as Mo-Su.
        let is_bare = rule.operator == RuleOperator::Additional && rule.day_selector.is_empty();
        rule.day_selector.weekday = if is_bare {
            mark_all(&[EVERY_DAY])?
        } else {
            mark_all(&rule.day_selector.weekday)?
        };
        print.day_selector.weekday = (rule.day_selector.weekday.iter().cloned()).map(printable).collect();
    }
    let mut text = printed.to_string();
    for days in positive_offsets(expression) {
        text = text.replace(&format!("-{} days", PLUS_DAYS + days), &format!("+{days} days"));
    }
    // The crate can be given hours only as text: make sure of what it read.
    let read: OpeningHours = text.parse().ok()?;
    (*read.get_expression() == marked).then_some(read)
}

/// Monday to Sunday.
const EVERY_DAY: WeekDayRange = WeekDayRange::Fixed {
    range: Weekday::Mon..=Weekday::Sun,
    offset: 0,
    nth_from_start: [true; 5],
    nth_from_end: [true; 5],
};

/// Holidays and marks first, then the rest: the order that the grammar reads.
fn mark_all(days: &[WeekDayRange]) -> Option<Vec<WeekDayRange>> {
    let mut holidays = Vec::with_capacity(days.len() * 7);
    let mut named = Vec::new();
    for range in days {
        match range {
            WeekDayRange::Holiday { offset, .. } => {
                if offset.abs() > LARGEST_OFFSET_DAYS {
                    return None;
                }
                holidays.push(range.clone());
            }
            WeekDayRange::Fixed { range: days, .. } if is_plain(range) => {
                holidays.extend(
                    weekdays(*days.start(), *days.end()).map(|weekday| WeekDayRange::Holiday {
                        kind: HolidayKind::Public,
                        offset: -mark_days(weekday),
                    }),
                );
            }
            WeekDayRange::Fixed { .. } => named.push(range.clone()),
        }
    }
    holidays.append(&mut named);
    Some(holidays)
}

fn positive_offsets(expression: &OpeningHoursExpression) -> impl Iterator<Item = i16> {
    (expression.rules.iter())
        .flat_map(|rule| &rule.day_selector.weekday)
        .filter_map(|days| match days {
            WeekDayRange::Holiday { offset, .. } => Some(*offset).filter(|days| *days > 0),
            WeekDayRange::Fixed { .. } => None,
        })
}

fn printable(days: WeekDayRange) -> WeekDayRange {
    match days {
        WeekDayRange::Holiday { kind, offset } if offset > 0 => WeekDayRange::Holiday {
            kind,
            offset: -(PLUS_DAYS + offset),
        },
        other => other,
    }
}

/// Whether these are weekdays of every week, rather than the n-th of a month
/// or days counted from one.
fn is_plain(days: &WeekDayRange) -> bool {
    matches!(
        days,
        WeekDayRange::Fixed { offset: 0, nth_from_start, nth_from_end, .. }
            if nth_from_start.iter().chain(nth_from_end).all(|nth| *nth)
    )
}

/// Whether these are plainly all seven days.
fn is_every_day(days: &WeekDayRange) -> bool {
    match days {
        WeekDayRange::Fixed { range, .. } => is_plain(days) && weekdays(*range.start(), *range.end()).count() == 7,
        WeekDayRange::Holiday { .. } => false,
    }
}

/// The weekdays from `first` to `last`, over the week's end if need be.
fn weekdays(first: Weekday, last: Weekday) -> impl Iterator<Item = Weekday> {
    let count = last.days_since(first) as usize + 1;
    std::iter::successors(Some(first), |day| Some(day.succ())).take(count)
}
