//! The demo shop: a stand-in for Avito inside this process, behind a real loopback socket, reached by the ordinary client and
//! delivering to the ordinary endpoint. Its data lives in a folder of its own and is made anew each time.

mod knowledge;

use std::fs;

use avito_sim::{Scene, Sim, SimConfig};
use inbox::view::ErrorCode;
use inbox::{Core, CoreConfig, CoreError, DataFolder, NewKey, Vault};

/// The stand-in has no limit worth respecting, and a newcomer wants to see the whole shop at once.
const CALLS_PER_MINUTE: u32 = 60_000;

/// A running demo.
pub(crate) struct Demo {
    pub(crate) core: Core,
    sim: Sim,
}

impl Demo {
    /// Starts the stand-in, connects its accounts and lets the buyers write.
    pub(crate) async fn start(folder: &DataFolder) -> Result<Self, CoreError> {
        let path = folder.demo();
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        let sim = Sim::start(SimConfig { scene: Scene::Demo, admin: None, ..SimConfig::default() }).await?;
        let core = Core::open(CoreConfig::new(&path, Vault::in_memory())).await?;
        let mut accounts = Vec::new();
        for account in sim.accounts() {
            let key = NewKey {
                client_id: account.client_id.clone(),
                client_secret: account.client_secret.clone().into(),
                api_url: Some(sim.base_url()),
                calls_per_minute: Some(CALLS_PER_MINUTE),
            };
            match core.add_account(&key).await {
                Ok(added) => accounts.push(added.id),
                Err(error) if error.code() == ErrorCode::AlreadyAdded => {}
                Err(error) => return Err(error),
            }
        }
        knowledge::tell(&core, &accounts).await?;
        sim.run_demo_buyers();
        Ok(Self { core, sim })
    }

    /// Ends the demo.
    pub(crate) async fn stop(self) {
        self.core.close().await;
        self.sim.stop().await;
    }
}
