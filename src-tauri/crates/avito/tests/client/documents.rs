//! Avito's own documents, where they are at hand: what they call an example must be readable.

use std::path::Path;

use avito::{Chat, Content, Kind, Message};
use serde_json::{Map, Value};

/// The messenger document; none when the project stands alone.
fn messenger() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/avito-openapi/messenger.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).ok()?).unwrap())
}

/// The example a schema amounts to: its own, or one put together from those of its properties.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return example(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let fields: Map<String, Value> =
            properties.iter().map(|(name, schema)| (name.clone(), example(document, schema))).collect();
        return fields.into();
    }
    match (schema.get("items"), schema.pointer("/enum/0"), schema["type"].as_str()) {
        (Some(items), ..) => Value::Array(vec![example(document, items)]),
        (None, Some(first), _) => first.clone(),
        (None, None, Some("string")) => "some-string".into(),
        _ => Value::Null,
    }
}

#[test]
fn the_documented_chat_is_readable() {
    let Some(document) = messenger() else { return };
    let chat = Chat::from_json(&example(&document, &document["components"]["schemas"]["Chat"])).unwrap();
    assert!(chat.context.unwrap().item.is_some_and(|item| item.id > 0 && item.image_url.is_some()));
    assert!(chat.last_message.is_some() && chat.updated > 0 && !chat.users.is_empty());
}

#[test]
fn every_documented_kind_of_message_is_readable() {
    let Some(document) = messenger() else { return };
    let schema = &document["components"]["schemas"]["Messages"]["items"];
    let kinds = schema["properties"]["type"]["enum"].as_array().unwrap();
    assert!(kinds.len() >= 9, "{kinds:?}");
    for kind in kinds {
        let mut message = example(&document, schema);
        message["type"] = kind.clone();
        let read = Message::from_json(&message).unwrap();
        assert!(!matches!(read.kind, Kind::Other(_)), "{kind}");
        assert!(!matches!(read.content, Content::Unknown { .. }), "{kind}: {message}");
        assert!(read.author_id.is_some() && read.created > 0 && read.direction.is_some());
    }
}
