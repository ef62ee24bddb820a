//! What there is of bookings for the table of who may do what.

use serde_json::{Value, json};

use crate::harness::Client;
use crate::harness::facility::{act, at, id, new_key};

/// Rules, a resource, a closure that was lifted, an agreement and a share that have ended, and a booking
/// that was cancelled, of a unit.
pub struct Booked {
    place: String,
    rules: String,
    resource: String,
    closure: String,
    booking: String,
    agreement: String,
    share: String,
}

fn resource(rules: &str) -> Value {
    json!({
        "name": "活动室", "kind": "shared", "capacity": 500, "opening_hours": "24/7", "slot_minutes": 60,
        "rules_id": rules,
    })
}

fn agreement() -> Value {
    json!({
        "mode": "shared", "name": "共享协议", "from": "2026-01-01", "to": "2026-01-02", "hours": "Mo 06:00-07:00",
        "parties": [{ "name": "学校", "duties": "开门" }],
    })
}

fn share() -> Value {
    json!({ "holder": "desk", "places": 1, "reason": "现场", "release_seconds": 60 })
}

impl Booked {
    /// Enters them at a place.
    pub fn found(staff: &Client, unit: &str, place: &str) -> Self {
        let make = |path: &str, body: Value| {
            let client = staff.with("idempotency-key", &new_key());
            client.post(path, &body).with_status(201).json
        };
        let rules = id(&make("/v1/booking-rules", json!({ "unit_id": unit, "name": "规则" })));
        let new = json!({ "place_id": place, "resource": resource(&rules) });
        let resource = id(&make("/v1/resources", new));
        let closure = json!({ "from": at(1, "10:00"), "to": at(1, "11:00"), "reason": "检修" });
        let closure = id(&make(&format!("/v1/resources/{resource}/closures"), closure)["closure"]);
        staff.post(&format!("/v1/closures/{closure}/lift"), &json!({})).ok();
        let walks_in = json!({ "start": at(2, "10:00") });
        let booking = id(&make(&format!("/v1/resources/{resource}/bookings"), walks_in));
        act(staff, &booking, "cancel").ok();
        let agreement = id(&make(&format!("/v1/resources/{resource}/agreements"), agreement()));
        staff.post(&format!("/v1/agreements/{agreement}/end"), &json!({})).ok();
        let share = id(&make(&format!("/v1/resources/{resource}/shares"), share()));
        staff.post(&format!("/v1/shares/{share}/end"), &json!({})).ok();
        Self {
            place: place.to_owned(),
            rules,
            resource,
            closure,
            booking,
            agreement,
            share,
        }
    }

    /// A request for an operation that leaves things as they are, or adds one.
    pub fn request(&self, operation: &str, unit: &str) -> Option<(String, Option<Value>)> {
        let Self {
            place,
            rules,
            resource: of,
            closure,
            booking,
            agreement: agreed,
            share: withheld,
        } = self;
        let on_booking = |act: &str| Some((format!("/v1/bookings/{booking}/{act}"), Some(json!({}))));
        match operation {
            "POST /v1/booking-rules" => Some((
                "/v1/booking-rules".into(),
                Some(json!({ "unit_id": unit, "name": "规则" })),
            )),
            "PUT /v1/booking-rules/{id}" => Some((
                format!("/v1/booking-rules/{rules}"),
                Some(json!({ "name": "规则", "terms": {} })),
            )),
            "POST /v1/resources" => Some((
                "/v1/resources".into(),
                Some(json!({ "place_id": place, "resource": resource(rules) })),
            )),
            // Another version than these is there: who may change it is told so.
            "PUT /v1/resources/{id}" => Some((format!("/v1/resources/{of}"), Some(resource(rules)))),
            "POST /v1/resources/{id}/close" => Some((format!("/v1/resources/{of}/close"), None)),
            "POST /v1/resources/{id}/reopen" => Some((format!("/v1/resources/{of}/reopen"), None)),
            "GET /v1/resources/{id}/conflicts" => Some((format!("/v1/resources/{of}/conflicts"), None)),
            "POST /v1/resources/{id}/closures" => Some((
                format!("/v1/resources/{of}/closures"),
                Some(json!({ "from": at(3, "10:00"), "to": at(3, "11:00"), "reason": "检修" })),
            )),
            "POST /v1/closures/{id}/lift" => Some((format!("/v1/closures/{closure}/lift"), None)),
            "GET /v1/resources/{id}/bookings" => Some((format!("/v1/resources/{of}/bookings"), None)),
            // Without a key nothing is booked.
            "POST /v1/resources/{id}/bookings" => Some((
                format!("/v1/resources/{of}/bookings"),
                Some(json!({ "start": at(2, "10:00") })),
            )),
            "GET /v1/resources/{id}/door-code" => Some((format!("/v1/resources/{of}/door-code"), None)),
            "POST /v1/resources/{id}/check-ins" => Some((
                format!("/v1/resources/{of}/check-ins"),
                Some(json!({ "code": "AAAAAA" })),
            )),
            "POST /v1/resources/{id}/calendar-feed" | "DELETE /v1/resources/{id}/calendar-feed" => {
                Some((format!("/v1/resources/{of}/calendar-feed"), None))
            }
            "POST /v1/bookings/{id}/approve" => on_booking("approve"),
            "POST /v1/bookings/{id}/decline" => on_booking("decline"),
            "POST /v1/bookings/{id}/check-in" => on_booking("check-in"),
            "POST /v1/bookings/{id}/complete" => on_booking("complete"),
            "POST /v1/bookings/{id}/no-show" => on_booking("no-show"),
            "POST /v1/bookings/{id}/excuse" => on_booking("excuse"),
            "POST /v1/bookings/{id}/uphold" => on_booking("uphold"),
            "POST /v1/resources/{id}/agreements" => Some((format!("/v1/resources/{of}/agreements"), Some(agreement()))),
            "POST /v1/agreements/{id}/end" => Some((format!("/v1/agreements/{agreed}/end"), None)),
            "POST /v1/resources/{id}/shares" => Some((format!("/v1/resources/{of}/shares"), Some(share()))),
            "POST /v1/shares/{id}/end" => Some((format!("/v1/shares/{withheld}/end"), None)),
            "GET /v1/units/{id}/objections" => Some((format!("/v1/units/{unit}/objections"), None)),
            "GET /v1/units/{id}/utilisation" => Some((format!("/v1/units/{unit}/utilisation"), None)),
            _ => None,
        }
    }
}
