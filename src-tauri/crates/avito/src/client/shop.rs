//! The account, its listings and orders.

use super::Client;
use super::call::Call;
use crate::error::Error;
use crate::json::{self as lenient, Fields};
use crate::models::{AccountSelf, ItemInfo, ItemsPage, ItemsQuery, OrdersPage, OrdersQuery};

const SELF: &str = "/core/v1/accounts/self";
const ITEMS: &str = "/core/v1/items";
const ITEM: &str = "/core/v1/accounts/{user_id}/items/{item_id}/";
const ORDERS: &str = "/order-management/1/orders";

impl Client {
    /// The account the credentials belong to; works without any tariff.
    pub async fn account_self(&self) -> Result<AccountSelf, Error> {
        let call = Call::get(SELF, &[])?;
        let answer = self.execute(&call).await?;
        call.decode(&answer)
    }

    /// A page of the account's listings. Avito allows 25 of these calls a minute, so they have a budget of their own
    /// besides the common one.
    pub async fn items(&self, query: &ItemsQuery) -> Result<ItemsPage, Error> {
        let mut call = Call::get(ITEMS, &[])?
            .of_items()
            .query("per_page", query.per_page)
            .query("page", query.page)
            .csv("status", &query.statuses);
        if let Some(day) = &query.updated_at_from {
            call = call.query("updatedAtFrom", day);
        }
        if let Some(category) = query.category {
            call = call.query("category", category);
        }
        let answer = self.execute(&call).await?;
        let text = answer.text();
        let list = lenient::list(&text, "resources").map_err(|path| call.shape(&answer, path))?;
        let (items, skipped) = list.each(lenient::typed);
        Ok(ItemsPage { items, page: list.meta.int("page"), per_page: list.meta.int("per_page"), skipped })
    }

    /// The state of one listing.
    pub async fn item(&self, user_id: i64, item_id: i64) -> Result<ItemInfo, Error> {
        let call = Call::get(ITEM, &[&user_id.to_string(), &item_id.to_string()])?;
        let answer = self.execute(&call).await?;
        call.decode(&answer)
    }

    /// A page of orders with Avito delivery.
    pub async fn orders(&self, query: &OrdersQuery) -> Result<OrdersPage, Error> {
        let mut call = Call::get(ORDERS, &[])?
            .csv("ids", &query.ids)
            .csv("statuses", &query.statuses)
            .query("page", query.page)
            .query("limit", query.limit);
        if let Some(second) = query.date_from {
            call = call.query("dateFrom", second);
        }
        let answer = self.execute(&call).await?;
        let text = answer.text();
        let list = lenient::list(&text, "orders").map_err(|path| call.shape(&answer, path))?;
        let (orders, skipped) = list.each(lenient::typed);
        Ok(OrdersPage { orders, has_more: list.has_more, skipped })
    }
}
