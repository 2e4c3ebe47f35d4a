//! What goes wrong at Avito and on the way, anew in every round.

use std::time::Duration;

use avito_sim::{Fault, FaultKind, Sim};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::ledger::Ledger;
use crate::tunnel::Service;

/// The two calls that make a message.
const SENDS: [&str; 2] = ["postSendMessage", "postSendImageMessage"];

/// Sets this round's faults. How bad it is differs from round to round; now and then all is well.
pub(super) fn set(sim: &Sim, ledger: &Ledger, rng: &mut StdRng) {
    let strength = match rng.random_range(0..10) {
        0..2 => 0.0,
        2..7 => 1.0,
        _ => 2.5,
    };
    let faults = sim.faults();
    faults.clear_all();
    ledger.note(format!("weather {strength}"));
    if strength == 0.0 {
        return;
    }
    let add = |fault: Fault, chance: f64| {
        faults.set(fault.chance((chance * strength).min(0.9)));
    };
    let error = |status, processed| Fault::new(FaultKind::ServerError { status, processed });
    for route in SENDS {
        add(Fault::new(FaultKind::CutAfter).on_route(route), 0.08);
        add(error(502, true).on_route(route), 0.05);
        add(error(500, false).on_route(route), 0.03);
        add(Fault::new(FaultKind::CutBefore).on_route(route), 0.05);
        // Longer than the program in its hurry waits.
        add(Fault::new(FaultKind::Slow { millis: 4_000, processed: true }).on_route(route), 0.01);
        let millis = rng.random_range(20..800);
        add(Fault::new(FaultKind::Slow { millis, processed: true }).on_route(route), 0.15);
    }
    add(Fault::new(FaultKind::CutAfter).on_route("uploadImages"), 0.1);
    add(Fault::new(FaultKind::CutBefore), 0.02);
    add(error(503, false), 0.01);
    add(Fault::new(FaultKind::ServerErrorHtml { status: 502 }), 0.01);
    add(Fault::new(FaultKind::RateLimited { retry_after: Some(0) }), 0.01);
    add(Fault::new(FaultKind::RateLimited { retry_after: Some(1) }), 0.004);
    add(Fault::new(FaultKind::RateLimited { retry_after: None }), 0.001);
    add(Fault::new(FaultKind::MalformedJson), 0.01);
    add(Fault::new(FaultKind::TokenRevoked), 0.01);
    let millis = rng.random_range(20..600);
    add(Fault::new(FaultKind::Slow { millis, processed: rng.random() }), 0.03);
    add(Fault::new(FaultKind::ChatMovesUp).on_route("getChatsV2"), 0.15);
    add(Fault::new(FaultKind::MessageArrives).on_route("getMessagesV3"), 0.03);
    add(Fault::new(FaultKind::EqualCreated), 0.03);
    add(Fault::new(FaultKind::WebhookLost), 0.06);
    add(Fault::new(FaultKind::WebhookDuplicate { new_event_id: rng.random() }), 0.08);
    add(Fault::new(FaultKind::WebhookLate { millis: rng.random_range(50..6_000) }), 0.08);
    add(Fault::new(FaultKind::WebhookOutOfOrder), 0.06);
    add(Fault::new(FaultKind::EchoOff), 0.1);
}

/// Blows until told to stop: tokens die, addresses are forgotten, the server goes down and comes up again.
pub(super) async fn blow(sim: Sim, ledger: std::sync::Arc<Ledger>, mut rng: StdRng) {
    let accounts = sim.accounts();
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(500..5_000))).await;
        let user = accounts[rng.random_range(0..accounts.len())].user_id;
        match rng.random_range(0..10) {
            0..3 => {
                ledger.note(format!("Avito expires the tokens of {user}"));
                sim.expire_tokens(user);
            }
            3..5 => {
                ledger.note(format!("Avito revokes the tokens of {user}"));
                sim.revoke_tokens(user);
            }
            5..7 => {
                ledger.note(format!("Avito forgets the addresses of {user}"));
                sim.drop_subscriptions(user);
            }
            _ => {
                let pause = Duration::from_millis(rng.random_range(50..2_000));
                ledger.note(format!("Avito is down for {} ms", pause.as_millis()));
                sim.pause().await;
                tokio::time::sleep(pause).await;
                if let Err(error) = sim.resume().await {
                    ledger.note(format!("Avito does not come up again: {error}"));
                }
            }
        }
    }
}

/// Sets what the tunnel's service does to this round's deliveries.
pub(super) fn set_at_tunnel(service: &Service, rng: &mut StdRng) {
    let mut now_and_then = || if rng.random_bool(0.5) { rng.random_range(3..12) } else { 0 };
    let (swallow, double, lose) = (now_and_then(), now_and_then(), now_and_then());
    let delay_ms = if rng.random_bool(0.2) { rng.random_range(5..300) } else { 0 };
    service.edge.set(|knobs| {
        knobs.swallow_every = swallow;
        knobs.double_every = double;
        knobs.lose_answer_every = lose;
        knobs.delay_ms = delay_ms;
    });
}

/// Blows at the tunnel until told to stop: it is cut, its service goes away, says goodbye, gives another address,
/// the connection falls silent.
pub(super) async fn blow_at_tunnel(
    service: std::sync::Arc<Service>,
    ledger: std::sync::Arc<Ledger>,
    mut rng: StdRng,
) {
    let edge = &service.edge;
    let port = edge.public().port();
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(400..4_000))).await;
        let what = match rng.random_range(0..20) {
            0..7 => {
                edge.cut();
                "tunnel cut"
            }
            7 => {
                edge.freeze();
                "tunnel falls silent"
            }
            8..12 => {
                edge.go_away().await;
                "tunnel's service says goodbye"
            }
            12..16 => {
                let host = if rng.random() { "localhost" } else { "127.0.0.1" };
                edge.set(|knobs| knobs.host = Some(format!("{host}:{port}")));
                edge.cut();
                "tunnel gets another address"
            }
            _ => {
                edge.set(|knobs| knobs.outage = true);
                // Mostly short; now and then longer than the program waits before it polls.
                let pause = if rng.random_bool(0.7) { 50..1_500 } else { 2_000..9_000 };
                tokio::time::sleep(Duration::from_millis(rng.random_range(pause))).await;
                edge.set(|knobs| knobs.outage = false);
                "tunnel's service away"
            }
        };
        ledger.note(what);
        ledger.count(|tally| *tally.faults.entry(what).or_default() += 1);
    }
}
