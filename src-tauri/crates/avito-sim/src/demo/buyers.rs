//! Live buyers.

use crate::Sim;

pub(crate) fn run(sim: Sim) {
    let _ = sim;
}
