//! A numbered list that is cheap to copy and cheap to change: it stands in pieces,
//! a copy shares them all, and a change makes one anew.

use std::sync::Arc;

/// How many things a piece has.
const PIECE: usize = 512;

/// Things by number.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunks<T> {
    /// What stands where nothing was put yet.
    nothing: T,
    pieces: Vec<Arc<[T]>>,
    len: usize,
}

impl<T: Clone> Chunks<T> {
    /// An empty list; `nothing` stands at numbers that were left out.
    pub fn new(nothing: T) -> Self {
        Self {
            nothing,
            pieces: Vec::new(),
            len: 0,
        }
    }

    /// One more than the highest number that something was put at.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was ever put.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What stands at a number; none beyond the end.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&T> {
        self.pieces.get(number / PIECE)?.get(number % PIECE)
    }

    /// All, by number.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flat_map(|piece| piece.iter()).take(self.len)
    }

    /// Puts something at a number.
    pub fn put(&mut self, number: usize, value: T) {
        while self.pieces.len() <= number / PIECE {
            self.pieces.push(vec![self.nothing.clone(); PIECE].into());
        }
        if let Some(piece) = self.pieces.get_mut(number / PIECE)
            && let Some(slot) = Arc::make_mut(piece).get_mut(number % PIECE)
        {
            *slot = value;
            self.len = self.len.max(number + 1);
        }
    }

    /// Puts nothing at a number.
    pub fn clear(&mut self, number: usize) {
        if number < self.len {
            self.put(number, self.nothing.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was_and_shares_what_did_not_change() {
        let mut list = Chunks::new(0);
        (0..3 * PIECE).for_each(|number| list.put(number, number + 1));
        let before = list.clone();
        list.put(PIECE + 7, 70);
        list.clear(PIECE + 8);
        assert_eq!((list.get(PIECE + 7), list.get(PIECE + 8)), (Some(&70), Some(&0)));
        assert_eq!(before.get(PIECE + 7), Some(&(PIECE + 8)));
        let shared = list.pieces.iter().zip(&before.pieces).map(|(a, b)| Arc::ptr_eq(a, b));
        assert_eq!(shared.collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn what_was_left_out_is_nothing_and_beyond_the_end_is_none() {
        let mut list = Chunks::new('-');
        list.put(2, 'c');
        assert_eq!(list.iter().collect::<String>(), "--c");
        assert_eq!((list.len(), list.get(PIECE)), (3, None));
        list.clear(10 * PIECE);
        assert_eq!((list.len(), list.pieces.len()), (3, 1));
    }
}
