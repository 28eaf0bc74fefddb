//! A believable demo city: shops and kitchens with what they sell, and an account of each role. The same each time.

use city::{City, Place, Query};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, PaginatorTrait,
};
use uuid::Uuid;

use crate::{
    App,
    auth::{Role, account},
    catalog::{
        hours::{Hours, Opening},
        product, shop,
    },
    config::DEMO_PASSWORD,
};

mod goods;

/// The accounts that everybody may try, by role; the password is `WAYFARE_SEED_PASSWORD`.
pub const ACCOUNTS: [(&str, &str, Role); 4] = [
    ("customer@wayfare.example", "Cleo Customer", Role::Customer),
    ("courier@wayfare.example", "Cem Courier", Role::Courier),
    ("manager@wayfare.example", "Mara Manager", Role::Manager),
    ("admin@wayfare.example", "Ada Admin", Role::Admin),
];

/// The addresses of [`ACCOUNTS`].
pub fn emails() -> Vec<String> {
    ACCOUNTS.iter().map(|(email, ..)| (*email).to_owned()).collect()
}

/// Fills the database.
///
/// # Errors
/// A database that already has shops, unless `if_empty`, which then does nothing. The password that everybody knows, where
/// others than the people at this machine may come.
pub async fn seed(app: &App, if_empty: bool) -> anyhow::Result<String> {
    let shops = shop::Entity::find().count(&app.db.write).await?;
    if shops > 0 {
        anyhow::ensure!(if_empty, "the database has {shops} shops already; `seed --if-empty` leaves it as it is");
        return Ok(format!("nothing to do: there are {shops} shops"));
    }
    let own = app.config.seed_password.is_some();
    anyhow::ensure!(
        own || (app.db.is_sqlite() && app.config.listen.ip().is_loopback()),
        "give the accounts a password of their own in WAYFARE_SEED_PASSWORD: without it they get one that everybody knows, \
         and this isn't SQLite on an address of this machine"
    );
    let password_hash =
        app.hasher.hash(app.config.seed_password().expose()).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    let (tx, now) = (app.db.begin().await?, app.clock.now());
    let mut products = Vec::new();
    for (store, site) in goods::SHOPS.iter().zip(sites(&app.city)?) {
        let shop = shop::ActiveModel {
            id: NotSet,
            name: Set(store.name.to_owned()),
            kind: Set(store.kind.to_owned()),
            description: Set(store.description.to_owned()),
            address: Set(address(&site)),
            lat: Set(site.at.lat),
            lon: Set(site.at.lon),
            hours: Set(Hours(
                (1..=7)
                    .map(|day| Opening { day, from: store.hours.0.to_owned(), to: store.hours.1.to_owned() })
                    .collect(),
            )),
            currency: Set("EUR".to_owned()),
        };
        let shop_id = shop::Entity::insert(shop).exec(&*tx).await?.last_insert_id;
        products.extend(store.goods.iter().enumerate().map(|(i, good)| product::ActiveModel {
            id: NotSet,
            shop_id: Set(shop_id),
            name: Set(good.name.to_owned()),
            description: Set(good.description.to_owned()),
            category: Set(good.category.to_owned()),
            price: Set(good.cents),
            currency: Set("EUR".to_owned()),
            stock: Set(12 + i32::try_from(i * 7 % 40).unwrap_or(0)),
            image: Set(None),
            image_bytes: Set(None),
            search: Set(product::searchable(good.name, good.category, good.description)),
            created_at: Set(now),
            changed_at: Set(now),
            retired_at: Set(None),
        }));
    }
    let count = products.len();
    product::Entity::insert_many(products).exec_without_returning(&*tx).await?;
    for (email, name, role) in ACCOUNTS {
        let shop_id = (role == Role::Manager).then_some(1);
        let account = account::Model {
            id: Uuid::now_v7(),
            email: email.to_owned(),
            name: name.to_owned(),
            password_hash: password_hash.clone(),
            role,
            shop_id,
            disabled_at: None,
            created_at: now,
        };
        account::Entity::add(&*tx, account).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    }
    tx.commit().await?;
    Ok(format!("made {} shops, {count} products and an account of each role", goods::SHOPS.len()))
}

/// Says so in the log when others than the people at this machine can sign in with the password that everybody knows.
pub async fn warn(app: &App) {
    if app.config.listen.ip().is_loopback() {
        return;
    }
    for email in emails() {
        let Ok(Some(account)) = account::Entity::by_email(&app.db.write, &email).await else { continue };
        let hash = Some(account.password_hash.as_str());
        if account.disabled_at.is_none() && app.hasher.verify(DEMO_PASSWORD, hash).await.unwrap_or(false) {
            tracing::warn!(
                email,
                "anybody can sign in here with the demo's password; change it or disable the account"
            );
        }
    }
}

/// The street and number, or what is there: in some towns nobody has entered addresses.
fn address(site: &Place) -> String {
    if site.street.is_empty() {
        site.name.clone()
    } else {
        format!("{} {}", site.street, site.number).trim().to_owned()
    }
}

/// Where each shop is: the demo city knows it by its name; in any other city they stand around the middle.
fn sites(city: &City) -> anyhow::Result<Vec<Place>> {
    let (middle, mut angle) = (city.bounds().centre(), 0.0f64);
    let site = |(i, store): (usize, &goods::Store)| {
        let named = city.geocode(Query { text: store.name, near: None, limit: 1 });
        if let Some(place) = named.into_iter().find(|p| p.name == store.name && city.is_demo()) {
            return Ok(place);
        }
        anyhow::ensure!(!city.is_demo(), "the demo city has no {}", store.name);
        // The golden angle spreads any number of them evenly.
        angle += 2.4;
        let far = 350.0 * (i as f64 + 0.5).sqrt();
        let around = middle.shifted(far * angle.cos(), far * angle.sin());
        let found = city.reverse(around, 1).unwrap_or_default().into_iter().next();
        found.ok_or_else(|| anyhow::anyhow!("{} has no street near its middle to put a shop at", city.name()))
    };
    goods::SHOPS.iter().enumerate().map(site).collect()
}
