//! Outlines of areas: rings put together from ways, and a point that stands
//! for the area. Computed in degrees, since a centroid does not change when
//! an axis is stretched.

use std::collections::HashMap;

use crate::circle::osm::Point;

/// An area: outer rings and the holes in them, each without its closing point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    pub outer: Vec<Vec<Point>>,
    pub inner: Vec<Vec<Point>>,
}

/// What became of the ways of an outline.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rings {
    /// Closed rings of node ids, the first not repeated at the end.
    pub closed: Vec<Vec<i64>>,
    /// What could not be closed.
    pub open: Vec<Vec<i64>>,
}

/// Puts ways together end to end until they close.
#[must_use]
pub fn assemble(ways: &[&[i64]]) -> Rings {
    let mut rings = Rings::default();
    let mut by_end: HashMap<i64, Vec<usize>> = HashMap::new();
    for (number, way) in ways.iter().enumerate() {
        if let (Some(&first), Some(&last)) = (way.first(), way.last()) {
            by_end.entry(first).or_default().push(number);
            by_end.entry(last).or_default().push(number);
        }
    }
    let mut used = vec![false; ways.len()];
    for (number, way) in ways.iter().enumerate() {
        if way.is_empty() || std::mem::replace(&mut used[number], true) {
            continue;
        }
        let mut chain = way.to_vec();
        while chain.len() < 2 || chain.first() != chain.last() {
            let Some(&end) = chain.last() else { break };
            let ends = by_end.get_mut(&end);
            let Some(next) = ends.and_then(|list| take_unused(list, &mut used)) else {
                break;
            };
            let next = ways[next];
            if next.first() == Some(&end) {
                chain.extend(next.iter().skip(1));
            } else {
                chain.extend(next.iter().rev().skip(1));
            }
        }
        // A triangle is the smallest ring: three nodes and the first again.
        if chain.len() >= 4 && chain.first() == chain.last() {
            chain.pop();
            rings.closed.push(chain);
        } else {
            rings.open.push(chain);
        }
    }
    rings
}

fn take_unused(candidates: &mut Vec<usize>, used: &mut [bool]) -> Option<usize> {
    while let Some(candidate) = candidates.pop() {
        if !std::mem::replace(&mut used[candidate], true) {
            return Some(candidate);
        }
    }
    None
}

/// A stretch narrower than this (a tenth of a millimetre) is rounding.
const NARROWEST_DEG: f64 = 1e-9;

impl Outline {
    /// A point inside that stands for the area: its centroid by area or, where
    /// that lies outside or in a hole, the middle of the nearest stretch inside
    /// on the centroid's parallel. None for an area without extent.
    #[must_use]
    pub fn point_inside(&self) -> Option<Point> {
        let centroid = self.centroid()?;
        if self.contains(centroid) {
            return Some(centroid);
        }
        self.nearest_stretch(centroid).or_else(|| {
            let (_, largest) = self
                .outer
                .iter()
                .filter_map(|ring| ring_moments(ring))
                .max_by(|a, b| a.0.total_cmp(&b.0))?;
            self.nearest_stretch(largest)
        })
    }

    /// Centroid by area, holes taken off; may lie outside of the area.
    fn centroid(&self) -> Option<Point> {
        let rings = |rings: &[Vec<Point>], sign: f64| {
            rings
                .iter()
                .filter_map(|ring| ring_moments(ring))
                .fold([0.0; 3], |sum, (area, at)| {
                    let area = sign * area;
                    [sum[0] + area, sum[1] + area * at.lat, sum[2] + area * at.lon]
                })
        };
        let outer = rings(&self.outer, 1.0);
        let inner = rings(&self.inner, -1.0);
        // Holes as large as the area (a broken drawing) are taken as none.
        let [area, lat, lon] = if outer[0] + inner[0] > outer[0] * 1e-6 {
            [outer[0] + inner[0], outer[1] + inner[1], outer[2] + inner[2]]
        } else {
            outer
        };
        (area > 0.0).then(|| Point::new(lat / area, lon / area))
    }

    /// Whether the point is inside, by the even-odd rule over all rings.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        let west = self.crossings(point.lat);
        west.iter().filter(|&&lon| lon < point.lon).count() % 2 == 1
    }

    /// The sides of its outer rings.
    pub fn outer_sides(&self) -> impl Iterator<Item = (Point, Point)> {
        self.outer.iter().flat_map(|ring| edges(ring))
    }

    /// How large its outer rings are together, in square degrees.
    pub fn extent(&self) -> f64 {
        let areas = self.outer.iter().filter_map(|ring| ring_moments(ring));
        areas.map(|(area, _)| area).sum()
    }

    /// Longitudes at which the outline crosses a parallel, from west to east.
    fn crossings(&self, lat: f64) -> Vec<f64> {
        let mut crossings = Vec::new();
        for ring in self.outer.iter().chain(&self.inner) {
            for (a, b) in edges(ring) {
                if (a.lat <= lat) != (b.lat <= lat) {
                    crossings.push(a.lon + (lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon));
                }
            }
        }
        crossings.sort_by(f64::total_cmp);
        crossings
    }

    fn nearest_stretch(&self, from: Point) -> Option<Point> {
        let distance = |lon: &f64| (lon - from.lon).abs();
        self.crossings(from.lat)
            .chunks_exact(2)
            .filter_map(|pair| match pair {
                [west, east] if east - west > NARROWEST_DEG => Some(f64::midpoint(*west, *east)),
                _ => None,
            })
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .map(|lon| Point::new(from.lat, lon))
    }
}

/// Edges of a ring, the closing one included.
fn edges(ring: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().copied().zip(next.copied())
}

/// Area (in square degrees, positive) and centroid of a ring; none without extent.
fn ring_moments(ring: &[Point]) -> Option<(f64, Point)> {
    let origin = *ring.first()?;
    let (mut twice_area, mut lat, mut lon) = (0.0, 0.0, 0.0);
    for (a, b) in edges(ring) {
        let (ax, ay) = (a.lon - origin.lon, a.lat - origin.lat);
        let (bx, by) = (b.lon - origin.lon, b.lat - origin.lat);
        let cross = ax * by - bx * ay;
        twice_area += cross;
        lon += (ax + bx) * cross;
        lat += (ay + by) * cross;
    }
    // Less than about a square millimetre is rounding.
    (twice_area.abs() > 2e-16).then(|| {
        let at = Point::new(
            origin.lat + lat / (3.0 * twice_area),
            origin.lon + lon / (3.0 * twice_area),
        );
        (twice_area.abs() / 2.0, at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<Point> {
        corners.iter().map(|&(lat, lon)| Point::new(lat, lon)).collect()
    }

    fn square(at: f64, size: f64) -> Vec<Point> {
        ring(&[(at, at), (at, at + size), (at + size, at + size), (at + size, at)])
    }

    #[test]
    fn a_centroid_is_by_area_and_not_by_corners() {
        let mut corners = square(0.0, 2.0);
        // Five more corners on the western side draw no centroid west.
        corners.extend(ring(&[(1.9, 0.0), (1.8, 0.0), (1.7, 0.0), (1.6, 0.0), (1.5, 0.0)]));
        let outline = Outline {
            outer: vec![corners],
            inner: vec![],
        };
        let point = outline.point_inside().unwrap();
        assert!(
            (point.lat - 1.0).abs() < 1e-9 && (point.lon - 1.0).abs() < 1e-9,
            "{point:?}"
        );
    }

    #[test]
    fn a_point_of_a_horseshoe_a_ring_road_and_two_islands_lies_inside() {
        let horseshoe = ring(&[
            (0.0, 0.0),
            (0.0, 3.0),
            (3.0, 3.0),
            (3.0, 2.0),
            (1.0, 2.0),
            (1.0, 1.0),
            (3.0, 1.0),
            (3.0, 0.0),
        ]);
        for outline in [
            Outline {
                outer: vec![horseshoe],
                inner: vec![],
            },
            Outline {
                outer: vec![square(0.0, 4.0)],
                inner: vec![square(1.0, 2.0)],
            },
            Outline {
                outer: vec![square(0.0, 1.0), square(9.0, 1.0)],
                inner: vec![],
            },
        ] {
            let point = outline.point_inside().unwrap();
            assert!(outline.contains(point), "{point:?} is not in {outline:?}");
        }
    }

    #[test]
    fn an_area_without_extent_has_no_point() {
        for line in [
            ring(&[]),
            ring(&[(1.0, 1.0)]),
            ring(&[(0.0, 0.0), (1.0, 1.0), (0.0, 0.0)]),
        ] {
            assert_eq!(
                Outline {
                    outer: vec![line],
                    inner: vec![]
                }
                .point_inside(),
                None
            );
        }
    }

    #[test]
    fn ways_close_in_any_order_and_direction_and_the_rest_stays_open() {
        let rings = assemble(&[&[1, 2, 3], &[5, 4, 3], &[5, 1], &[7, 8, 9, 7], &[10, 11], &[], &[12]]);
        assert_eq!(rings.closed, vec![vec![1, 2, 3, 4, 5], vec![7, 8, 9]]);
        assert_eq!(rings.open, vec![vec![10, 11], vec![12]]);
    }

    fn any_ring() -> impl Strategy<Value = Vec<Point>> {
        let corner = (0..20_i32, 0..20_i32);
        proptest::collection::vec(corner, 0..9).prop_map(|corners| {
            let degrees = |units: i32| f64::from(units) / 1000.0;
            corners
                .into_iter()
                .map(|(lat, lon)| Point::new(30.0 + degrees(lat), 110.0 + degrees(lon)))
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_point_of_any_drawing_however_twisted_lies_inside(
            outer in proptest::collection::vec(any_ring(), 0..3),
            inner in proptest::collection::vec(any_ring(), 0..3),
        ) {
            let outline = Outline { outer, inner };
            if let Some(point) = outline.point_inside() {
                prop_assert!(outline.contains(point), "{point:?}");
            }
        }

        #[test]
        fn a_ring_cut_into_ways_closes_again(
            corners in 3..12_i64,
            cuts in proptest::collection::vec(0..12_usize, 1..5),
            turned in proptest::collection::vec(proptest::bool::ANY, 5),
        ) {
            let mut ring: Vec<i64> = (0..corners).collect();
            ring.push(0);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (ring.len() - 1)).collect();
            cuts.extend([0, ring.len() - 1]);
            cuts.sort_unstable();
            cuts.dedup();
            let mut ways: Vec<Vec<i64>> = cuts.windows(2).map(|c| ring[c[0]..=c[1]].to_vec()).collect();
            for (way, turned) in ways.iter_mut().zip(turned) {
                if turned {
                    way.reverse();
                }
            }
            let ways: Vec<&[i64]> = ways.iter().rev().map(Vec::as_slice).collect();
            let rings = assemble(&ways);
            prop_assert_eq!(rings.open, Vec::<Vec<i64>>::new());
            prop_assert_eq!(rings.closed.len(), 1);
            let mut corners_found = rings.closed[0].clone();
            corners_found.sort_unstable();
            prop_assert_eq!(corners_found, (0..corners).collect::<Vec<_>>());
        }
    }
}
