//! The account, its webhook subscriptions, uploaded pictures.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::{de_int, de_list, de_opt_text, de_text};

/// The account the credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountSelf {
    /// The `user_id` of all messenger calls.
    #[serde(deserialize_with = "de_int")]
    pub id: i64,
    /// Its name.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub name: Option<String>,
    /// Its address.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub email: Option<String>,
    /// Its main phone, digits only.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub phone: Option<String>,
    /// All its phones.
    #[serde(default, deserialize_with = "de_list")]
    pub phones: Vec<String>,
    /// Its public page.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub profile_url: Option<String>,
}

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subscription {
    /// Where Avito posts events.
    pub url: String,
    /// The version of the method it was registered by, such as `3`; decides the form of the payload. May be empty.
    #[serde(default, deserialize_with = "version")]
    pub version: String,
}

fn version<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    de_text(deserializer).or_else(|_| Ok(String::new()))
}

/// A picture that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedImage {
    /// For [`crate::Client::send_image`]. How long it stays usable is unknown.
    pub id: String,
    /// Address by size, see [`super::best_for`].
    pub sizes: BTreeMap<String, String>,
}
