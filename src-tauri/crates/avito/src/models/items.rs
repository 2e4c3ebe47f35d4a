//! The account's listings.

use serde::Deserialize;

use crate::json::{de_int, de_list, de_opt, de_opt_float, de_opt_int, de_opt_text};

/// Which listings to list. An employee's key gets an empty list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemsQuery {
    /// 1 to 99.
    pub per_page: u32,
    /// From 1.
    pub page: u32,
    /// Any of `active`, `removed`, `old`, `blocked`, `rejected`; empty means `active`.
    pub statuses: Vec<String>,
    /// Changed on this day or later, `YYYY-MM-DD`.
    pub updated_at_from: Option<String>,
    /// Category id.
    pub category: Option<i64>,
}

impl Default for ItemsQuery {
    fn default() -> Self {
        Self { per_page: 25, page: 1, statuses: Vec::new(), updated_at_from: None, category: None }
    }
}

/// A page of listings. There is no total: a page shorter than asked for is the last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ItemsPage {
    /// The listings.
    pub items: Vec<Item>,
    /// The page number, when told.
    pub page: Option<i64>,
    /// The page size in force, when told.
    pub per_page: Option<i64>,
    /// JSON paths of elements that could not be read at all.
    pub skipped: Vec<String>,
}

/// A listing. It comes without pictures: the only one is in the context of a chat.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Item {
    /// Avito's item id.
    #[serde(deserialize_with = "de_int")]
    pub id: i64,
    /// Its title.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub title: Option<String>,
    /// In roubles.
    #[serde(default, deserialize_with = "de_opt_float")]
    pub price: Option<f64>,
    /// `active`, `removed`, `old`, `blocked` or `rejected`.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub status: Option<String>,
    /// Where it is.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub address: Option<String>,
    /// Its page.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub url: Option<String>,
    /// Its category.
    #[serde(default, deserialize_with = "de_opt")]
    pub category: Option<Category>,
}

/// A category of listings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Category {
    /// Avito's category id.
    #[serde(default, deserialize_with = "de_opt_int")]
    pub id: Option<i64>,
    /// Its name.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub name: Option<String>,
}

/// The state of one listing: no title, no price, no pictures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemInfo {
    /// As [`Item::status`], or `not_found`, `another_user`.
    pub status: String,
    /// Its page.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub url: Option<String>,
    /// RFC 3339.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub start_time: Option<String>,
    /// RFC 3339.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub finish_time: Option<String>,
    /// The seller's own id from an import feed.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub autoload_item_id: Option<String>,
    /// Paid promotion in force.
    #[serde(default, deserialize_with = "de_list")]
    pub vas: Vec<VasService>,
}

/// A paid promotion of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VasService {
    /// Such as `xl`.
    pub vas_id: String,
    /// RFC 3339.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub finish_time: Option<String>,
}
