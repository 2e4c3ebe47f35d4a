//! `/token`: the three grants.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::Sim;
use crate::config::TokenRefusal;
use crate::http::{Reply, Request};
use crate::ids;
use crate::state::{Grant, State, Token};

/// A refresh token lives a year.
const REFRESH_LIFE: i64 = 365 * 86_400;

pub(super) fn token(sim: &Sim, request: &Request) -> Reply {
    let form = Request::pairs(&request.body);
    let field = |key: &str| form.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.as_str());
    let now = sim.now();
    let mut state = sim.shared.lock();
    let (client_id, client_secret) = (field("client_id"), field("client_secret"));
    let owner = state.accounts.values().find(|account| {
        account.seller.client_id == client_id && account.seller.client_secret == client_secret
    });
    let Some(user_id) = owner.map(|account| account.seller.user_id) else {
        let body = json!({"error": "invalid_client"});
        return match sim.shared.config.token_refusal {
            TokenRefusal::Unauthorized => Reply::with(StatusCode::UNAUTHORIZED, body),
            TokenRefusal::ErrorInOk => Reply::json(body),
        };
    };
    match field("grant_type") {
        "client_credentials" => Reply::json(access(sim, &mut state, user_id, None, now)),
        "authorization_code" => {
            // A code of any account: it is the partner's application that asks.
            let Some(grant) = state.codes.remove(field("code")).filter(|grant| grant.expires > now) else {
                return refused("invalid_grant", "the code is unknown, used or expired");
            };
            Reply::json(with_refresh(sim, &mut state, grant, now))
        }
        "refresh_token" => {
            // Single use: taking it out is what makes the second attempt fail.
            let known = state.refresh_tokens.remove(field("refresh_token"));
            let Some(grant) = known.filter(|grant| grant.expires > now) else {
                return refused("invalid_grant", "the refresh token is unknown, used or expired");
            };
            Reply::json(with_refresh(sim, &mut state, grant, now))
        }
        _ => refused("unsupported_grant_type", "the grant type is not supported"),
    }
}

fn refused(error: &str, description: &str) -> Reply {
    Reply::with(StatusCode::BAD_REQUEST, json!({"error": error, "error_description": description}))
}

/// A new access token. Older ones stay valid until they expire: what Avito does is unknown.
fn access(sim: &Sim, state: &mut State, user_id: i64, scopes: Option<Vec<String>>, now: i64) -> Value {
    let life = i64::try_from(sim.shared.config.token_life.as_secs()).unwrap_or(i64::MAX / 2);
    let token = ids::plain(&mut state.rng, 22);
    state.tokens.insert(token.clone(), Token { user_id, expires: now + life, revoked: false, scopes });
    json!({"access_token": token, "expires_in": life, "token_type": "Bearer"})
}

fn with_refresh(sim: &Sim, state: &mut State, grant: Grant, now: i64) -> Value {
    let mut answer = access(sim, state, grant.user_id, Some(grant.scopes.clone()), now);
    let refresh = ids::plain(&mut state.rng, 32);
    answer["refresh_token"] = refresh.as_str().into();
    answer["scope"] = grant.scopes.join(",").into();
    state.refresh_tokens.insert(refresh, Grant { expires: now + REFRESH_LIFE, ..grant });
    answer
}
