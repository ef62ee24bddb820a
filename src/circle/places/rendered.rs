//! What an answer says of a place whatever is asked, as JSON that is made once: a circle
//! lists dozens of places, and almost all of what it says of them stays the same.
//!
//! The members stand in the order of `ReachedView`; a test holds the two together.

use serde::Serialize;

use super::PlaceId;
use super::kinds::Category;
use super::model::Place;
use crate::coordinates::Point;

/// The pieces of one place, in a row, so that to read them is to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// From the opening brace to the longitude; from the telephone number to the closing
    /// brace, with the comma before; of each point where it is entered, from the opening
    /// brace to the longitude.
    text: Box<str>,
    /// Where the head and the tail end, and where each door ends.
    ends: Box<[u32]>,
}

#[derive(Serialize)]
struct Head<'a> {
    id: PlaceId,
    name: &'a str,
    name_en: Option<&'a str>,
    category: Category,
    kind: &'static str,
    lat: f64,
    lon: f64,
}

#[derive(Serialize)]
struct DoorHead<'a> {
    kind: &'static str,
    name: Option<&'a str>,
    lat: f64,
    lon: f64,
}

#[derive(Serialize)]
struct Tail<'a> {
    phone: Option<&'a str>,
    osm: Option<&'a str>,
}

/// To 1e-7 degrees, a centimetre.
fn rounded(point: Point) -> [f64; 2] {
    [point.lat, point.lon].map(|degrees| (degrees * 1e7).round() / 1e7)
}

/// An object without its closing brace.
fn begun(value: &impl Serialize) -> Option<Box<str>> {
    let text = serde_json::to_string(value).ok()?;
    Some(text.strip_suffix('}')?.into())
}

impl Rendered {
    /// Of a place in one spot; none of a mobile service, which is where it is reached.
    pub fn of(place: &Place) -> Option<Self> {
        let facts = &place.facts;
        if !facts.stops.is_empty() {
            return None;
        }
        let [lat, lon] = rounded(facts.location);
        let head = Head {
            id: place.id,
            name: &facts.name,
            name_en: facts.name_en.as_deref(),
            category: facts.kind.category,
            kind: &facts.kind.code,
            lat,
            lon,
        };
        let door = |kind: &'static str, name, point| {
            let [lat, lon] = rounded(point);
            begun(&DoorHead { kind, name, lat, lon })
        };
        let tail = serde_json::to_string(&Tail {
            phone: facts.phone.as_deref(),
            osm: place.osm(),
        });
        let mut pieces = vec![begun(&head)?, tail.ok()?.replacen('{', ",", 1).into()];
        for one in &facts.doors {
            pieces.push(door(one.kind.name(), one.name.as_deref(), one.point)?);
        }
        if facts.doors.is_empty() {
            pieces.push(door("location", None, facts.location)?);
        }
        let mut text = String::new();
        let ends = pieces.iter().map(|piece| {
            text.push_str(piece);
            u32::try_from(text.len()).ok()
        });
        let ends = ends.collect::<Option<_>>()?;
        Some(Self {
            text: text.into(),
            ends,
        })
    }

    /// The head, the tail, and the door of that number.
    pub fn pieces(&self, door: u16) -> Option<[&[u8]; 3]> {
        let end = |piece: usize| self.ends.get(piece).map(|end| *end as usize);
        let (head, tail) = (end(0)?, end(1)?);
        let door = end(usize::from(door) + 1)?..end(usize::from(door) + 2)?;
        let text = self.text.as_bytes();
        Some([text.get(..head)?, text.get(head..tail)?, text.get(door)?])
    }
}
