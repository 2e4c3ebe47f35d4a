//! The operations: which path is which, and what every one of them checks first.

mod account;
mod auth;
mod chats;
mod hooks;
mod images;
mod messages;

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::Sim;
use crate::config::{ExpiredAnswer, PaymentAnswer};
use crate::http::{Reply, Request};
use crate::media;
use crate::model::KeyOwner;
use crate::state::State;

pub(crate) use chats::{let_the_buyer_write, move_a_chat_up};

/// What can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Token,
    Chats,
    Chat,
    Messages,
    Send,
    UploadImages,
    SendImage,
    Delete,
    Read,
    VoiceFiles,
    Blacklist,
    Subscribe,
    Unsubscribe,
    Subscriptions,
    Myself,
    Balance,
    Items,
    Item,
    Orders,
    /// Pictures and recordings; at Avito on hosts of their own.
    Media,
}

impl Operation {
    /// Avito's name of the operation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "getAccessToken",
            Self::Chats => "getChatsV2",
            Self::Chat => "getChatByIdV2",
            Self::Messages => "getMessagesV3",
            Self::Send => "postSendMessage",
            Self::UploadImages => "uploadImages",
            Self::SendImage => "postSendImageMessage",
            Self::Delete => "deleteMessage",
            Self::Read => "chatRead",
            Self::VoiceFiles => "getVoiceFiles",
            Self::Blacklist => "postBlacklistV2",
            Self::Subscribe => "postWebhookV3",
            Self::Unsubscribe => "postWebhookUnsubscribe",
            Self::Subscriptions => "getSubscriptions",
            Self::Myself => "getUserInfoSelf",
            Self::Balance => "getUserBalance",
            Self::Items => "getItemsInfo",
            Self::Item => "getItemInfo",
            Self::Orders => "getOrders",
            Self::Media => "media",
        }
    }

    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Token => "/token",
            Self::Chats => "/messenger/v2/accounts/{user_id}/chats",
            Self::Chat => "/messenger/v2/accounts/{user_id}/chats/{chat_id}",
            Self::Messages => "/messenger/v3/accounts/{user_id}/chats/{chat_id}/messages/",
            Self::Send => "/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages",
            Self::UploadImages => "/messenger/v1/accounts/{user_id}/uploadImages",
            Self::SendImage => "/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages/image",
            Self::Delete => "/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages/{message_id}",
            Self::Read => "/messenger/v1/accounts/{user_id}/chats/{chat_id}/read",
            Self::VoiceFiles => "/messenger/v1/accounts/{user_id}/getVoiceFiles",
            Self::Blacklist => "/messenger/v2/accounts/{user_id}/blacklist",
            Self::Subscribe => "/messenger/v3/webhook",
            Self::Unsubscribe => "/messenger/v1/webhook/unsubscribe",
            Self::Subscriptions => "/messenger/v1/subscriptions",
            Self::Myself => "/core/v1/accounts/self",
            Self::Balance => "/core/v1/accounts/{user_id}/balance/",
            Self::Items => "/core/v1/items",
            Self::Item => "/core/v1/accounts/{user_id}/items/{item_id}/",
            Self::Orders => "/order-management/1/orders",
            Self::Media => "/media",
        }
    }

    pub(crate) fn is_called(self, route: &str) -> bool {
        route == self.name() || route == self.template()
    }

    pub(crate) fn sends(self) -> bool {
        matches!(self, Self::Send | Self::SendImage)
    }

    /// What a token from the authorisation code must have been granted.
    fn scope(self) -> &'static str {
        match self {
            Self::Send | Self::UploadImages | Self::SendImage | Self::Delete | Self::Blacklist => {
                "messenger:write"
            }
            Self::Myself => "user:read",
            Self::Balance => "user_balance:read",
            Self::Items | Self::Item => "items:info",
            // Client credentials only; the document names no scope.
            Self::Orders => "orders",
            _ => "messenger:read",
        }
    }

    fn needs_tier(self) -> bool {
        // Reported: the list of messages and both kinds of sending. The other calls that touch messages are
        // ours; the lists of chats, one chat and the webhook calls are reported to work.
        matches!(
            self,
            Self::Messages
                | Self::Send
                | Self::UploadImages
                | Self::SendImage
                | Self::Delete
                | Self::Read
                | Self::VoiceFiles
                | Self::Blacklist
        )
    }
}

/// An operation with what its path says.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) user_id: Option<i64>,
    /// Chat, or whatever else stands in the second variable place.
    pub(crate) id: String,
    /// Message.
    pub(crate) message_id: String,
}

/// Finds the operation. `None`: the gateway knows no such route, a wrong method included.
pub(crate) fn find(method: &Method, segments: &[String]) -> Option<Call> {
    use Operation as O;
    let mut path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let slash = path.last() == Some(&"") && path.len() > 1;
    if slash {
        path.pop();
    }
    let get = method == Method::GET;
    let post = method == Method::POST;
    let (operation, user, id, message) = match path.as_slice() {
        ["token"] if post => (O::Token, "", "", ""),
        ["messenger", "v2", "accounts", user, "chats"] if get => (O::Chats, *user, "", ""),
        ["messenger", "v2", "accounts", user, "chats", chat] if get => (O::Chat, *user, *chat, ""),
        ["messenger", "v3", "accounts", user, "chats", chat, "messages"] if get => {
            (O::Messages, *user, *chat, "")
        }
        ["messenger", "v1", "accounts", user, "chats", chat, "messages"] if post => {
            (O::Send, *user, *chat, "")
        }
        ["messenger", "v1", "accounts", user, "uploadImages"] if post => (O::UploadImages, *user, "", ""),
        // Before the general form below it: `image` is not a message.
        ["messenger", "v1", "accounts", user, "chats", chat, "messages", "image"] if post => {
            (O::SendImage, *user, *chat, "")
        }
        ["messenger", "v1", "accounts", user, "chats", chat, "messages", message] if post => {
            (O::Delete, *user, *chat, *message)
        }
        ["messenger", "v1", "accounts", user, "chats", chat, "read"] if post => (O::Read, *user, *chat, ""),
        ["messenger", "v1", "accounts", user, "getVoiceFiles"] if get => (O::VoiceFiles, *user, "", ""),
        ["messenger", "v2", "accounts", user, "blacklist"] if post => (O::Blacklist, *user, "", ""),
        ["messenger", "v3", "webhook"] if post => (O::Subscribe, "", "", ""),
        ["messenger", "v1", "webhook", "unsubscribe"] if post => (O::Unsubscribe, "", "", ""),
        ["messenger", "v1", "subscriptions"] if post => (O::Subscriptions, "", "", ""),
        ["core", "v1", "accounts", "self"] if get => (O::Myself, "", "", ""),
        ["core", "v1", "accounts", user, "balance"] if get => (O::Balance, *user, "", ""),
        ["core", "v1", "items"] if get => (O::Items, "", "", ""),
        ["core", "v1", "accounts", user, "items", item] if get => (O::Item, *user, *item, ""),
        ["order-management", "1", "orders"] if get => (O::Orders, "", "", ""),
        ["media", ..] if get => (O::Media, "", "", ""),
        _ => return None,
    };
    // Both forms are in use where the documents write a slash, and for `/token`; ours: nowhere else.
    if slash && !operation.template().ends_with('/') && operation != O::Token {
        return None;
    }
    let user_id = if user.is_empty() { None } else { Some(user.parse().ok()?) };
    Some(Call { operation, user_id, id: id.to_owned(), message_id: message.to_owned() })
}

/// Who calls, after all common checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) user_id: i64,
}

/// Runs the operation; an `Err` is a refusal.
pub(crate) async fn perform(
    sim: &Sim,
    call: &Call,
    request: &Request,
    placeholder: bool,
) -> Result<Reply, Reply> {
    match call.operation {
        Operation::Token => return Ok(auth::token(sim, request)),
        Operation::Media => return Ok(media::serve(sim, request)),
        _ => {}
    }
    let caller = check(sim, call, request)?;
    match call.operation {
        Operation::Chats => chats::list(sim, caller, request, placeholder),
        Operation::Chat => chats::one(sim, caller, call, placeholder),
        Operation::Messages => messages::list(sim, caller, call, request),
        Operation::Send => messages::send(sim, caller, call, request),
        Operation::Delete => messages::delete(sim, caller, call),
        Operation::Read => messages::read(sim, caller, call),
        Operation::UploadImages => images::upload(sim, caller, request).await,
        Operation::SendImage => images::send(sim, caller, call, request),
        Operation::VoiceFiles => images::voice_files(sim, caller, request),
        Operation::Blacklist => chats::blacklist(sim, caller, request),
        Operation::Subscribe => hooks::subscribe(sim, caller, request).await,
        Operation::Unsubscribe => hooks::unsubscribe(sim, caller, request),
        Operation::Subscriptions => hooks::list(sim, caller),
        Operation::Myself => account::myself(sim, caller),
        Operation::Balance => account::balance(sim, caller),
        Operation::Items => account::items(sim, caller, request),
        Operation::Item => account::item(sim, caller, call),
        Operation::Orders => account::orders(sim, caller, request),
        Operation::Token | Operation::Media => Err(Reply::no_route()),
    }
}

/// Token, scope, owner of the path, key, tier: in this order, which is ours.
fn check(sim: &Sim, call: &Call, request: &Request) -> Result<Caller, Reply> {
    let state = sim.shared.lock();
    let config = &sim.shared.config;
    let token = request.bearer().and_then(|token| state.tokens.get(token)).ok_or_else(Reply::unauthorized)?;
    if token.revoked || token.expires <= sim.now() {
        return Err(match config.expired_answer {
            ExpiredAnswer::Forbidden => Reply::with(
                StatusCode::FORBIDDEN,
                json!({"result": {"status": false, "message": "access token expired"}}),
            ),
            ExpiredAnswer::Unauthorized => Reply::unauthorized(),
        });
    }
    let granted = |scopes: &Vec<String>| scopes.iter().any(|scope| scope == call.operation.scope());
    if !token.scopes.as_ref().is_none_or(granted) {
        return Err(Reply::forbidden());
    }
    let user_id = token.user_id;
    if call.user_id.is_some_and(|other| other != user_id) {
        return Err(Reply::forbidden());
    }
    let account = state.accounts.get(&user_id).ok_or_else(Reply::unauthorized)?;
    let messenger = call.operation.needs_tier() || call.operation == Operation::Chat;
    if account.key == KeyOwner::Employee && messenger {
        return Err(Reply::forbidden());
    }
    if !account.paid_tier && call.operation.needs_tier() {
        return Err(Reply::with(
            StatusCode::PAYMENT_REQUIRED,
            match config.payment_answer {
                PaymentAnswer::Advice => {
                    json!({"code": 402, "message": "Перейдите на подписку с API мессенджера"})
                }
                PaymentAnswer::Document => json!({"error": {"code": 402, "message": "Payment required"}}),
            },
        ));
    }
    Ok(Caller { user_id })
}

/// The page asked for: (limit, offset).
fn page(request: &Request) -> Result<(usize, usize), Reply> {
    // Ours: outside the documented bounds the answer is a validation error. The offset is reported so.
    let limit = number(request, "limit", 100, 1, 100)?;
    let offset = number(request, "offset", 0, 0, 1000)?;
    Ok((limit, offset))
}

fn number(request: &Request, key: &str, default: usize, low: usize, high: usize) -> Result<usize, Reply> {
    let Some(text) = request.query(key) else { return Ok(default) };
    let value: Option<usize> = text.parse().ok().filter(|value| (low..=high).contains(value));
    value.ok_or_else(|| Reply::validation(key, &format!("must be between {low} and {high}")))
}

/// The chat must exist in the caller's account.
fn known_chat(state: &State, caller: Caller, call: &Call) -> Result<(), Reply> {
    state.chat(caller.user_id, &call.id).map(|_| ()).ok_or_else(Reply::not_found)
}
