//! Doors tied to the streets: once per door by the snapping rule, then listed by
//! edge so that a search gathers them as it walks.
//!
//! The index stands in pieces that copies share, so that a change of a few doors
//! in a copy costs what these few cost, however many there are.

use std::sync::Arc;

use super::chunks::Chunks;
use super::conditions::Rule;
use super::file::StreetMap;
use super::layout::{Edge, Position};
use super::model::Pace;
use super::records::View;
use super::snap::{Snap, Snapper};
use super::tags::flag;
use crate::coordinates::Point;

/// A door with its feet on the streets.
#[derive(Debug, Clone, PartialEq)]
pub struct DoorTie {
    /// Where the door is.
    pub point: Point,
    /// For those who use stairs.
    pub walked: Snap,
    /// For those who do not.
    pub step_free: Snap,
}

impl DoorTie {
    /// Ties the door at `point`, for a pace that uses stairs and one that does
    /// not.
    pub fn new(snapper: &mut Snapper, view: &View<'_>, point: Point, walking: &Pace, step_free: &Pace) -> Self {
        // Whoever takes steeper slopes than usual also finds the doors on them; for the
        // others these ways are closed.
        let steep = snapper.snap(view, point, &step_free.with_max_incline(f32::INFINITY));
        let mut tied = tie(snapper, view, point, step_free);
        add(&mut tied, &steep);
        Self {
            point,
            walked: tie(snapper, view, point, walking),
            step_free: tied,
        }
    }
}

/// A door this near to a street, in metres, stands on it too where its nearest way is
/// shut; what is further off lies behind that way.
const BESIDE_M: f32 = 30.0;

/// The feet of a door. One whose nearest way is shut at some hours stands on the nearest
/// that never is as well.
fn tie(snapper: &mut Snapper, view: &View<'_>, point: Point, pace: &Pace) -> Snap {
    let mut tied = snapper.snap(view, point, pace);
    // What is private at some hours has its residents then; only what shuts is left.
    let shuts = |edge: &Edge| {
        edge.flags & flag::CONDITIONAL != 0 && {
            let rule = (view.particulars_of(edge).rules[0] as usize).checked_sub(1);
            rule.and_then(|rule| view.rules.get(rule)).is_some_and(Rule::may_shut)
        }
    };
    if tied
        .nearest()
        .is_some_and(|foot| shuts(&view.edges[foot.edge as usize]))
    {
        let always = snapper.snap_on(view, point, pace, &|edge| !shuts(edge));
        if always.nearest().is_some_and(|foot| foot.snap_m <= BESIDE_M) {
            add(&mut tied, &always);
        }
    }
    tied
}

/// Adds the nearest foot of `other` where it stands on an edge of its own.
fn add(tied: &mut Snap, other: &Snap) {
    let nearest = other.nearest();
    let own = nearest.filter(|foot| tied.feet().all(|known| known.edge != foot.edge));
    if let Some(foot) = own.copied() {
        tied.push(foot);
    }
}

/// A foot of a door, as listed under its edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoorFoot {
    pub door: u32,
    /// Where one leaves the streets.
    pub point: Position,
    pub along_m: f32,
    /// The leg off the streets.
    pub snap_m: f32,
    /// Over the square that the door stands on.
    pub across_m: f32,
}

impl DoorFoot {
    /// Metres between the edge and the door.
    pub fn leg_m(&self) -> f32 {
        self.snap_m + self.across_m
    }
}

/// How many edges share a block of rows.
const EDGES: usize = 512;
const WORD: usize = u64::BITS as usize;

/// The feet on the edges of a block, as compressed rows.
#[derive(Debug, Clone, PartialEq)]
struct Rows {
    first: [u32; EDGES + 1],
    feet: Box<[DoorFoot]>,
}

impl Rows {
    fn on_edge(&self, edge: usize) -> &[DoorFoot] {
        match self.first.get(edge..edge + 2) {
            Some([start, end]) => self.feet.get(*start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// So many edges in a row. Most have no door, which the bits tell at once.
#[derive(Debug, Clone, Default, PartialEq)]
struct Block {
    has_doors: [u64; EDGES / WORD],
    rows: Option<Arc<Rows>>,
}

impl Block {
    /// Of these feet, each with its edge within the block, ordered by edge.
    fn new(feet: &[(usize, DoorFoot)]) -> Self {
        let mut block = Self::default();
        if feet.is_empty() {
            return block;
        }
        let mut first = [0_u32; EDGES + 1];
        for (edge, _) in feet {
            block.has_doors[edge / WORD] |= 1 << (edge % WORD);
            first[edge + 1] += 1;
        }
        for edge in 0..EDGES {
            first[edge + 1] += first[edge];
        }
        let feet = feet.iter().map(|(_, foot)| *foot).collect();
        block.rows = Some(Arc::new(Rows { first, feet }));
        block
    }

    fn on_edge(&self, edge: usize) -> &[DoorFoot] {
        if self.has_doors[edge / WORD] >> (edge % WORD) & 1 == 0 {
            return &[];
        }
        self.rows.as_ref().map_or(&[], |rows| rows.on_edge(edge))
    }

    /// All feet, each with its edge within the block.
    fn feet(&self) -> impl Iterator<Item = (usize, DoorFoot)> {
        (0..EDGES).flat_map(|edge| self.on_edge(edge).iter().map(move |foot| (edge, *foot)))
    }
}

/// Door feet by edge.
#[derive(Debug, Clone, Default, PartialEq)]
struct Listed {
    edges: usize,
    blocks: Vec<Block>,
}

impl Listed {
    fn new(edges: usize) -> Self {
        Self {
            edges,
            blocks: vec![Block::default(); edges.div_ceil(EDGES)],
        }
    }

    fn on_edge(&self, edge: u32) -> &[DoorFoot] {
        let edge = edge as usize;
        self.blocks
            .get(edge / EDGES)
            .map_or(&[], |block| block.on_edge(edge % EDGES))
    }

    /// Takes away the feet of some doors and adds those of others; only the blocks
    /// that they stand in are made anew.
    fn patch<'a>(&mut self, gone: impl Iterator<Item = (u32, &'a Snap)>, come: impl Iterator<Item = (u32, &'a Snap)>) {
        let mut gone = self.feet_of(gone);
        let mut come = self.feet_of(come);
        let order = |(edge, foot): &(usize, DoorFoot)| (*edge, foot.door);
        gone.sort_unstable_by_key(order);
        come.sort_by_key(order);
        let block_of = |(edge, _): &(usize, DoorFoot)| edge / EDGES;
        let mut touched: Vec<usize> = gone.iter().chain(&come).map(block_of).collect();
        touched.sort_unstable();
        touched.dedup();
        let in_block = |feet: &[(usize, DoorFoot)], number: usize| {
            let start = feet.partition_point(|foot| block_of(foot) < number);
            let end = feet.partition_point(|foot| block_of(foot) <= number);
            start..end
        };
        for number in touched {
            let Some(block) = self.blocks.get_mut(number) else {
                continue;
            };
            let (from, to) = (in_block(&gone, number), in_block(&come, number));
            let (gone, come) = (&gone[from], &come[to]);
            let is_gone = |foot: &(usize, DoorFoot)| {
                let whole = (number * EDGES + foot.0, foot.1);
                gone.binary_search_by_key(&order(&whole), order).is_ok()
            };
            let mut feet: Vec<(usize, DoorFoot)> = block.feet().filter(|foot| !is_gone(foot)).collect();
            feet.extend(come.iter().map(|(edge, foot)| (edge % EDGES, *foot)));
            feet.sort_by_key(order);
            *block = Block::new(&feet);
        }
    }

    fn feet_of<'a>(&self, doors: impl Iterator<Item = (u32, &'a Snap)>) -> Vec<(usize, DoorFoot)> {
        let listed = |(door, snap): (u32, &'a Snap)| {
            snap.feet().map(move |foot| {
                let listed = DoorFoot {
                    door,
                    point: Position::of(foot.point),
                    along_m: foot.along_m,
                    snap_m: foot.snap_m,
                    across_m: foot.across_m,
                };
                (foot.edge as usize, listed)
            })
        };
        doors.flat_map(listed).filter(|(edge, _)| *edge < self.edges).collect()
    }
}

/// Where a door is whose number is free.
const NOWHERE: Point = Point::new(f64::INFINITY, f64::INFINITY);
/// The category of a door whose number is free.
const NONE: u8 = u8::MAX;

/// All doors, by edge and by number. A number may be free: then no search finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct DoorIndex {
    walked: Listed,
    step_free: Listed,
    points: Chunks<Point>,
    categories: Chunks<u8>,
    /// How many doors each category has.
    counts: Vec<usize>,
}

impl Default for DoorIndex {
    fn default() -> Self {
        Self::on_edges(0)
    }
}

impl DoorIndex {
    fn on_edges(edges: usize) -> Self {
        Self {
            walked: Listed::new(edges),
            step_free: Listed::new(edges),
            points: Chunks::new(NOWHERE),
            categories: Chunks::new(NONE),
            counts: Vec::new(),
        }
    }

    /// Lists `ties`, which were made on `map`, by edge. A door's number is its place
    /// among them; all are of category 0.
    #[must_use]
    pub fn build(map: &StreetMap, ties: &[DoorTie]) -> Self {
        Self::build_of(map, ties, |_| 0)
    }

    /// The same with a category for each.
    #[must_use]
    pub fn build_of(map: &StreetMap, ties: &[DoorTie], category: impl Fn(u32) -> u8) -> Self {
        let mut index = Self::on_edges(map.view().edges.len());
        let numbered = (0_u32..).zip(ties);
        let doors: Vec<(u32, &DoorTie, u8)> = numbered.map(|(number, tie)| (number, tie, category(number))).collect();
        index.patch(&[], &doors);
        index
    }

    /// Takes away doors, each with the tie that it was added with, then adds others,
    /// each with its category. Their numbers are free, or are among those taken away.
    pub fn patch(&mut self, gone: &[(u32, &DoorTie)], come: &[(u32, &DoorTie, u8)]) {
        for (door, _) in gone {
            let category = usize::from(self.category(*door));
            if let Some(count) = self.counts.get_mut(category) {
                *count = count.saturating_sub(1);
            }
            self.points.clear(*door as usize);
            self.categories.clear(*door as usize);
        }
        for (door, tie, category) in come {
            self.points.put(*door as usize, tie.point);
            self.categories.put(*door as usize, *category);
            if self.counts.len() <= usize::from(*category) {
                self.counts.resize(usize::from(*category) + 1, 0);
            }
            if let Some(count) = self.counts.get_mut(usize::from(*category)) {
                *count += 1;
            }
        }
        self.walked.patch(
            gone.iter().map(|(door, tie)| (*door, &tie.walked)),
            come.iter().map(|(door, tie, _)| (*door, &tie.walked)),
        );
        self.step_free.patch(
            gone.iter().map(|(door, tie)| (*door, &tie.step_free)),
            come.iter().map(|(door, tie, _)| (*door, &tie.step_free)),
        );
    }

    /// One more than the highest number that a door had, tied or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there never was one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Where each door is; a free number is infinitely far away.
    #[must_use]
    pub fn points(&self) -> &Chunks<Point> {
        &self.points
    }

    /// The category of a door; 255 for a free number.
    #[must_use]
    pub fn category(&self, door: u32) -> u8 {
        self.categories.get(door as usize).copied().unwrap_or(NONE)
    }

    /// How many doors there are of a category.
    #[must_use]
    pub fn count_of(&self, category: u8) -> usize {
        self.counts.get(usize::from(category)).copied().unwrap_or_default()
    }

    /// The feet on an edge that count for `pace`.
    #[must_use]
    pub fn on_edge(&self, edge: u32, pace: &Pace) -> &[DoorFoot] {
        if pace.is_step_free() {
            self.step_free.on_edge(edge)
        } else {
            self.walked.on_edge(edge)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circle::streets::snap::Foot;

    /// A door with a foot on each of these edges; step-free on the first only.
    fn tie(edges: &[u32]) -> DoorTie {
        let snap = |edges: &[u32]| {
            let mut snap = Snap::default();
            for edge in edges {
                let foot = Foot {
                    edge: *edge,
                    along_m: 1.0,
                    point: NOWHERE,
                    snap_m: 2.0,
                    across_m: 0.0,
                };
                assert!(snap.push(foot));
            }
            snap
        };
        DoorTie {
            point: Point::new(1.0, 2.0),
            walked: snap(edges),
            step_free: snap(&edges[..1]),
        }
    }

    fn on(listed: &Listed, edge: u32) -> Vec<u32> {
        listed.on_edge(edge).iter().map(|foot| foot.door).collect()
    }

    #[test]
    fn a_patch_makes_anew_only_the_blocks_that_it_touches() {
        let mut index = DoorIndex::on_edges(3 * EDGES);
        let ties = [tie(&[0, 600]), tie(&[0]), tie(&[1_500, 99_999]), tie(&[63, 64])];
        let come: Vec<(u32, &DoorTie, u8)> = (0..).zip(&ties).map(|(door, tie)| (door, tie, 3)).collect();
        index.patch(&[], &come);
        let before = index.clone();
        let moved = tie(&[1_500, 511]);
        index.patch(&[(0, &ties[0]), (3, &ties[3])], &[(0, &moved, 9)]);

        assert_eq!(
            [0, 63, 600, 1_500].map(|edge| on(&before.walked, edge)),
            [vec![0, 1], vec![3], vec![0], vec![2]]
        );
        assert_eq!(
            [0, 63, 64, 600].map(|edge| on(&index.walked, edge)),
            [vec![1], vec![], vec![], vec![]]
        );
        assert_eq!(
            [511, 1_500, 1_536].map(|edge| on(&index.walked, edge)),
            [vec![0], vec![0, 2], vec![]]
        );
        assert_eq!(
            [511, 1_500].map(|edge| on(&index.step_free, edge)),
            [vec![], vec![0, 2]]
        );
        assert_eq!([0, 1, 3, 4].map(|door| index.category(door)), [9, 3, NONE, NONE]);
        assert_eq!([3, 9, 4, NONE].map(|category| index.count_of(category)), [2, 1, 0, 0]);
        assert_eq!(before.count_of(3), 4);
        assert_eq!((index.len(), index.points().get(3)), (4, Some(&NOWHERE)));

        // Edge 1,000 is in the block in the middle.
        let far = tie(&[1_000]);
        let before = index.clone();
        index.patch(&[], &[(3, &far, 0)]);
        let shared = |number: usize| {
            let rows = |index: &DoorIndex| index.walked.blocks[number].rows.as_ref().map(Arc::as_ptr);
            rows(&index) == rows(&before)
        };
        assert_eq!([0, 1, 2].map(shared), [true, false, true]);
    }
}
