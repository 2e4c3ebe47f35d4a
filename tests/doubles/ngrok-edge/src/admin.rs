//! The knobs and the log over HTTP, for tests in other processes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::edge::Inner;
use crate::knobs::{Knobs, Refusal};

type Edge = State<Arc<Inner>>;

/// Listens; where.
pub(crate) async fn serve(edge: Arc<Inner>, address: SocketAddr) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let stop = edge.stop.clone();
    let router = Router::new()
        .route("/", get(state))
        .route("/knobs", get(knobs).patch(turn))
        .route("/log", get(log))
        .route("/cut", post(cut))
        .route("/freeze", post(freeze))
        .route("/go-away", post(go_away))
        .route("/stop", post(stop_agents))
        .route("/restart", post(restart_agents))
        .route("/stop-tunnels", post(stop_tunnels))
        .with_state(edge);
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the admin side ended");
        }
    });
    Ok(address)
}

async fn state(State(edge): Edge) -> Json<Value> {
    let hosts: Vec<String> = edge.addresses().keys().cloned().collect();
    Json(json!({"live": edge.all().len(), "hosts": hosts, "knobs": edge.knobs()}))
}

async fn knobs(State(edge): Edge) -> Json<Knobs> {
    Json(edge.knobs())
}

/// Only what is named changes.
async fn turn(State(edge): Edge, Json(changes): Json<Value>) -> impl IntoResponse {
    let mut all = json!(edge.knobs());
    if let (Some(all), Some(changes)) = (all.as_object_mut(), changes.as_object()) {
        all.extend(changes.clone());
    }
    match serde_json::from_value::<Knobs>(all) {
        Ok(knobs) => {
            edge.set(|now| *now = knobs.clone());
            Json(knobs).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn log(State(edge): Edge) -> impl IntoResponse {
    Json(edge.log.entries())
}

async fn cut(State(edge): Edge) {
    edge.cut();
}

async fn freeze(State(edge): Edge) {
    edge.freeze();
}

async fn go_away(State(edge): Edge) {
    edge.go_away().await;
}

async fn stop_agents(State(edge): Edge) -> impl IntoResponse {
    edge.stop_agents().await.map(Json).map_err(failed)
}

async fn restart_agents(State(edge): Edge) -> impl IntoResponse {
    edge.restart_agents().await.map(Json).map_err(failed)
}

async fn stop_tunnels(State(edge): Edge, Json(refusal): Json<Refusal>) -> impl IntoResponse {
    edge.stop_tunnels(&refusal).await.map_err(failed)
}

fn failed(error: io::Error) -> (StatusCode, String) {
    (StatusCode::BAD_GATEWAY, error.to_string())
}
