//! The places' tables.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::kinds::Kinds;
use super::model::{Facts, Place, PlaceId, Source, Status, Stop};
use crate::clock::{self, Timestamp};
use crate::coordinates::Point;
use crate::db::schema::{place, place_door, place_history, place_stop};
use crate::db::{Conn, Id, Named, Tx, search};
use crate::error::{Error, Result};
use crate::grid::{Door, UnitId};
use crate::text::SearchName;

/// In whose name imports are recorded.
pub(super) const IMPORT: &str = "import";

/// The kind under which changes of places are followed, and by which they are found.
pub(super) const KIND: &str = "place";

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = place, treat_none_as_null = true)]
struct Row {
    id: PlaceId,
    source: String,
    reference: String,
    unit_id: Option<UnitId>,
    name: String,
    name_en: Option<String>,
    category: String,
    kind: String,
    lat: f64,
    lon: f64,
    opening_hours: Option<String>,
    phone: Option<String>,
    wheelchair: Option<String>,
    status: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = place_door)]
struct DoorRow {
    place_id: PlaceId,
    number: i64,
    kind: String,
    lat: f64,
    lon: f64,
    name: Option<String>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = place_stop)]
struct StopRow {
    place_id: PlaceId,
    number: i64,
    lat: f64,
    lon: f64,
    opening_hours: String,
}

/// A recorded change of state.
struct Step;
impl Named for Step {
    const PREFIX: &'static str = "stp";
}

impl Row {
    fn of(place: &Place) -> Self {
        let facts = &place.facts;
        Self {
            id: place.id,
            source: place.source.name().to_owned(),
            reference: place.reference.clone(),
            unit_id: facts.unit_id,
            name: facts.name.clone(),
            name_en: facts.name_en.clone(),
            category: facts.kind.category.code().to_owned(),
            kind: facts.kind.code.clone(),
            lat: facts.location.lat,
            lon: facts.location.lon,
            opening_hours: facts.opening_hours.clone(),
            phone: facts.phone.clone(),
            wheelchair: facts.wheelchair.map(|wheelchair| wheelchair.name().to_owned()),
            status: place.status.name().to_owned(),
            version: place.version,
            created_at: place.created_at,
            updated_at: place.updated_at,
        }
    }

    fn into_place(self, doors: Vec<Door>, stops: Vec<Stop>) -> Result<Place> {
        let id = self.id;
        let wrong = |what: &str| Error::internal(format!("{id} has an unknown {what} in the table"));
        Ok(Place {
            id,
            source: self.source.parse().map_err(|()| wrong("source"))?,
            reference: self.reference,
            facts: Facts {
                name: self.name,
                name_en: self.name_en,
                kind: Kinds::table().get(&self.kind).ok_or_else(|| wrong("kind"))?,
                unit_id: self.unit_id,
                location: Point::new(self.lat, self.lon),
                opening_hours: self.opening_hours,
                phone: self.phone,
                wheelchair: self
                    .wheelchair
                    .map(|text| text.parse())
                    .transpose()
                    .map_err(|()| wrong("wheelchair"))?,
                doors,
                stops,
            },
            status: self.status.parse().map_err(|()| wrong("status"))?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn doors_by_place(rows: Vec<DoorRow>) -> Result<HashMap<PlaceId, Vec<Door>>> {
    let mut doors: HashMap<_, Vec<Door>> = HashMap::new();
    for row in rows {
        let kind = row
            .kind
            .parse()
            .map_err(|()| Error::internal("the table has a door of an unknown kind"))?;
        doors.entry(row.place_id).or_default().push(Door {
            kind,
            name: row.name,
            point: Point::new(row.lat, row.lon),
        });
    }
    Ok(doors)
}

fn stops_by_place(rows: Vec<StopRow>) -> HashMap<PlaceId, Vec<Stop>> {
    let mut stops: HashMap<_, Vec<Stop>> = HashMap::new();
    for row in rows {
        stops.entry(row.place_id).or_default().push(Stop {
            point: Point::new(row.lat, row.lon),
            opening_hours: row.opening_hours,
        });
    }
    stops
}

/// The places of these rows. One that this version cannot read, since a newer one
/// wrote it, is left out and told in the log.
fn assemble(rows: Vec<Row>, doors: Vec<DoorRow>, stops: Vec<StopRow>) -> Result<Vec<Place>> {
    let mut doors = doors_by_place(doors)?;
    let mut stops = stops_by_place(stops);
    let places = rows.into_iter().filter_map(|row| {
        let doors = doors.remove(&row.id).unwrap_or_default();
        let stops = stops.remove(&row.id).unwrap_or_default();
        row.into_place(doors, stops)
            .inspect_err(|error| tracing::warn!(%error, "a place is left out"))
            .ok()
    });
    Ok(places.collect())
}

/// All places, the closed ones too.
pub(super) fn load_all(conn: &mut Conn) -> Result<Vec<Place>> {
    conn.one_view(all)
}

/// These places, as far as they exist.
pub(super) fn load(conn: &mut Conn, ids: &[PlaceId]) -> Result<Vec<Place>> {
    conn.one_view(|conn| these(conn, ids))
}

/// One place.
pub(super) fn load_one(conn: &mut Conn, id: PlaceId) -> Result<Option<Place>> {
    Ok(load(conn, &[id])?.pop())
}

/// One place, as the database has it now: what is kept in memory follows a little later.
pub fn find_place(conn: &mut Conn, id: PlaceId) -> Result<Option<Place>> {
    Ok(these(conn, &[id])?.pop())
}

/// The ids of the places of a source, by what it knows them by.
pub fn ids_by_reference(conn: &mut Conn, source: Source) -> Result<HashMap<String, PlaceId>> {
    let rows: Vec<(String, PlaceId)> = place::table
        .filter(place::source.eq(source.name()))
        .select((place::reference, place::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

fn all(conn: &mut Conn) -> Result<Vec<Place>> {
    assemble(
        place::table.load(conn)?,
        place_door::table.order(place_door::number).load(conn)?,
        place_stop::table.order(place_stop::number).load(conn)?,
    )
}

fn these(conn: &mut Conn, ids: &[PlaceId]) -> Result<Vec<Place>> {
    let doors = place_door::table.filter(place_door::place_id.eq_any(ids));
    let stops = place_stop::table.filter(place_stop::place_id.eq_any(ids));
    assemble(
        place::table.filter(place::id.eq_any(ids)).load(conn)?,
        doors.order(place_door::number).load(conn)?,
        stops.order(place_stop::number).load(conn)?,
    )
}

/// One place, which nobody else changes until the transaction ends.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: PlaceId) -> Result<Option<Place>> {
    if let Conn::Postgres(conn) = &mut **tx {
        place::table
            .select(place::version)
            .find(id)
            .for_update()
            .first::<i64>(conn)
            .optional()?;
    }
    Ok(these(tx, &[id])?.pop())
}

/// All places of a source, by their references.
pub(super) fn load_source(conn: &mut Tx<'_>, source: Source) -> Result<HashMap<String, Place>> {
    let all = all(conn)?.into_iter().filter(|place| place.source == source);
    Ok(all.map(|place| (place.reference.clone(), place)).collect())
}

/// The places that somebody changed by hand since they were entered.
pub(super) fn changed_by_operator(conn: &mut Conn) -> Result<HashSet<PlaceId>> {
    let by_hand = place_history::table.filter(place_history::actor.ne(IMPORT));
    Ok(by_hand
        .select(place_history::place_id)
        .distinct()
        .load(conn)?
        .into_iter()
        .collect())
}

/// Adds a place; its own id is its reference where its source has none.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    source: Source,
    reference: Option<String>,
    facts: Facts,
    actor: &str,
) -> Result<Place> {
    let now = clock::now();
    let id = PlaceId::new();
    let place = Place {
        id,
        source,
        reference: reference.unwrap_or_else(|| id.to_string()),
        facts,
        status: Status::Open,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    diesel::insert_into(place::table)
        .values(Row::of(&place))
        .execute(&mut **tx)?;
    write_parts(tx, &place)?;
    record(tx, &place, None, actor)?;
    Ok(place)
}

/// Writes other facts about a place.
pub(super) fn change(tx: &mut Tx<'_>, mut place: Place, facts: Facts, actor: &str) -> Result<Place> {
    place.facts = facts;
    let from = place.status;
    save(tx, &mut place)?;
    diesel::delete(place_door::table.filter(place_door::place_id.eq(place.id))).execute(&mut **tx)?;
    diesel::delete(place_stop::table.filter(place_stop::place_id.eq(place.id))).execute(&mut **tx)?;
    write_parts(tx, &place)?;
    record(tx, &place, Some(from), actor)?;
    Ok(place)
}

/// Closes a place or opens it again.
pub(super) fn set_status(tx: &mut Tx<'_>, mut place: Place, status: Status, actor: &str) -> Result<Place> {
    let from = std::mem::replace(&mut place.status, status);
    save(tx, &mut place)?;
    record(tx, &place, Some(from), actor)?;
    Ok(place)
}

fn save(tx: &mut Tx<'_>, place: &mut Place) -> Result<()> {
    place.version += 1;
    place.updated_at = clock::now();
    diesel::update(place::table.find(place.id))
        .set(Row::of(place))
        .execute(&mut **tx)?;
    Ok(())
}

fn write_parts(tx: &mut Tx<'_>, place: &Place) -> Result<()> {
    for (number, door) in (0..).zip(&place.facts.doors) {
        let row = DoorRow {
            place_id: place.id,
            number,
            kind: door.kind.name().to_owned(),
            lat: door.point.lat,
            lon: door.point.lon,
            name: door.name.clone(),
        };
        diesel::insert_into(place_door::table).values(row).execute(&mut **tx)?;
    }
    for (number, stop) in (0..).zip(&place.facts.stops) {
        let row = StopRow {
            place_id: place.id,
            number,
            lat: stop.point.lat,
            lon: stop.point.lon,
            opening_hours: stop.opening_hours.clone(),
        };
        diesel::insert_into(place_stop::table).values(row).execute(&mut **tx)?;
    }
    let tokens = SearchName::new(&place.facts.name, place.facts.name_en.as_deref()).tokens();
    search::index(tx, KIND, place.id, &tokens)
}

/// Who brought it into this state, and from which.
fn record(tx: &mut Tx<'_>, place: &Place, from: Option<Status>, actor: &str) -> Result<()> {
    diesel::insert_into(place_history::table)
        .values((
            place_history::id.eq(Id::<Step>::new()),
            place_history::place_id.eq(place.id),
            place_history::at.eq(place.updated_at),
            place_history::actor.eq(actor),
            place_history::from_state.eq(from.map(Status::name)),
            place_history::to_state.eq(place.status.name()),
            place_history::version.eq(place.version),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Which places somebody entered, changed or closed, the oldest first: which, when, and to
/// which state.
pub fn steps_by(conn: &mut Conn, actor: &str) -> Result<Vec<(PlaceId, Timestamp, String)>> {
    Ok(place_history::table
        .filter(place_history::actor.eq(actor))
        .order((place_history::at, place_history::id))
        .select((place_history::place_id, place_history::at, place_history::to_state))
        .load(conn)?)
}
