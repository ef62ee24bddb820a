//! The circle as clients ask for it and read it.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::facilities::{Facility, Requirement};
use super::lookup::{Asked, Circle, Circles, Reached};
use super::places::PlaceId;
use super::places::kinds::Category;
use super::question::view::{BasisName, CircleQuery, Direction, PaceName};
use super::reached::render;
use super::reached::view::{ReachedView, reached_view};
use super::streets::{Foot, Method, Pace, feet_apart};
use crate::clock::Timestamp;
use crate::coordinates::{Crs, Point};
use crate::error::{Error, Result};
use crate::grid::UnitId;
use crate::http::Location;
use crate::text;

/// Where the origin stands on a street, or on a square.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnappedView {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Metres between this point and the origin, or the door of it that it belongs to,
    /// walked in a straight line.
    pub snap_m: f64,
}

/// The origin.
#[derive(Debug, Serialize, ToSchema)]
pub struct OriginView {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// The unit that was asked for.
    pub building: Option<UnitId>,
    /// The place that was asked for.
    pub place: Option<PlaceId>,
    /// The points on the streets from which the walk may begin, the nearest first.
    pub snapped: Vec<SnappedView>,
    /// Whether these streets hang together with little else.
    pub island: bool,
}

impl OriginView {
    /// The origin of a question, with the building or place that it named.
    pub fn of(
        asked: &Asked<'_>,
        (building, place): (Option<UnitId>, Option<PlaceId>),
        feet: &[Foot],
        island: bool,
        crs: Crs,
    ) -> Self {
        let at = Location::of(asked.origin, crs);
        let snapped = |foot: &Foot| snapped_view(foot.point, foot.snap_m, crs);
        Self {
            lat: at.lat,
            lon: at.lon,
            building,
            place,
            snapped: feet_apart(feet).iter().map(snapped).collect(),
            island,
        }
    }
}

/// How the walk was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MethodView {
    /// Along the streets.
    Streets,
    /// No street is near: straight lines times the model's detour factor.
    StraightLine,
}

/// The figures by which metres became seconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelView {
    /// The name of the time model.
    pub name: &'static str,
    /// How one walks.
    pub pace: PaceName,
    /// Its speed on the level, in kilometres an hour.
    pub km_per_hour: f64,
    /// By what straight lines are multiplied where there is no street.
    pub detour_factor: f64,
}

/// The map of the streets.
#[derive(Debug, Serialize, ToSchema)]
pub struct MapView {
    /// A name for this very map.
    pub id: String,
    /// Of what it was made.
    pub source: String,
    /// What must be shown with it.
    pub attribution: String,
    /// When its data was taken, where known.
    pub timestamp: Option<String>,
}

/// The place of a category that is reached first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NearestView {
    /// Its id.
    pub id: PlaceId,
    /// Its name.
    pub name: String,
    /// Seconds of walking.
    pub walk_s: u32,
}

/// Whether a category is there by either basis.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetView {
    /// Whether one is within the minutes, at this pace.
    pub time: bool,
    /// Whether one is within the metres that GB 50180-2018 takes for the minutes; null for
    /// others than 5, 10 and 15.
    pub gb50180: Option<bool>,
}

/// The nearest place of a category that the circle lacks.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeyondView {
    /// Its id.
    pub id: PlaceId,
    /// Its name.
    pub name: String,
    /// Seconds of walking.
    pub walk_s: u32,
    /// Metres of walking.
    pub walk_m: f64,
}

/// What there is of a category.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategorySummary {
    /// The category.
    pub category: Category,
    /// How many places are within reach.
    pub count: usize,
    /// How many of them are known to be open at the instant.
    pub open_now: usize,
    /// The one that is reached first.
    pub nearest: Option<NearestView>,
    /// Whether it is there by either basis.
    pub met: MetView,
    /// Where there is none: the nearest one up to 30 minutes.
    pub beyond: Option<BeyondView>,
}

/// A facility that a standard asks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacilityView {
    /// Its name in tables.
    pub code: String,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// Its category.
    pub category: Category,
    /// Of the 5, 10 or 15 minutes' circle.
    pub tier: u32,
    /// Within how many metres of walking it should be.
    pub metres: f64,
    /// Whether the standard demands it or recommends it.
    pub requirement: Requirement,
    /// Who says so.
    pub source: String,
    /// Whether the row was compared with the standard's own text.
    pub checked: bool,
    /// Whether the row may be called the national standard's: only what was checked.
    pub national_standard: bool,
    /// Whether one is within those metres.
    pub met: bool,
    /// The one that is reached first.
    pub nearest: Option<NearestView>,
}

/// The table of facilities.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacilitiesView {
    /// All rows.
    pub items: Vec<Facility>,
}

/// What is within some minutes' walk.
#[derive(Debug, Serialize, ToSchema)]
pub struct CircleView {
    /// The origin.
    pub origin: OriginView,
    /// How the walks were found.
    pub method: MethodView,
    /// By what figures.
    pub model: ModelView,
    /// On which map; null where this server has none.
    pub map: Option<MapView>,
    /// What must be shown with the answer: for the map, and for places of OpenStreetMap.
    pub attribution: Vec<String>,
    /// How many minutes one walks at the most.
    pub minutes: u32,
    /// What was counted.
    pub basis: BasisName,
    /// Which way one walks.
    pub direction: Direction,
    /// The instant for which it holds.
    pub at: Timestamp,
    /// When the streets met here next change: a way or gate with hours opens or closes.
    pub streets_change_at: Option<Timestamp>,
    /// Whether all of it lies inside what the map covers; if not, there may be more.
    pub complete: bool,
    /// What there is of each of the ten categories, whatever was filtered.
    pub summary: Vec<CategorySummary>,
    /// With `basis=gb50180`: the facilities that the table asks for within these minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facilities: Option<Vec<FacilityView>>,
    /// The circle in at most 40 characters, where a profile asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_text: Option<String>,
    /// The circle in a sentence to be spoken, where a profile asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
    /// How many places pass the filters, listed or not.
    pub total: usize,
    /// The places that pass the filters, in the order of walking time.
    pub places: Vec<ReachedView>,
}

/// The places that pass the filters of a question.
pub fn passing<'a>(circle: &'a Circle, query: &CircleQuery, words: Option<&text::Query>) -> Vec<&'a Reached> {
    let all = circle.reached.iter();
    all.filter(|reached| passes(reached, query, words)).collect()
}

/// The answer to a question, still without its places.
pub fn view(
    circles: &Circles,
    circle: &Circle,
    passing: &[&Reached],
    asked: &Asked<'_>,
    query: &CircleQuery,
) -> CircleView {
    CircleView {
        origin: OriginView::of(
            asked,
            (query.building, query.place),
            &circle.feet,
            circle.island,
            query.crs,
        ),
        method: method_view(circle.method),
        model: model_view(circles, asked.pace, query.pace),
        map: map_view(circles),
        attribution: attribution(circles, circle.attribution()),
        minutes: query.minutes,
        basis: query.basis,
        direction: query.direction,
        at: asked.at,
        streets_change_at: circle.streets_change_at,
        complete: circle.complete,
        summary: summary(circle),
        facilities: None,
        summary_text: None,
        say: None,
        total: passing.len(),
        places: Vec::new(),
    }
}

/// The answer with its places, as JSON.
pub fn json(view: &CircleView, listed: &[&Reached], asked: &Asked<'_>, query: &CircleQuery) -> Result<Vec<u8>> {
    const A_PLACE_BYTES: usize = 640;
    let mut out = Vec::with_capacity((listed.len() + 8) * A_PLACE_BYTES);
    serde_json::to_writer(&mut out, view).map_err(Error::internal)?;
    // The list of places is the last member, and still empty.
    out.truncate(out.len().saturating_sub("]}".len()));
    let is_wheelchair = query.pace == PaceName::Wheelchair;
    for (nth, reached) in listed.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        let is_written = query.crs == Crs::Wgs84 && render::place(&mut out, reached, asked.origin, is_wheelchair);
        if !is_written {
            let view = reached_view(reached, asked, query);
            serde_json::to_writer(&mut out, &view).map_err(Error::internal)?;
        }
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

/// How walks were found.
pub fn method_view(method: Method) -> MethodView {
    match method {
        Method::Streets => MethodView::Streets,
        Method::StraightLine => MethodView::StraightLine,
    }
}

/// The figures of a pace.
pub fn model_view(circles: &Circles, pace: &Pace, name: PaceName) -> ModelView {
    ModelView {
        name: &circles.model().name,
        pace: name,
        km_per_hour: (36.0 / f64::from(pace.seconds_a_metre)).round() / 10.0,
        detour_factor: pace.detour_factor,
    }
}

/// A point on a street with its straight leg.
pub fn snapped_view(point: Point, snap_m: f32, crs: Crs) -> SnappedView {
    let at = Location::of(point, crs);
    SnappedView {
        lat: at.lat,
        lon: at.lon,
        snap_m: to_decimetre(f64::from(snap_m)),
    }
}

/// The facilities of the table within the minutes, with what the circle has of them.
pub fn facilities(circles: &Circles, asked: &Asked<'_>) -> Vec<FacilityView> {
    let rows = || circles.facilities().within(asked.minutes);
    // A row's own radius may be larger than the circle.
    let furthest_m = rows().map(Facility::within_m).fold(0.0, f64::max);
    let reached = circles.within_metres(asked, furthest_m);
    rows()
        .map(|row| {
            let is_one = |reached: &&Reached| {
                let kind = &reached.entry.place.facts.kind.code;
                row.kinds.contains(kind) && reached.walk_m <= row.within_m()
            };
            let nearest = reached.iter().find(is_one);
            FacilityView {
                code: row.code.clone(),
                name: row.name.clone(),
                name_en: row.name_en.clone(),
                category: row.category,
                tier: row.tier,
                metres: row.within_m(),
                requirement: row.requirement,
                source: row.source.clone(),
                checked: row.checked,
                national_standard: row.checked && row.national,
                met: nearest.is_some(),
                nearest: nearest.map(nearest_view),
            }
        })
        .collect()
}

fn nearest_view(reached: &Reached) -> NearestView {
    NearestView {
        id: reached.entry.place.id,
        name: reached.entry.place.facts.name.clone(),
        walk_s: whole_seconds(reached.walk_s),
    }
}

/// What must be shown with an answer over these places.
pub fn attribution(circles: &Circles, of_places: Option<&'static str>) -> Vec<String> {
    let of_map = map_view(circles).map(|map| map.attribution);
    let mut all: Vec<String> = of_map.into_iter().chain(of_places.map(str::to_owned)).collect();
    all.dedup();
    all
}

/// The map of the streets; none where this server has none.
pub fn map_view(circles: &Circles) -> Option<MapView> {
    let info = circles.map().info();
    (info.edges > 0).then(|| MapView {
        id: info.id.clone(),
        source: info.source.clone(),
        attribution: info.attribution.clone(),
        timestamp: info.timestamp.clone(),
    })
}

fn passes(reached: &Reached, query: &CircleQuery, words: Option<&text::Query>) -> bool {
    let facts = &reached.entry.place.facts;
    query.category.is_none_or(|category| facts.kind.category == category)
        && query.kind.as_ref().is_none_or(|kind| facts.kind.code == *kind)
        && query.open.is_none_or(|open| reached.open() == Some(open))
        && words.is_none_or(|words| words.matches(&reached.entry.search_name))
}

/// What there is of each of the ten categories.
pub fn summary(circle: &Circle) -> Vec<CategorySummary> {
    let mut all: Vec<CategorySummary> = Category::ALL
        .into_iter()
        .zip(circle.met.iter().zip(&circle.beyond))
        .map(|(category, (met, beyond))| CategorySummary {
            category,
            count: 0,
            open_now: 0,
            nearest: None,
            met: MetView {
                time: met.time,
                gb50180: met.gb50180,
            },
            beyond: beyond.as_ref().map(|beyond| BeyondView {
                id: beyond.entry.place.id,
                name: beyond.entry.place.facts.name.clone(),
                walk_s: whole_seconds(beyond.walk_s),
                walk_m: to_decimetre(beyond.walk_m),
            }),
        })
        .collect();
    for reached in &circle.reached {
        if let Some(of_it) = all.get_mut(reached.category() as usize) {
            of_it.count += 1;
            of_it.open_now += usize::from(reached.open() == Some(true));
            if of_it.nearest.is_none() {
                of_it.nearest = Some(nearest_view(reached));
            }
        }
    }
    all
}

/// A second begun counts: nobody is promised to be there sooner. What lies within
/// the limit stays within it, since limits are whole minutes.
pub fn whole_seconds(seconds: f64) -> u32 {
    seconds.ceil() as u32
}

/// Metres to a tenth.
pub fn to_decimetre(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0
}

/// The same as a FeatureCollection (RFC 7946): a feature a place, all else beside
/// the features as foreign members.
pub fn geojson(view: &CircleView) -> Result<Value> {
    let mut collection = serde_json::to_value(view).map_err(Error::internal)?;
    let features: Vec<Value> = collection["places"]
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default()
        .into_iter()
        .map(|mut place| {
            let coordinates = json!([place["lat"].take(), place["lon"].take()]);
            let position = json!([coordinates[1], coordinates[0]]);
            let id = place["id"].take();
            if let Some(properties) = place.as_object_mut() {
                for moved in ["lat", "lon", "id"] {
                    properties.remove(moved);
                }
            }
            json!({
                "type": "Feature",
                "id": id,
                "geometry": { "type": "Point", "coordinates": position },
                "properties": place,
            })
        })
        .collect();
    if let Some(members) = collection.as_object_mut() {
        members.remove("places");
        members.insert("type".into(), json!("FeatureCollection"));
        members.insert("features".into(), features.into());
    }
    Ok(collection)
}
