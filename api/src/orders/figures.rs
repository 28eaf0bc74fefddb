//! How the business goes, day by day: what admins see as small charts. Counted in the database when asked.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use poem_openapi::Object;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::{
    App,
    auth::account,
    cart,
    clock::Instant,
    error::Result,
    money::Money,
    orders::order::{self, State},
};

/// How the business goes
#[derive(Debug, Object)]
pub struct Figures {
    /// Carts that somebody touched within the last day and that hold something
    pub active_carts: u64,
    /// From placed to delivered, of the orders delivered in these days, seconds; absent when there are none
    #[oai(skip_serializing_if_is_none)]
    pub delivery_seconds: Option<i64>,
    /// Oldest first, today last; days are those of UTC
    pub days: Vec<DayFigures>,
}

/// One day
#[derive(Debug, Object)]
pub struct DayFigures {
    /// As `2026-11-23`
    pub day: String,
    /// Placed on it
    pub orders: u64,
    /// Placed on it and cancelled since
    pub cancelled: u64,
    /// Of what was placed on it and not cancelled, for each currency
    pub revenue: Vec<Money>,
    /// New accounts
    pub sign_ups: u64,
}

/// The last `days` days, this one included.
pub async fn figures(app: &App, days: u32) -> Result<Figures> {
    let now = app.clock.now();
    app.db.read(|db| read(db, now, days)).await
}

async fn read(db: DatabaseConnection, now: Instant, days: u32) -> Result<Figures> {
    let db = &db;
    let mut told = Vec::new();
    for back in (0..i64::from(days)).rev() {
        told.push(on(db, now.date_naive() - TimeDelta::days(back)).await?);
    }
    Ok(Figures {
        active_carts: cart::entity::Entity::active(db, now - TimeDelta::days(1)).await?,
        delivery_seconds: order::Entity::usual_delivery(db, now - TimeDelta::days(days.into())).await?,
        days: told,
    })
}

async fn on(db: &impl ConnectionTrait, day: NaiveDate) -> Result<DayFigures> {
    let begin = day.and_time(NaiveTime::MIN).and_utc();
    let (mut orders, mut cancelled, mut revenue) = (0, 0, BTreeMap::<String, i64>::new());
    for sum in order::Entity::sums(db, begin, begin + TimeDelta::days(1)).await? {
        let count = u64::try_from(sum.orders).unwrap_or(0);
        orders += count;
        match sum.state {
            State::Cancelled => cancelled += count,
            State::Placed | State::Accepted | State::Preparing | State::OnTheWay | State::Delivered => {
                *revenue.entry(sum.currency).or_default() += sum.total;
            }
        }
    }
    Ok(DayFigures {
        day: day.to_string(),
        orders,
        cancelled,
        revenue: revenue.into_iter().map(|(currency, amount)| Money { amount, currency }).collect(),
        sign_ups: account::Entity::joined(db, begin, begin + TimeDelta::days(1)).await?,
    })
}
