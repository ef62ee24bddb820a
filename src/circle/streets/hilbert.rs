//! The Hilbert curve: a number per position such that near numbers are near
//! places, by which junctions and index boxes are put in order.

use super::layout::Position;

/// Where a position stands on the curve of order 32 over the whole earth.
#[must_use]
pub fn position_on_curve(position: Position) -> u64 {
    // Fixed-point degrees fit 32 bits with room; the shift makes them positive.
    let mut x = (i64::from(position.lon) + (1 << 31)) as u64;
    let mut y = (i64::from(position.lat) + (1 << 31)) as u64;
    let mut distance = 0;
    for bit in (0..32).rev() {
        let (right, up) = ((x >> bit) & 1, (y >> bit) & 1);
        distance = (distance << 2) | ((3 * right) ^ up);
        if up == 0 {
            if right == 1 {
                x = !x;
                y = !y;
            }
            std::mem::swap(&mut x, &mut y);
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::{Position, position_on_curve};

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_ground() {
        // A 16 × 16 grid of cells of size 2^28 covers the earth's 32 bits; the
        // curve visits each once, always stepping to an adjacent cell.
        let mut cells: Vec<(u64, i64, i64)> = (0..16)
            .flat_map(|x| (0..16).map(move |y| (x, y)))
            .map(|(x, y): (i64, i64)| {
                let position = Position {
                    lon: ((x << 28) - (1 << 31)) as i32,
                    lat: ((y << 28) - (1 << 31)) as i32,
                };
                (position_on_curve(position), x, y)
            })
            .collect();
        cells.sort_unstable();
        for pair in cells.windows(2) {
            let steps = (pair[0].1 - pair[1].1).abs() + (pair[0].2 - pair[1].2).abs();
            assert_eq!(steps, 1, "{pair:?}");
        }
    }
}
