//! The store in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Bucket, Taken};
use crate::clock;

/// So many buckets at the most; the full ones are dropped first, which loses nothing.
const BUCKETS: usize = 100_000;

/// When each bucket will be full again, in microseconds since the start. The
/// clock is one that nobody sets back, or a bucket would stay empty until then.
pub(super) struct Local {
    started: Instant,
    full_at: Mutex<HashMap<String, i64>>,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            started: clock::monotonic(),
            full_at: Mutex::default(),
        }
    }
}

impl Local {
    pub(super) fn take(&self, key: &str, cost: u32, bucket: Bucket) -> Taken {
        let now = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= BUCKETS && !full_at.contains_key(key) {
            full_at.retain(|_, at| *at > now);
            if full_at.len() >= BUCKETS {
                full_at.clear();
            }
        }
        let filled = full_at.get(key).copied().unwrap_or(now).max(now);
        let ahead = filled - now + bucket.unit_us * i64::from(cost);
        let given = ahead <= bucket.full_us;
        if given {
            full_at.insert(key.to_owned(), now + ahead);
        }
        bucket.taken(ahead, given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_says_how_long_to_wait() {
        let store = Local::default();
        let bucket = Bucket::new(1, 3);
        for left in [2, 1, 0] {
            let taken = store.take("a", 1, bucket);
            assert_eq!((taken.left, taken.wait), (left, None));
        }
        let refused = store.take("a", 1, bucket);
        let wait = refused.wait.expect("refused").as_secs_f64();
        assert!((0.9..=1.0).contains(&wait), "{wait}");
        assert_eq!(store.take("b", 1, bucket).wait, None, "another key has its own");
    }

    #[test]
    fn a_cost_above_the_burst_is_never_given() {
        let store = Local::default();
        assert!(store.take("a", 4, Bucket::new(1, 3)).wait.is_some());
        assert_eq!(store.take("a", 3, Bucket::new(1, 3)).wait, None);
    }
}
