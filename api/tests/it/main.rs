//! The service, tested as its clients see it: through HTTP, with a fresh database for each test.
//!
//! One binary, so that one build and one pair of containers serve all tests. They run on SQLite; with
//! `WAYFARE_TEST_BACKEND=postgres` the same tests run on PostgreSQL and Redis ([`servers`] says where from).

mod access;
mod accounts;
mod audit;
mod buses;
mod caching;
mod cart;
mod catalog;
mod client;
mod command_line;
mod config;
mod cookies;
mod delivery;
mod document;
mod double;
mod durability;
mod figures;
mod fixtures;
mod flags;
mod headers;
mod health;
mod images;
mod limits;
mod managers;
mod metrics;
mod migrations;
mod moves;
mod orders;
mod place;
mod problems;
mod providers;
mod races;
mod servers;

mod sessions;
mod sse;
mod staff;
mod start;
mod streams;
mod tokens;
mod transport;
mod web;
mod webhooks;
