//! A packed tree of boxes (an R-tree filled in Hilbert order): sixteen
//! neighbours share a parent, levels lie one after the other, the leaves first.
//! Nothing points anywhere, so nothing in a file can point astray.

use super::hilbert::position_on_curve;
use super::layout::Box2;

/// Children of a box.
const FAN: usize = 16;
/// Levels of the tallest tree: 16^8 leaves are more than a `u32` counts.
const LEVELS: usize = 9;

/// How many boxes a tree over `leaves` has in all.
#[must_use]
pub fn box_count(leaves: usize) -> usize {
    let (mut level, mut total) = (leaves, leaves);
    while level > 1 {
        level = level.div_ceil(FAN);
        total += level;
    }
    total
}

/// Puts `items` in Hilbert order of their boxes and makes the tree over them.
pub fn pack<T: Copy>(items: &mut Vec<T>, box_of: impl Fn(&T) -> Box2) -> Vec<Box2> {
    let mut order: Vec<(u64, u32)> = items
        .iter()
        .zip(0_u32..)
        .map(|(item, at)| (position_on_curve(box_of(item).middle()), at))
        .collect();
    order.sort_unstable();
    *items = order
        .iter()
        .filter_map(|&(_, at)| items.get(at as usize).copied())
        .collect();
    let mut boxes: Vec<Box2> = items.iter().map(box_of).collect();
    let mut level = 0..boxes.len();
    while level.len() > 1 {
        let parents: Vec<Box2> = boxes
            .get(level.clone())
            .unwrap_or_default()
            .chunks(FAN)
            .map(|chunk| chunk.iter().fold(Box2::EMPTY, |all, one| all.join(*one)))
            .collect();
        level = boxes.len()..boxes.len() + parents.len();
        boxes.extend(parents);
    }
    boxes
}

/// A tree as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub struct Boxes<'a> {
    boxes: &'a [Box2],
    leaves: usize,
}

impl<'a> Boxes<'a> {
    /// The tree over `leaves` items, `None` where the number of boxes is wrong.
    #[must_use]
    pub fn new(boxes: &'a [Box2], leaves: usize) -> Option<Self> {
        (box_count(leaves) == boxes.len()).then_some(Self { boxes, leaves })
    }

    /// The same for boxes whose number was checked before; of a wrong number
    /// nothing is found.
    #[must_use]
    pub fn of_checked(boxes: &'a [Box2], leaves: usize) -> Self {
        Self::new(boxes, leaves).unwrap_or(Self { boxes: &[], leaves: 0 })
    }

    /// Calls `found` with each leaf whose box meets `window`, in no promised
    /// but always the same order, until it returns `false`.
    pub fn each_in(&self, window: &Box2, mut found: impl FnMut(usize) -> bool) {
        // Where each level starts, leaves first.
        let mut starts = [(0, 0); LEVELS];
        let (mut start, mut size, mut levels) = (0, self.leaves, 0);
        for level in &mut starts {
            *level = (start, size);
            levels += 1;
            start += size;
            if size <= 1 {
                break;
            }
            size = size.div_ceil(FAN);
        }
        self.descend(&starts, levels - 1, 0..1, window, &mut found);
    }

    /// Returns `false` once `found` has had enough.
    fn descend(
        &self,
        starts: &[(usize, usize); LEVELS],
        level: usize,
        places: std::ops::Range<usize>,
        window: &Box2,
        found: &mut impl FnMut(usize) -> bool,
    ) -> bool {
        let (start, size) = starts[level];
        let end = places.end.min(size);
        let Some(boxes) = self.boxes.get(start + places.start..start + end) else {
            return true;
        };
        let mut met = 0_u32;
        for (bit, one) in boxes.iter().take(FAN).enumerate() {
            met |= u32::from(one.meets(window)) << bit;
        }
        while met != 0 {
            let place = places.start + met.trailing_zeros() as usize;
            met &= met - 1;
            let go_on = if level == 0 {
                found(place)
            } else {
                let children = place * FAN..place * FAN + FAN;
                self.descend(starts, level - 1, children, window, found)
            };
            if !go_on {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Boxes, pack};
    use crate::circle::streets::layout::{Box2, Position};
    use proptest::prelude::*;

    fn a_box(lat: i32, lon: i32, size: i32) -> Box2 {
        Box2 {
            min: Position { lat, lon },
            max: Position {
                lat: lat + size,
                lon: lon + size,
            },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

        #[test]
        fn the_tree_finds_what_a_look_at_every_box_finds(
            places in proptest::collection::vec((-900..900_i32, -900..900_i32, 0..60_i32), 0..700),
            window in (-1000..1000_i32, -1000..1000_i32, 0..500_i32),
        ) {
            let mut items: Vec<Box2> =
                places.iter().map(|&(lat, lon, size)| a_box(lat, lon, size)).collect();
            let boxes = pack(&mut items, |item| *item);
            let window = a_box(window.0, window.1, window.2);
            let tree = Boxes::new(&boxes, items.len()).unwrap();
            let mut found = Vec::new();
            tree.each_in(&window, |at| { found.push(at); true });
            found.sort_unstable();
            let expected: Vec<usize> = (0..items.len()).filter(|&at| items[at].meets(&window)).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_tree_with_a_wrong_number_of_boxes_is_refused() {
        assert!(Boxes::new(&[], 0).is_some());
        assert!(Boxes::new(&[a_box(0, 0, 1)], 0).is_none());
        assert!(Boxes::new(&[a_box(0, 0, 1)], 2).is_none());
    }
}
