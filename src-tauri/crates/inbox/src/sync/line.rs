//! Whether an account may be live: the way to us is open, Avito lists our address, and a delivery has proved that it arrives.

use avito::Client;

use super::pace::Pace;
use super::subscription;
use crate::Core;
use crate::account::Account;
use crate::line::self_test;
use crate::tunnels::Way;
use crate::view::{LineReason, TroubleCode};

/// What was found.
pub(super) enum Ready {
    /// Deliveries arrive.
    Live,
    /// They do not. The trouble is what the account's status says, if there is anything to say.
    Not(Option<(TroubleCode, Option<String>)>),
}

/// Does what can be done for the line, and says whether it is ready.
pub(super) async fn prepare(core: &Core, account: &Account, client: &Client, pace: &mut Pace) -> Ready {
    if !account.line.state().wanted {
        return Ready::Not(None);
    }
    let base = match core.way_to_us(account.api_url.as_deref()) {
        Way::At(base) => base,
        Way::Closed(reason @ (LineReason::TunnelDown | LineReason::TunnelFailed | LineReason::Unsteady)) => {
            let detail = if reason == LineReason::Unsteady { None } else { core.inner.tunnels.trouble() };
            return Ready::Not(Some((TroubleCode::TunnelDown, detail)));
        }
        Way::Closed(_) => return Ready::Not(None),
    };
    if let Err(failure) = subscription::ensure(core, account, client, &base, pace).await {
        pace.subscription_in_doubt();
        let known = account.line.state().error.as_ref().is_some_and(|error| error.code == "refused");
        if !known || account.trouble() != Some(TroubleCode::WebhookRefused) {
            self_test::note_error(core, account, "refused", failure.detail.clone()).await;
        }
        return Ready::Not(Some((TroubleCode::WebhookRefused, failure.detail)));
    }
    if !account.line.state().wanted {
        return Ready::Not(None); // taken away meanwhile
    }
    let now_ms = core.inner.clock.now_ms();
    let keep_ms = i64::try_from(core.inner.timing.proof_keep.as_millis()).unwrap_or(i64::MAX);
    let last_event_ms = account.state.borrow().last_event_ms;
    let (proven, may_test) = {
        let state = account.line.state();
        // A delivery of Avito's own proves more than any test.
        let proven = state.proven.as_ref().is_some_and(|(proven, at_ms)| {
            *proven == base && now_ms - (*at_ms).max(last_event_ms.unwrap_or(0)) < keep_ms
        });
        let delivered = state.registered.as_ref().is_some_and(|(_, since_ms)| {
            last_event_ms.is_some_and(|event_ms| event_ms > *since_ms && now_ms - event_ms < keep_ms)
        }) && state.failed_tests > 0;
        (proven || delivered, now_ms >= state.next_test_ms)
    };
    if proven {
        return Ready::Live;
    }
    if may_test && self_test::run(core, account, &base).await.passed {
        return Ready::Live;
    }
    let code = account.line.state().last_test.as_ref().and_then(|test| test.code.clone());
    Ready::Not(Some((TroubleCode::SelfTestFailed, code)))
}
