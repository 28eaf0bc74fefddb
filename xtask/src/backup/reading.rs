//! The reading part of docs/tour.md, asked of a service that was started on what was restored: what anybody may see,
//! and nothing that changes something.

use anyhow::{Result, ensure};
use serde_json::Value;
use stages::exit::Failure;
use stages::http;

/// Asks; tells how many questions were answered with 200.
pub fn read(port: u16) -> Result<usize> {
    let mut asked = 0;
    let mut get = |path: &str| -> Result<Value> {
        let answer = http::get(port, path)?;
        ensure!(answer.status == 200, Failure::check(format!("{path} answers {}: {}", answer.status, answer.body)));
        asked += 1;
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    };
    for path in ["/readyz", "/openapi.json", "/api/city", "/api/density?resolution=8&underserved=true"] {
        get(path)?;
    }
    let items = get("/api/menu-items?limit=20")?;
    // A database without a product is one, too.
    if let Some(item) = items["items"].as_array().and_then(|items| items.last()) {
        let [id, shop] = ["id", "shop_id"].map(|name| item[name].to_string());
        get(&format!("/api/menu-items/{id}"))?;
        let shop = get(&format!("/api/shops/{shop}"))?;
        let at = format!("{},{}", shop["lat"], shop["lon"]);
        get(&format!("/api/routes?from={at}&to={at}&depart=08:00"))?;
    }
    get("/api/suggestions?count=1")?;
    Ok(asked)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_it_asks_is_in_the_tour() {
        let tour = include_str!("../../../docs/tour.md");
        let asked =
            ["openapi.json", "api/city", "api/density", "api/menu-items", "api/shops", "api/routes", "api/suggestions"];
        assert!(asked.iter().all(|path| tour.contains(&format!("$WAYFARE/{path}"))));
    }
}
