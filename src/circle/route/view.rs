//! A walk as clients ask for it and read it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::words;
use crate::circle::places::PlaceId;
use crate::circle::question::view::{Direction, PaceName};
use crate::circle::reached::view::ReachedDoorView;
use crate::circle::view::{MapView, MethodView, ModelView, OriginView};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::grid::UnitId;

/// Which walk is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RouteQuery {
    /// The place to walk to; from it where `direction` is `to`.
    #[param(inline)]
    pub to: PlaceId,
    /// Degrees north of the origin.
    #[param(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: Option<f64>,
    /// Degrees east of the origin.
    #[param(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: Option<f64>,
    /// A unit with a location, in place of `lat` and `lon`; walks start at its doors where it has some.
    #[param(inline)]
    pub building: Option<UnitId>,
    /// A place, in place of `lat` and `lon`; walks start at its doors.
    #[param(inline)]
    pub place: Option<PlaceId>,
    /// How one walks.
    #[serde(default)]
    #[param(inline)]
    pub pace: PaceName,
    /// The steepest slope that a wheelchair takes, in per cent; with `pace=wheelchair` only, 6 unless told.
    #[param(minimum = 1, maximum = 20)]
    pub max_incline: Option<f64>,
    /// From the origin to the place, or from the place to the origin.
    #[serde(default)]
    #[param(inline)]
    pub direction: Direction,
    /// For which instant (RFC 3339, the years 1970 to 2199); now unless told.
    #[param(value_type = Option<String>, format = "date-time")]
    pub at: Option<Timestamp>,
    /// Whether ferries are taken.
    #[serde(default)]
    pub ferry: bool,
    /// The system of coordinates; GeoJSON has `wgs84` only.
    #[serde(default)]
    #[param(inline)]
    pub crs: Crs,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
pub struct RouteGeometry {
    /// `LineString`.
    pub r#type: &'static str,
    /// Positions, WGS-84, longitude first, in the direction of the walk.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub coordinates: Vec<[f64; 2]>,
}

/// The place of a walk.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoutePlace {
    /// Its id.
    pub id: PlaceId,
    /// Its name in Chinese, or as it is written there.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
}

/// What one does in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Walk.
    Walk,
    /// Take stairs.
    Steps,
    /// Take an escalator.
    Escalator,
    /// Cross a street.
    Crossing,
    /// Take a lift.
    Lift,
    /// Take a ferry.
    Ferry,
    /// Be there.
    Arrive,
}

/// How one turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepTurn {
    /// Straight on.
    Straight,
    /// Half left.
    SlightLeft,
    /// Left.
    Left,
    /// Sharply left.
    SharpLeft,
    /// Half right.
    SlightRight,
    /// Right.
    Right,
    /// Sharply right.
    SharpRight,
    /// Back.
    Back,
}

/// A step of a walk.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// What one does.
    pub kind: StepKind,
    /// How one turns before; null for the first step and the last.
    pub turn: Option<StepTurn>,
    /// The street's name, where it has one.
    pub street: Option<String>,
    /// Metres of the step; those of all steps make `walk_m`.
    pub walk_m: f64,
    /// Seconds of the step; those of all steps make `walk_s`, but for rounding.
    pub walk_s: f64,
    /// Which of the line's positions it starts at, from 0.
    pub starts_at: usize,
    /// The same in words, in the language of the answer.
    pub text: String,
}

impl StepView {
    /// A step with its figures rounded.
    pub fn of(step: words::Step) -> Self {
        let round = |value: f64| (value * 10.0).round() / 10.0;
        Self {
            kind: match step.kind {
                words::Kind::Walk => StepKind::Walk,
                words::Kind::Steps => StepKind::Steps,
                words::Kind::Escalator => StepKind::Escalator,
                words::Kind::Crossing => StepKind::Crossing,
                words::Kind::Lift => StepKind::Lift,
                words::Kind::Ferry => StepKind::Ferry,
                words::Kind::Arrive => StepKind::Arrive,
            },
            turn: step.turn.map(|turn| match turn {
                words::Turn::Straight => StepTurn::Straight,
                words::Turn::SlightLeft => StepTurn::SlightLeft,
                words::Turn::Left => StepTurn::Left,
                words::Turn::SharpLeft => StepTurn::SharpLeft,
                words::Turn::SlightRight => StepTurn::SlightRight,
                words::Turn::Right => StepTurn::Right,
                words::Turn::SharpRight => StepTurn::SharpRight,
                words::Turn::Back => StepTurn::Back,
            }),
            street: step.name,
            walk_m: round(step.metres),
            walk_s: round(step.seconds),
            starts_at: step.first_point,
            text: step.text,
        }
    }
}

/// What is said of a walk.
#[derive(Debug, Serialize, ToSchema)]
pub struct RouteProperties {
    /// Where it starts; where it ends, where the direction is `to`.
    pub origin: OriginView,
    /// The place at its other end.
    pub place: RoutePlace,
    /// The door of the place.
    pub door: ReachedDoorView,
    /// From the origin, or to it.
    pub direction: Direction,
    /// How it was found.
    pub method: MethodView,
    /// Seconds of walking in all; the same as in the circle.
    pub walk_s: u32,
    /// Metres of walking in all; the same as in the circle.
    pub walk_m: f64,
    /// The part of `walk_m` between the snapped points, along streets and over squares;
    /// null in straight lines.
    pub network_m: Option<f64>,
    /// Whether it ends on a private way.
    pub private_end: bool,
    /// Metres of which the map does not say whether a wheelchair gets along; null for other paces.
    pub unknown_m: Option<f64>,
    /// What to do, step by step.
    pub steps: Vec<StepView>,
    /// By what figures.
    pub model: ModelView,
    /// On which map; null where this server has none.
    pub map: Option<MapView>,
    /// What must be shown with the answer.
    pub attribution: Vec<String>,
    /// The instant for which it holds.
    pub at: Timestamp,
    /// Whether all that was searched lies inside what the map covers; if not, there may be a quicker walk.
    pub complete: bool,
    /// When a way or gate with hours that was met next opens or closes; null where none does.
    pub streets_change_at: Option<Timestamp>,
}

/// A walk as a Feature (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub struct RouteView {
    /// `Feature`.
    pub r#type: &'static str,
    /// Its line.
    pub geometry: RouteGeometry,
    /// What is said of it.
    pub properties: RouteProperties,
}
