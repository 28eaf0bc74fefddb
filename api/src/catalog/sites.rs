//! What an order needs to know of its shop: where it is and when it is open. Read once a minute and shop at the most, and
//! again as soon as a manager has changed something.

use std::{sync::Arc, time::Duration};

use city::Point;
use moka::sync::Cache;

use crate::{
    App,
    catalog::{hours::Hours, shop},
    error::Result,
};

pub struct Site {
    pub name: String,
    pub at: Point,
    pub hours: Hours,
}

pub struct Sites(Cache<i64, Arc<Site>>);

impl Default for Sites {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(60)).build())
    }
}

impl Sites {
    /// # Errors
    /// 404 for a shop that there isn't.
    pub async fn of(&self, app: &App, shop: i64) -> Result<Arc<Site>> {
        if let Some(site) = self.0.get(&shop) {
            return Ok(site);
        }
        let shop::Model { name, lat, lon, hours, .. } = shop::Entity::by_id(&app.db.write, shop).await?;
        let site = Arc::new(Site { name, at: Point::new(lat, lon), hours });
        self.0.insert(shop, site.clone());
        Ok(site)
    }

    pub fn forget(&self) {
        self.0.invalidate_all();
    }
}
