//! What a client sends, beyond what a schema can say.

use actix_web::HttpRequest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::FieldError;

/// A body or a query. What its schema cannot tell (two fields that need each
/// other, a thing that must exist) is checked here on the raw value, also where
/// the schema found faults, so that all of them are named at once.
pub trait Input: DeserializeOwned + 'static {
    /// Names what is wrong with `value`, of which any part may be missing or of
    /// the wrong type: that is the schema's to say.
    fn cross_check(_value: &Value, _request: &HttpRequest, _faults: &mut Vec<FieldError>) {}
}
