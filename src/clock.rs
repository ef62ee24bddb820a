//! The only source of time.
//!
//! Everything that asks "what time is it" asks here, so that a tester can move
//! several processes at once: with the feature `test-clock`, the file named by
//! `ONEGRID_CLOCK_FILE` holds an offset in seconds that is added to the system's
//! clock and is read again when it changes. The release binary has no such door.

#![expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: microseconds since 1970-01-01T00:00:00Z. RFC 3339 outside, a
/// `BIGINT` in the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// As the calendar's type. Instants beyond chrono's range (the year 262142) saturate.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl Timestamp {
    /// Writes it as RFC 3339, as [`Display`](fmt::Display) does.
    pub fn write_to(self, out: &mut Vec<u8>) {
        match self.whole_second() {
            Some(text) => out.extend_from_slice(&text),
            None => out.extend_from_slice(self.to_string().as_bytes()),
        }
    }

    /// As RFC 3339 where it is a whole second of the years 0000 to 9999, which is what is written
    /// often.
    fn whole_second(self) -> Option<[u8; 20]> {
        const A_SECOND: i64 = 1_000_000;
        const A_DAY: i64 = 86_400;
        let seconds = self.0.div_euclid(A_SECOND);
        let (days, second) = (seconds.div_euclid(A_DAY), seconds.rem_euclid(A_DAY));
        let date = DateTime::from_timestamp(days * A_DAY, 0)?.date_naive();
        if self.0.rem_euclid(A_SECOND) != 0 || !(0..=9_999).contains(&date.year()) {
            return None;
        }
        let digit = |number: i64| b'0' + (number % 10) as u8;
        let [year, month, day] = [i64::from(date.year()), i64::from(date.month()), i64::from(date.day())];
        let [hour, minute, second] = [second / 3_600, second / 60 % 60, second % 60];
        Some([
            digit(year / 1_000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
            b'T',
            digit(hour / 10),
            digit(hour),
            b':',
            digit(minute / 10),
            digit(minute),
            b':',
            digit(second / 10),
            digit(second),
            b'Z',
        ])
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.whole_second();
        match plain.as_ref().and_then(|text| std::str::from_utf8(text).ok()) {
            Some(text) => f.write_str(text),
            None => f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|at| at.to_utc().into())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .build()
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

impl<DB: Backend> FromSql<BigInt, DB> for Timestamp
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for Timestamp
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

/// The time now.
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
    Timestamp(micros.saturating_add(offset_micros()))
}

/// A mark on the clock that never jumps, for measuring how long something took
/// and for waits; not shifted by the test clock.
pub fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(not(feature = "test-clock"))]
const fn offset_micros() -> i64 {
    0
}

/// The offset from `ONEGRID_CLOCK_FILE`, looked at again every 50 ms.
#[cfg(feature = "test-clock")]
fn offset_micros() -> i64 {
    use std::sync::{LazyLock, Mutex, PoisonError};

    static FILE: LazyLock<Option<std::path::PathBuf>> =
        LazyLock::new(|| std::env::var_os("ONEGRID_CLOCK_FILE").map(Into::into));
    static SEEN: Mutex<Option<(Instant, i64)>> = Mutex::new(None);

    let Some(file) = FILE.as_ref() else { return 0 };
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    match *seen {
        Some((at, offset)) if at.elapsed() < Duration::from_millis(50) => offset,
        _ => {
            let read = std::fs::read_to_string(file)
                .ok()
                .and_then(|text| text.trim().parse::<f64>().ok())
                .map(|seconds| (seconds * 1e6) as i64);
            // While somebody writes it, it may be empty.
            let offset = read.or(seen.map(|(_, offset)| offset)).unwrap_or(0);
            *seen = Some((Instant::now(), offset));
            offset
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_as_the_calendar_has_it() {
        let whole = [
            0,
            -1_000_000,
            951_782_400_000_000,
            4_102_444_799_000_000,
            -62_167_219_200_000_000,
        ];
        let odd = [1, 1_500_000, -1, i64::MAX, i64::MIN, 253_402_300_800_000_000];
        for micros in whole.into_iter().chain(odd) {
            let at = Timestamp::from_micros(micros);
            let mut out = Vec::new();
            at.write_to(&mut out);
            let expected = at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
            assert_eq!(String::from_utf8(out).expect("ASCII"), expected);
            assert_eq!(at.to_string(), expected);
        }
    }

    #[test]
    fn a_timestamp_reads_back_what_it_writes() {
        let at: Timestamp = "2026-02-14T09:30:00+08:00".parse().expect("an instant");
        assert_eq!(at.to_string(), "2026-02-14T01:30:00Z");
        assert_eq!(at.to_string().parse::<Timestamp>().expect("again"), at);
    }
}
