//! Pictures and recordings, served from the API's own address.
//!
//! | path | what |
//! |---|---|
//! | `/media/item/{size}/{picture}.jpg` | picture of a listing |
//! | `/media/chat/{size}/{picture}.jpg` | picture of a message: an upload or a built-in one |
//! | `/media/avatar/{size}/{portrait}.png` | portrait |
//! | `/media/stub_avatars/{initial}/{colour}_{size}.png` | stub with an initial |
//! | `/media/voice/{voice_id}.mp4?exp=…&sig=…` | recording; the link lives an hour |
//!
//! Every size has the same bytes: nothing in a client depends on the number of pixels.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::json;

use crate::http::{Reply, Request};
use crate::sim::Shared;
use crate::state::State;
use crate::webhook::sign;
use crate::{Sim, assets, stub};

const VOICE_LINK_LIFE: i64 = 3600;

/// A link to a recording that works for an hour.
pub(crate) fn voice_url(shared: &Shared, state: &State, voice_id: &str) -> String {
    let expires = shared.clock.now() + VOICE_LINK_LIFE;
    let signature = voice_signature(state, voice_id, expires);
    let name = percent_encoding::utf8_percent_encode(voice_id, percent_encoding::NON_ALPHANUMERIC);
    format!("{}/media/voice/{name}.mp4?exp={expires}&sig={signature}", shared.media_base())
}

fn voice_signature(state: &State, voice_id: &str, expires: i64) -> String {
    sign(&state.media_key, format!("{voice_id}:{expires}").as_bytes())
}

pub(crate) fn serve(sim: &Sim, request: &Request) -> Reply {
    let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let stem = |name: &'_ str| name.rsplit_once('.').map_or(name.to_owned(), |(stem, _)| stem.to_owned());
    match path.as_slice() {
        ["media", "item", _, name] => built_in("item", &stem(name), "item/plain"),
        ["media", "chat", _, name] => {
            let name = stem(name);
            let state = sim.shared.lock();
            match state.uploads.get(&name) {
                Some(upload) => Reply::file(upload.bytes.clone(), upload.mime),
                None => built_in("chat", &name, "item/plain"),
            }
        }
        ["media", "avatar", _, name] => built_in("avatar", &stem(name), "avatar/man_short"),
        ["media", "stub_avatars", initial, name] => {
            let colour = name.split('_').next().and_then(|text| text.parse().ok()).unwrap_or(0);
            stub::png(initial, colour).map_or_else(Reply::not_found, |bytes| Reply::file(bytes, "image/png"))
        }
        ["media", "voice", name] => voice(sim, request, &stem(name)),
        _ => Reply::not_found(),
    }
}

fn built_in(folder: &str, name: &str, fallback: &str) -> Reply {
    let found = assets::find(&format!("{folder}/{name}")).or_else(|| assets::find(fallback));
    found.map_or_else(Reply::not_found, |(bytes, mime)| Reply::file(Bytes::from_static(bytes), mime))
}

fn voice(sim: &Sim, request: &Request, voice_id: &str) -> Reply {
    let state = sim.shared.lock();
    let expires: i64 = request.query("exp").and_then(|text| text.parse().ok()).unwrap_or(0);
    if request.query("sig") != Some(&voice_signature(&state, voice_id, expires)) || expires < sim.now() {
        return Reply::with(StatusCode::FORBIDDEN, json!({"message": "link expired"}));
    }
    let names = assets::names("voice");
    let by_chance = || {
        let sum =
            voice_id.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        names.get(sum % names.len().max(1)).copied()
    };
    let name = state.recordings.get(voice_id).copied().or_else(by_chance);
    match name.and_then(|name| assets::find(&format!("voice/{name}"))) {
        Some((bytes, mime)) => Reply::file(Bytes::from_static(bytes), mime),
        None => Reply::not_found(),
    }
}
