//! What the `ngrok` crate reports, as [`Trouble`].

use std::error::Error as StdError;
use std::io;

use ngrok::Error as _;
use ngrok::session::{ConnectError, RpcError};
use ngrok::tunnel::AcceptError;

use crate::Trouble;
use crate::trouble::{code, number};

pub(super) fn of_connect(error: &ConnectError, secret: &str) -> Trouble {
    let code = match error {
        ConnectError::Auth(error) | ConnectError::Rebind(error) => return of_rpc(error, secret),
        // Accepted and hung up on before the handshake was over: as good as not reached.
        ConnectError::Tls(error) if is_hang_up(error) => code::NETWORK,
        ConnectError::Tls(_) => code::TLS,
        ConnectError::Tcp(_) => code::NETWORK,
        ConnectError::ProxyConnect(_) => code::PROXY,
        _ => code::CUT,
    };
    told(code, &chain(error), secret)
}

pub(super) fn of_rpc(error: &RpcError, secret: &str) -> Trouble {
    match (error, error.error_code()) {
        (_, Some(code)) => told(number(code), &format!("{} {code}", error.msg()), secret),
        (RpcError::Response(_), None) => told(code::UNEXPECTED, &error.msg(), secret),
        (RpcError::InvalidResponse(_), None) => told(code::UNEXPECTED, &chain(error), secret),
        _ => told(code::CUT, &chain(error), secret),
    }
}

pub(super) fn of_accept(error: &AcceptError, secret: &str) -> Trouble {
    match error {
        AcceptError::ListenerClosed { message, error_code: Some(code) } => {
            told(number(code), &format!("{message} {code}"), secret)
        }
        AcceptError::ListenerClosed { message, error_code: None } => told(code::CLOSED, message, secret),
        AcceptError::Reconnect(error) => of_connect(error, secret),
        error => told(code::CUT, &chain(error), secret),
    }
}

fn told(code: &str, reason: &str, secret: &str) -> Trouble {
    // ngrok's texts 105 and 107 repeat the key, whatever it looks like.
    let reason = if secret.is_empty() { reason.to_owned() } else { reason.replace(secret, "…") };
    Trouble::new(code, reason)
}

fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | TimedOut)
}

/// The error and its causes, each once.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
