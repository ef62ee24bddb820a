//! Codes as clients write and read them.

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::http::Input;

/// What shows at the desk that a booking is one's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketView {
    /// What the app shows as a QR.
    pub payload: String,
    /// Until when that is good; fetch another then.
    pub until: Timestamp,
    /// What is read out where nothing can be scanned: good for this booking, at its resource, on its day.
    #[schema(example = "7KQ2MX")]
    pub code: String,
}

/// What the screen at a door shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoorCodeView {
    /// The code.
    #[schema(example = "042137")]
    pub code: String,
    /// Until when; fetch another then.
    pub until: Timestamp,
}

/// What somebody shows or says at the desk: one of the two.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInInput {
    /// What was scanned.
    #[schema(min_length = 1, max_length = 128)]
    pub payload: Option<String>,
    /// What was read out.
    #[schema(min_length = 6, max_length = 8)]
    pub code: Option<String>,
}

impl Input for CheckInInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        if value["payload"].is_null() == value["code"].is_null() {
            faults.push(FieldError::body(
                "/payload",
                "one_of",
                "payload 和 code 填写一项。",
                "Give one of payload and code.",
            ));
        }
    }
}

/// The code that the screen at the door shows.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorInput {
    /// The code.
    #[schema(min_length = 6, max_length = 6, example = "042137")]
    pub code: String,
}

impl Input for DoorInput {}
