//! The proof of `cargo xtask bench chaos`, in small. The long run is recorded in `docs/chaos.md`.

use bench::chaos::{ChaosArgs, prove};

use crate::support::app_file;

#[test]
fn nothing_is_lost_and_nothing_is_doubled_over_thirty_kills() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // One run that everybody makes, and one that nobody has made before.
    for seed in [Some(20_251_009), None] {
        let arguments = ChaosArgs { rounds: 15, seed, lanes: 3, rounds_per_shop: 5 };
        let report = runtime.block_on(prove(&app_file(), &arguments, |_| {})).unwrap();
        println!("seed {}: {}; {} through tunnels", report.seed, report.verdict, report.through_tunnels());
        assert!(report.clean, "{}\n\n{}", report.verdict, report.stories.join("\n\n"));
        assert!(report.through_tunnels() > 0, "no delivery came through a tunnel");
    }
}
