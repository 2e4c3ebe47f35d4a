//! The page's way to pictures and voice: `media://localhost/{shop}/{id}`, answered by the core. The page has no other network.

use inbox::MediaId;
use inbox::view::{ErrorCode, ShopMode};
use tauri::http::{Method, Request, Response, StatusCode, header};
use tauri::{Manager as _, Runtime, UriSchemeContext, UriSchemeResponder};

use crate::shops::Shops;

/// Name of the scheme.
pub(crate) const SCHEME: &str = "media";

/// Digits of the largest id.
const ID_LENGTH: usize = 19;

/// Answers one request.
pub(crate) fn answer<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    let asked = asked_in(request.uri().path());
    let bytes_wanted = request.method() != Method::HEAD;
    tauri::async_runtime::spawn(async move {
        let file = match asked {
            Some((shop, id)) => match app.try_state::<Shops>().and_then(|shops| shops.core_of(shop)) {
                Some(core) => core.media(id).await.map_err(|error| refusal(error.code())),
                None => Err(StatusCode::BAD_GATEWAY), // it is being opened
            },
            None => Err(StatusCode::NOT_FOUND),
        };
        let (status, mime, mut bytes) = match file {
            Ok(file) => (StatusCode::OK, file.mime, file.bytes),
            Err(status) => (status, "text/plain".to_owned(), Vec::new()),
        };
        if !bytes_wanted {
            bytes.clear();
        }
        let answer = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, mime)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            // The page itself fetches voice files as data; nothing else can reach this scheme.
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .body(bytes);
        match answer {
            Ok(answer) => responder.respond(answer),
            Err(error) => tracing::error!(%error, "a media answer could not be made"),
        }
    });
}

/// What the page may ask for again is told apart from what is gone.
fn refusal(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::NotFound | ErrorCode::BadImage | ErrorCode::ImageTooLarge => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// The shop and the id in a path. Ids of the two shops overlap: while one follows the other, the page may still ask with the name of
/// the old one, and a picture that came under it would stay there in the page's own cache. A converted address has its slash escaped.
fn asked_in(path: &str) -> Option<(ShopMode, MediaId)> {
    let path = path.strip_prefix('/')?;
    let (shop, id) = path.split_once("%2F").or_else(|| path.split_once('/'))?;
    let shop = match shop {
        "demo" => ShopMode::Demo,
        "real" => ShopMode::Real,
        _ => return None,
    };
    let plain = id.len() <= ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_digit());
    Some((shop, MediaId(id.parse().ok().filter(|_| plain)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_told_apart_from_what_passes() {
        for gone in [ErrorCode::NotFound, ErrorCode::BadImage, ErrorCode::ImageTooLarge] {
            assert_eq!(refusal(gone), StatusCode::NOT_FOUND, "{gone:?}");
        }
        let passing =
            [ErrorCode::Network, ErrorCode::ServerTrouble, ErrorCode::RateLimited, ErrorCode::DiskFull];
        for passing in passing {
            assert_eq!(refusal(passing), StatusCode::BAD_GATEWAY, "{passing:?}");
        }
    }

    #[test]
    fn a_picture_is_asked_for_by_shop_and_plain_number_and_nothing_else() {
        for path in ["/real/17", "/real%2F17"] {
            assert_eq!(asked_in(path), Some((ShopMode::Real, MediaId(17))), "{path}");
        }
        assert_eq!(asked_in("/demo%2F17"), Some((ShopMode::Demo, MediaId(17))));
        let long = format!("/real/{}", "1".repeat(1_000_000));
        for path in [
            "",
            "/",
            "17",
            "/17",
            "/own/17",
            "/real/",
            "/real/-1",
            "/real/+1",
            "/real/1.jpg",
            "/real/%31",
            "/real/../1x",
            "/real/../1",
            "/real/demo/1",
            "/real/1?x",
            "/real/99999999999999999999",
            &long,
        ] {
            assert_eq!(asked_in(path), None, "{path}");
        }
    }
}
