//! The other side of real accounts: a stand-in for Avito inside the test, reached over real sockets.

use avito_sim::{NewChat, SellerAccount, Sim, SimConfig, SimMessage};

use super::page::Page;
use super::{Desk, WAIT};

/// The stand-in and the account the app is connected to.
pub(crate) struct Shop {
    pub(crate) sim: Sim,
    pub(crate) seller: SellerAccount,
    /// About the coffee grinder; an hour old.
    pub(crate) anna: String,
    /// About the kerosene lamp; two hours old.
    pub(crate) boris: String,
    /// About the radio; three hours old.
    pub(crate) vera: String,
}

impl Shop {
    /// The small scene with three more buyers, which nobody is connected to yet.
    pub(crate) async fn open() -> Self {
        Self::open_with(SimConfig::default()).await
    }

    /// The same with a stand-in of another kind.
    pub(crate) async fn open_with(config: SimConfig) -> Self {
        let sim = Sim::start(config).await.expect("the stand-in");
        let seller = sim.accounts()[0].clone();
        let chat = |buyer: &str, listing: &str, hours: i64, text: &str| {
            let item = sim.items(seller.user_id).into_iter().find(|item| item.title.starts_with(listing));
            let chat = NewChat {
                buyer_name: buyer.to_owned(),
                item_id: Some(item.expect("a listing of the scene").id),
                created: Some(sim.now() - hours * 3600),
                text: Some(text.to_owned()),
                ..NewChat::default()
            };
            sim.add_chat(seller.user_id, chat).expect("a chat")
        };
        let vera = chat("Вера", "Радиола", 3, "А ножки у радиолы есть?");
        let boris = chat("Борис", "Лампа", 2, "Лампу проверяли?");
        let anna = chat("Анна", "Кофемолка", 1, "Кофемолка в Твери?");
        Self { anna, boris, vera, sim, seller }
    }

    /// A buyer writes.
    pub(crate) fn buyer_writes(&self, chat: &str, text: &str) {
        self.sim.buyer_writes(self.seller.user_id, chat, text);
    }

    /// Connects the account through the command line, while no window is open, and reads all history.
    pub(crate) async fn connect(&self, desk: &Desk) {
        self.connect_with(desk, &[]).await;
    }

    /// The same with further arguments.
    pub(crate) async fn connect_with(&self, desk: &Desk, arguments: &[&str]) {
        let url = self.sim.base_url();
        let mut all = vec!["account", "add", "--client-id", &self.seller.client_id, "--api-url", &url];
        all.extend(["--calls-per-minute", "6000", "--json"]);
        all.extend(arguments);
        desk.tell_with_input(&all, &self.seller.client_secret).await.json();
    }

    /// Connects the account, opens the window, and in it this chat, once messages arrive at once.
    pub(crate) async fn talk(&self, desk: &mut Desk, chat: &str) -> Page {
        self.connect(desk).await;
        let page = desk.start(&[]).await;
        page.live().await;
        page.open_chat(chat).await;
        page
    }

    /// What Avito has of the seller's in this chat, oldest first.
    pub(crate) fn replies(&self, chat: &str) -> Vec<SimMessage> {
        let all = self.sim.chat_messages(self.seller.user_id, chat);
        all.into_iter().filter(|message| message.direction == "out").collect()
    }

    /// Waits until this text has been accepted.
    pub(crate) async fn until_posted(&self, text: &str) {
        let posted = self.sim.until(WAIT, |sim| sim.posted_count(text) > 0).await;
        assert!(posted, "Avito did not get «{text}»");
    }
}
