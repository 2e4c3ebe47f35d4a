//! Any body is a delivery exactly when it is JSON, and its messages survive being stored.
#![no_main]

use avito::fuzzing::same;
use avito::{Message, webhook};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|body: &[u8]| {
    let is_json = serde_json::from_str::<&RawValue>(&String::from_utf8_lossy(body)).is_ok();
    let delivery = webhook::parse(body);
    assert_eq!(delivery.is_ok(), is_json);
    for found in delivery.map(|delivery| delivery.messages).unwrap_or_default() {
        let stored =
            serde_json::from_str(&found.message.raw.to_string()).expect("what was read can be read again");
        let again = Message::from_json(&stored).expect("a message");
        assert!(same(&again, &found.message), "{found:?}");
    }
});
