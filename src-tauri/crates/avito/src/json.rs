//! Lenient reading of JSON: what Avito means, not how it happens to be written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// An integer, also one written as a string or as a whole float.
pub(crate) fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9.0e15)?;
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, checked above")]
            Some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A string, also one written as a number; never empty.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A float, also one written as a string.
pub(crate) fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A flag, also one written as 0 or 1.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_i64().map(|number| number != 0))
}

/// The last second of the year 9999: later ones would overflow where they are counted in milliseconds.
const END_OF_TIME_S: i64 = 253_402_300_799;

/// Fields of an object, each `None` when missing, null or of a type that makes no sense.
pub(crate) trait Fields {
    fn int(&self, name: &str) -> Option<i64>;
    fn seconds(&self, name: &str) -> Option<i64>;
    fn text(&self, name: &str) -> Option<String>;
    fn id(&self, name: &str) -> Option<String>;
    fn float(&self, name: &str) -> Option<f64>;
    fn flag(&self, name: &str) -> Option<bool>;
    fn object(&self, name: &str) -> Option<&Value>;
    fn links(&self, name: &str) -> BTreeMap<String, String>;
}

impl Fields for Value {
    fn int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(int)
    }

    /// A time in unix seconds; what lies before 1970 or after the year 9999 is none.
    fn seconds(&self, name: &str) -> Option<i64> {
        self.int(name).filter(|second| (0..=END_OF_TIME_S).contains(second))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    /// An id: text, or a whole number that can be held exactly. Of longer numbers several would become one, and one message hide
    /// another.
    fn id(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_f64()).and_then(text)
    }

    fn float(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(float)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(flag)
    }

    fn object(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| value.is_object())
    }

    /// A map from picture size to address; other entries are dropped.
    fn links(&self, name: &str) -> BTreeMap<String, String> {
        let entries = self.get(name).and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(size, url)| Some((size.clone(), url.as_str()?.to_owned()))).collect()
    }
}

/// How deep a document is searched for the part that cannot be held; what Avito sends is less than that.
const DEPTH: usize = 8;

/// Parses a document. What cannot be held of it does not lose the rest:
///
/// * U+FFFD stands where a text was cut through the middle of an emoji (bots that cut texts by UTF-16 units produce such halves),
/// * null for a number beyond all bounds and for what is nested too deeply.
///
/// # Errors
/// When it is not JSON at all.
pub(crate) fn parse(document: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(document).or_else(|_| {
        let mended = mend_surrogates(document);
        let whole: &RawValue = serde_json::from_str(&mended)?; // skipping over it has no limit of depth
        Ok(in_parts(whole, DEPTH))
    })
}

/// Parses what can be parsed, part by part.
fn in_parts(raw: &RawValue, depth: usize) -> Value {
    if let Ok(value) = serde_json::from_str(raw.get()) {
        return value;
    }
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    if let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) {
        return fields.into_iter().map(|(name, value)| (name, in_parts(value, depth))).collect();
    }
    if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        return elements.into_iter().map(|element| in_parts(element, depth)).collect();
    }
    Value::Null
}

/// Replaces `\uD800`…`\uDFFF` escapes that have no partner; borrows when there is none.
fn mend_surrogates(document: &str) -> Cow<'_, str> {
    let unit = |at: usize| -> Option<u16> {
        let digits = document.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let bytes = document.as_bytes();
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                mended.push_str(&document[copied..at]);
                mended.push_str("\\uFFFD");
                at += 6;
                copied = at;
            }
            Some(_) => at += 6,
            None => at += 2, // another escape, of which the next character is a part
        }
    }
    if copied == 0 {
        return Cow::Borrowed(document);
    }
    mended.push_str(&document[copied..]);
    Cow::Owned(mended)
}

/// A list as it came, each element unread, so that one bad element cannot spoil the others.
#[derive(Debug)]
pub(crate) struct List<'a> {
    /// JSON path of the list: its key, or empty for a bare array.
    pub(crate) path: &'static str,
    pub(crate) elements: Vec<&'a RawValue>,
    /// `meta.has_more` or `hasMore`, when told.
    pub(crate) has_more: Option<bool>,
    /// `meta`, when there is one.
    pub(crate) meta: Value,
}

/// Reads `{"<key>": […], "meta": …}` or a bare array. A null list is an empty one. Fails with the JSON path.
pub(crate) fn list<'a>(document: &'a str, key: &'static str) -> Result<List<'a>, String> {
    if document.trim_start().starts_with('[') {
        let elements = serde_json::from_str(document).map_err(|_| ".".to_owned())?;
        return Ok(List { path: "", elements, has_more: None, meta: Value::Null });
    }
    let fields: BTreeMap<String, &'a RawValue> =
        serde_json::from_str(document).map_err(|_| ".".to_owned())?;
    let found = fields.get(key).ok_or_else(|| key.to_owned())?;
    let elements: Option<Vec<&'a RawValue>> =
        serde_json::from_str(found.get()).map_err(|_| key.to_owned())?;
    let small = |name: &str| fields.get(name).and_then(|raw| parse(raw.get()).ok()).unwrap_or_default();
    let meta = small("meta");
    let has_more = meta.flag("has_more").or_else(|| flag(&small("hasMore")));
    Ok(List { path: key, elements: elements.unwrap_or_default(), has_more, meta })
}

impl List<'_> {
    /// Interprets each element; those that cannot be are left out and named by their JSON path.
    pub(crate) fn each<T>(&self, interpret: impl Fn(Value) -> Result<T, String>) -> (Vec<T>, Vec<String>) {
        let mut good = Vec::with_capacity(self.elements.len());
        let mut skipped = Vec::new();
        for (position, raw) in self.elements.iter().enumerate() {
            match parse(raw.get()).map_err(|_| String::new()).and_then(&interpret) {
                Ok(element) => good.push(element),
                Err(inner) if inner.is_empty() || inner == "." => {
                    skipped.push(format!("{}[{position}]", self.path))
                }
                Err(inner) => skipped.push(format!("{}[{position}].{inner}", self.path)),
            }
        }
        (good, skipped)
    }
}

/// Decodes a value, failing with the JSON path of the first thing that did not fit.
///
/// serde's own message is dropped on purpose: it quotes the offending value, which may be a customer's text.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let told = error.inner().to_string();
        // Of a missing field the path is that of the object it is missing from.
        let missing = told.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        match missing {
            Some(name) if path == "." => name.to_owned(),
            Some(name) => format!("{path}.{name}"),
            None => path,
        }
    })
}

pub(crate) fn de_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    text(&value).ok_or_else(|| serde::de::Error::custom("neither text nor number"))
}

pub(crate) fn de_opt_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text(&Value::deserialize(deserializer)?))
}

pub(crate) fn de_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    int(&value).ok_or_else(|| serde::de::Error::custom("not a whole number"))
}

pub(crate) fn de_opt_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(int(&Value::deserialize(deserializer)?))
}

pub(crate) fn de_opt_float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(float(&Value::deserialize(deserializer)?))
}

/// A list whose elements that cannot be read are dropped; null is an empty list.
pub(crate) fn de_list<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let elements = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect())
}

/// An object that counts as absent when it cannot be read.
pub(crate) fn de_opt<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        assert_eq!(int(&json!(7_632_548_910_i64)), Some(7_632_548_910));
        assert_eq!(int(&json!("7632548910")), Some(7_632_548_910));
        assert_eq!(int(&json!(12.0)), Some(12));
        assert_eq!(int(&json!(12.5)), None);
        assert_eq!(int(&json!(1.0e300)), None);
        assert_eq!(int(&json!(u64::MAX)), None);
        assert_eq!(int(&json!(null)), None);
    }

    #[test]
    fn half_an_emoji_does_not_lose_the_text() {
        for (document, expected) in [
            (r#""хвост \ud83d""#, "хвост \u{fffd}"),
            (r#""\ude00 начало""#, "\u{fffd} начало"),
            (r#""\ud83d\ude00 \ud83d""#, "😀 \u{fffd}"),
            (r#""\\ud83d \ud83d\n""#, "\\ud83d \u{fffd}\n"),
        ] {
            assert_eq!(parse(document).unwrap(), json!(expected), "{document}");
        }
        assert!(parse(r#""cut \u"#).is_err());
    }

    #[test]
    fn what_cannot_be_held_does_not_lose_the_rest() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let document =
            format!(r#"{{"id":"m1","far":-1e999,"deep":{deep},"list":[1,1e999,"\ud83d"],"text":"да"}}"#);
        let expected = json!({"id": "m1", "far": null, "list": [1, null, "\u{fffd}"], "text": "да"});
        let mut read = parse(&document).unwrap();
        assert!(read.as_object_mut().unwrap().remove("deep").is_some());
        assert_eq!(read, expected);
        assert!(parse(&deep).is_ok());
        assert!(parse(&deep[1..]).is_err());
    }

    #[test]
    fn an_id_is_exact_or_none() {
        let ids = parse(
            r#"{"a":"u2i-a","b":7,"c":18446744073709551615,"d":88888888888888888888881,"e":1.5,"f":""}"#,
        )
        .unwrap();
        let read: Vec<_> = ["a", "b", "c", "d", "e", "f"].iter().map(|name| ids.id(name)).collect();
        let exact = ["u2i-a", "7", "18446744073709551615"].map(|id| Some(id.to_owned()));
        assert_eq!(read[..3], exact);
        assert_eq!(read[3..], [None, None, None]);
    }

    #[test]
    fn times_that_cannot_be_are_none() {
        let times = json!({"a": 0, "b": 253_402_300_799_i64, "c": -1, "d": i64::MAX, "e": 1_760_000_000_000_i64, "f": 1e300});
        let read: Vec<_> = ["a", "b", "c", "d", "e", "f"].iter().map(|name| times.seconds(name)).collect();
        assert_eq!(read, [Some(0), Some(253_402_300_799), None, None, None, None]);
    }

    #[test]
    fn a_list_is_read_bare_wrapped_or_null() {
        assert_eq!(list("[1,2]", "chats").unwrap().elements.len(), 2);
        let wrapped = list(r#"{"chats":[1],"meta":{"has_more":true}}"#, "chats").unwrap();
        assert_eq!((wrapped.elements.len(), wrapped.has_more), (1, Some(true)));
        assert!(list(r#"{"chats":null}"#, "chats").unwrap().elements.is_empty());
        assert_eq!(list(r#"{"other":[]}"#, "chats").unwrap_err(), "chats");
        assert_eq!(list(r#"{"chats":{}}"#, "chats").unwrap_err(), "chats");
        assert_eq!(list("<html>", "chats").unwrap_err(), ".");
    }
}
