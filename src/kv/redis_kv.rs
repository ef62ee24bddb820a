//! The store in Redis.

use redis::{RedisError, Script};

use super::{Bucket, Taken};

/// One round trip, atomic, by Redis' clock. Answers whether it was given and how
/// far ahead of now the bucket's fill time is, in microseconds.
const TAKE: &str = "
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local cost, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local filled = tonumber(redis.call('GET', KEYS[1]) or now)
-- Redis' clock may have been set back.
local ahead = math.min(math.max(filled - now, 0), full) + cost
if ahead > full then return {0, ahead} end
redis.call('SET', KEYS[1], string.format('%d', now + ahead), 'PX', math.ceil(ahead / 1000) + 1)
return {1, ahead}
";

#[derive(Clone)]
pub(super) struct RedisKv {
    connection: redis::aio::ConnectionManager,
    prefix: String,
    take: Script,
}

impl RedisKv {
    pub(super) fn new(connection: redis::aio::ConnectionManager, prefix: &str) -> Self {
        Self {
            connection,
            prefix: prefix.to_owned(),
            take: Script::new(TAKE),
        }
    }

    pub(super) async fn take(&self, key: &str, cost: u32, bucket: Bucket) -> Result<Taken, RedisError> {
        let mut connection = self.connection.clone();
        let (given, ahead): (bool, i64) = self
            .take
            .key(format!("{}{key}", self.prefix))
            .arg(bucket.unit_us * i64::from(cost))
            .arg(bucket.full_us)
            .invoke_async(&mut connection)
            .await?;
        Ok(bucket.taken(ahead, given))
    }
}
