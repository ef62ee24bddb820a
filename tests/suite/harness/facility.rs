//! A place with resources that are booked, and those who book them.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::fixtures::{place, unit_id};
use super::server::Server;
use super::world::World;

/// The community in which it stands.
pub const COMMUNITY: &str = "429901001001";

/// A place, its staff, and rules for its resources.
pub struct Facility {
    /// Staff of the city.
    pub staff: Client,
    /// The id of the place.
    pub place: String,
    /// The id of the community.
    pub unit: String,
}

static KEYS: AtomicU64 = AtomicU64::new(1);

/// A key that was not used before.
pub fn new_key() -> String {
    format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// So many days from today in the city's zone, by the machine's clock.
pub fn day(ahead: u64) -> NaiveDate {
    let zone = chrono_tz::Asia::Shanghai;
    let today: NaiveDate = onegrid::clock::now().to_utc().with_timezone(&zone).date_naive();
    today + Days::new(ahead)
}

/// A time so many days from today, in the city's zone: `10:00`.
pub fn at(ahead: u64, time: &str) -> String {
    format!("{}T{time}:00+08:00", day(ahead))
}

impl Facility {
    /// One in a world with the usual units.
    pub fn open(world: &World, server: &Server) -> Self {
        world.import_units();
        let staff = server.staff();
        let unit = unit_id(&server.anonymous(), COMMUNITY);
        let mut hall = place("文化中心", "community_centre", 100.0, 0.0);
        hall["unit_id"] = json!(unit);
        let made = staff.post("/v1/places", &hall).with_status(201).json;
        Self {
            staff,
            place: id(&made),
            unit,
        }
    }

    /// Rules that say this.
    pub fn rules(&self, terms: &Value) -> String {
        let body = json!({ "unit_id": self.unit, "name": "规则", "terms": terms });
        id(&self.staff.post("/v1/booking-rules", &body).with_status(201).json)
    }

    /// Writes another version of rules.
    pub fn change_rules(&self, rules: &str, terms: &Value) {
        let path = format!("/v1/booking-rules/{rules}");
        let tag = self.staff.get(&path).with_status(200).needed_header("etag");
        let body = json!({ "name": "规则", "terms": terms });
        self.staff.with("if-match", &tag).put(&path, &body).with_status(200);
    }

    /// Asks for a resource: open from 8 to 20 o'clock, in slots of an hour, unless `with` says
    /// otherwise.
    pub fn ask_resource(&self, rules: &str, with: &Value) -> Answer {
        let mut resource = json!({
            "name": "活动室", "kind": "shared", "capacity": 5, "opening_hours": "08:00-20:00",
            "slot_minutes": 60, "rules_id": rules,
        });
        for (name, value) in with.as_object().into_iter().flatten() {
            resource[name] = value.clone();
        }
        let body = json!({ "place_id": self.place, "resource": resource });
        self.staff.post("/v1/resources", &body)
    }

    /// Enters one; its id.
    #[track_caller]
    pub fn resource(&self, rules: &str, with: &Value) -> String {
        id(&self.ask_resource(rules, with).with_status(201).json)
    }

    /// Writes other facts about a resource.
    pub fn ask_change(&self, resource: &str, with: &Value) -> Answer {
        let path = format!("/v1/resources/{resource}");
        let now = self.staff.get(&path).with_status(200);
        let tag = now.needed_header("etag");
        let mut body = now.json;
        let fields = body.as_object_mut().expect("an object");
        for gone in ["id", "place_id", "unit_id", "status", "version"] {
            fields.remove(gone);
        }
        for (name, value) in with.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.staff.with("if-match", &tag).put(&path, &body)
    }

    /// The slots of a resource on a day, as a client sees them.
    #[track_caller]
    pub fn slots(&self, client: &Client, resource: &str, ahead: u64) -> Vec<Value> {
        let day = day(ahead).to_string();
        let path = format!("/v1/resources/{resource}/slots");
        let list = client.ask(&path, &[("from", &day), ("to", &day)]).ok();
        list["items"].as_array().expect("items").clone()
    }

    /// The slot that begins at a time.
    #[track_caller]
    pub fn slot(&self, client: &Client, resource: &str, ahead: u64, time: &str) -> Value {
        let start: onegrid::clock::Timestamp = at(ahead, time).parse().expect("a time");
        let slots = self.slots(client, resource, ahead);
        let found = slots.iter().find(|slot| slot["start"] == start.to_string());
        found.unwrap_or_else(|| panic!("no slot at {time}: {slots:?}")).clone()
    }
}

/// The id of a thing.
#[track_caller]
pub fn id(value: &Value) -> String {
    match value["id"].as_str() {
        Some(id) => id.to_owned(),
        None => panic!("no id: {value}"),
    }
}

/// Books with what is said, under a key of its own.
pub fn book_with(client: &Client, body: &Value) -> Answer {
    client.with("idempotency-key", &new_key()).post("/v1/bookings", body)
}

/// Books one slot for so many.
pub fn book(client: &Client, resource: &str, start: &str, party: i64) -> Answer {
    book_with(
        client,
        &json!({ "resource_id": resource, "start": start, "party": party }),
    )
}

/// Does something to a booking.
pub fn act(client: &Client, booking: &str, act: &str) -> Answer {
    client.post(&format!("/v1/bookings/{booking}/{act}"), &json!({}))
}

/// How a booking stands.
#[track_caller]
pub fn state(client: &Client, booking: &str) -> String {
    let booking = client.get(&format!("/v1/bookings/{booking}")).ok();
    booking["state"].as_str().expect("a state").to_owned()
}

/// That the cells are what the bookings add up to, and nothing is over what fits.
#[track_caller]
pub fn verify(world: &World) -> String {
    let ran = world.run(&["verify", "bookings"]);
    ran.succeeded();
    ran.out.clone()
}
