//! Addresses of calendars as clients read them.

use serde::Serialize;
use utoipa::ToSchema;

/// A private address, shown once: whoever has it reads the calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedView {
    /// The path on this server, to be given to a calendar program.
    #[schema(example = "/calendars/0123456789abcdef.ics")]
    pub path: String,
}
