//! What rules can say, and what of it does not go together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::booking::model::named;
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::grid::UnitId;

/// The id of a set of rules.
pub type RulesId = Id<Rules>;
/// The id of a version of rules.
pub type RulesVersionId = Id<Version>;

/// A set of rules, which one resource or several have.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Its id.
    pub id: RulesId,
    /// Whose it is.
    pub unit_id: UnitId,
    /// What it is called.
    pub name: String,
    /// The number of its current version.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its current version was made.
    pub updated_at: Timestamp,
}

impl Named for Rules {
    const PREFIX: &'static str = "brl";
}

/// What a set of rules says from some time on; never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its id.
    pub id: RulesVersionId,
    /// Of which set.
    pub rules_id: RulesId,
    /// The how manieth, from 1.
    pub number: i64,
    /// What it says.
    pub terms: Terms,
}

impl Named for Version {
    const PREFIX: &'static str = "brv";
}

named! {
    /// In what a stretch of time is counted.
    Unit as BookingSpanUnit {
        /// Seconds.
        Seconds "seconds",
        /// Civil days.
        Days "days",
        /// Working days by the state's calendar.
        WorkingDays "working_days",
    }
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingSpan)]
pub struct Span {
    /// How many.
    #[schema(minimum = 0, maximum = 31_622_400)]
    pub count: i64,
    /// Of what.
    pub unit: Unit,
}

/// When booking for a day opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingOpening)]
pub struct Opening {
    /// So many days before.
    #[schema(minimum = 0, maximum = 366)]
    pub days_before: i64,
    /// At this time, in the city's zone.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "15:00")]
    pub at: String,
    /// So many of the places, where it is not all that are left.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: Option<i64>,
}

impl Opening {
    /// The time in minutes from midnight.
    pub fn minutes(&self) -> u16 {
        let mut parts = self.at.split(':').map(|part| part.parse::<u16>().unwrap_or(0));
        parts.next().unwrap_or(0) * 60 + parts.next().unwrap_or(0)
    }
}

named! {
    /// Whose bookings are counted together.
    Whose as BookingLimitWhose {
        /// The person's.
        Person "person",
        /// Those of all who are of their household.
        Household "household",
        /// Those of all who book as residents of the same party of a sharing agreement; by the
        /// owner's own right it counts nobody.
        Party "party",
    }
}

named! {
    /// Which bookings are counted together.
    Period as BookingLimitPeriod {
        /// Those that are not over.
        Active "active",
        /// Those of the day.
        Day "day",
        /// Those of the week, from Monday.
        Week "week",
    }
}

/// How much may be booked. Counted are the bookings under the same set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingLimit)]
pub struct Limit {
    /// By whom.
    pub of: Whose,
    /// When.
    pub per: Period,
    /// So many bookings at the most.
    #[schema(minimum = 1, maximum = 1_000)]
    pub bookings: Option<i64>,
    /// So many minutes at the most.
    #[schema(minimum = 5, maximum = 100_000)]
    pub minutes: Option<i64>,
}

named! {
    /// What becomes of bookings of one person at the same time.
    Overlap as BookingOverlap {
        /// They are refused.
        Refuse "refuse",
        /// They are allowed.
        Allow "allow",
    }
}

named! {
    /// Whether the staff agree to each booking.
    Approval as BookingApproval {
        /// They need not.
        None "none",
        /// They do; until then it keeps its place.
        Occupies "occupies",
        /// They do; until then several may ask for the same place.
        Competes "competes",
    }
}

named! {
    /// Who of those who wait gets a place that comes free.
    WaitingPolicy as BookingWaitingPolicy {
        /// The first for whom it is enough; whoever needs more keeps their place in the list.
        FirstThatFits "first_that_fits",
        /// The first: what comes free is kept until it is enough for them, and nobody else gets
        /// it meanwhile.
        Strict "strict",
    }
}

/// What becomes of those who do not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingNoShowPolicy)]
pub struct NoShowPolicy {
    /// So many seconds after the beginning the place is given back where nobody came; never
    /// by itself where this is not given.
    #[schema(minimum = 0, maximum = 86_400)]
    pub grace_seconds: Option<i64>,
    /// So many times not come lead to a pause; none where this is not given.
    #[schema(minimum = 1, maximum = 100)]
    pub count: Option<i64>,
    /// Counted within so many days.
    #[serde(default = "thirty")]
    #[schema(minimum = 1, maximum = 366, default = 30)]
    pub within_days: i64,
    /// Within so many days of its end somebody can object to a booking's being counted.
    #[serde(default = "seven")]
    #[schema(minimum = 0, maximum = 366, default = 7)]
    pub object_days: i64,
    /// The pause is so many days long, from the last time on.
    #[serde(default = "thirty")]
    #[schema(minimum = 1, maximum = 366, default = 30)]
    pub pause_days: i64,
}

impl Default for NoShowPolicy {
    fn default() -> Self {
        Self {
            grace_seconds: None,
            count: None,
            within_days: thirty(),
            object_days: seven(),
            pause_days: thirty(),
        }
    }
}

/// What rules say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingTerms)]
pub struct Terms {
    /// When booking for a day opens, for all at once or in shares; from the horizon on where
    /// nothing stands here. Nobody books before it, the staff included.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub opens: Vec<Opening>,
    /// So long before its beginning a slot is booked at the latest.
    #[serde(default = "no_time")]
    pub lead: Span,
    /// So far ahead a slot is booked at the earliest.
    #[serde(default = "thirty_days")]
    pub horizon: Span,
    /// So many seconds before its beginning a booking is cancelled at the latest for it not
    /// to count as late.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 2_592_000, default = 0)]
    pub cancel_until_seconds: i64,
    /// So many people at least.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10_000, default = 1)]
    pub party_min: i64,
    /// So many people at the most; as many as there are places where this is not given.
    #[schema(minimum = 1, maximum = 10_000)]
    pub party_max: Option<i64>,
    /// So many slots in a row at the most.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 288, default = 1)]
    pub slots_max: i64,
    /// How much may be booked.
    #[serde(default)]
    #[schema(max_items = 12)]
    pub limits: Vec<Limit>,
    /// What becomes of bookings of one person at the same time.
    #[serde(default = "refuse")]
    pub overlap: Overlap,
    /// So often a person may change a booking; as often as they like where this is not given.
    #[schema(minimum = 0, maximum = 1_000)]
    pub changes_max: Option<i64>,
    /// Whether the staff agree to each booking.
    #[serde(default = "no_approval")]
    pub approval: Approval,
    /// So many seconds before its beginning a booking that nobody approved expires.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 2_592_000, default = 0)]
    pub pending_expires_seconds: i64,
    /// So many seconds a hold lasts.
    #[serde(default = "five_minutes")]
    #[schema(minimum = 1, maximum = 3_600, default = 300)]
    pub hold_seconds: i64,
    /// So many seconds whoever waits has to take a place that is offered to them; what comes
    /// at night is answered in the morning.
    #[serde(default = "half_an_hour")]
    #[schema(minimum = 1, maximum = 86_400, default = 1_800)]
    pub offer_seconds: i64,
    /// Who of those who wait gets a place that comes free.
    #[serde(default = "first_that_fits")]
    pub waiting: WaitingPolicy,
    /// So many seconds before its beginning one checks in at the earliest.
    #[serde(default = "half_an_hour")]
    #[schema(minimum = 0, maximum = 86_400, default = 1_800)]
    pub check_in_seconds: i64,
    /// So many seconds before its beginning a booking's person is reminded; never where this
    /// is not given.
    #[schema(minimum = 60, maximum = 604_800)]
    pub remind_seconds: Option<i64>,
    /// What becomes of those who do not come.
    #[serde(default)]
    pub no_show: NoShowPolicy,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            opens: Vec::new(),
            lead: no_time(),
            horizon: thirty_days(),
            cancel_until_seconds: 0,
            party_min: one(),
            party_max: None,
            slots_max: one(),
            limits: Vec::new(),
            overlap: refuse(),
            changes_max: None,
            approval: no_approval(),
            pending_expires_seconds: 0,
            hold_seconds: five_minutes(),
            offer_seconds: half_an_hour(),
            waiting: first_that_fits(),
            check_in_seconds: half_an_hour(),
            remind_seconds: None,
            no_show: NoShowPolicy::default(),
        }
    }
}

fn no_time() -> Span {
    Span {
        count: 0,
        unit: Unit::Seconds,
    }
}

fn thirty_days() -> Span {
    Span {
        count: 30,
        unit: Unit::Days,
    }
}

fn one() -> i64 {
    1
}

fn thirty() -> i64 {
    30
}

fn seven() -> i64 {
    7
}

fn first_that_fits() -> WaitingPolicy {
    WaitingPolicy::FirstThatFits
}

fn five_minutes() -> i64 {
    300
}

fn half_an_hour() -> i64 {
    1_800
}

fn refuse() -> Overlap {
    Overlap::Refuse
}

fn no_approval() -> Approval {
    Approval::None
}

/// A field at fault: a pointer below the terms, a stable code, and the reason in Chinese and
/// English.
pub type Fault = (String, &'static str, &'static str, &'static str);

/// So far ahead bookings are made at the most, in days.
const FARTHEST_DAYS: i64 = 366;

impl Terms {
    /// What does not go together.
    pub fn contradictions(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, code, zh, en| faults.push((pointer, code, zh, en));
        for (name, span) in [("lead", self.lead), ("horizon", self.horizon)] {
            if span.unit != Unit::Seconds && span.count > FARTHEST_DAYS {
                fault(
                    format!("/{name}/count"),
                    "maximum",
                    "最多 366 天。",
                    "366 days at the most.",
                );
            }
        }
        if self.party_max.is_some_and(|most| most < self.party_min) {
            fault(
                "/party_max".into(),
                "minimum",
                "不能少于 party_min。",
                "It is not less than party_min.",
            );
        }
        for (index, limit) in self.limits.iter().enumerate() {
            if limit.bookings.is_none() && limit.minutes.is_none() {
                fault(
                    format!("/limits/{index}"),
                    "required",
                    "请填写 bookings 或 minutes。",
                    "Say how many bookings or minutes.",
                );
            }
        }
        let last = self.opens.len().saturating_sub(1);
        for (index, opening) in self.opens.iter().enumerate() {
            if opening.places.is_none() != (index == last) {
                fault(
                    format!("/opens/{index}/places"),
                    "shares",
                    "除最后一次外，每次开放都要写明名额；最后一次放出全部余额。",
                    "Each opening but the last says how many places; the last is for all that are left.",
                );
            }
        }
        let order = |opening: &Opening| (-opening.days_before, opening.minutes());
        for (index, pair) in self.opens.windows(2).enumerate() {
            if let [before, after] = pair
                && order(before) >= order(after)
            {
                fault(
                    format!("/opens/{}", index + 1),
                    "order",
                    "各次开放应按时间先后排列。",
                    "Openings stand in the order of their times.",
                );
            }
        }
        faults
    }

    /// The lead time in seconds; of days, whole ones.
    pub fn lead_seconds(&self) -> i64 {
        match self.lead.unit {
            Unit::Seconds => self.lead.count,
            Unit::Days | Unit::WorkingDays => self.lead.count * 86_400,
        }
    }

    /// Whether bookings of a party are counted.
    pub fn counts_parties(&self) -> bool {
        self.limits.iter().any(|limit| limit.of == Whose::Party)
    }

    /// Whether bookings of a household are counted.
    pub fn counts_households(&self) -> bool {
        self.limits.iter().any(|limit| limit.of == Whose::Household)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_its_usual_value_and_what_contradicts_is_named() {
        let plain: Terms = serde_json::from_str("{}").expect("terms");
        assert_eq!(plain, Terms::default());
        assert_eq!(plain.contradictions(), []);
        let odd: Terms = serde_json::from_str(
            r#"{"party_min": 3, "party_max": 2, "limits": [{"of": "person", "per": "day"}],
                "horizon": {"count": 400, "unit": "days"},
                "opens": [{"days_before": 1, "at": "09:00"}, {"days_before": 3, "at": "09:00", "places": 2}]}"#,
        )
        .expect("terms");
        let pointers: Vec<String> = odd.contradictions().into_iter().map(|fault| fault.0).collect();
        assert_eq!(
            pointers,
            [
                "/horizon/count",
                "/party_max",
                "/limits/0",
                "/opens/0/places",
                "/opens/1/places",
                "/opens/1"
            ]
        );
        assert_eq!(odd.opens[0].minutes(), 540);
    }
}
