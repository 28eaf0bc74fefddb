//! Wrong passwords, counted for each account, from wherever they come: after some, each next one has to wait, longer each
//! time. Counted in Redis for all replicas, in this process without it.
//!
//! An attempt is counted before the password is compared, so that many at once are counted as many; the right password
//! sets the count back. Addresses without an account are counted alike: nothing tells which there are.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use moka::sync::Cache as Memory;

use crate::{clock::Instant, redis::Redis};

/// So many come without a pause.
const FREE: u32 = 10;
/// Seconds; doubled with each attempt more.
const FIRST_PAUSE: u64 = 60;
const LONGEST_PAUSE: u64 = 3600;
/// Seconds after the last attempt until all are forgotten.
const FORGOTTEN: u64 = 24 * 3600;

/// Counts an attempt; tells how many seconds it has to wait instead.
const COUNT: &str = "
local now = tonumber(ARGV[1])
local tries = tonumber(redis.call('HGET', KEYS[1], 'tries') or '0')
local pause = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if pause > now then return pause - now end
tries = tries + 1
local free = tonumber(ARGV[2])
if tries >= free then
  pause = now + math.min(tonumber(ARGV[3]) * 2 ^ math.min(tries - free, 30), tonumber(ARGV[4]))
end
redis.call('HSET', KEYS[1], 'tries', tries, 'until', string.format('%d', pause))
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 0";

#[derive(Default)]
struct Tries {
    count: u32,
    /// Seconds since 1970 until which the next one waits.
    pause: u64,
}

pub struct Attempts {
    redis: Option<Redis>,
    script: redis::Script,
    memory: Memory<String, Arc<Mutex<Tries>>>,
}

impl Attempts {
    pub fn new(redis: Option<Redis>) -> Self {
        let memory = Memory::builder().max_capacity(100_000).time_to_idle(Duration::from_secs(FORGOTTEN));
        Self { redis, script: redis::Script::new(COUNT), memory: memory.build() }
    }

    /// Counts an attempt at `whose` account.
    ///
    /// # Errors
    /// The seconds that this one has to wait; it isn't counted.
    pub async fn count(&self, whose: &str, now: Instant) -> Result<(), u64> {
        let now = u64::try_from(now.timestamp()).unwrap_or(0);
        let wait = match self.shared(whose, now).await {
            Some(wait) => wait,
            None => self.alone(whose, now),
        };
        if wait == 0 { Ok(()) } else { Err(wait) }
    }

    /// The password was right.
    pub async fn forget(&self, whose: &str) {
        self.memory.invalidate(whose);
        if let Some(redis) = &self.redis {
            // When this fails the owner waits, on a device that isn't known, as long as anybody else.
            let _ = redis.ask::<()>(redis::cmd("DEL").arg(key(redis, whose))).await;
        }
    }

    /// Nothing without Redis, and while it is away.
    async fn shared(&self, whose: &str, now: u64) -> Option<u64> {
        let redis = self.redis.as_ref()?;
        let numbers = [now, FREE.into(), FIRST_PAUSE, LONGEST_PAUSE, FORGOTTEN];
        redis.run(&self.script, &key(redis, whose), &numbers.map(|n| n.to_string())).await.ok()
    }

    fn alone(&self, whose: &str, now: u64) -> u64 {
        let tries = self.memory.get_with_by_ref(whose, Arc::default);
        let mut tries = tries.lock().expect("no holder panics");
        if tries.pause > now {
            return tries.pause - now;
        }
        tries.count += 1;
        if tries.count >= FREE {
            tries.pause = now + (FIRST_PAUSE << (tries.count - FREE).min(16)).min(LONGEST_PAUSE);
        }
        0
    }
}

fn key(redis: &Redis, whose: &str) -> String {
    redis.key(&format!("attempts:{whose}"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::Clock;

    #[tokio::test]
    async fn pauses_grow_up_to_an_hour_and_the_right_password_ends_them() {
        let attempts = Attempts::new(None);
        let mut now = Clock::system().now();
        let mut pauses = Vec::new();
        for _ in 0..FREE {
            assert_eq!(attempts.count("nora", now).await, Ok(()));
        }
        for _ in 0..8 {
            let wait = attempts.count("nora", now).await.expect_err("it has to wait");
            pauses.push(wait);
            now += TimeDelta::seconds(i64::try_from(wait).expect("not long"));
            assert_eq!(attempts.count("nora", now).await, Ok(()));
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(attempts.count("another", now).await, Ok(()));
        attempts.forget("nora").await;
        assert_eq!(attempts.count("nora", now).await, Ok(()));
    }
}
