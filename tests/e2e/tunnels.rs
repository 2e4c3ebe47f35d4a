//! Tunnels other than ngrok in the real app, and `prilavok tunnel`, which sets all of them up without a window.

use std::path::PathBuf;

use avito_sim::SimConfig;
use fantoccini::key::Key;
use ngrok_edge::{Edge, Options};
use serde_json::{Value, json};

use crate::support::desk::free_port;
use crate::support::page::{Page, id};
use crate::support::process::is_running;
use crate::support::public_address::{NAME, PublicAddress};
use crate::support::screen::key;
use crate::support::shop::Shop;
use crate::support::{Desk, WAIT, on_a_desk, until};

/// A tunnel client: tells where it forwards to and which process it is, says some other things, then its address.
const CLIENT: &str = "echo \"$1\" > \"$0.port\"; echo $$ > \"$0.process\"\n\
    echo 'INF starting, see https://docs.example.org/help'\n\
    echo \"INF forwarding https://shop.example -> http://127.0.0.1:$1\"\n\
    sleep 1000 & echo $! > \"$0.child\"; wait\n";

/// A scripted client and the files it writes.
struct Client {
    script: PathBuf,
}

impl Client {
    fn new(desk: &Desk) -> Self {
        let script = desk.file("tunnel-client.sh");
        std::fs::write(&script, CLIENT).unwrap();
        Self { script }
    }

    fn command(&self) -> String {
        format!("sh '{}' {{port}}", self.script.display())
    }

    fn started(&self) -> bool {
        self.script.with_file_name("tunnel-client.sh.port").exists()
    }

    /// As if it had never been started.
    fn forget_port(&self) {
        std::fs::remove_file(self.script.with_file_name("tunnel-client.sh.port")).unwrap();
    }

    /// A number it wrote, as soon as it is there.
    async fn number<T: std::str::FromStr>(&self, what: &str) -> T {
        let file = self.script.with_file_name(format!("tunnel-client.sh.{what}"));
        let read = async || std::fs::read_to_string(&file).ok()?.trim().parse().ok();
        until("the client writes down a number", WAIT, read).await
    }
}

/// Saves the form and answers what the system then asks with these keys.
async fn answer_question(desk: &Desk, page: &Page, keys: &[u32]) {
    page.click(&id("program-save")).await;
    let question = until("the app asks", WAIT, async || desk.screen().question()).await;
    desk.screen().focus(Some(question));
    until("the question is answered", WAIT, async || {
        if desk.screen().question().is_none() {
            return Some(());
        }
        desk.screen().press(keys);
        None
    })
    .await;
    let saved = format!("!one({:?}).disabled", id("program-save"));
    page.until("the form is done", &saved).await;
}

async fn set(desk: &Desk, settings: &Value) -> Value {
    let file = desk.file("tunnel.json");
    std::fs::write(&file, settings.to_string()).unwrap();
    desk.tell(&["tunnel", "set", file.to_str().unwrap(), "--json"]).await.json()
}

/// Waits until the only webhook that Avito has is under this address, and the shop is live there.
async fn live_under(desk: &Desk, shop: &Shop, address: &str) {
    until("live under the address", WAIT, async || {
        let hooks = shop.sim.subscriptions(shop.seller.user_id);
        let status = desk.tell(&["webhook", "status", "--json"]).await;
        let lines: Value = serde_json::from_str(&status.stdout).ok()?;
        let there = hooks.len() == 1 && hooks[0].url.starts_with(address);
        (there && lines[0]["reason"] == "live").then_some(())
    })
    .await;
}

#[test]
fn a_program_of_the_sellers_brings_messages_and_nothing_of_it_outlives_the_app() {
    on_a_desk(async |desk| {
        let public = PublicAddress::start(desk).await;
        let shop = Shop::open_with(public.known_to()).await;
        shop.connect(desk).await;
        let client = Client::new(desk);
        // Nobody else's on this machine.
        let port = free_port();
        set(desk, &json!({"order": [], "own": {"port": port}})).await;
        let page = desk.start(&[]).await;
        page.open_area("tunnel").await;
        page.click(&id("reception-tab-tunnel")).await;
        page.click(&id("tunnel-open-program")).await;
        page.click(&format!("label:has({})", id("preset-custom"))).await;
        page.write(&id("program-command"), &client.command()).await;
        page.write(&id("program-pattern"), r"forwarding (https://\S+)").await;
        // What a page could have asked for is not started before the seller agrees, in a window that the page cannot reach.
        answer_question(desk, &page, &[key::ESCAPE]).await;
        let refused = desk.tell(&["tunnel", "show", "--json"]).await.json();
        assert_eq!(refused["settings"]["order"], json!([]), "{refused}");
        assert!(!client.started());
        answer_question(desk, &page, &[key::ALT, key::O]).await;
        assert_eq!(client.number::<u16>("port").await, port);
        public.lead_to(port);
        page.see(&format!("{}[data-state=online]", id("tunnel-now"))).await;
        page.see_words(&id("tunnel-now"), NAME).await;
        live_under(desk, &shop, "https://shop.example/webhook/").await;

        page.open_area("chats").await;
        page.open_chat(&shop.anna).await;
        let before = public.connections();
        shop.buyer_writes(&shop.anna, "Через программу");
        page.see_bubble("Через программу").await;
        until("it comes this way", WAIT, async || (public.connections() > before).then_some(())).await;

        let (itself, child): (u32, u32) = (client.number("process").await, client.number("child").await);
        assert!(is_running(itself) && is_running(child));
        desk.cut_power().await; // SIGKILL of the app alone: nothing of it can clear up
        until("nothing of the client is left", WAIT, async || {
            (!is_running(itself) && !is_running(child)).then_some(())
        })
        .await;
        // What its service knows of the port is still true when it is started again.
        client.forget_port();
        let page = desk.start(&[]).await;
        assert_eq!(client.number::<u16>("port").await, port);
        live_under(desk, &shop, "https://shop.example/webhook/").await;
        page.open_chat(&shop.anna).await;
        shop.buyer_writes(&shop.anna, "После перезапуска");
        page.see_bubble("После перезапуска").await;
    });
}

#[test]
fn the_sellers_own_address_brings_messages_to_its_fixed_port() {
    on_a_desk(async |desk| {
        let public = PublicAddress::start(desk).await;
        let shop = Shop::open_with(public.known_to()).await;
        shop.connect(desk).await;
        let port = free_port();
        let page = desk.start(&[]).await;
        page.open_area("tunnel").await;
        page.click(&id("reception-tab-tunnel")).await;
        page.click(&id("tunnel-open-own")).await;
        page.write(&id("own-url"), "https://shop.example").await;
        // Over what is there.
        let backspaces = char::from(Key::Backspace).to_string().repeat(4);
        page.write(&id("own-port"), &format!("{backspaces}{port}")).await;
        page.see_words(&id("own-snippet"), &format!("127.0.0.1:{port}")).await;
        page.click(&id("own-save")).await;
        // The reverse proxy does not lead here yet: the test delivery says so, and no message is waited for in vain.
        page.click(&id("reception-tab-state")).await;
        page.see(&format!("{}[data-reason=testFailed][data-mode=polling]", id("line"))).await;
        public.lead_to(port);
        page.click(&id("reception-tab-tunnel")).await;
        page.click(&id("tunnel-check")).await;
        page.see(&format!("{}[data-passed=true]", id("line-test-result"))).await;
        live_under(desk, &shop, "https://shop.example/webhook/").await;

        page.open_area("chats").await;
        page.open_chat(&shop.anna).await;
        let before = public.connections();
        shop.buyer_writes(&shop.anna, "По своему адресу");
        page.see_bubble("По своему адресу").await;
        until("it comes this way", WAIT, async || (public.connections() > before).then_some(())).await;

        // The port is the same after a restart, and the reverse proxy finds it.
        desk.close_window().await;
        let page = desk.start(&[]).await;
        live_under(desk, &shop, "https://shop.example/webhook/").await;
        page.open_chat(&shop.anna).await;
        shop.buyer_writes(&shop.anna, "И после перезапуска");
        page.see_bubble("И после перезапуска").await;
    });
}

#[test]
fn the_command_line_sets_ngrok_up_and_says_what_is_wrong_with_it() {
    const TOKEN: &str = "2aGoodTokenOfTheSellers";
    on_a_desk(async |desk| {
        let edge = Edge::start(Options::default()).await.unwrap();
        edge.set(|knobs| knobs.keys = vec![TOKEN.to_owned()]);
        let ca_file = desk.file("ngrok-ca.pem");
        std::fs::write(&ca_file, edge.ca_pem()).unwrap();
        let ca = reqwest::Certificate::from_pem(edge.ca_pem().as_bytes()).unwrap();
        let trusting = reqwest::Client::builder().add_root_certificate(ca).no_proxy().build().unwrap();
        let shop =
            Shop::open_with(SimConfig { webhook_client: Some(trusting), ..SimConfig::default() }).await;
        shop.connect(desk).await;
        let _running = desk.start_headless(&[]).await;
        let off = desk.tell(&["tunnel", "show"]).await;
        assert!(off.success && off.stdout.contains("туннель не настроен"), "{off:?}");

        let file = desk.file("tunnel.json");
        let ngrok = json!({"server": edge.agents().to_string(), "caFile": ca_file});
        std::fs::write(&file, json!({"order": ["ngrok"], "ngrok": ngrok}).to_string()).unwrap();
        let set_with_token = ["tunnel", "set", file.to_str().unwrap(), "--ngrok-token"];
        let shown = async |words: &str| {
            until(words, WAIT, async || {
                let shown = desk.tell(&["tunnel", "show"]).await;
                assert!(!shown.stdout.contains(TOKEN), "{shown:?}");
                shown.stdout.contains(words).then_some(())
            })
            .await;
        };

        // A wrong token, the right one, and what came of each.
        let wrong = desk.tell_with_input(&set_with_token, "2aWrongTokenOfSomebody\n").await;
        assert!(wrong.success, "{wrong:?}");
        shown("не работает (107").await;
        let set_right = desk.tell_with_input(&set_with_token, &format!("{TOKEN}\n")).await;
        assert!(set_right.success, "{set_right:?}");
        shown("работает, https://localhost:").await;
        live_under(desk, &shop, "https://localhost:").await;

        // What is shown can be set again as it is, and the token is kept with it.
        let whole = desk.tell(&["tunnel", "show", "--json"]).await.json();
        assert_eq!(whole["ngrokTokenKept"], true);
        let again = set(desk, &whole).await;
        assert_eq!((&again["settings"], &again["ngrokTokenKept"]), (&whole["settings"], &json!(true)));
        let mut changed = whole["settings"].clone();
        changed["unregisterOnExit"] = json!(true);
        assert_eq!(set(desk, &changed).await["ngrokTokenKept"], true);
        shown("работает, https://localhost:").await;

        // To another server it does not go by itself: whoever changes the server must show it again.
        let other = Edge::start(Options::default()).await.unwrap();
        changed["ngrok"]["server"] = json!(other.agents().to_string());
        assert_eq!(set(desk, &changed).await["ngrokTokenKept"], false);
        shown("не работает (4018").await;
        assert_eq!(other.log(), [], "nobody knocked there");

        let broken = desk.tell(&["tunnel", "set", ca_file.to_str().unwrap()]).await;
        assert!(!broken.success && broken.stderr.contains("ngrok-ca.pem"), "{broken:?}");
    });
}
