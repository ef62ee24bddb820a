//! A hand-made street map, drawn in metres.

use std::fmt::Write;

use onegrid::coordinates::{EARTH_RADIUS_M, Point};

/// Where x = 0 m and y = 0 m are.
const ORIGIN: (f64, f64) = (31.2, 112.6);

/// Latitude and longitude of a point so many metres east and north of the origin.
pub fn at(east_m: f64, north_m: f64) -> (f64, f64) {
    let metres_a_degree = EARTH_RADIUS_M.to_radians();
    let lat = ORIGIN.0 + north_m / metres_a_degree;
    let lon = ORIGIN.1 + east_m / (metres_a_degree * ORIGIN.0.to_radians().cos());
    (lat, lon)
}

/// Metres between two positions as the crow flies.
pub fn metres_between(a: (f64, f64), b: (f64, f64)) -> f64 {
    Point::new(a.0, a.1).metres_to(Point::new(b.0, b.1))
}

/// Streets; those that share a corner are joined there.
#[derive(Default)]
pub struct Town {
    corners: Vec<(f64, f64)>,
    ways: Vec<Way>,
}

/// The numbers of its corners, and its tags.
struct Way {
    corners: Vec<usize>,
    tags: Vec<(String, String)>,
}

impl Town {
    /// The town of most tests, in metres east and north:
    ///
    /// ```text
    ///      school (10, 400) · | (0, 600)            library (600, 350) ·
    ///                         |                                        | (600, 340)
    ///                         |                                        |
    ///                         |                                        | (600, 40)
    ///                         |                       100 steps        #
    ///  (-1000, 0) ────────────┼──────────────────────────────────────(600, 0)── (1000, 0)
    ///                  origin · (0, -20)
    /// ```
    pub fn usual() -> Self {
        let mut town = Self::default();
        let street = [("highway", "residential")];
        town.way(&[(-1000.0, 0.0), (0.0, 0.0), (600.0, 0.0), (1000.0, 0.0)], &street);
        town.way(&[(0.0, 0.0), (0.0, 600.0)], &street);
        town.way(
            &[(600.0, 0.0), (600.0, 40.0)],
            &[("highway", "steps"), ("step_count", "100")],
        );
        town.way(&[(600.0, 40.0), (600.0, 340.0)], &[("highway", "footway")]);
        town
    }

    /// Adds a way through these points, metres east and north.
    pub fn way(&mut self, points: &[(f64, f64)], tags: &[(&str, &str)]) {
        let corners = points.iter().map(|point| self.corner(*point)).collect();
        let tags = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        self.ways.push(Way { corners, tags });
    }

    fn corner(&mut self, point: (f64, f64)) -> usize {
        match self.corners.iter().position(|known| *known == point) {
            Some(known) => known,
            None => {
                self.corners.push(point);
                self.corners.len() - 1
            }
        }
    }

    /// As OpenStreetMap's XML.
    pub fn xml(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\">\n");
        let mut add = |line: String| writeln!(xml, "{line}").expect("a String takes all");
        for (number, (east_m, north_m)) in (1..).zip(&self.corners) {
            let (lat, lon) = at(*east_m, *north_m);
            add(format!(
                "<node id=\"{number}\" version=\"1\" lat=\"{lat:.7}\" lon=\"{lon:.7}\"/>"
            ));
        }
        for (number, Way { corners, tags }) in (1001..).zip(&self.ways) {
            add(format!("<way id=\"{number}\" version=\"1\">"));
            corners
                .iter()
                .for_each(|corner| add(format!("<nd ref=\"{}\"/>", corner + 1)));
            tags.iter()
                .for_each(|(key, value)| add(format!("<tag k=\"{key}\" v=\"{value}\"/>")));
            add("</way>".to_owned());
        }
        xml.push_str("</osm>\n");
        xml
    }
}
