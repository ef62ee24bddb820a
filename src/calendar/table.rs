//! The tables of days off and shifted working days, one a year.
//!
//! CSV with the columns `date,name,kind`: an ISO date of the table's year,
//! the holiday's name, and `off` or `work_as=Mo` to `work_as=Su`. Lines that
//! begin with `#` are remarks.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

/// The tables that the program brings: a year and its CSV.
pub(super) const EMBEDDED: &[(i32, &str)] = &[
    (2024, include_str!("../../data/holidays/cn-2024.csv")),
    (2025, include_str!("../../data/holidays/cn-2025.csv")),
    (2026, include_str!("../../data/holidays/cn-2026.csv")),
];

/// The columns, in order.
const COLUMNS: [&str; 3] = ["date", "name", "kind"];

/// What a table says of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A day off, with the holiday's name.
    Off(Box<str>),
    /// A day that is worked like this weekday.
    WorksAs(Weekday),
}

/// One year's table.
#[derive(Debug)]
pub(super) struct YearTable {
    pub(super) days: BTreeMap<NaiveDate, Entry>,
}

/// A table that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("holiday table of {year}, line {line}, column {column}: {problem}")]
pub struct TableError {
    /// The table's year.
    pub year: i32,
    /// The line of the file, counted from 1.
    pub line: u64,
    /// The column, counted from 1: `date`, `name`, `kind`.
    pub column: usize,
    /// What is wrong there.
    pub problem: TableProblem,
}

/// What is wrong with a field of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// The first line does not name the columns.
    #[error("expected the header date,name,kind")]
    Header,
    /// Too few or too many fields.
    #[error("expected three fields, found {0}")]
    Fields(usize),
    /// Not an ISO date.
    #[error("{0:?} is not a date like 2026-05-01")]
    Date(String),
    /// A date of another year.
    #[error("{0} is not in the table's year")]
    OtherYear(NaiveDate),
    /// A date that the table has already.
    #[error("{0} stands twice")]
    Twice(NaiveDate),
    /// A day off without a name.
    #[error("the holiday has no name")]
    NoName,
    /// Neither `off` nor `work_as=` and a weekday.
    #[error("{0:?} is neither off nor work_as=Mo, Tu, We, Th, Fr, Sa, Su")]
    Kind(String),
    /// A day that works as what it is.
    #[error("{0} is that weekday already")]
    NotShifted(NaiveDate),
    /// No day at all: a year without a table is rather left out.
    #[error("the table has no days")]
    Empty,
    /// Not CSV.
    #[error("cannot be read: {0}")]
    Csv(String),
}

impl YearTable {
    pub(super) fn parse(year: i32, text: &str) -> Result<Self, TableError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .flexible(true)
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut days = BTreeMap::new();
        let mut header_seen = false;
        let mut last_line = 1;
        for record in reader.records() {
            let record = record.map_err(|error| TableError {
                year,
                line: error.position().map_or(last_line, csv::Position::line),
                column: 1,
                problem: TableProblem::Csv(error.to_string()),
            })?;
            let line = record.position().map_or(last_line, csv::Position::line);
            last_line = line;
            let fail = |(column, problem)| TableError {
                year,
                line,
                column,
                problem,
            };
            if header_seen {
                let (date, entry) = parse_row(year, &record).map_err(fail)?;
                if days.insert(date, entry).is_some() {
                    return Err(fail((1, TableProblem::Twice(date))));
                }
            } else if record.iter().eq(COLUMNS) {
                header_seen = true;
            } else {
                return Err(fail((1, TableProblem::Header)));
            }
        }
        if days.is_empty() {
            return Err(TableError {
                year,
                line: last_line,
                column: 1,
                problem: TableProblem::Empty,
            });
        }
        Ok(YearTable { days })
    }
}

/// A row, or the column that is wrong and how.
fn parse_row(year: i32, record: &csv::StringRecord) -> Result<(NaiveDate, Entry), (usize, TableProblem)> {
    let fields: Vec<&str> = record.iter().collect();
    let &[date, name, kind] = fields.as_slice() else {
        let column = (fields.len() + 1).min(COLUMNS.len() + 1);
        return Err((column, TableProblem::Fields(fields.len())));
    };
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| (1, TableProblem::Date(date.to_owned())))?;
    if date.year() != year {
        return Err((1, TableProblem::OtherYear(date)));
    }
    let unknown_kind = || (3, TableProblem::Kind(kind.to_owned()));
    let entry = match kind.strip_prefix("work_as=") {
        Some(weekday) => Entry::WorksAs(parse_weekday(weekday).ok_or_else(unknown_kind)?),
        None if kind == "off" => Entry::Off(name.into()),
        None => return Err(unknown_kind()),
    };
    match entry {
        Entry::Off(_) if name.is_empty() => Err((2, TableProblem::NoName)),
        Entry::WorksAs(weekday) if weekday == date.weekday() => Err((3, TableProblem::NotShifted(date))),
        entry => Ok((date, entry)),
    }
}

fn parse_weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "Mo" => Weekday::Mon,
        "Tu" => Weekday::Tue,
        "We" => Weekday::Wed,
        "Th" => Weekday::Thu,
        "Fr" => Weekday::Fri,
        "Sa" => Weekday::Sat,
        "Su" => Weekday::Sun,
        _ => return None,
    })
}
