//! Searching somebody by their phone number, and looking at one, for those whose duty it is.

use chrono_tz::Tz;

use super::model::PersonId;
use super::people::People;
use super::phone::Phone;
use super::tally::{self, Today};
use crate::db::Tx;
use crate::error::{Error, Reason, Result};

/// How many numbers one person may search for in a day: enough for a day's visits,
/// too few to try a block of numbers.
const A_DAY: i64 = 100;
/// What is counted.
const SEARCHES: &str = "phone_search";

/// How many whole numbers one person may look at in a day, one by one: more are looked at
/// by two together.
const LOOKS_A_DAY: i64 = 30;
const LOOKS: &str = "phone_look";

/// Searches by phone number.
#[derive(Clone)]
pub struct PhoneSearch {
    people: People,
    zone: Tz,
}

impl PhoneSearch {
    /// Among these people, by the days of this zone.
    pub const fn new(people: People, zone: Tz) -> Self {
        Self { people, zone }
    }

    /// Counts that somebody looks at a whole number; refused where they did so often today
    /// that a second person has to agree.
    pub fn count_look(&self, tx: &mut Tx<'_>, asking: PersonId) -> Result<()> {
        let today = Today::in_zone(self.zone);
        if tally::add(tx, LOOKS, asking.uuid().as_bytes(), &today, 1)? <= LOOKS_A_DAY {
            return Ok(());
        }
        tracing::warn!(%asking, "looked at more phone numbers than one may in a day");
        Err(Error::because(
            Reason::SecondPersonNeeded,
            format!("一人一天可逐个查看 {LOOKS_A_DAY} 个手机号，更多请申请批量查看，由另一位工作人员同意。"),
            format!(
                "One person looks at {LOOKS_A_DAY} numbers a day, one by one; ask for many together, which a second person approves."
            ),
        ))
    }

    /// Whose household card this is, counted and logged as a search by phone is.
    pub(super) fn find_by_card(&self, tx: &mut Tx<'_>, asking: PersonId, number: &str) -> Result<Option<PersonId>> {
        self.count_search(tx, asking)?;
        let found = self.people.find_by_card(tx, number)?;
        tracing::info!(%asking, found = found.is_some(), "searched for a household card");
        Ok(found)
    }

    fn count_search(&self, tx: &mut Tx<'_>, asking: PersonId) -> Result<()> {
        let today = Today::in_zone(self.zone);
        if tally::add(tx, SEARCHES, asking.uuid().as_bytes(), &today, 1)? > A_DAY {
            tracing::warn!(%asking, "searched for more people than one may in a day");
            return Err(today.had_enough());
        }
        Ok(())
    }

    /// Whose number this is, for somebody who may search. Counted and logged whether or
    /// not it finds somebody, so the transaction must be committed either way; refused
    /// where they searched often enough today.
    pub fn find(&self, tx: &mut Tx<'_>, asking: PersonId, phone: &Phone) -> Result<Option<PersonId>> {
        self.count_search(tx, asking)?;
        let found = self.people.find_by_phone(tx, phone)?;
        tracing::info!(%asking, found = found.is_some(), "searched for a phone number");
        Ok(found)
    }
}
