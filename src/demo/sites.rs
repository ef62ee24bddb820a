//! Where villages and town seats lie.

use super::random::Random;
use super::terrain::{Xy, rail_x, river_y, xy};

/// Town seats, about where they lie.
pub(super) const TOWNS: [(f64, f64); 3] = [(-5_300.0, 3_600.0), (-3_400.0, -4_900.0), (5_500.0, 2_700.0)];
const VILLAGES: usize = 18;
/// Ends of the seat, beyond which villages begin: west, east, south, north.
const SEAT_RIM: (f64, f64, f64, f64) = (-2_750.0, 3_150.0, -2_200.0, 2_500.0);
const TRIES: usize = 4_000;

pub(super) fn nearest_town(at: Xy) -> usize {
    (0..TOWNS.len())
        .min_by(|a, b| {
            let far = |town: &usize| TOWNS.get(*town).map_or(f64::MAX, |t| at.distance(xy(t.0, t.1)));
            far(a).total_cmp(&far(b))
        })
        .unwrap_or(0)
}

/// Where villages may lie: out in the county, off river and railway, apart.
pub(super) fn village_sites(random: &mut Random) -> Vec<Xy> {
    let (west, east, south, north) = SEAT_RIM;
    let mut sites: Vec<Xy> = Vec::new();
    for attempt in 0..TRIES {
        if sites.len() == VILLAGES {
            break;
        }
        let at = xy(random.around(8_500.0), random.around(7_000.0));
        let apart = if attempt < TRIES / 2 { 1_700.0 } else { 1_100.0 };
        let in_seat = at.x > west && at.x < east && at.y > south && at.y < north;
        let off_river = (at.y - river_y(at.x)).abs() > 750.0;
        let off_rail = (at.x - rail_x(at.y)).abs() > 650.0;
        let off_towns = TOWNS.iter().all(|t| at.distance(xy(t.0, t.1)) > apart + 200.0);
        let alone = sites.iter().all(|site| site.distance(at) > apart);
        if !in_seat && off_river && off_rail && off_towns && alone && at.in_county(1_000.0) {
            sites.push(at);
        }
    }
    sites
}
