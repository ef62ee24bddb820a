//! The polygons and streets of `/v1/circle/area`, and what must hold of them all.

use onegrid::coordinates::Point;
use serde_json::Value;

/// Metres east and north.
type Ring = Vec<[f64; 2]>;

/// An area, in metres around the middle of the towns.
pub struct Area {
    /// Minutes and polygons, as they come.
    bands: Vec<(u32, Vec<Vec<Ring>>)>,
    streets: Vec<Ring>,
}

impl Area {
    /// What can be read of an answer; what cannot is missed by `unsound`.
    pub fn read(answer: &Value) -> Self {
        let mut area = Self {
            bands: Vec::new(),
            streets: Vec::new(),
        };
        for feature in list(&answer["features"]) {
            let coordinates = list(&feature["geometry"]["coordinates"]);
            match feature["properties"]["kind"].as_str() {
                Some("band") => {
                    let minutes = feature["properties"]["minutes"].as_u64().unwrap_or_default();
                    let polygons = coordinates
                        .iter()
                        .map(|polygon| list(polygon).iter().map(ring).collect());
                    area.bands.push((minutes as u32, polygons.collect()));
                }
                Some("streets") => area.streets = coordinates.iter().map(ring).collect(),
                _ => {}
            }
        }
        area
    }

    /// Whether a band has the point inside; none where there is no such band.
    pub fn covers(&self, minutes: u32, (lat, lon): (f64, f64)) -> Option<bool> {
        let at = super::frame().east_north(Point::new(lat, lon));
        let (_, polygons) = self.bands.iter().find(|(band, _)| *band == minutes)?;
        Some(contains(polygons, at))
    }

    /// Metres to the nearest reached street.
    pub fn metres_to_street(&self, (lat, lon): (f64, f64)) -> f64 {
        let at = super::frame().east_north(Point::new(lat, lon));
        let metres = self.streets.iter().map(|line| metres_to_line(line, at));
        metres.fold(f64::INFINITY, f64::min)
    }

    /// What breaks the rules of all areas: rings are closed, outer ones run
    /// counter-clockwise and holes clockwise, a larger band stands before a smaller
    /// one and contains it, the origin is inside and the streets are in the largest.
    pub fn unsound(&self, answer: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };
        must(
            answer["type"] == "FeatureCollection",
            "it is no FeatureCollection".into(),
        );
        must(!self.bands.is_empty(), "there is no band".into());
        must(!self.streets.is_empty(), "there are no streets".into());
        for (minutes, polygons) in &self.bands {
            must(!polygons.is_empty(), format!("the band of {minutes} minutes is empty"));
            for (number, ring) in polygons.iter().flat_map(|polygon| (0..).zip(polygon)) {
                let closed = ring.len() >= 4 && ring.first() == ring.last();
                must(closed, format!("a ring of {minutes} minutes is not closed"));
                let is_outer = number == 0;
                let right_way = (twice_area(ring) > 0.0) == is_outer;
                must(
                    right_way,
                    format!("ring {number} of {minutes} minutes runs the wrong way"),
                );
            }
        }
        for pair in self.bands.windows(2) {
            let [(larger, outside), (smaller, inside)] = pair else {
                continue;
            };
            must(larger > smaller, format!("{smaller} minutes stand after {larger}"));
            let corners = inside.iter().flatten().flatten();
            let left =
                corners.filter(|corner| !contains(outside, **corner) && metres_to_rings(outside, **corner) > 0.5);
            let left = left.count();
            must(
                left == 0,
                format!("{left} corners of {smaller} minutes are outside of {larger}"),
            );
        }
        let origin = &answer["origin"];
        match (origin["lat"].as_f64(), origin["lon"].as_f64()) {
            (Some(lat), Some(lon)) => {
                for (minutes, _) in &self.bands {
                    let inside = self.covers(*minutes, (lat, lon)) == Some(true);
                    must(inside, format!("the origin is not in the band of {minutes} minutes"));
                }
            }
            _ => must(false, "the origin has no position".into()),
        }
        if let Some((minutes, largest)) = self.bands.first() {
            let out = self.streets.iter().flatten();
            let out = out.filter(|corner| !contains(largest, **corner) && metres_to_rings(largest, **corner) > 0.5);
            let out = out.count();
            must(
                out == 0,
                format!("{out} corners of the streets are outside of {minutes} minutes"),
            );
        }
        faults
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn ring(positions: &Value) -> Ring {
    let frame = super::frame();
    let position = |position: &Value| {
        let degree = |number: usize| position[number].as_f64().unwrap_or(f64::NAN);
        frame.east_north(Point::new(degree(1), degree(0)))
    };
    list(positions).iter().map(position).collect()
}

/// Twice the area, positive where the ring runs counter-clockwise.
fn twice_area(ring: &Ring) -> f64 {
    let cross = |pair: &[[f64; 2]]| pair[0][0] * pair[1][1] - pair[1][0] * pair[0][1];
    ring.windows(2).map(cross).sum()
}

/// By the even-odd rule over all rings.
fn contains(polygons: &[Vec<Ring>], [east, north]: [f64; 2]) -> bool {
    let crossings = polygons
        .iter()
        .flatten()
        .flat_map(|ring| ring.windows(2))
        .filter(|pair| {
            let [a, b] = [pair[0], pair[1]];
            (a[1] <= north) != (b[1] <= north) && a[0] + (north - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) < east
        });
    crossings.count() % 2 == 1
}

fn metres_to_rings(polygons: &[Vec<Ring>], at: [f64; 2]) -> f64 {
    let metres = polygons.iter().flatten().map(|ring| metres_to_line(ring, at));
    metres.fold(f64::INFINITY, f64::min)
}

fn metres_to_line(line: &Ring, at: [f64; 2]) -> f64 {
    let to_segment = |pair: &[[f64; 2]]| {
        let along = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let from = [at[0] - pair[0][0], at[1] - pair[0][1]];
        let squared = along[0].powi(2) + along[1].powi(2);
        let share = if squared > 0.0 {
            ((from[0] * along[0] + from[1] * along[1]) / squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (from[0] - share * along[0]).hypot(from[1] - share * along[1])
    };
    line.windows(2).map(to_segment).fold(f64::INFINITY, f64::min)
}
