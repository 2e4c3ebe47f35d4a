//! Answers of the spec profile against Avito's OpenAPI documents, where these are at hand.
//!
//! The documents are stricter here than they are written: an object with named properties may have no
//! others. What they are known to have wrong is listed in [`TOLERATED`] and nowhere else.

use std::path::PathBuf;

use avito_sim::{Content, LinkPreview};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::common::{Receiver, SOON, Shop, read};

/// Errors of the documents that answers must be free to correct.
const TOLERATED: [(&str, &str); 3] = [
    ("int32", "ids declared int32 are larger today"),
    ("kind", "the list of location kinds ends in `...`, so it is open"),
    ("message types", "appCall, file and video occur in the list of messages too"),
];

struct Document(Value);

impl Document {
    /// `None` (with a note) when the documents are not there.
    fn open(name: &str) -> Option<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let path = root.join("../shared/avito-openapi").join(format!("{name}.json"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: {} is not there", path.display());
            return None;
        };
        Some(Self(serde_json::from_str(&text).unwrap()))
    }

    /// Checks an answer of status 200 (or the one documented under another status).
    fn check(&self, method: &str, path: &str, status: &str, answer: &Value) {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not in the document");
        let content = &operation["responses"][status]["content"]["application/json"]["schema"];
        assert!(content.is_object(), "{method} {path} has no schema for {status}");
        self.check_schema(content, answer, path);
    }

    fn check_schema(&self, schema: &Value, answer: &Value, what: &str) {
        let mut whole = strict(schema);
        let mut schemas = Map::new();
        for (name, schema) in self.0["components"]["schemas"].as_object().unwrap() {
            schemas.insert(name.clone(), strict(schema));
        }
        whole["components"] = json!({"schemas": schemas});
        let validator = jsonschema::validator_for(&whole).unwrap();
        let problems: Vec<String> = validator
            .iter_errors(answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{what}: {problems:#?}\n{answer:#}");
    }
}

/// An OpenAPI 3.0 schema as a strict JSON schema.
fn strict(schema: &Value) -> Value {
    let Some(map) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in map {
        let value = match key.as_str() {
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                Value::Object(properties.map(|(name, schema)| (name.clone(), strict(schema))).collect())
            }
            "items" | "additionalProperties" | "not" => strict(value),
            "allOf" | "anyOf" | "oneOf" => {
                Value::Array(value.as_array().unwrap().iter().map(strict).collect())
            }
            "enum" => {
                let mut allowed = value.as_array().unwrap().clone();
                if allowed.contains(&json!("...")) {
                    continue;
                }
                // The list of messages: nine types, of which `deleted` is one.
                if allowed.contains(&json!("deleted")) && !allowed.contains(&json!("video")) {
                    allowed.extend([json!("appCall"), json!("file"), json!("video")]);
                }
                Value::Array(allowed)
            }
            "type" | "required" | "$ref" | "maxLength" | "minimum" | "maximum" => value.clone(),
            // Among them `format`, which would refuse today's ids, and examples.
            _ => continue,
        };
        out.insert(key.clone(), value);
    }
    let combined = ["allOf", "anyOf", "oneOf"].iter().any(|key| out.contains_key(*key));
    if out.contains_key("properties") && !out.contains_key("additionalProperties") && !combined {
        out.insert("additionalProperties".into(), false.into());
    }
    if map.get("nullable") == Some(&json!(true)) {
        if let Some(kind) = out.get("type").cloned() {
            out.insert("type".into(), json!([kind, "null"]));
        }
        if let Some(Value::Array(allowed)) = out.get_mut("enum") {
            allowed.push(Value::Null);
        }
    }
    Value::Object(out)
}

#[test]
fn the_strict_form_refuses_what_the_document_does_not_name() {
    let schema =
        strict(&json!({"type": "object", "properties": {"id": {"type": "integer", "nullable": true}}}));
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&json!({"id": null})));
    assert!(!validator.is_valid(&json!({"id": "1"})));
    assert!(!validator.is_valid(&json!({"id": 1, "extra": 2})));
    assert_eq!(TOLERATED.len(), 3);
}

const CHATS: &str = "/messenger/v2/accounts/{user_id}/chats";
const CHAT: &str = "/messenger/v2/accounts/{user_id}/chats/{chat_id}";
const MESSAGES: &str = "/messenger/v3/accounts/{user_id}/chats/{chat_id}/messages/";
const V1: &str = "/messenger/v1/accounts/{user_id}";

/// A chat with every kind of message that the document knows.
fn fill(shop: &Shop) -> (String, String) {
    let chat = shop.chat();
    let user_id = shop.user_id;
    let first = shop.sim.buyer_writes(user_id, &chat, "первое");
    let item_id = shop.sim.items(user_id)[0].id;
    let preview = LinkPreview { title: "т".into(), description: "о".into(), domain: "example.ru".into() };
    let link =
        |preview| Content::Link { url: "https://example.ru".into(), text: "example.ru".into(), preview };
    for content in [
        Content::image("samovar_tap"),
        Content::Image { image: "parcel".into(), caption: Some("подпись".into()) },
        link(Some(preview)),
        link(None),
        Content::Item { item_id },
        Content::Item { item_id: 1 },
        Content::Location { kind: "house".into(), lat: 56.8, lon: 35.9, title: "Тверь".into() },
        Content::Call { target_user_id: user_id },
        Content::Voice { voice_id: "voice-1".into() },
        Content::System { text: "заметка".into(), flow_id: "seller_audience_discount".into() },
        Content::Deleted { as_text: None },
        Content::Unsupported { kind: "video".into() },
        Content::Unsupported { kind: "file".into() },
        Content::Unsupported { kind: "appCall".into() },
    ] {
        shop.sim.buyer_sends(user_id, &chat, content).unwrap();
    }
    shop.sim.buyer_quotes(user_id, &chat, &first, "цитата");
    (chat, first)
}

#[tokio::test]
async fn messenger_answers_are_as_documented() {
    let Some(document) = Document::open("messenger") else { return };
    let shop = Shop::spec().await;
    let (chat, _) = fill(&shop);
    let (_, answer) = shop.get("/messenger/v2/accounts/{u}/chats?chat_types=u2i,u2u,a2u").await;
    document.check("get", CHATS, "200", &answer);
    let (_, answer) = shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{chat}")).await;
    document.check("get", CHAT, "200", &answer);
    let (_, answer) = shop.get(&shop.list_path(&chat)).await;
    assert!(answer.as_array().unwrap().len() > 15);
    document.check("get", MESSAGES, "200", &answer);
    let (_, sent) = shop.send(&chat, "ответ").await;
    document.check("post", &format!("{V1}/chats/{{chat_id}}/messages"), "200", &sent);

    let part = reqwest::multipart::Part::bytes(b"\xff\xd8\xff\xe0".to_vec()).file_name("a.jpg");
    let form = reqwest::multipart::Form::new().part("uploadfile[]", part);
    let request = shop.request(Method::POST, "/messenger/v1/accounts/{u}/uploadImages").multipart(form);
    let (_, uploaded) = read(request.send().await.unwrap()).await;
    document.check("post", &format!("{V1}/uploadImages"), "200", &uploaded);
    let id = uploaded.as_object().unwrap().keys().next().unwrap();
    let (_, image) = shop.post(&format!("{}/image", shop.send_path(&chat)), json!({"image_id": id})).await;
    document.check("post", &format!("{V1}/chats/{{chat_id}}/messages/image"), "200", &image);
    let (_, deleted) =
        shop.call(&format!("{}/{}", shop.send_path(&chat), sent["id"].as_str().unwrap())).await;
    document.check("post", &format!("{V1}/chats/{{chat_id}}/messages/{{message_id}}"), "200", &deleted);
    let (_, answer) = shop.call(&format!("/messenger/v1/accounts/{{u}}/chats/{chat}/read")).await;
    document.check("post", &format!("{V1}/chats/{{chat_id}}/read"), "200", &answer);
    let (_, answer) = shop.get("/messenger/v1/accounts/{u}/getVoiceFiles?voice_ids=voice-1").await;
    assert_eq!(answer["voices_urls"].as_object().unwrap().len(), 1);
    document.check("get", &format!("{V1}/getVoiceFiles"), "200", &answer);
}

#[tokio::test]
async fn webhook_answers_and_deliveries_are_as_documented() {
    let Some(document) = Document::open("messenger") else { return };
    let shop = Shop::spec().await;
    let receiver = Receiver::open().await;
    let (_, answer) = shop.post("/messenger/v3/webhook", json!({"url": receiver.url})).await;
    document.check("post", "/messenger/v3/webhook", "200", &answer);
    let (_, answer) = shop.call("/messenger/v1/subscriptions").await;
    document.check("post", "/messenger/v1/subscriptions", "200", &answer);
    fill(&shop);
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 16).await);
    for event in receiver.all() {
        assert_eq!(event.body["version"], "v1.1");
        document.check("post", "/messenger/v3/webhook", "201", &event.body);
    }
    let (_, answer) = shop.post("/messenger/v1/webhook/unsubscribe", json!({"url": receiver.url})).await;
    document.check("post", "/messenger/v1/webhook/unsubscribe", "200", &answer);
}

#[tokio::test]
async fn errors_are_as_documented() {
    let Some(document) = Document::open("messenger") else { return };
    let mut shop = Shop::spec().await;
    let chat = shop.chat();
    let schemas = document.0["components"]["schemas"].clone();
    let check = |name: &str, answer: &Value| document.check_schema(&schemas[name], answer, name);
    check("validatingError", &shop.get("/messenger/v2/accounts/{u}/chats?limit=0").await.1);
    check("notFoundError", &shop.get("/messenger/v2/accounts/{u}/chats/u2i-no").await.1);
    check("forbiddenError", &shop.get("/messenger/v2/accounts/1/chats").await.1);
    for (status, name) in [(500, "serviceError"), (503, "serviceUnavailableError")] {
        let kind = avito_sim::FaultKind::ServerError { status, processed: false };
        shop.sim.faults().set(avito_sim::Fault::once(kind));
        check(name, &shop.get(&shop.list_path(&chat)).await.1);
    }
    shop.token.clear();
    check("authError", &shop.get("/messenger/v2/accounts/{u}/chats").await.1);
}

#[tokio::test]
async fn answers_outside_the_messenger_are_as_documented() {
    let shop = Shop::spec().await;
    for (name, path, url) in [
        ("user", "/core/v1/accounts/self", "/core/v1/accounts/self".to_owned()),
        ("user", "/core/v1/accounts/{user_id}/balance/", "/core/v1/accounts/{u}/balance/".to_owned()),
        ("item", "/core/v1/items", "/core/v1/items".to_owned()),
        (
            "item",
            "/core/v1/accounts/{user_id}/items/{item_id}/",
            format!("/core/v1/accounts/{{u}}/items/{}/", shop.sim.items(shop.user_id)[0].id),
        ),
        ("order-management", "/order-management/1/orders", "/order-management/1/orders".to_owned()),
    ] {
        let Some(document) = Document::open(name) else { return };
        let (status, answer) = shop.get(&url).await;
        assert_eq!(status, 200, "{url}");
        document.check("get", path, "200", &answer);
    }
    let Some(document) = Document::open("auth") else { return };
    let seller = &shop.sim.accounts()[0];
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &seller.client_id),
        ("client_secret", &seller.client_secret),
    ];
    let (_, answer) = read(shop.http.post(shop.url("/token")).form(&form).send().await.unwrap()).await;
    document.check("post", "/token", "200", &answer);
}
