//! The demo scene.

pub(crate) mod buyers;

use crate::state::State;

pub(crate) fn fill(state: &mut State, now: i64) {
    crate::scenes::small(state, now);
}
