//! The page's way to pictures and voice: `media://localhost/{shop}/{id}`, answered by the core. The page has no other network.

use inbox::MediaId;
use inbox::view::ErrorCode;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager as _, Runtime, UriSchemeContext, UriSchemeResponder};

use crate::shops::Shops;

/// Name of the scheme.
pub(crate) const SCHEME: &str = "media";

/// Answers one request.
pub(crate) fn answer<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    // The shop's name only keeps the pictures of two shops apart in the page's own cache. A converted address has its slash
    // escaped.
    let path = request.uri().path().replace("%2F", "/");
    let id = path.rsplit('/').next().and_then(|id| id.parse().ok()).map(MediaId);
    tauri::async_runtime::spawn(async move {
        let shops = app.state::<Shops>();
        let file = match (id, shops.shown_core()) {
            (Some(id), Ok(core)) => core.media(id).await.map_err(|error| match error.code() {
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
