//! Query parameters, checked whole.

use std::collections::HashSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use super::Input;
use super::openapi::without_null;
use super::schema;
use crate::error::{Error, FieldError, Result};

/// The query of a request, checked against the parameters of `T`. Unknown and
/// repeated parameters are refused; all that is wrong is named at once.
pub struct Query<T>(pub T);

impl<T: Input + IntoParams> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request).map(Self))
    }
}

fn parse<T: Input + IntoParams>(request: &HttpRequest) -> Result<T> {
    let compiled = schema::compiled::<Query<T>>(parameters::<T>)?;
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    let mut object = Map::new();
    for (name, text) in form_urlencoded::parse(request.query_string().as_bytes()) {
        if !seen.insert(name.to_string()) {
            faults.push(FieldError::query(
                &name,
                "repeated",
                "参数只能出现一次。",
                "This parameter may be given once only.",
            ));
            continue;
        }
        let value = typed(&text, &compiled.schema["properties"][name.as_ref()]);
        object.insert(name.into_owned(), value);
    }
    let value = Value::Object(object);
    faults.extend(schema::faults(&compiled, &value, "query"));
    T::cross_check(&value, request, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    serde_json::from_value(value)
        .map_err(|error| Error::internal(format!("the schema lets through what the type does not: {error}")))
}

/// No parameter at all: for operations that take none, so that a misspelt or
/// misplaced one is told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Nothing {}

impl Input for Nothing {}

/// The parameters as the schema of one object.
fn parameters<T: IntoParams>() -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in T::into_params(|| Some(ParameterIn::Query)) {
        let parameter = serde_json::to_value(without_null(parameter)).unwrap_or_default();
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if parameter["required"] == json!(true) {
            required.push(name.clone());
        }
        properties.insert(name, parameter["schema"].clone());
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A parameter's text as the type that its schema wants; text where it is none,
/// which the schema then refuses.
fn typed(text: &str, schema: &Value) -> Value {
    let wants = |name: &str| match &schema["type"] {
        Value::String(kind) => kind == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    if wants("boolean") && (text == "true" || text == "false") {
        return json!(text == "true");
    }
    if wants("integer")
        && let Ok(number) = text.parse::<i64>()
    {
        return json!(number);
    }
    if wants("number")
        && let Ok(number) = text.parse::<f64>()
        && number.is_finite()
    {
        return json!(number);
    }
    json!(text)
}
