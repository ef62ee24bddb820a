//! What the circle holds about people. Where somebody asked from is not kept.

use serde_json::{Value, json};
use uuid::Uuid;

use super::places;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Erased, Holder, Holding, Kept};
use crate::identity::PersonId;

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 1] = [Holding {
    name: "place_history",
    columns: &["place_history.actor"],
    what: ("谁登记、更改或关闭了服务点", "Who entered, changed or closed a place"),
    purpose: (
        "核对服务点信息的来源",
        "To check where what is said of a place comes from",
    ),
    kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
    erased: Erased::Stays((
        "服务点信息的来源仍可核对，但不再指向任何人",
        "Where what is said of a place comes from can still be checked, though it leads to nobody",
    )),
}];

/// Tells what the circle holds of one person.
pub struct CircleHolder;

impl Holder for CircleHolder {
    fn name(&self) -> &'static str {
        "places"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let steps = places::steps_by(conn, &PersonId::from_uuid(person).to_string())?;
        let steps = steps.into_iter();
        Ok(steps
            .map(|(place, at, state)| json!({ "place": place, "at": at, "state": state }))
            .collect())
    }

    /// Only the id stands there, which stays.
    fn erase(&self, _: &mut Tx<'_>, _: Uuid) -> Result<()> {
        Ok(())
    }
}
