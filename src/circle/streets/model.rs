//! The time model: what a metre, a step and a red light cost whom. All figures
//! stand in `data/paces.toml`, each with its source.

use serde::Deserialize;
use std::sync::LazyLock;

/// A way of walking, with all its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// `adult`, `elder`, `child` or `wheelchair`.
    pub name: String,
    /// Seconds to walk a metre on the level.
    pub seconds_a_metre: f32,
    /// What stairs cost; `None` for who cannot use them.
    pub stairs: Option<Stairs>,
    /// Half the mean wait at a signalled crossing: paid on entering it and on
    /// leaving it.
    pub half_signal_s: f32,
    /// Half of waiting for a lift and riding it: paid on entering and on leaving.
    pub half_lift_s: f32,
    /// Seconds to be carried a metre by an escalator, standing.
    pub escalator_seconds_a_metre: f32,
    /// What slopes cost; `None` where they cost nothing.
    pub slope: Option<Slope>,
    /// The steepest slope that is taken, as a fraction, up or down.
    pub max_incline: f32,
    /// What ferries cost whose tags say nothing.
    pub ferry: Ferry,
    /// Metres walked a metre of straight line where there is no network.
    pub detour_factor: f64,
    /// Whether its seconds are metres, see [`Pace::in_metres`].
    pub counts_metres: bool,
    /// Where the figures come from.
    pub source: String,
}

/// What stairs cost, up and down alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stairs {
    pub seconds_a_step: f32,
    /// Along stairs whose steps nobody counted.
    pub seconds_a_metre: f32,
}

/// What a slope costs: Tobler's hiking function, `exp(k · |s + o|)`, over the
/// same on the level, and never less than on the level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// `k`, 3.5 in Tobler's function.
    pub exponent: f32,
    /// `o`, 0.05 in Tobler's function: the gentle descent that is fastest.
    pub offset: f32,
}

impl Slope {
    /// By what the seconds on the level are multiplied on a slope of `incline`,
    /// a fraction, upwards positive.
    #[must_use]
    pub fn factor(&self, incline: f32) -> f32 {
        let over_level = (incline + self.offset).abs() - self.offset;
        (self.exponent * over_level).exp().max(1.0)
    }
}

/// What a ferry costs whose tags say nothing of its duration and interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ferry {
    /// Seconds it takes a metre.
    pub seconds_a_metre: f32,
    /// Seconds of waiting for it.
    pub wait_s: f32,
}

impl Pace {
    /// The same person's walk counted in metres: a metre costs one, and nothing
    /// else costs anything. What they cannot use stays so.
    #[must_use]
    pub fn in_metres(&self) -> Self {
        Self {
            seconds_a_metre: 1.0,
            stairs: self.stairs.map(|_| Stairs {
                seconds_a_step: 0.0,
                seconds_a_metre: 1.0,
            }),
            half_signal_s: 0.0,
            half_lift_s: 0.0,
            escalator_seconds_a_metre: 1.0,
            slope: None,
            ferry: Ferry {
                seconds_a_metre: 1.0,
                wait_s: 0.0,
            },
            counts_metres: true,
            ..self.clone()
        }
    }

    /// The same pace with another steepest slope, a fraction.
    #[must_use]
    pub fn with_max_incline(&self, max_incline: f32) -> Self {
        Self {
            max_incline,
            ..self.clone()
        }
    }

    /// Whether a slope is too steep, up or down.
    #[must_use]
    pub fn is_too_steep(&self, incline: f32) -> bool {
        // A hundredth of a per cent for figures that were rounded.
        incline.abs() > self.max_incline + 1e-4
    }

    /// Whether stairs are out of the question.
    #[must_use]
    pub fn is_step_free(&self) -> bool {
        self.stairs.is_none()
    }
}

/// The whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeModel {
    /// What an answer calls the model.
    pub name: String,
    /// The ways of walking.
    pub paces: Vec<Pace>,
}

/// Why a table of the time model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("the time model cannot be read: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    #[error("the time model's {0} must be a positive number")]
    NotPositive(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    model: String,
    pace: Vec<PaceRow>,
    steps: StepsRow,
    crossing: CrossingRow,
    slope: SlopeRow,
    lift: LiftRow,
    escalator: EscalatorRow,
    ferry: FerryRow,
    straight_line: StraightLineRow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceRow {
    name: String,
    km_per_hour: f64,
    step_factor: Option<f64>,
    max_incline_percent: Option<f64>,
    source: String,
}

/// Sources are for the reader of the table; they are required, not used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepsRow {
    seconds_a_step: f64,
    metres_a_second: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrossingRow {
    signals_wait_s: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlopeRow {
    exponent: f64,
    offset: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftRow {
    ride_s: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalatorRow {
    metres_a_second: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FerryRow {
    km_per_hour: f64,
    wait_s: f64,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StraightLineRow {
    detour_factor: f64,
    #[serde(rename = "source")]
    _source: String,
}

impl TimeModel {
    /// Reads a table in the form of `data/paces.toml`.
    ///
    /// # Errors
    /// `ModelError` where it is no such table or a figure is not positive.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let table: Table = toml::from_str(text).map_err(Box::new)?;
        let seconds_a_step = positive(table.steps.seconds_a_step, "seconds_a_step")?;
        let stairs_speed = positive(table.steps.metres_a_second, "metres_a_second")?;
        let signals_wait_s = positive(table.crossing.signals_wait_s, "signals_wait_s")?;
        let detour_factor = positive(table.straight_line.detour_factor, "detour_factor")?;
        let slope = Slope {
            exponent: positive(table.slope.exponent, "exponent")? as f32,
            offset: positive(table.slope.offset, "offset")? as f32,
        };
        let lift_s = positive(table.lift.ride_s, "ride_s")?;
        let escalator_speed = positive(table.escalator.metres_a_second, "metres_a_second")?;
        let ferry = Ferry {
            seconds_a_metre: (3.6 / positive(table.ferry.km_per_hour, "km_per_hour")?) as f32,
            wait_s: positive(table.ferry.wait_s, "wait_s")? as f32,
        };
        let pace = |row: PaceRow| -> Result<Pace, ModelError> {
            let stairs = match row.step_factor {
                Some(factor) => {
                    let factor = positive(factor, "step_factor")?;
                    Some(Stairs {
                        seconds_a_step: (seconds_a_step * factor) as f32,
                        seconds_a_metre: (factor / stairs_speed) as f32,
                    })
                }
                None => None,
            };
            Ok(Pace {
                seconds_a_metre: (3.6 / positive(row.km_per_hour, "km_per_hour")?) as f32,
                stairs,
                half_signal_s: (signals_wait_s / 2.0) as f32,
                half_lift_s: (lift_s / 2.0) as f32,
                escalator_seconds_a_metre: (1.0 / escalator_speed) as f32,
                slope: Some(slope),
                max_incline: match row.max_incline_percent {
                    Some(percent) => (positive(percent, "max_incline_percent")? / 100.0) as f32,
                    None => f32::INFINITY,
                },
                ferry,
                detour_factor,
                counts_metres: false,
                name: row.name,
                source: row.source,
            })
        };
        Ok(Self {
            name: table.model,
            paces: table.pace.into_iter().map(pace).collect::<Result<_, ModelError>>()?,
        })
    }

    /// The model that ships with the program.
    ///
    /// # Errors
    /// As [`TimeModel::parse`], where somebody broke the table; a test sees it.
    pub fn shipped() -> Result<&'static Self, &'static ModelError> {
        static SHIPPED: LazyLock<Result<TimeModel, ModelError>> =
            LazyLock::new(|| TimeModel::parse(include_str!("../../../data/paces.toml")));
        SHIPPED.as_ref()
    }

    /// The pace called `name`.
    #[must_use]
    pub fn pace(&self, name: &str) -> Option<&Pace> {
        self.paces.iter().find(|pace| pace.name == name)
    }
}

fn positive(value: f64, name: &'static str) -> Result<f64, ModelError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(ModelError::NotPositive(name))
    }
}

#[cfg(test)]
mod tests {
    use super::{ModelError, TimeModel};

    #[test]
    fn the_shipped_table_has_the_four_paces_of_the_design() {
        let model = TimeModel::shipped().unwrap();
        assert_eq!(model.name, "onegrid-walk-2");
        let metres_in_ten_minutes = |name| 600.0 / model.pace(name).unwrap().seconds_a_metre;
        assert!((metres_in_ten_minutes("adult") - 850.0).abs() < 0.01);
        assert!((metres_in_ten_minutes("elder") - 500.0).abs() < 0.01);
        assert!((metres_in_ten_minutes("child") - 600.0).abs() < 0.01);
        assert!((metres_in_ten_minutes("wheelchair") - 483.333).abs() < 0.01);
        assert!(model.pace("wheelchair").unwrap().is_step_free());
        assert!(model.pace("runner").is_none());
    }

    #[test]
    fn an_elder_takes_half_as_long_again_over_stairs() {
        let model = TimeModel::shipped().unwrap();
        let adult = model.pace("adult").unwrap().stairs.unwrap();
        let elder = model.pace("elder").unwrap().stairs.unwrap();
        assert!((adult.seconds_a_step - 0.6).abs() < 1e-6);
        assert!((adult.seconds_a_metre - 2.0).abs() < 1e-6);
        assert!((elder.seconds_a_step - 0.9).abs() < 1e-6);
        assert!((elder.seconds_a_metre - 3.0).abs() < 1e-6);
    }

    #[test]
    fn slopes_cost_as_tobler_found_and_never_help() {
        let slope = TimeModel::shipped().unwrap().pace("adult").unwrap().slope.unwrap();
        // exp(3.5 · 0.1) up 10 %; down 10 %: |-0.1 + 0.05| - 0.05 = 0; down 20 %: 0.1.
        for (incline, factor) in [(0.1, 1.419), (0.0, 1.0), (-0.05, 1.0), (-0.1, 1.0), (-0.2, 1.419)] {
            assert!((slope.factor(incline) - factor).abs() < 1e-3, "{incline}");
        }
    }

    #[test]
    fn only_wheels_mind_a_steep_way() {
        let model = TimeModel::shipped().unwrap();
        let wheelchair = model.pace("wheelchair").unwrap();
        assert!(wheelchair.is_too_steep(-0.07) && !wheelchair.is_too_steep(0.06));
        assert!(!wheelchair.with_max_incline(0.08).is_too_steep(0.07));
        assert!(!model.pace("elder").unwrap().is_too_steep(0.3));
    }

    #[test]
    fn a_figure_that_is_not_positive_is_refused_by_name() {
        let text = include_str!("../../../data/paces.toml").replace("signals_wait_s = 10.0", "signals_wait_s = -1.0");
        assert!(matches!(
            TimeModel::parse(&text),
            Err(ModelError::NotPositive("signals_wait_s"))
        ));
    }
}
