//! The page's way to pictures and voice: `media://localhost/{shop}/{id}`, answered by the core. The page has no other network.

use inbox::MediaId;
use inbox::view::ErrorCode;
use tauri::http::{Request, Response, StatusCode, header};
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
    let id = id_in(request.uri().path());
    tauri::async_runtime::spawn(async move {
        let core = app.try_state::<Shops>().and_then(|shops| shops.shown_core().ok());
        let file = match (id, core) {
            (Some(id), Some(core)) => core.media(id).await.map_err(|error| match error.code() {
                ErrorCode::Network | ErrorCode::ServerTrouble | ErrorCode::RateLimited => {
                    StatusCode::BAD_GATEWAY
                }
                _ => StatusCode::NOT_FOUND,
            }),
            _ => Err(StatusCode::NOT_FOUND),
        };
        let (status, mime, bytes) = match file {
            Ok(file) => (StatusCode::OK, file.mime, file.bytes),
            Err(status) => (status, "text/plain".to_owned(), Vec::new()),
        };
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

/// The id at the end of a path. The shop's name before it only keeps the pictures of two shops apart in the page's own cache. A
/// converted address has its slash escaped.
fn id_in(path: &str) -> Option<MediaId> {
    let last = path.rsplit('/').next()?;
    let id = last.rsplit("%2F").next()?;
    let plain = id.len() <= ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|_| plain).map(MediaId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_plain_number_and_nothing_else() {
        for path in ["/own/17", "/own%2F17", "/17", "17"] {
            assert_eq!(id_in(path), Some(MediaId(17)), "{path}");
        }
        let long = format!("/own/{}", "1".repeat(1_000_000));
        for path in [
            "",
            "/",
            "/own/",
            "/own/-1",
            "/own/+1",
            "/own/1.jpg",
            "/own/%31",
            "/own/../1x",
            "/own/1?x",
            "/own/99999999999999999999",
            &long,
        ] {
            assert_eq!(id_in(path), None);
        }
    }
}
