//! The circle as clients ask for it and read it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::lookup::{Asked, Circle, Circles, Reached};
use super::places::PlaceId;
use super::places::kinds::Category;
use super::streets::Method;
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::error::{Error, Result};
use crate::grid::UnitId;
use crate::http::Location;
use crate::text;

/// How one walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaceName {
    /// A grown-up in good health, 5.1 km/h.
    #[default]
    Adult,
    /// An elder, 3.0 km/h.
    Elder,
    /// A child, 3.6 km/h.
    Child,
    /// A wheelchair, 2.9 km/h and no stairs.
    Wheelchair,
}

impl PaceName {
    /// Its name in the time model.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Adult => "adult",
            Self::Elder => "elder",
            Self::Child => "child",
            Self::Wheelchair => "wheelchair",
        }
    }
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// An elder.
    Elder,
    /// Anybody who wants it short.
    Plain,
    /// A screen reader.
    ScreenReader,
}

/// What circle is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CircleQuery {
    /// Degrees north of the origin.
    #[param(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: Option<f64>,
    /// Degrees east of the origin.
    #[param(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: Option<f64>,
    /// A unit with a location, in place of `lat` and `lon`.
    #[param(inline)]
    pub building: Option<UnitId>,
    /// How many minutes one walks at the most.
    #[serde(default = "ten")]
    #[param(minimum = 1, maximum = 30, default = 10)]
    pub minutes: u32,
    /// How one walks.
    #[serde(default)]
    #[param(inline)]
    pub pace: PaceName,
    /// Only places of this category.
    #[param(inline)]
    pub category: Option<Category>,
    /// Only places of this kind.
    #[param(min_length = 1, max_length = 40)]
    pub kind: Option<String>,
    /// For which instant (RFC 3339, the years 1970 to 2199); now unless told.
    #[param(value_type = Option<String>, format = "date-time")]
    pub at: Option<Timestamp>,
    /// Only places that are open then, or only those known to be closed.
    pub open: Option<bool>,
    /// Only places whose name has this.
    #[param(min_length = 1, max_length = 64, format = "search-words")]
    pub q: Option<String>,
    /// The system of coordinates in the question and in the answer.
    #[serde(default)]
    #[param(inline)]
    pub crs: Crs,
    /// How many places at the most; the summary counts all.
    #[serde(default = "two_hundred")]
    #[param(minimum = 1, maximum = 1000, default = 200)]
    pub limit: usize,
    /// Adds a short text and a sentence to be spoken.
    #[param(inline)]
    pub profile: Option<Profile>,
}

fn ten() -> u32 {
    10
}

fn two_hundred() -> usize {
    200
}

/// Where the origin stands on a street.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnappedView {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Metres between the origin and this point, walked in a straight line.
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
    /// The points on the streets from which the walk may begin, the nearest first.
    pub snapped: Vec<SnappedView>,
    /// Whether these streets hang together with little else.
    pub island: bool,
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
}

/// A place within reach.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedView {
    /// Its id.
    pub id: PlaceId,
    /// Its name in Chinese, or as it is written there.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Its category.
    pub category: Category,
    /// Its kind.
    pub kind: &'static str,
    /// Degrees north: of the place, or of the stop of a mobile service.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Seconds of walking, from the origin to the door.
    pub walk_s: u32,
    /// Metres of walking, from the origin to the door.
    pub walk_m: f64,
    /// The part of `walk_m` between the snapped points; null in straight lines.
    pub network_m: Option<f64>,
    /// Metres to the door as the crow flies.
    pub straight_m: f64,
    /// Whether it is open at the instant; null where its hours are unknown.
    pub open_now: Option<bool>,
    /// When that changes next.
    pub next_change: Option<Timestamp>,
    /// Whether the hours may yet change, because the holidays of the year are not known.
    pub hours_provisional: bool,
    /// Its telephone number.
    pub phone: Option<String>,
    /// OpenStreetMap's element, where it comes from there.
    #[schema(example = "node/123")]
    pub osm: Option<String>,
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
    /// The instant for which it holds.
    pub at: Timestamp,
    /// What there is of each of the ten categories, whatever was filtered.
    pub summary: Vec<CategorySummary>,
    /// How many places pass the filters, listed or not.
    pub total: usize,
    /// The places that pass the filters, in the order of walking time.
    pub places: Vec<ReachedView>,
    /// The circle in at most 40 characters, where a profile asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_text: Option<String>,
    /// The circle in a sentence to be spoken, where a profile asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
}

/// The places that pass the filters of a question.
pub fn passing<'a>(circle: &'a Circle, query: &CircleQuery, words: Option<&text::Query>) -> Vec<&'a Reached> {
    let all = circle.reached.iter();
    all.filter(|reached| passes(reached, query, words)).collect()
}

/// The answer to a question.
pub fn view(
    circles: &Circles,
    circle: &Circle,
    passing: &[&Reached],
    asked: &Asked<'_>,
    query: &CircleQuery,
) -> CircleView {
    let origin = Location::of(asked.origin, query.crs);
    CircleView {
        origin: OriginView {
            lat: origin.lat,
            lon: origin.lon,
            building: query.building,
            snapped: circle
                .feet
                .iter()
                .map(|foot| {
                    let at = Location::of(foot.point, query.crs);
                    SnappedView {
                        lat: at.lat,
                        lon: at.lon,
                        snap_m: to_decimetre(f64::from(foot.snap_m)),
                    }
                })
                .collect(),
            island: circle.island,
        },
        method: match circle.method {
            Method::Streets => MethodView::Streets,
            Method::StraightLine => MethodView::StraightLine,
        },
        model: ModelView {
            name: &circles.model().name,
            pace: query.pace,
            km_per_hour: (36.0 / f64::from(asked.pace.seconds_a_metre)).round() / 10.0,
            detour_factor: asked.pace.detour_factor,
        },
        map: map_view(circles),
        attribution: attribution(circles, &circle.reached),
        minutes: query.minutes,
        at: asked.at,
        summary: summary(&circle.reached),
        total: passing.len(),
        places: passing
            .iter()
            .take(query.limit)
            .map(|reached| reached_view(reached, query.crs))
            .collect(),
        summary_text: None,
        say: None,
    }
}

fn attribution(circles: &Circles, reached: &[Reached]) -> Vec<String> {
    let of_map = map_view(circles).map(|map| map.attribution);
    let of_places = reached.iter().find_map(|reached| reached.entry.place.attribution());
    let mut all: Vec<String> = of_map.into_iter().chain(of_places.map(str::to_owned)).collect();
    all.dedup();
    all
}

/// The map, unless it is one of nothing.
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

fn summary(reached: &[Reached]) -> Vec<CategorySummary> {
    Category::ALL
        .into_iter()
        .map(|category| {
            let of_it = || {
                reached
                    .iter()
                    .filter(|reached| reached.entry.place.facts.kind.category == category)
            };
            CategorySummary {
                category,
                count: of_it().count(),
                open_now: of_it().filter(|reached| reached.open() == Some(true)).count(),
                nearest: of_it().next().map(|reached| NearestView {
                    id: reached.entry.place.id,
                    name: reached.entry.place.facts.name.clone(),
                    walk_s: whole_seconds(reached.walk_s),
                }),
            }
        })
        .collect()
}

fn reached_view(reached: &Reached, crs: Crs) -> ReachedView {
    let place = &reached.entry.place;
    let facts = &place.facts;
    let is_mobile = !facts.stops.is_empty();
    let at = Location::of(if is_mobile { reached.point } else { facts.location }, crs);
    let next_change = reached.hours.as_ref().and_then(|state| state.next_change);
    ReachedView {
        id: place.id,
        name: facts.name.clone(),
        name_en: facts.name_en.clone(),
        category: facts.kind.category,
        kind: &facts.kind.code,
        lat: at.lat,
        lon: at.lon,
        walk_s: whole_seconds(reached.walk_s),
        walk_m: to_decimetre(reached.walk_m),
        network_m: reached.network_m.map(to_decimetre),
        straight_m: to_decimetre(reached.straight_m),
        open_now: reached.open(),
        next_change: next_change.map(Timestamp::from),
        hours_provisional: reached.hours.as_ref().is_some_and(|state| state.provisional),
        phone: facts.phone.clone(),
        osm: place.osm().map(str::to_owned),
    }
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
