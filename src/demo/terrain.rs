//! The ground of the invented county: its plane in metres, its river and its
//! railway. Streets, places and villages ask here where they may lie.

use crate::coordinates::Point;

/// The centre of the county seat. The region is real, the county is not.
const ORIGIN: Point = Point { lat: 31.2, lon: 112.6 };
/// Length of a degree of latitude on the mean sphere, metres.
const METRES_PER_DEGREE: f64 = 111_195.0;
/// Half the county's extent from the centre, metres.
pub(super) const COUNTY_HALF_WIDTH_M: f64 = 8_500.0;
/// See [`COUNTY_HALF_WIDTH_M`].
pub(super) const COUNTY_HALF_HEIGHT_M: f64 = 7_000.0;

/// A position in metres east and north of the seat's centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Xy {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Short for a position in metres.
pub(super) const fn xy(x: f64, y: f64) -> Xy {
    Xy { x, y }
}

impl Xy {
    /// The position in degrees, rounded to a ten-millionth as map files are.
    pub(super) fn point(self) -> Point {
        let metres_per_degree_lon = METRES_PER_DEGREE * ORIGIN.lat.to_radians().cos();
        Point {
            lat: rounded(ORIGIN.lat + self.y / METRES_PER_DEGREE),
            lon: rounded(ORIGIN.lon + self.x / metres_per_degree_lon),
        }
    }

    pub(super) fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point `share` of the way to `other`.
    pub(super) fn toward(self, other: Self, share: f64) -> Self {
        xy(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }

    /// The point `metres` nearer to `other` (past it where that is farther).
    pub(super) fn step_to(self, other: Self, metres: f64) -> Self {
        let distance = self.distance(other);
        if distance < 0.001 {
            return self;
        }
        self.toward(other, metres / distance)
    }

    /// `forward` metres along `direction` (radians from east) and `left` metres
    /// to its left.
    pub(super) fn shifted(self, direction: f64, forward: f64, left: f64) -> Self {
        let (sin, cos) = direction.sin_cos();
        xy(self.x + forward * cos - left * sin, self.y + forward * sin + left * cos)
    }

    /// The direction to `other`, radians from east.
    pub(super) fn direction(self, other: Self) -> f64 {
        (other.y - self.y).atan2(other.x - self.x)
    }

    pub(super) fn in_county(self, margin_m: f64) -> bool {
        self.x.abs() < COUNTY_HALF_WIDTH_M - margin_m && self.y.abs() < COUNTY_HALF_HEIGHT_M - margin_m
    }
}

fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// The river's middle at `x`; it flows from west to east.
pub(super) fn river_y(x: f64) -> f64 {
    110.0 * (x / 600.0 + 0.6).sin() + 420.0 * (x / 3_400.0).sin()
}

/// From the river's middle to its bank.
pub(super) fn river_half_width(x: f64) -> f64 {
    48.0 + 8.0 * (x / 800.0).sin()
}

/// The railway's `x` at `y`; it runs from south to north, east of the centre.
pub(super) fn rail_x(y: f64) -> f64 {
    1_230.0 + 60.0 * (y / 2_500.0).sin() + 0.03 * y
}

/// Which of the four parts that river and railway cut the county into:
/// (north of the river, east of the railway).
pub(super) fn part(at: Xy) -> (bool, bool) {
    (at.y > river_y(at.x), at.x > rail_x(at.y))
}

/// Whether the straight stretch keeps to its part with some room to the river
/// and the railway.
pub(super) fn keeps_clear(from: Xy, to: Xy) -> bool {
    let home = part(from);
    (0_u8..=40).all(|step| {
        let at = from.toward(to, f64::from(step) / 40.0);
        part(at) == home && (at.y - river_y(at.x)).abs() > 90.0 && (at.x - rail_x(at.y)).abs() > 40.0
    })
}

/// Whether the stretches `a`–`b` and `c`–`d` cross each other.
pub(super) fn crosses(a: Xy, b: Xy, c: Xy, d: Xy) -> bool {
    let side = |p: Xy, q: Xy, r: Xy| (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// A four-cornered piece of ground: south-west, south-east, north-east,
/// north-west. Its sides are numbered south 0, east 1, north 2, west 3.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad(pub(super) [Xy; 4]);

impl Quad {
    /// The point at `u` (west to east) and `v` (south to north), both 0..1.
    pub(super) fn at(&self, u: f64, v: f64) -> Xy {
        let [sw, se, ne, nw] = self.0;
        sw.toward(se, u).toward(nw.toward(ne, u), v)
    }

    pub(super) fn centre(&self) -> Xy {
        self.at(0.5, 0.5)
    }

    /// West to east, metres, along the middle.
    pub(super) fn width(&self) -> f64 {
        self.at(0.0, 0.5).distance(self.at(1.0, 0.5))
    }

    /// South to north, metres, along the middle.
    pub(super) fn height(&self) -> f64 {
        self.at(0.5, 0.0).distance(self.at(0.5, 1.0))
    }

    /// The part between these shares.
    pub(super) fn part(&self, (u0, u1): (f64, f64), (v0, v1): (f64, f64)) -> Self {
        Self([self.at(u0, v0), self.at(u1, v0), self.at(u1, v1), self.at(u0, v1)])
    }

    /// The same ground less `metres` on every side.
    pub(super) fn inset(&self, metres: f64) -> Self {
        let u = (metres / self.width().max(1.0)).min(0.45);
        let v = (metres / self.height().max(1.0)).min(0.45);
        self.part((u, 1.0 - u), (v, 1.0 - v))
    }

    /// The point `share` along a side, in the direction of growing `u` or `v`.
    pub(super) fn on_side(&self, side: usize, share: f64) -> Xy {
        match side {
            0 => self.at(share, 0.0),
            1 => self.at(1.0, share),
            2 => self.at(share, 1.0),
            _ => self.at(0.0, share),
        }
    }
}
