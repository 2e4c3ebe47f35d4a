//! What the stand-in holds: accounts, items, chats, messages. Plain data; the rules are in `state`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::webhook::Subscription;

/// The credentials and the face of one seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellerAccount {
    /// Goes into `/token`.
    pub client_id: String,
    /// Goes into `/token`; also the key of the webhook signature.
    pub client_secret: String,
    /// The number in all paths.
    pub user_id: i64,
    /// Name of the shop.
    pub name: String,
}

/// Whose key the account's credentials are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOwner {
    /// The company's main account: everything works.
    #[default]
    Main,
    /// An employee: chats are missing from the list, most messenger calls answer 403.
    Employee,
}

/// A chat's kind; the prefix of its id follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// About an item.
    #[default]
    U2i,
    /// Between users, opened from a profile.
    U2u,
    /// Between a user and Avito.
    A2u,
}

impl ChatKind {
    /// Avito's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::U2i => "u2i",
            Self::U2u => "u2u",
            Self::A2u => "a2u",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::U2i, Self::U2u, Self::A2u].into_iter().find(|kind| kind.name() == name)
    }
}

/// Preview of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPreview {
    /// Title of the page.
    pub title: String,
    /// A sentence from it.
    #[serde(default)]
    pub description: String,
    /// Host.
    pub domain: String,
}

/// What a message says. As JSON: `{"type":"text","text":"…"}`, `{"type":"image","image":"<picture>"}` and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Content {
    /// Plain text.
    Text {
        /// The words.
        text: Arc<str>,
    },
    /// A picture: the id of an upload, or the name of a built-in one.
    Image {
        /// Upload id or name.
        image: String,
        /// Rarely seen: a text beside the picture.
        #[serde(default)]
        caption: Option<String>,
    },
    /// A link with or without a preview.
    Link {
        /// Where it leads.
        url: String,
        /// As it was typed.
        text: String,
        /// What Avito found behind it.
        #[serde(default)]
        preview: Option<LinkPreview>,
    },
    /// One of the account's items.
    Item {
        /// Its id.
        item_id: i64,
    },
    /// A point on the map.
    Location {
        /// `house`, `street`, `area`, …
        kind: String,
        /// Degrees.
        lat: f64,
        /// Degrees.
        lon: f64,
        /// Address.
        title: String,
    },
    /// A missed call.
    Call {
        /// Who was called.
        target_user_id: i64,
    },
    /// A recorded phrase.
    Voice {
        /// Key for `getVoiceFiles`.
        voice_id: String,
    },
    /// From one of Avito's bots.
    System {
        /// The words.
        text: String,
        /// The bot.
        flow_id: String,
    },
    /// Gone. Shown as `deleted` or as the text «Сообщение удалено».
    Deleted {
        /// Fixes the form; `None` leaves it to the profile.
        #[serde(default)]
        as_text: Option<bool>,
    },
    /// `video`, `file`, `appCall`: the type comes, the content is an empty object.
    Unsupported {
        /// The type.
        kind: String,
    },
    /// Anything else: a type of tomorrow, or a content that is null (`Some(Null)`) or missing (`None`).
    Custom {
        /// The type as delivered.
        kind: String,
        /// The content as delivered.
        #[serde(default)]
        content: Option<Value>,
    },
}

impl Content {
    /// A plain text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text { text: text.into() }
    }

    /// A picture without words.
    pub fn image(image: impl Into<String>) -> Self {
        Self::Image { image: image.into(), caption: None }
    }

    /// The words, where there are any.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text { text } => Some(text),
            Self::System { text, .. } => Some(text),
            Self::Image { caption, .. } => caption.as_deref(),
            _ => None,
        }
    }
}

/// 32 hexadecimal digits, kept as a number: an archive of a million messages fits into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MessageId(pub(crate) u128);

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl MessageId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

/// The quoted message, as it was when it was quoted.
#[derive(Debug, Clone)]
pub(crate) struct Quote {
    pub(crate) id: MessageId,
    pub(crate) author_id: i64,
    pub(crate) created: i64,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) author_id: i64,
    /// Unix seconds.
    pub(crate) created: i64,
    /// When the side that received it read it.
    pub(crate) read: Option<i64>,
    pub(crate) from_seller: bool,
    pub(crate) content: Content,
    pub(crate) quote: Option<Box<Quote>>,
}

/// The other side of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// Avito's number of the user.
    pub user_id: i64,
    /// As shown.
    pub name: String,
    /// Name of a built-in portrait; `None` gives the stub with the initial.
    #[serde(default)]
    pub portrait: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) id: Arc<str>,
    pub(crate) kind: ChatKind,
    pub(crate) item_id: Option<i64>,
    pub(crate) buyer: Buyer,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// Place among chats of the same second.
    pub(crate) sequence: u64,
    /// Oldest first.
    pub(crate) messages: Vec<Message>,
    pub(crate) unread: usize,
    /// The buyer blocked the seller.
    pub(crate) blocked_by_buyer: bool,
}

/// A listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Beyond 2³¹.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Roubles; `None` is «Цена не указана».
    pub price: Option<i64>,
    /// City and street.
    pub address: String,
    /// City.
    pub city: String,
    /// City in links.
    pub city_slug: String,
    /// Category in links and in the list of items.
    pub category: String,
    /// Latitude, longitude.
    pub point: (f64, f64),
    /// Name of the picture.
    pub picture: String,
    /// `active`, `removed`, `old`, `blocked`, `rejected`.
    pub status: String,
}

impl Item {
    /// Avito's ready-made price text: thousands and the sign are separated by no-break spaces where captures have them.
    pub fn price_string(&self) -> String {
        let Some(price) = self.price else { return "Цена не указана".to_owned() };
        if price == 0 {
            return "Бесплатно".to_owned();
        }
        let digits = price.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push('\u{a0}');
            }
            text.push(digit);
        }
        text.push_str(" ₽");
        text
    }

    /// 4 for a live listing as captured, 20 for a removed one as documented.
    pub(crate) fn status_id(&self) -> i64 {
        if self.status == "active" { 4 } else { 20 }
    }

    pub(crate) fn path(&self) -> String {
        format!("/{}/{}/{}_{}", self.city_slug, slug(&self.category), slug(&self.title), self.id)
    }
}

fn slug(text: &str) -> String {
    let mut out = String::new();
    for letter in text.to_lowercase().chars() {
        let latin = match letter {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' => "g",
            'д' => "d",
            'е' | 'ё' | 'э' => "e",
            'ж' => "zh",
            'з' => "z",
            'и' => "i",
            'й' | 'ы' => "y",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' => "u",
            'ф' => "f",
            'х' => "h",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "sch",
            'ю' => "yu",
            'я' => "ya",
            'ъ' | 'ь' => "",
            'a'..='z' | '0'..='9' => {
                out.push(letter);
                continue;
            }
            _ => "_",
        };
        if latin != "_" || !(out.is_empty() || out.ends_with('_')) {
            out.push_str(latin);
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// An order with Avito delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Number of the order.
    pub id: String,
    /// `on_confirmation`, `ready_to_ship`, `in_transit`, …
    pub status: String,
    /// Unix seconds.
    pub created: i64,
    /// What was ordered.
    pub item_id: i64,
    /// Ties the order to its chat.
    pub chat_id: String,
    /// Full name of the buyer.
    pub buyer_name: String,
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) seller: SellerAccount,
    pub(crate) email: String,
    pub(crate) phone: String,
    /// Name of the shop's picture, if it has one.
    pub(crate) portrait: Option<String>,
    pub(crate) paid_tier: bool,
    pub(crate) key: KeyOwner,
    pub(crate) balance: (f64, f64),
    pub(crate) items: BTreeMap<i64, Item>,
    pub(crate) orders: Vec<Order>,
    pub(crate) chats: HashMap<Arc<str>, Chat>,
    /// (updated, sequence, id): the list of chats is this, read backwards.
    pub(crate) by_update: BTreeSet<(i64, u64, Arc<str>)>,
    pub(crate) voices: BTreeSet<String>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) blacklist: BTreeMap<i64, i64>,
}

impl Account {
    pub(crate) fn new(seller: SellerAccount) -> Self {
        Self {
            email: format!("shop{}@example.ru", seller.user_id),
            phone: format!("7{:010}", seller.user_id % 10_000_000_000),
            seller,
            portrait: None,
            paid_tier: true,
            key: KeyOwner::Main,
            balance: (1234.5, 0.0),
            items: BTreeMap::new(),
            orders: Vec::new(),
            chats: HashMap::new(),
            by_update: BTreeSet::new(),
            voices: BTreeSet::new(),
            subscriptions: Vec::new(),
            blacklist: BTreeMap::new(),
        }
    }
}
