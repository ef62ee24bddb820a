//! An ordered list that is cheap to copy and cheap to change: it stands in pieces,
//! a copy shares them all, and a change makes one anew.

use std::cmp::Ordering;
use std::sync::Arc;

/// How many things a piece has at the most.
const PIECE: usize = 512;

/// Things in an order that the caller knows: each `order` tells how a listed thing
/// stands to the one that is meant.
#[derive(Debug, Clone)]
pub struct Ordered<T> {
    /// None of them is empty.
    pieces: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T: Clone> Ordered<T> {
    /// The piece in which the thing is, or would be, and its place there.
    fn place(&self, order: impl Fn(&T) -> Ordering) -> (usize, usize) {
        let is_before = |item: &T| order(item) == Ordering::Less;
        let ends_before = |piece: &Arc<Vec<T>>| piece.last().is_some_and(is_before);
        let number = self.pieces.partition_point(ends_before);
        let piece = self.pieces.get(number);
        (number, piece.map_or(0, |piece| piece.partition_point(is_before)))
    }

    /// The thing that is meant, if it is listed.
    pub fn find(&self, order: impl Fn(&T) -> Ordering) -> Option<&T> {
        let (number, at) = self.place(&order);
        let found = self.pieces.get(number)?.get(at)?;
        (order(found) == Ordering::Equal).then_some(found)
    }

    /// All that come after what is meant.
    pub fn after(&self, order: impl Fn(&T) -> Ordering) -> impl Iterator<Item = &T> {
        let (number, at) = self.place(|item| order(item).then(Ordering::Less));
        let pieces = self.pieces.get(number..).unwrap_or_default();
        pieces.iter().flat_map(|piece| piece.iter()).skip(at)
    }

    /// Lists a thing, in the place of its equal if there is one.
    pub fn insert(&mut self, item: T, order: impl Fn(&T) -> Ordering) {
        let (number, at) = self.place(&order);
        // What comes after all goes to the end of the last piece.
        let (number, at) = match self.pieces.last() {
            Some(last) if number == self.pieces.len() => (number - 1, last.len()),
            _ => (number, at),
        };
        let Some(piece) = self.pieces.get_mut(number) else {
            self.pieces.push(Arc::new(vec![item]));
            return;
        };
        let piece = Arc::make_mut(piece);
        match piece.get_mut(at) {
            Some(equal) if order(equal) == Ordering::Equal => *equal = item,
            _ => piece.insert(at, item),
        }
        if piece.len() > PIECE {
            let half = piece.split_off(PIECE / 2);
            self.pieces.insert(number + 1, Arc::new(half));
        }
    }

    /// Takes a thing off the list.
    pub fn remove(&mut self, order: impl Fn(&T) -> Ordering) -> Option<T> {
        let (number, at) = self.place(&order);
        let piece = self.pieces.get_mut(number)?;
        if piece.get(at).is_none_or(|item| order(item) != Ordering::Equal) {
            return None;
        }
        let removed = Arc::make_mut(piece).remove(at);
        self.join(number);
        Some(removed)
    }

    /// Joins a piece that has become small with the one after it, so that many
    /// changes do not leave many small pieces.
    fn join(&mut self, number: usize) {
        let length = |at: usize| self.pieces.get(at).map(|piece| piece.len());
        match (length(number), length(number + 1)) {
            (Some(0), _) => {
                self.pieces.remove(number);
            }
            (Some(own), Some(next)) if own + next <= PIECE / 2 => {
                let next = self.pieces.remove(number + 1);
                if let Some(piece) = self.pieces.get_mut(number) {
                    Arc::make_mut(piece).extend(next.iter().cloned());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Numbers that look like any, the same each time (a 64-bit xorshift).
    fn numbers(count: usize) -> impl Iterator<Item = u64> {
        let mut state = 88_172_645_463_325_252_u64;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
        .take(count)
    }

    #[test]
    fn it_lists_what_a_set_would_and_older_copies_stay_as_they_were() {
        let (mut list, mut set) = (Ordered::default(), BTreeSet::new());
        let mut copies = Vec::new();
        for (turn, number) in numbers(20_000).enumerate() {
            let key = number % 4_000;
            // First it grows more than it shrinks, then the other way round.
            if (number >> 32) % 10 < if turn < 10_000 { 7 } else { 2 } {
                list.insert(key, |other| other.cmp(&key));
                set.insert(key);
            } else {
                assert_eq!(list.remove(|other| other.cmp(&key)).is_some(), set.remove(&key));
            }
            if turn % 2_500 == 0 {
                copies.push((list.clone(), set.clone()));
            }
        }
        copies.push((list, set));
        for (list, set) in &copies {
            assert!(list.after(|_| Ordering::Greater).eq(set.iter()));
            assert!(
                list.pieces
                    .iter()
                    .all(|piece| !piece.is_empty() && piece.len() <= PIECE)
            );
            assert!(
                list.pieces.len() <= 2 + set.len() / (PIECE / 8),
                "{}",
                list.pieces.len()
            );
            for key in [0, 1, 777, 1_234, 3_999, 4_000] {
                assert_eq!(list.find(|other| other.cmp(&key)), set.get(&key));
                assert!(list.after(|other| other.cmp(&key)).eq(set.range(key + 1..)), "{key}");
            }
        }
    }
}
