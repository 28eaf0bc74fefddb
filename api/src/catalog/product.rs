//! Something a shop sells. On the wire it is a [`MenuItem`]: the row carries the folded text that searches look through.

use poem_openapi::{Enum, Object};
use sea_orm::{
    ActiveValue::Set,
    Condition, Order, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Alias, CaseStatement, Expr, ExprTrait, LikeExpr},
};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Instant,
    error::{Error, Result},
    money::Money,
    text,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub shop_id: i64,
    pub name: String,
    pub description: String,
    pub category: String,
    /// Minor units.
    pub price: i64,
    pub currency: String,
    pub stock: i32,
    pub image: Option<String>,
    /// How large its file is; unknown of those from before this was counted.
    pub image_bytes: Option<i64>,
    /// Name, category and description as [`text::fold`] makes them.
    pub search: String,
    pub created_at: Instant,
    pub changed_at: Instant,
    /// Not for sale any more; kept for the orders that name it.
    pub retired_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Something a shop sells
#[derive(Clone, Debug, PartialEq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct MenuItem {
    pub id: i64,
    pub shop_id: i64,
    pub name: String,
    pub description: String,
    pub category: String,
    pub price: Money,
    /// How many are left, a second ago
    pub stock: i32,
    /// Where its picture is
    pub image: Option<String>,
    pub created_at: Instant,
}

impl From<Model> for MenuItem {
    fn from(row: Model) -> Self {
        let Model {
            id,
            shop_id,
            name,
            description,
            category,
            price,
            currency,
            stock,
            image,
            image_bytes: _,
            search: _,
            created_at,
            changed_at: _,
            retired_at: _,
        } = row;
        let image = image.map(|file| format!("/api/images/{file}"));
        Self {
            id,
            shop_id,
            name,
            description,
            category,
            price: Money { amount: price, currency },
            stock,
            image,
            created_at,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum, Serialize)]
pub enum Sort {
    #[default]
    #[oai(rename = "name")]
    Name,
    #[oai(rename = "price")]
    Price,
    #[oai(rename = "-price")]
    PriceDown,
    #[oai(rename = "newest")]
    Newest,
}

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Wanted {
    pub shop: Option<i64>,
    pub category: Option<String>,
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub in_stock: bool,
    pub words: Vec<String>,
    pub sort: Sort,
    pub after: Option<Cursor>,
    pub limit: u64,
}

/// Where a page ended: the sorted column's value and the id, which makes the order total.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cursor {
    Name(String, i64),
    Price(i64, i64),
    PriceDown(i64, i64),
    Newest(i64),
}

impl Cursor {
    pub fn of(sort: Sort, item: &MenuItem) -> Self {
        match sort {
            Sort::Name => Self::Name(item.name.clone(), item.id),
            Sort::Price => Self::Price(item.price.amount, item.id),
            Sort::PriceDown => Self::PriceDown(item.price.amount, item.id),
            Sort::Newest => Self::Newest(item.id),
        }
    }

    fn sort(&self) -> Sort {
        match self {
            Self::Name(..) => Sort::Name,
            Self::Price(..) => Sort::Price,
            Self::PriceDown(..) => Sort::PriceDown,
            Self::Newest(..) => Sort::Newest,
        }
    }

    fn condition(self) -> Condition {
        let beyond = |ahead: Expr, level: Expr, id: i64| Condition::any().add(ahead).add(level.and(Column::Id.gt(id)));
        match self {
            Self::Name(name, id) => beyond(Column::Name.gt(name.clone()), Column::Name.eq(name), id),
            Self::Price(price, id) => beyond(Column::Price.gt(price), Column::Price.eq(price), id),
            Self::PriceDown(price, id) => beyond(Column::Price.lt(price), Column::Price.eq(price), id),
            Self::Newest(id) => Condition::all().add(Column::Id.lt(id)),
        }
    }
}

/// What is left of a product after some were taken or given back.
pub struct Left {
    pub product: i64,
    pub stock: i32,
}

impl Entity {
    /// A page and one row more.
    ///
    /// # Errors
    /// 422 for a cursor of another sorting.
    pub async fn search(db: &impl ConnectionTrait, wanted: Wanted) -> Result<Vec<Model>> {
        if wanted.after.as_ref().is_some_and(|c| c.sort() != wanted.sort) {
            return Err(Error::invalid("bad_cursor", "`after` belongs to another `sort`."));
        }
        let found = Self::find()
            .filter(Column::RetiredAt.is_null())
            .apply_if(wanted.shop, |q, shop| q.filter(Column::ShopId.eq(shop)))
            .apply_if(wanted.category, |q, category| q.filter(Column::Category.eq(category)))
            .apply_if(wanted.min_price, |q, price| q.filter(Column::Price.gte(price)))
            .apply_if(wanted.max_price, |q, price| q.filter(Column::Price.lte(price)))
            .apply_if(wanted.in_stock.then_some(0), |q, none| q.filter(Column::Stock.gt(none)))
            .apply_if(wanted.after, |q, cursor| q.filter(cursor.condition()));
        let found = wanted
            .words
            .into_iter()
            .fold(found, |q, word| q.filter(Expr::col(Column::Search).like(LikeExpr::new(word).escape('\\'))));
        let sorted = match wanted.sort {
            Sort::Name => found.order_by(Column::Name, Order::Asc).order_by(Column::Id, Order::Asc),
            Sort::Price => found.order_by(Column::Price, Order::Asc).order_by(Column::Id, Order::Asc),
            Sort::PriceDown => found.order_by(Column::Price, Order::Desc).order_by(Column::Id, Order::Asc),
            Sort::Newest => found.order_by(Column::Id, Order::Desc),
        };
        Ok(sorted.limit(wanted.limit + 1).all(db).await?)
    }

    pub async fn by_id(db: &impl ConnectionTrait, id: i64) -> Result<Model> {
        Self::find_by_id(id).filter(Column::RetiredAt.is_null()).one(db).await?.ok_or_else(|| Error::no("product"))
    }

    /// As [`Self::by_id`], locked until the transaction ends.
    pub async fn locked(db: &impl ConnectionTrait, id: i64) -> Result<Model> {
        let found = Self::find_by_id(id).filter(Column::RetiredAt.is_null()).lock_exclusive().one(db).await?;
        found.ok_or_else(|| Error::no("product"))
    }

    /// Whether any product has this file as its picture.
    pub async fn shows(db: &impl ConnectionTrait, file: &str) -> Result<bool> {
        Ok(Self::find().filter(Column::Image.eq(file)).one(db).await?.is_some())
    }

    /// How much room the pictures of a shop take, or those of all.
    pub async fn image_bytes(db: &impl ConnectionTrait, shop: Option<i64>) -> Result<i64> {
        // PostgreSQL sums whole numbers into decimals.
        let sum = Expr::expr(Column::ImageBytes.sum()).cast_as(Alias::new("bigint"));
        let sums = Self::find().apply_if(shop, |q, shop| q.filter(Column::ShopId.eq(shop)));
        let sum: Option<Option<i64>> = sums.select_only().column_as(sum, "bytes").into_tuple().one(db).await?;
        Ok(sum.flatten().unwrap_or(0))
    }

    pub async fn by_ids(db: &impl ConnectionTrait, ids: impl IntoIterator<Item = i64>) -> Result<Vec<Model>> {
        Ok(Self::find().filter(Column::Id.is_in(ids)).all(db).await?)
    }

    pub async fn categories(db: &impl ConnectionTrait) -> Result<Vec<String>> {
        let names = Self::find()
            .select_only()
            .column(Column::Category)
            .distinct()
            .filter(Column::RetiredAt.is_null())
            .order_by_asc(Column::Category);
        Ok(names.into_tuple().all(db).await?)
    }

    /// The products of a shop, locked until the transaction ends, in the order of their ids: two orders that share
    /// products wait for each other and never block each other for good.
    pub async fn lock(db: &impl ConnectionTrait, shop: i64, ids: impl IntoIterator<Item = i64>) -> Result<Vec<Model>> {
        let products = Self::find()
            .filter(Column::ShopId.eq(shop))
            .filter(Column::Id.is_in(ids))
            .filter(Column::RetiredAt.is_null());
        Ok(products.order_by_asc(Column::Id).lock_exclusive().all(db).await?)
    }

    /// Takes stock in one statement, all or as many as there is enough of: the caller compares the count. The guard in the
    /// statement decides, not what was read before.
    pub async fn take(db: &impl ConnectionTrait, lines: &[(i64, i32)]) -> Result<Vec<Left>> {
        Self::change_stock(
            db,
            lines,
            Expr::col(Column::Stock).sub(quantity_of(lines)),
            Some(Expr::col(Column::Stock).gte(quantity_of(lines))),
        )
        .await
    }

    /// Gives stock back.
    pub async fn give_back(db: &impl ConnectionTrait, lines: &[(i64, i32)]) -> Result<Vec<Left>> {
        Self::change_stock(db, lines, Expr::col(Column::Stock).add(quantity_of(lines)), None).await
    }

    async fn change_stock(
        db: &impl ConnectionTrait,
        lines: &[(i64, i32)],
        to: Expr,
        guard: Option<Expr>,
    ) -> Result<Vec<Left>> {
        let mut update = sea_orm::sea_query::Query::update();
        update.table(Self).value(Column::Stock, to).and_where(Column::Id.is_in(lines.iter().map(|l| l.0)));
        if let Some(guard) = guard {
            update.and_where(guard);
        }
        update.returning(sea_orm::sea_query::Query::returning().columns([Column::Id, Column::Stock]));
        let rows = db.query_all(&update).await?;
        rows.iter().map(|row| Ok(Left { product: row.try_get("", "id")?, stock: row.try_get("", "stock")? })).collect()
    }

    pub async fn add(db: &impl ConnectionTrait, product: ActiveModel) -> Result<Model> {
        Ok(Self::insert(product).exec_with_returning(db).await?)
    }

    pub async fn change(db: &impl ConnectionTrait, id: i64, change: ActiveModel) -> Result<Model> {
        Ok(Self::update(ActiveModel { id: Set(id), ..change }).exec(db).await?)
    }
}

/// The quantity that belongs to a row's id.
fn quantity_of(lines: &[(i64, i32)]) -> Expr {
    let case = lines
        .iter()
        .fold(CaseStatement::new(), |case, (id, quantity)| case.case(Expr::col(Column::Id).eq(*id), *quantity));
    // PostgreSQL would take an undecided parameter for text.
    Expr::Case(Box::new(case.finally(0))).cast_as(Alias::new("integer"))
}

pub fn searchable(name: &str, category: &str, description: &str) -> String {
    text::fold(&format!("{name} {category} {description}"))
}
