//! Why something cannot be booked, in words. Pure.

use super::model::BookingId;
use super::rules::{Limit, Period, Whose};
use super::sharing::Holder;
use crate::clock::Timestamp;
use crate::error::{Error, Facts, FieldError, Reason};
use crate::language::Language;

/// Why it cannot be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It has begun or is over.
    Past,
    /// It is none of the slots.
    NotOffered,
    /// It is closed then, for this reason.
    Closed(String),
    /// It was given up.
    GivenUp,
    /// It is for others then: those of these parties, where an agreement says so.
    NotForYou(Vec<String>),
    /// Booking opens later.
    NotOpen(Timestamp),
    /// It is too late.
    TooLate,
    /// It is too far ahead.
    TooEarly,
    /// Fewer people than may come.
    PartyBelow(i64),
    /// More people than may come.
    PartyAbove(i64),
    /// More slots in a row than may be booked.
    SlotsAbove(i64),
    /// As much is booked as may be.
    Limit(Limit),
    /// They have another at that time.
    Overlaps(BookingId),
    /// They did not come too often, and pause until then.
    Paused(Timestamp),
    /// All places are taken.
    Full,
    /// So many places are left, which are too few.
    NotEnough(i64),
    /// The places are held by others, the first until then.
    Held(Timestamp),
    /// The places that are left are withheld for others, for a reason, until then.
    Withheld(Holder, String, Timestamp),
}

impl Why {
    /// Whether only a place is missing: time or others can change that, so it can be waited for.
    pub const fn is_shortage(&self) -> bool {
        matches!(
            self,
            Self::Full | Self::NotEnough(_) | Self::Held(_) | Self::Withheld(..)
        )
    }
}

impl Why {
    /// Its reason among all.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Past => Reason::SlotPast,
            Self::NotOffered | Self::Closed(_) | Self::GivenUp => Reason::SlotNotOffered,
            Self::NotForYou(_) => Reason::NotForYou,
            Self::NotOpen(_) => Reason::BookingNotOpen,
            Self::TooLate => Reason::BookingTooLate,
            Self::TooEarly => Reason::BookingTooEarly,
            Self::PartyBelow(_) | Self::PartyAbove(_) | Self::SlotsAbove(_) => Reason::InvalidInput,
            Self::Limit(_) => Reason::BookingLimit,
            Self::Overlaps(_) => Reason::BookingOverlaps,
            Self::Paused(_) => Reason::BookingPaused,
            Self::Full => Reason::SlotFull,
            Self::NotEnough(_) => Reason::NotEnoughPlaces,
            Self::Held(_) => Reason::SlotHeld,
            Self::Withheld(..) => Reason::SlotWithheld,
        }
    }

    /// As an error of whoever asked to book.
    pub fn error(self) -> Error {
        let facts = Facts {
            opens_at: match self {
                Self::NotOpen(at) | Self::Withheld(_, _, at) => Some(at),
                _ => None,
            },
            until: match self {
                Self::Paused(at) | Self::Held(at) => Some(at),
                _ => None,
            },
            remaining: match self {
                Self::NotEnough(left) => Some(left),
                Self::Full => Some(0),
                _ => None,
            },
            rival: match &self {
                Self::Overlaps(id) => Some(id.to_string()),
                _ => None,
            },
            allowed: Vec::new(),
        };
        let field = |name: &str, code, zh: String, en: String| Error::field(FieldError::body(name, code, zh, en));
        let reason = self.reason();
        match self {
            Self::PartyBelow(least) => field(
                "/party",
                "minimum",
                format!("至少 {least} 人。"),
                format!("{least} people at least."),
            ),
            Self::PartyAbove(most) => field(
                "/party",
                "maximum",
                format!("最多 {most} 人。"),
                format!("{most} people at the most."),
            ),
            Self::SlotsAbove(most) => field(
                "/end",
                "maximum",
                format!("最多连续 {most} 个时段。"),
                format!("{most} slots in a row at the most."),
            ),
            Self::Closed(why) => {
                let zh = format!("该时段停用：{why}");
                Error::because(reason, zh, format!("It is closed then: {why}"))
            }
            Self::NotForYou(names) if !names.is_empty() => {
                let zh = format!("该时段按共享协议只对以下各方的居民开放：{}。", names.join("、"));
                let en = format!(
                    "By agreement it is then for the residents of {} only.",
                    names.join(", ")
                );
                Error::because(reason, zh, en)
            }
            Self::Withheld(holder, why, _) => {
                let whom = match holder {
                    Holder::Unit => ("指定单元居民", "the residents of a unit"),
                    Holder::Elders => ("老年人", "elders"),
                    Holder::Desk => ("现场及电话预约", "those who walk in or telephone"),
                };
                let zh = format!("余下名额为{}保留（{why}），未用的在 opens_at 所示时间放出。", whom.0);
                let en = format!("What is left is kept for {} ({why}), until opens_at.", whom.1);
                Error::because(reason, zh, en)
            }
            Self::GivenUp => Error::because(reason, "该资源已停止预约。", "This is not booked any more."),
            Self::Limit(limit) => {
                let (zh, en) = limit_words(limit);
                Error::because(reason, zh, en)
            }
            _ => Error::refused(reason),
        }
        .with_facts(facts)
    }
}

/// A limit in words.
fn limit_words(limit: Limit) -> (String, String) {
    let whose = match limit.of {
        Whose::Person => ("每人", "one person"),
        Whose::Household => ("每户", "one household"),
        Whose::Party => ("每个共享方", "one party of the agreement"),
    };
    let per = match limit.per {
        Period::Active => ("同时", "at a time"),
        Period::Day => ("每天", "a day"),
        Period::Week => ("每周", "a week"),
    };
    let zh = |number: i64, of: &str| format!("{}{}最多 {number} {of}", whose.0, per.0);
    let en = |number: i64, of: &str| format!("{number} {of} {} for {}", per.1, whose.1);
    let parts = [
        (limit.bookings, "次预约", "bookings"),
        (limit.minutes, "分钟", "minutes"),
    ];
    let given: Vec<(i64, &str, &str)> = parts
        .into_iter()
        .filter_map(|(number, zh, en)| number.map(|number| (number, zh, en)))
        .collect();
    let chinese: Vec<String> = given.iter().map(|(number, of, _)| zh(*number, of)).collect();
    let english: Vec<String> = given.iter().map(|(number, _, of)| en(*number, of)).collect();
    (
        format!("{}，请先使用或取消已有预约。", chinese.join("，")),
        format!(
            "At most {}; use or cancel one that there is, first.",
            english.join(" and ")
        ),
    )
}

/// Why not, in a language, for a list.
pub fn words(why: &Error, language: Language) -> String {
    match why {
        Error::Invalid(fields) => fields
            .first()
            .map_or_else(String::new, |field| field.detail.in_language(language).to_owned()),
        other => other.detail(language).to_owned(),
    }
}
