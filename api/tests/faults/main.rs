//! What happens when a part goes away: the real binary as processes of their own, with a PostgreSQL and a Redis of their
//! own that are stopped, paused, killed and started again. What one process does by itself is tested in `tests/it`.
//!
//! Needs the programs of PostgreSQL and Redis; a test that lacks one says `skipped` and passes, unless
//! `WAYFARE_REQUIRE_PARTS=1`. Deadlines are generous and only bound what should have happened long before.

mod client;
mod parts;
mod process;
mod receiver;
mod stock;
mod wait;

mod backup;
mod buses;
mod crash;
mod data_folder;
mod disk;
mod ending;
mod lost_answer;
mod lost_commit;
mod postgres_away;
mod redis_away;
mod replica;
mod replicas;
mod slow;
mod start;
mod tour;
