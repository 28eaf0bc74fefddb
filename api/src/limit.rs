//! How many requests a client may make: counted in Redis for all replicas, in this process without it.
//!
//! A replica doesn't ask Redis for each request: it leases a tenth of what the client has left in this window and spends
//! that here. Leases are taken off the count before they are spent, so a client never gets more than its limit from all
//! replicas together; it may get less, by what replicas leased and didn't spend. See docs/adr/0003-rate-limits.md.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use moka::sync::Cache as Memory;

use crate::{
    clock::Instant,
    config::Config,
    error::Error,
    redis::{Away, Redis},
};

/// Who counts as one client: an IPv4 address, or the /64 that an IPv6 customer is given at the least.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::from((v6.to_bits() >> 64 << 64).to_be_bytes()),
        v4 => v4,
    }
}

/// What is limited, each with its own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Any request to the API.
    Request,
    /// Signing in and registering: each costs a password hash.
    SignIn,
}

impl Action {
    fn limit(self, config: &Config) -> u32 {
        match self {
            Self::Request => config.rate_limit,
            Self::SignIn => config.login_rate_limit,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::SignIn => "sign-in",
        }
    }

    pub fn message(self) -> &'static str {
        match self {
            Self::Request => "Too many requests; wait as long as Retry-After says.",
            Self::SignIn => "Too many attempts to sign in; wait as long as Retry-After says.",
        }
    }
}

const WINDOW: u64 = 60;

/// Takes up to a tenth of what is left, at least one, and tells how much that was and how much is left for leases.
const LEASE: &str = "
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = tonumber(ARGV[1]) - used
if left <= 0 then return {0, 0} end
local grant = math.max(1, math.floor(left / 10))
redis.call('INCRBY', KEYS[1], grant)
if used == 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {grant, left - grant}";

/// How a request stands against its limit.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub limit: u32,
    pub left: u32,
    /// Seconds until the window ends.
    pub reset: u64,
}

#[derive(Default)]
struct Lease {
    /// One request asks for more, the others wait for what it gets: who heard "nothing left" before what others had been
    /// given has arrived would be refused too early.
    asking: tokio::sync::Mutex<()>,
    held: Mutex<Held>,
}

/// What this replica may still let through for one client in one window.
#[derive(Default)]
struct Held {
    window: u64,
    mine: u32,
    /// Left in Redis when last asked; without Redis, nothing.
    shared: u32,
    /// Whether this window's count began without Redis.
    alone: bool,
}

pub struct Limits {
    leases: Memory<(Action, IpAddr), Arc<Lease>>,
    redis: Option<Redis>,
    script: redis::Script,
}

impl Limits {
    pub fn new(redis: Option<Redis>) -> Self {
        let leases = Memory::builder().max_capacity(100_000).time_to_idle(Duration::from_secs(2 * WINDOW)).build();
        Self { leases, redis, script: redis::Script::new(LEASE) }
    }

    /// Counts one request that `client` makes now.
    ///
    /// # Errors
    /// 429 with the seconds to wait, when the client has none left.
    pub async fn take(&self, config: &Config, action: Action, client: IpAddr, now: Instant) -> Result<Standing, Error> {
        let limit = action.limit(config);
        let client = network(client);
        let now = u64::try_from(now.timestamp()).unwrap_or(0);
        let (window, reset) = (now / WINDOW, WINDOW - now % WINDOW);
        let lease = self.leases.get_with((action, client), Arc::default);
        let standing = |left| Standing { limit, left, reset };
        if let Some(left) = spend(&lease.held, window) {
            return Ok(standing(left));
        }
        let _others_wait = lease.asking.lock().await;
        // Others may spend a lease before the one that asked for it: it asks again for as long as there is something to get.
        loop {
            if let Some(left) = spend(&lease.held, window) {
                return Ok(standing(left));
            }
            if !self.lease(&lease.held, action, client, limit, window).await {
                return Err(Error::throttled("rate_limited", action.message()).retry_after(reset));
            }
        }
    }

    /// Gets more to spend; tells whether there was any.
    async fn lease(&self, held: &Mutex<Held>, action: Action, client: IpAddr, limit: u32, window: u64) -> bool {
        let (alone, nothing_left) = {
            let held = held.lock().expect("no holder panics");
            (held.alone && held.window == window, held.window == window && held.shared == 0 && held.mine == 0)
        };
        if alone || nothing_left {
            return false;
        }
        let granted = match &self.redis {
            Some(redis) => self.ask(redis, action, client, limit, window).await.ok(),
            None => None,
        };
        let mut held = held.lock().expect("no holder panics");
        let fresh = held.window != window;
        match granted {
            Some((grant, shared)) => {
                let mine = if fresh { 0 } else { held.mine };
                *held = Held { window, mine: mine + grant, shared, alone: false };
            }
            // Redis is away: this replica counts alone until the window ends.
            None if fresh => *held = Held { window, mine: limit, shared: 0, alone: true },
            None => *held = Held { mine: held.mine + held.shared, shared: 0, alone: true, window },
        }
        held.mine > 0
    }

    async fn ask(
        &self,
        redis: &Redis,
        action: Action,
        client: IpAddr,
        limit: u32,
        window: u64,
    ) -> Result<(u32, u32), Away> {
        let key = redis.key(&format!("limit:{}:{client}:{window}", action.name()));
        redis.run(&self.script, &key, &[limit.to_string(), (2 * WINDOW).to_string()]).await
    }
}

/// Takes one of what is held; tells how many are left in all, as far as this replica knows.
fn spend(held: &Mutex<Held>, window: u64) -> Option<u32> {
    let mut held = held.lock().expect("no holder panics");
    if held.window != window || held.mine == 0 {
        return None;
    }
    held.mine -= 1;
    Some(held.mine.saturating_add(held.shared))
}
