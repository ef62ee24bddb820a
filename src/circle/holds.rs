//! What the circle holds about people. Where somebody asked from is not kept.

use crate::privacy::{Holding, Kept};

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
}];
