//! Uploading and sending pictures; links to recordings.

use std::convert::Infallible;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Call, Caller, messages};
use crate::Sim;
use crate::http::{Reply, Request};
use crate::model::Content;
use crate::render::{UPLOAD_SIZES, image_sizes};
use crate::state::Upload;
use crate::{ids, media};

const IMAGE_LIMIT: usize = 24 * 1024 * 1024;

pub(super) async fn upload(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    if request.too_big {
        return Err(Reply::too_large());
    }
    let bytes = part(request).await.ok_or_else(|| Reply::validation("uploadfile[]", "is required"))?;
    if bytes.len() > IMAGE_LIMIT {
        return Err(Reply::too_large());
    }
    // Ours: judged by what the file is, not by what the part says. The limit of 75 megapixels is not checked.
    let mime = image_type(&bytes).ok_or_else(|| Reply::validation("uploadfile[]", "is not an image"))?;
    let mut state = sim.shared.lock();
    let id = ids::image(&mut state.rng);
    state.uploads.insert(id.clone(), Upload { user_id: caller.user_id, mime, bytes });
    let sizes = image_sizes(&sim.shared.media_base(), &id, &UPLOAD_SIZES);
    Ok(Reply::json(json!({id: sizes})))
}

/// The one file of the form.
async fn part(request: &Request) -> Option<Bytes> {
    let kind = request.headers.get("content-type")?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let body = request.body.clone();
    let stream = futures_util::stream::once(async move { Ok::<Bytes, Infallible>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    while let Some(field) = form.next_field().await.ok()? {
        if field.name() == Some("uploadfile[]") {
            return field.bytes().await.ok();
        }
    }
    None
}

fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'B', b'M', _, _, _, _, ..] => Some("image/bmp"),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            let brands: [&[u8]; 6] = [b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"];
            brands.iter().any(|known| brand.starts_with(known)).then_some("image/heic")
        }
        _ => None,
    }
}

pub(super) fn send(sim: &Sim, caller: Caller, call: &Call, request: &Request) -> Result<Reply, Reply> {
    let body = request.json()?;
    let id = body.get("image_id").and_then(Value::as_str).unwrap_or_default();
    // Ours: an upload stays usable for ever, more than once, and only for its own account.
    let own = {
        let state = sim.shared.lock();
        messages::may_write(&state, caller, call)?;
        state.uploads.get(id).is_some_and(|upload| upload.user_id == caller.user_id)
    };
    if !own {
        return Err(Reply::validation("image_id", "is unknown"));
    }
    messages::post(sim, caller, call, Content::image(id))
}

pub(super) fn voice_files(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    let wanted = request.query_list("voice_ids");
    if wanted.is_empty() {
        return Err(Reply::validation("voice_ids", "is required"));
    }
    let state = sim.shared.lock();
    let known = &state.accounts[&caller.user_id].voices;
    // Ours: ids of other chats, or of nothing, are missing from the answer.
    let found = wanted.into_iter().filter(|id| known.contains(*id));
    let urls: Map<String, Value> =
        found.map(|id| (id.to_owned(), media::voice_url(&sim.shared, &state, id).into())).collect();
    Ok(Reply::json(json!({"voices_urls": urls})))
}
