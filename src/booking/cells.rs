//! Five-minute cells: how many places are taken at each of them.

use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// How long a cell is, in minutes. Starts, lengths, intervals and buffers are multiples of it.
pub const CELL_MINUTES: i64 = 5;
/// The same in microseconds.
pub const CELL_MICROS: i64 = CELL_MINUTES * 60 * 1_000_000;
/// How many a day has.
pub const CELLS: usize = 288;

/// A cell, counted from 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(i64);

impl Cell {
    /// The cell of this number.
    pub const fn at(number: i64) -> Self {
        Self(number)
    }

    /// The one after it.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The cell in which an instant lies.
    pub fn of(at: Timestamp) -> Self {
        Self(at.micros().div_euclid(CELL_MICROS))
    }

    /// The first cell that begins at an instant or later.
    pub fn from(at: Timestamp) -> Self {
        Self(-(-at.micros()).div_euclid(CELL_MICROS))
    }

    /// When it begins.
    pub fn begins(self) -> Timestamp {
        Timestamp::from_micros(self.0 * CELL_MICROS)
    }

    /// The UTC day that it lies in, counted from 1970-01-01, and its place on that day.
    pub fn place(self) -> (i64, usize) {
        let cells = CELLS as i64;
        (self.0.div_euclid(cells), self.0.rem_euclid(cells) as usize)
    }
}

/// A stretch of whole cells: from the first to before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first.
    pub from: Cell,
    /// The one after the last.
    pub to: Cell,
}

impl Stretch {
    /// The cells that these instants touch.
    pub fn of(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from: Cell::of(from),
            to: Cell::from(to),
        }
    }

    /// Whether two have a cell in common.
    pub fn meets(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Its cells, each as a stretch.
    pub fn each(self) -> impl Iterator<Item = Self> {
        (self.from.0..self.to.0).map(|cell| Self {
            from: Cell(cell),
            to: Cell(cell + 1),
        })
    }

    /// Its cells day by day: the day, and the first and the one after the last place on it.
    pub fn days(self) -> impl Iterator<Item = (i64, std::ops::Range<usize>)> {
        let (first, _) = self.from.place();
        let last = if self.to > self.from {
            Cell(self.to.0 - 1).place().0
        } else {
            first - 1
        };
        let cells = CELLS as i64;
        (first..=last).map(move |day| {
            let from = (self.from.0 - day * cells).clamp(0, cells) as usize;
            let to = (self.to.0 - day * cells).clamp(0, cells) as usize;
            (day, from..to)
        })
    }
}

/// The cells of one day of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day(Box<[u16; CELLS]>);

impl Default for Day {
    fn default() -> Self {
        Self(Box::new([0; CELLS]))
    }
}

impl Day {
    /// As it stands in the table: two bytes each, the lower first.
    ///
    /// # Errors
    /// Where there are not 288 of them.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != CELLS * 2 {
            return Err(Error::internal("a day of a resource has not 288 cells in the table"));
        }
        let mut day = Self::default();
        for (cell, pair) in day.0.iter_mut().zip(bytes.chunks_exact(2)) {
            if let [low, high] = pair {
                *cell = u16::from_le_bytes([*low, *high]);
            }
        }
        Ok(day)
    }

    /// The same for the table.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|cell| cell.to_le_bytes()).collect()
    }

    /// The most that is taken in these cells.
    pub fn most(&self, cells: std::ops::Range<usize>) -> i64 {
        let most = self.0.get(cells).and_then(|cells| cells.iter().max());
        most.map_or(0, |most| i64::from(*most))
    }

    /// What is taken in one.
    pub fn at(&self, cell: usize) -> i64 {
        self.0.get(cell).map_or(0, |taken| i64::from(*taken))
    }

    /// Takes so many more places in these cells, or gives them back.
    ///
    /// # Errors
    /// Where fewer than none would be taken, or more than a cell can say.
    pub fn add(&mut self, cells: std::ops::Range<usize>, places: i64) -> Result<()> {
        let wrong = || Error::internal("the cells of a resource do not fit its bookings; run onegrid verify bookings");
        let cells = self.0.get_mut(cells).ok_or_else(wrong)?;
        for cell in cells {
            *cell = u16::try_from(i64::from(*cell) + places).map_err(|_| wrong())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(cell: i64) -> Timestamp {
        Timestamp::from_micros(cell * CELL_MICROS)
    }

    #[test]
    fn a_stretch_over_midnight_lies_on_two_days_and_touches_the_cells_that_it_cuts() {
        let stretch = Stretch::of(at(286), at(290));
        assert_eq!(stretch.days().collect::<Vec<_>>(), [(0, 286..288), (1, 0..2)]);
        assert_eq!(Stretch::of(at(288), at(576)).days().collect::<Vec<_>>(), [(1, 0..288)]);
        assert_eq!(Stretch::of(at(5), at(5)).days().count(), 0);
        let odd = Stretch::of(Timestamp::from_micros(1), Timestamp::from_micros(CELL_MICROS + 1));
        assert_eq!((odd.from, odd.to), (Cell(0), Cell(2)));
        assert!(Stretch::of(at(1), at(3)).meets(Stretch::of(at(2), at(4))));
        assert!(!Stretch::of(at(1), at(3)).meets(Stretch::of(at(3), at(4))));
        assert_eq!(
            Stretch::of(at(-1), at(1)).days().collect::<Vec<_>>(),
            [(-1, 287..288), (0, 0..1)]
        );
    }

    #[test]
    fn a_day_reads_back_and_never_goes_below_none() {
        let mut day = Day::default();
        day.add(3..6, 7).expect("added");
        day.add(5..8, 300).expect("added");
        assert_eq!(
            (day.most(0..288), day.most(0..5), day.at(5), day.at(8)),
            (307, 7, 307, 0)
        );
        assert_eq!(Day::read(&day.bytes()).expect("read"), day);
        assert!(day.clone().add(0..4, -1).is_err());
        assert!(day.add(5..6, 65_535).is_err());
        assert!(Day::read(&[0; 575]).is_err());
    }
}
