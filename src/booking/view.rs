//! Bookings and slots as clients write and read them.

use actix_web::HttpRequest;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::act::Done;
use super::model::{Act, Booking, BookingId, Objection, State, Step};
use super::resources::{Resource, ResourceId};
use super::rules::RulesVersionId;
use super::sharing::{AgreementId, Holder, Share, ShareId};
use super::slots::Slot;
use super::whether::Missed;
use super::why;
use crate::calendar::Calendar;
use crate::circle::places::PlaceId;
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::error::{FieldError, Result};
use crate::grid::UnitId;
use crate::grid::members::view::PersonView;
use crate::http::{Entity, Input, Version};
use crate::identity::PersonId;
use crate::language::Language;

/// Which slots to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlotsQuery {
    /// Those that begin on this day (`2026-12-01`) or at this time (RFC 3339) or later; from
    /// now on where it is not given.
    #[param(min_length = 10, max_length = 40, example = "2026-12-01")]
    pub from: Option<String>,
    /// Those that begin on this day at the latest, or before this time; seven days are listed
    /// where it is not given, and 62 at the most.
    #[param(min_length = 10, max_length = 40, example = "2026-12-07")]
    pub to: Option<String>,
    /// For so many people.
    #[serde(default = "one")]
    #[param(minimum = 1, maximum = 10_000, default = 1)]
    pub party: i64,
}

fn one() -> i64 {
    1
}

/// So many days of slots are listed at once.
const MOST_DAYS: i64 = 62;
const DAY_MICROS: i64 = 86_400_000_000;

/// The beginning of a day, or its end; or a time.
fn read_time(text: &str, calendar: &Calendar, is_end: bool) -> Option<Timestamp> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let day = if is_end { day.succ_opt()? } else { day };
        return Some(calendar.instant(day, 0).into());
    }
    text.parse().ok()
}

impl SlotsQuery {
    /// From when until when.
    ///
    /// # Errors
    /// Each of the two that is at fault.
    pub fn times(&self, calendar: &Calendar, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
        let mut faults = Vec::new();
        let mut read = |name: &str, text: &Option<String>, is_end, usual: Timestamp| match text {
            None => usual,
            Some(text) => read_time(text, calendar, is_end).unwrap_or_else(|| {
                faults.push(FieldError::query(
                    name,
                    "format",
                    "应为日期（2026-12-01）或时间（RFC 3339）。",
                    "It takes a day (2026-12-01) or a time (RFC 3339).",
                ));
                usual
            }),
        };
        let from = read("from", &self.from, false, now);
        let to = read(
            "to",
            &self.to,
            true,
            Timestamp::from_micros(from.micros().saturating_add(7 * DAY_MICROS)),
        );
        // A year beyond what days are counted in would be as wrong.
        let is_near = (0..=253_402_300_799_000_000).contains(&from.micros());
        // Two years far apart would be more than a number holds.
        let apart = to.micros().saturating_sub(from.micros());
        if faults.is_empty() && (apart <= 0 || apart > MOST_DAYS * DAY_MICROS || !is_near) {
            faults.push(FieldError::query(
                "to",
                "range",
                "应晚于 from，最多 62 天。",
                "It is later than from, by 62 days at the most.",
            ));
        }
        match faults.is_empty() {
            true => Ok((from, to)),
            false => Err(crate::error::Error::Invalid(faults)),
        }
    }
}

impl Input for SlotsQuery {}

/// Why a slot cannot be booked.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhyNot {
    /// The type of the problem that a booking would be answered with.
    #[serde(rename = "type")]
    #[schema(example = "https://onegrid.dev/problems/slot-full")]
    pub kind: String,
    /// In the language of the request.
    pub detail: String,
    /// From when on it can be booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// Until when it cannot be booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Places of a slot that are kept for some.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WithheldPlaces)]
pub struct WithheldView {
    /// By which share.
    pub share_id: ShareId,
    /// For whom.
    pub holder: Holder,
    /// For the residents of which unit.
    pub unit_id: Option<UnitId>,
    /// How many places; of a pool how many of its parts.
    pub places: i64,
    /// Why.
    pub reason: String,
    /// From when on they are for everybody.
    pub released_at: Timestamp,
}

impl From<(i64, Share, Timestamp)> for WithheldView {
    fn from((places, share, released_at): (i64, Share, Timestamp)) -> Self {
        Self {
            share_id: share.id,
            holder: share.holder,
            unit_id: share.unit_id,
            places,
            reason: share.reason,
            released_at,
        }
    }
}

/// A slot.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotView {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// How many places there are; in a pool those of all its parts.
    pub capacity: i64,
    /// How many of them are free for whoever asks.
    pub remaining: i64,
    /// What of the rest is kept for some, until when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<WithheldView>,
    /// Whether whoever asks can book it.
    pub bookable: bool,
    /// Whether the state's calendar of its day is not known yet: it may turn out to be a day
    /// off, or a shifted working day.
    pub provisional: bool,
    /// Why it cannot be booked, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<WhyNot>,
}

impl SlotView {
    /// In a language.
    pub fn of(slot: Slot, language: Language) -> Self {
        let why = slot.why.map(|why| {
            let kind = why.reason().type_uri();
            let error = why.error();
            let facts = error.facts();
            WhyNot {
                kind,
                detail: why::words(&error, language),
                opens_at: facts.and_then(|facts| facts.opens_at),
                until: facts.and_then(|facts| facts.until),
            }
        });
        Self {
            start: slot.start,
            end: slot.end,
            capacity: slot.capacity,
            remaining: slot.remaining,
            withheld: slot.withheld.into_iter().map(WithheldView::from).collect(),
            bookable: why.is_none(),
            provisional: slot.is_provisional,
            why,
        }
    }
}

/// The slots of a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotList {
    /// The slots, by when they begin.
    pub items: Vec<SlotView>,
    /// How often whoever asks did not come lately; null where that has no consequence.
    pub no_shows: Option<NoShowsView>,
}

/// How often somebody did not come lately, and what comes of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoShows)]
pub struct NoShowsView {
    /// So often within the days that count, under the rules of the resource.
    pub times: i64,
    /// So often leads to a pause.
    pub pause_at: i64,
    /// Counted within so many days.
    pub within_days: i64,
    /// The pause is so many days long, from the last time on.
    pub pause_days: i64,
    /// Until when they pause now.
    pub paused_until: Option<Timestamp>,
}

impl From<Missed> for NoShowsView {
    fn from(missed: Missed) -> Self {
        Self {
            times: missed.times,
            pause_at: missed.most,
            within_days: missed.within_days,
            pause_days: missed.pause_days,
            paused_until: missed.paused_until,
        }
    }
}

/// A booking to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookingInput {
    /// What is booked; any part of a pool where it is a pool.
    pub resource_id: ResourceId,
    /// When it begins: as a slot does.
    pub start: Timestamp,
    /// When it ends: as the last of several slots does; one slot where it is not given.
    pub end: Option<Timestamp>,
    /// How many come.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10_000, default = 1)]
    pub party: i64,
    /// Only hold the place for a few minutes; `confirm` it then.
    #[serde(default)]
    pub hold: bool,
}

/// The years in which bookings lie: what is beyond is none.
fn in_our_time(value: &Value, faults: &mut Vec<FieldError>) {
    for name in ["start", "end"] {
        let at = value[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if at.is_some_and(|at| !(0..7_258_118_400_000_000).contains(&at.micros())) {
            faults.push(FieldError::body(
                format!("/{name}"),
                "range",
                "应在 1970 至 2199 年之间。",
                "It lies in the years 1970 to 2199.",
            ));
        }
    }
}

impl Input for BookingInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        in_our_time(value, faults);
    }
}

/// Another time or party of a booking.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeInput {
    /// When it begins; as before where it is not given.
    pub start: Option<Timestamp>,
    /// When it ends; as long as before where it is not given.
    pub end: Option<Timestamp>,
    /// How many come; as many as before where it is not given.
    #[schema(minimum = 1, maximum = 10_000)]
    pub party: Option<i64>,
    /// Into which part of the same whole; for the staff.
    pub resource_id: Option<ResourceId>,
    /// Why, where the staff change it.
    #[schema(format = "plain-text", min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl Input for ChangeInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        in_our_time(value, faults);
    }
}

/// Why something is done to a booking, where that is to be said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActInput {
    /// In a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "场馆临时检修")]
    pub reason: Option<String>,
}

impl Input for ActInput {}

/// A booking that the staff make at the desk.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskBookingInput {
    /// The desk session with whom it is for; for somebody who walks in without a name where it
    /// is not given.
    #[schema(pattern = "^dsk_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub desk_session: Option<String>,
    /// When it begins: as a slot does.
    pub start: Timestamp,
    /// When it ends: as the last of several slots does; one slot where it is not given.
    pub end: Option<Timestamp>,
    /// How many come.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10_000, default = 1)]
    pub party: i64,
    /// Why limits, lead time, horizon and approval are passed over, which takes a permission
    /// of its own.
    #[schema(format = "plain-text", min_length = 1, max_length = 200)]
    pub override_reason: Option<String>,
}

impl Input for DeskBookingInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        in_our_time(value, faults);
    }
}

/// What is booked, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookedResource {
    /// Its id.
    pub id: ResourceId,
    /// Where it is.
    pub place_id: PlaceId,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
}

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingView {
    /// Its id.
    pub id: BookingId,
    /// What is booked.
    pub resource: BookedResource,
    /// What was asked for: the pool, where "any of these" was.
    pub asked_id: ResourceId,
    /// For whom; null for somebody who walked in without a name.
    pub person_id: Option<PersonId>,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// How many come.
    pub party: i64,
    /// How it stands.
    pub state: State,
    /// What can be done in this state, by whoever may.
    pub allowed: Vec<Act>,
    /// Until when it is to be confirmed or approved.
    pub until: Option<Timestamp>,
    /// The version of the rules that it was made under.
    pub rules_version_id: RulesVersionId,
    /// By which sharing agreement it was made; null in the owner's own hours.
    pub agreement_id: Option<AgreementId>,
    /// Of which withheld share it takes.
    pub share_id: Option<ShareId>,
    /// The booking that a closure met, in whose stead this is offered.
    pub replaces_id: Option<BookingId>,
    /// How an objection to its being counted as not come to stands.
    pub objection: Option<Objection>,
    /// How often its person changed it.
    pub changes: i64,
    /// Whether it was cancelled late.
    pub late: bool,
    /// Whether a change of the resource left it there beyond what fits.
    pub excess: bool,
    /// In whose name it was made: `A for B` where somebody made it for another.
    pub made_by: String,
    /// Grows with each step.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl BookingView {
    /// Of a booking and its resource.
    pub fn of(booking: Booking, resource: &Resource) -> Self {
        Self {
            id: booking.id,
            resource: BookedResource {
                id: resource.id,
                place_id: resource.place_id,
                name: resource.facts.name.clone(),
                name_en: resource.facts.name_en.clone(),
            },
            asked_id: booking.asked_id,
            person_id: booking.person_id,
            start: booking.start_at,
            end: booking.end_at,
            party: booking.party,
            state: booking.state,
            allowed: booking.state.allowed().filter(|act| *act != Act::Expire).collect(),
            until: booking.until_at,
            rules_version_id: booking.rules_version_id,
            agreement_id: booking.right.agreement_id,
            share_id: booking.share_id,
            replaces_id: booking.replaces_id,
            objection: booking.objection,
            changes: booking.changes,
            late: booking.is_late,
            excess: booking.is_excess,
            made_by: booking.made_by,
            version: booking.version,
            created_at: booking.created_at,
            updated_at: booking.updated_at,
        }
    }

    /// The version by which it is told from others.
    pub fn version(booking: &Booking) -> Version {
        Version::Number(booking.version, Crs::Wgs84)
    }
}

/// What came of a command, as an answer.
pub fn entity(done: Done) -> Entity<BookingView> {
    Entity {
        version: BookingView::version(&done.booking),
        value: BookingView::of(done.booking, &done.resource),
    }
}

/// Something that became of a booking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookingStepView)]
pub struct StepView {
    /// The how manieth, from 1.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// In whose name; `system` where the time did it.
    pub actor: String,
    /// What was done.
    pub act: Act,
    /// How it stood then.
    pub state: State,
    /// What was booked then.
    pub resource_id: ResourceId,
    /// When it began then.
    pub start: Timestamp,
    /// When it ended then.
    pub end: Timestamp,
    /// How many were to come then.
    pub party: i64,
    /// Whether limits were passed over.
    pub overridden: bool,
    /// Why, in somebody's words.
    pub reason: Option<String>,
}

impl From<Step> for StepView {
    fn from(one: Step) -> Self {
        Self {
            number: one.number,
            at: one.at,
            actor: one.actor,
            act: one.act,
            state: one.state,
            resource_id: one.resource_id,
            start: one.start_at,
            end: one.end_at,
            party: one.party,
            overridden: one.is_override,
            reason: one.reason,
        }
    }
}

/// What became of a booking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookingHistory)]
pub struct History {
    /// The steps, the first first.
    pub items: Vec<StepView>,
}

/// Which of one's bookings to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnBookingsQuery {
    /// Only those that are not over.
    #[serde(default)]
    #[param(default = false)]
    pub upcoming: bool,
    /// Only those that stand so.
    #[param(inline)]
    pub state: Option<State>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

impl Input for OwnBookingsQuery {}

/// Which bookings of a resource to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeskQuery {
    /// Those that begin on this day; today where it is not given.
    #[param(value_type = Option<String>, format = "date", example = "2026-12-01")]
    pub day: Option<NaiveDate>,
    /// Only those that stand so.
    #[param(inline)]
    pub state: Option<State>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

fn usual_limit() -> usize {
    100
}

impl Input for DeskQuery {}

/// A booking, and who comes as far as whoever serves them needs it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskBookingView {
    /// The booking.
    pub booking: BookingView,
    /// Its person; null for somebody who walked in without a name.
    pub person: Option<PersonView>,
}
