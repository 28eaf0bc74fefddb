//! The cart: kept on the server for guests and customers. A guest's cart is opened by its token; when somebody signs in and
//! still sends the token, it is poured into their own.
//!
//! Prices shown are today's; what a product cost when it was put in is told beside it when that was another price.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path},
    payload::Json,
};
use uuid::Uuid;

pub mod entity;
pub mod line;

use crate::{
    App,
    auth::Visitor,
    catalog::product::{self, MenuItem},
    error::{Error, Result},
    money::Money,
    tags::Tag,
};

/// A product in a cart
#[derive(Object)]
pub struct CartLine {
    pub item: MenuItem,
    pub quantity: i32,
    /// Whether there is enough now
    pub available: bool,
    /// What it cost when it was put in, where that has changed
    #[oai(skip_serializing_if_is_none)]
    pub price_before: Option<Money>,
}

/// What one shop's part of a cart costs
#[derive(Object)]
pub struct ShopTotal {
    pub shop_id: i64,
    pub total: Money,
}

/// What somebody is about to order
#[derive(Object)]
pub struct Cart {
    /// For guests: send it back as `X-Cart-Token`
    #[oai(skip_serializing_if_is_none)]
    pub token: Option<Uuid>,
    pub lines: Vec<CartLine>,
    /// One order is made at one shop
    pub totals: Vec<ShopTotal>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Quantity {
    #[oai(validator(minimum(value = "1"), maximum(value = "99")))]
    pub quantity: i32,
}

pub struct CartApi(pub Arc<App>);

type Token = Header<Option<Uuid>>;

#[OpenApi(prefix_path = "/api", tag = "Tag::Cart")]
impl CartApi {
    /// Get my cart
    #[oai(path = "/cart", method = "get", operation_id = "get_cart")]
    async fn get(&self, who: Visitor, #[oai(name = "X-Cart-Token")] token: Token) -> Result<Json<Cart>> {
        let cart = find(&self.0, &who, token.0).await?;
        show(&self.0, cart).await
    }

    /// Add a product to the cart, or set its quantity
    #[oai(path = "/cart/items/:product", method = "put", operation_id = "put_in_cart")]
    async fn put(
        &self,
        who: Visitor,
        #[oai(name = "X-Cart-Token")] token: Token,
        product: Path<i64>,
        quantity: Json<Quantity>,
    ) -> Result<Json<Cart>> {
        let app = &self.0;
        let product = product::Entity::by_id(&app.db.write, product.0).await?;
        let cart = find_or_make(app, &who, token.0).await?;
        let line = line::Model {
            cart_id: cart.id,
            product_id: product.id,
            quantity: quantity.0.quantity,
            price_when_added: product.price,
        };
        line::Entity::set(&app.db.write, line).await?;
        entity::Entity::touch(&app.db.write, cart.id, app.clock.now()).await?;
        show(app, Some(cart)).await
    }

    /// Remove a product from the cart
    #[oai(path = "/cart/items/:product", method = "delete", operation_id = "take_out_of_cart")]
    async fn take_out(
        &self,
        who: Visitor,
        #[oai(name = "X-Cart-Token")] token: Token,
        product: Path<i64>,
    ) -> Result<Json<Cart>> {
        let app = &self.0;
        let cart = find(app, &who, token.0).await?;
        if let Some(cart) = &cart {
            line::Entity::remove(&app.db.write, cart.id, [product.0]).await?;
        }
        show(app, cart).await
    }

    /// Empty the cart
    #[oai(path = "/cart", method = "delete", operation_id = "empty_cart")]
    async fn empty(&self, who: Visitor, #[oai(name = "X-Cart-Token")] token: Token) -> Result<Json<Cart>> {
        let app = &self.0;
        let cart = find(app, &who, token.0).await?;
        if let Some(cart) = &cart {
            line::Entity::clear(&app.db.write, cart.id).await?;
        }
        show(app, cart).await
    }
}

/// The caller's cart. A guest's token that comes with a customer is poured into the customer's cart first, once.
async fn find(app: &App, who: &Visitor, token: Option<Uuid>) -> Result<Option<entity::Model>> {
    match (&who.0, token) {
        (Some(customer), Some(token)) => match entity::Entity::of_guest(&app.db.write, token).await? {
            Some(guest) => adopt(app, customer.account_id, guest.id).await.map(Some),
            None => entity::Entity::of_account(&app.db.write, customer.account_id).await,
        },
        (Some(customer), None) => entity::Entity::of_account(&app.db.write, customer.account_id).await,
        (None, Some(token)) => entity::Entity::of_guest(&app.db.write, token).await,
        (None, None) => Ok(None),
    }
}

async fn find_or_make(app: &App, who: &Visitor, token: Option<Uuid>) -> Result<entity::Model> {
    if let Some(cart) = find(app, who, token).await? {
        return Ok(cart);
    }
    match &who.0 {
        Some(customer) => entity::Entity::make_for_account(&app.db.write, customer.account_id, app.clock.now()).await,
        None if app.flags.guest_carts() => entity::Entity::make_for_guest(&app.db.write, app.clock.now()).await,
        None => Err(Error::unauthenticated("guest_carts_off", "Sign in to fill a cart.")),
    }
}

async fn adopt(app: &App, account: Uuid, guest: Uuid) -> Result<entity::Model> {
    use sea_orm::EntityTrait;
    let tx = app.db.begin().await?;
    let mine = entity::Entity::make_for_account(&*tx, account, app.clock.now()).await?;
    line::Entity::merge(&*tx, guest, mine.id).await?;
    // Of two requests that pour at once, one finds the cart gone and takes its own pouring back.
    if entity::Entity::delete_by_id(guest).exec(&*tx).await?.rows_affected == 1 {
        tx.commit().await?;
    }
    Ok(mine)
}

async fn show(app: &App, cart: Option<entity::Model>) -> Result<Json<Cart>> {
    let Some(cart) = cart else {
        return Ok(Json(Cart { token: None, lines: vec![], totals: vec![] }));
    };
    let lines = line::Entity::of(&app.db.write, cart.id).await?;
    let products = product::Entity::by_ids(&app.db.write, lines.iter().map(|l| l.product_id)).await?;
    let lines: Vec<CartLine> = lines
        .iter()
        .filter_map(|line| Some(shown(line, products.iter().find(|p| p.id == line.product_id)?.clone())))
        .collect();
    Ok(Json(Cart { token: cart.account_id.is_none().then_some(cart.id), totals: totals(&lines), lines }))
}

fn shown(line: &line::Model, product: product::Model) -> CartLine {
    let available = product.retired_at.is_none() && product.stock >= line.quantity;
    let before = Money { amount: line.price_when_added, currency: product.currency.clone() };
    CartLine {
        price_before: (product.price != line.price_when_added).then_some(before),
        quantity: line.quantity,
        available,
        item: product.into(),
    }
}

fn totals(lines: &[CartLine]) -> Vec<ShopTotal> {
    let mut totals: Vec<ShopTotal> = Vec::new();
    for line in lines {
        let cost = line.item.price.amount * i64::from(line.quantity);
        match totals.iter_mut().find(|t| t.shop_id == line.item.shop_id) {
            Some(total) => total.total.amount += cost,
            None => totals.push(ShopTotal {
                shop_id: line.item.shop_id,
                total: Money { amount: cost, currency: line.item.price.currency.clone() },
            }),
        }
    }
    totals
}
