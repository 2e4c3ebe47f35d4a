//! No secret anywhere, texts in the encrypted archive only: known ones are planted, the whole program is led through success and
//! failure, and then everything it leaves behind or lets out is searched.

use std::fs;

use avito_sim::{Fault, FaultKind, NewChat};
use serde_json::{Value, json};

use crate::support::page::{Page, id};
use crate::support::process::descendants;
use crate::support::search::{Needle, Searcher};
use crate::support::shop::Shop;
use crate::support::{Desk, Setup, WAIT, on_a_desk, on_a_desk_with, until};

const WRONG_SECRET: &str = "nEverTheRight-secret-424242";
const PASSPHRASE: &str = "сорок тысяч обезьян в банане";
const BUYER: &str = "Аннабелла Сорокоумова";
const QUESTION: &str = "Позвоните мне на +7 912 345-67-89, спросить Аннабеллу";
const REPLY: &str = "Отложу для вас до пятницы, адрес Лесная 7";
const UNSURE: &str = "Дошло ли это сообщение, неизвестно";
const REFUSED: &str = "Этот ответ сервер не примет никогда";
const HALF_TYPED: &str = "Недописанное про скидку в триста рублей";
const NOT_JSON: &str = "это не JSON, а письмо от Аннабеллы";

/// Collects all that reaches the page: answers of commands and notices.
const LISTEN: &str = "
    window.heard = [];
    const plain = window.fetch.bind(window);
    window.fetch = async (...call) => {
        const answer = await plain(...call);
        const address = String(call[0]?.url ?? call[0]);
        if (address.startsWith('ipc:') || address.includes('ipc.localhost')) {
            answer.clone().text().then((text) => window.heard.push(address + ' ' + text), () => {});
        }
        return answer;
    };
    const core = window.__TAURI_INTERNALS__;
    const handler = core.transformCallback((event) => window.heard.push('notice ' + JSON.stringify(event)));
    core.invoke('plugin:event|listen', {event: 'notice', target: {kind: 'Any'}, handler}).then(() => done(true));
";

#[test]
fn no_secret_is_anywhere_and_texts_lie_in_the_encrypted_archive_only() {
    on_a_desk(async |desk| {
        desk.set_variable("PRILAVOK_LOG", "trace");
        let shop = Shop::open().await;
        let item = shop.sim.items(shop.seller.user_id)[0].id;
        let chat = shop.sim.add_chat(
            shop.seller.user_id,
            NewChat {
                buyer_name: BUYER.into(),
                item_id: Some(item),
                text: Some(QUESTION.into()),
                ..NewChat::default()
            },
        );
        let chat = chat.unwrap();
        let mut said = Vec::new();

        // The command line, wrong and right.
        let url = shop.sim.base_url();
        let add = ["account", "add", "--client-id", &shop.seller.client_id, "--api-url", &url];
        said.push(desk.tell_with_input(&add, WRONG_SECRET).await);
        assert!(!said[0].success);
        shop.connect(desk).await;
        said.push(desk.tell(&["status"]).await);
        said.push(desk.tell(&["send", "u2i-nobody", "Алло"]).await);
        let code = desk.tell(&["archive", "recovery-code", "--json"]).await.json();
        let code = code["recoveryCode"].as_str().unwrap().to_owned();

        // The window, while everything fails that can fail.
        let page = desk.start(&[]).await;
        page.later(LISTEN).await;
        page.live().await;
        let control: Value =
            serde_json::from_slice(&fs::read(desk.data_dir().join("control.json")).unwrap()).unwrap();
        let mut needles = vec![
            Needle::secret("the client secret", &shop.seller.client_secret),
            Needle::secret("the wrong client secret", WRONG_SECRET),
            Needle::secret("the recovery code", &code),
            Needle::secret("the command line's token", control["token"].as_str().unwrap()),
            Needle::text("the buyer's name", BUYER),
            Needle::text("the buyer's text", QUESTION),
            Needle::text("the telephone", "912 345-67-89"),
            Needle::text("the reply", REPLY),
            Needle::text("the reply whose answer is lost", UNSURE),
            Needle::text("the refused reply", REFUSED),
            Needle::text("the half-typed text", HALF_TYPED),
            Needle::text("the body that is no JSON", NOT_JSON),
        ];
        let hook = shop.sim.subscriptions(shop.seller.user_id)[0].url.clone();
        needles.push(Needle::secret("the webhook's secret", hook.rsplit('/').next().unwrap()));
        go_through_everything(desk, &shop, &page, &chat, &hook).await;
        let wrong =
            json!({"key": {"clientId": shop.seller.client_id, "clientSecret": WRONG_SECRET, "apiUrl": url}});
        assert!(page.invoke("check_key", &wrong).await.is_err());
        assert!(page.invoke("open_with_recovery_code", &json!({"code": "0000"})).await.is_ok(), "it is open");
        for command in ["app_view", "diagnostics", "closed_shop"] {
            page.invoke(command, &json!({})).await.unwrap();
        }
        let heard = page.now("window.heard").await;
        let heard: Vec<String> = serde_json::from_value(heard).unwrap();
        let of = |what: &str| heard.iter().filter(|heard| heard.contains(what)).count();
        for what in ["/app_view ", "/messages ", "/check_key ", "/diagnostics ", "notice "] {
            assert!(of(what) > 0, "the page's traffic was not heard: {what}");
        }
        let diagnostics = page.invoke("diagnostics", &json!({})).await.unwrap();
        let while_running = Seen::of(desk, &[]);

        // A power cut, and a start that finds no keychain.
        desk.cut_power().await;
        desk.stop_keychain();
        said.push(desk.tell(&["chats"]).await);
        assert!(!said.last().unwrap().success);
        let out = desk.file("support.txt");
        said.push(desk.tell(&["diagnostics", "--out", out.to_str().unwrap()]).await);
        let page = desk.start(&[]).await;
        page.later(LISTEN).await;
        page.see(&id("closed-archive")).await;
        page.click(&id("closed-retry")).await;
        page.see(&id("closed-error")).await;
        page.see(&format!("{}:not(:disabled)", id("closed-retry"))).await;
        let closed = page.now("window.heard.concat([document.documentElement.outerHTML])").await;
        desk.start_keychain().await;
        page.click(&id("closed-retry")).await;
        page.open_chat(&chat).await;
        page.see_bubble(REPLY).await;
        let at_the_end = Seen::of(desk, &[]);
        desk.close_window().await;

        for (index, token) in shop.sim.issued_tokens().iter().enumerate() {
            needles.push(Needle::secret(&format!("access token {index}"), token));
        }
        assert!(shop.sim.issued_tokens().len() > 1, "the program had to ask for a token again");
        let searcher = Searcher::new(needles);
        let mut found = searcher.find_in_files(desk.disk(), |_| false);
        let mut look = |place: &str, hits: Vec<(&Needle, &'static str)>| {
            found.extend(
                hits.into_iter().map(|(needle, form)| format!("{} as {form} in {place}", needle.name)),
            );
        };
        for seen in [&while_running, &at_the_end] {
            look("arguments and environment", searcher.find(&seen.processes));
            assert!(seen.processes.len() > 1000, "the processes were looked at");
        }
        for heard in &heard {
            look("what the page hears", searcher.find_secrets(heard.as_bytes()));
        }
        look("what the page of a closed archive hears", searcher.find_secrets(closed.to_string().as_bytes()));
        for said in &said {
            look(
                "the command line's words",
                searcher.find_secrets(format!("{}{}", said.stdout, said.stderr).as_bytes()),
            );
        }
        look("the diagnostics", searcher.find(diagnostics.to_string().as_bytes()));
        assert!(found.is_empty(), "{}", found.join("\n"));
        let kept = fs::read_to_string(out).unwrap();
        for text in [diagnostics.as_str().unwrap(), &kept] {
            for person in [&shop.seller.client_id, &shop.seller.name, &shop.seller.user_id.to_string(), &chat]
            {
                assert!(!text.contains(person.as_str()), "{person} in the diagnostics:\n{text}");
            }
            assert!(text.contains("== Log") && text.contains("account"), "{text}");
        }
        // The search can see: the same words are found where they belong.
        assert!(heard.iter().any(|heard| !searcher.find(heard.as_bytes()).is_empty()));
        let log: usize = logs(desk).iter().map(String::len).sum();
        assert!(log > 10_000, "the log was written at its most talkative: {log} bytes");
    });
}

#[test]
fn without_a_keychain_neither_the_passphrase_nor_what_it_seals_is_anywhere() {
    on_a_desk_with(Setup { keychain: false, ..Setup::default() }, async |desk| {
        desk.set_variable("PRILAVOK_LOG", "trace");
        let shop = Shop::open().await;
        let (right, wrong) = (desk.file("passphrase"), desk.file("wrong"));
        fs::write(&right, PASSPHRASE).unwrap();
        fs::write(&wrong, "не та фраза").unwrap();
        let with =
            |file: &std::path::Path| ["--passphrase-file".to_owned(), file.to_str().unwrap().to_owned()];
        let [option, file] = with(&right);
        shop.connect_with(desk, &[&option, &file]).await;
        let [_, bad] = with(&wrong);
        let mut said = vec![desk.tell(&["status", &option, &bad]).await];
        assert!(!said[0].success);
        let encrypted = desk.tell(&["archive", "encrypt", "--json", &option, &file]).await.json();
        assert_eq!(encrypted["encrypted"], true);
        let code = desk.tell(&["archive", "recovery-code", "--json", &option, &file]).await.json();
        let (mut running, _) = desk.start_headless(&[&option, &file]).await;
        until("a message came", WAIT, async || {
            let answer = desk.tell(&["messages", &shop.anna, "--json"]).await;
            answer.stdout.contains("Кофемолка в Твери?").then_some(())
        })
        .await;
        let seen = Seen::of(desk, &[running.child().id()]);
        running.ask_to_end();
        until("the program ends", WAIT, async || running.has_ended().then_some(())).await;
        said.push(desk.tell(&["status"]).await);
        assert!(!said[1].success, "the archive is closed without the passphrase");

        let mut needles = vec![
            Needle::secret("the passphrase", PASSPHRASE),
            Needle::secret("the client secret", &shop.seller.client_secret),
            Needle::secret("the recovery code", code["recoveryCode"].as_str().unwrap()),
            Needle::text("the buyer's text", "Кофемолка в Твери?"),
        ];
        needles.extend(shop.sim.issued_tokens().iter().map(|token| Needle::secret("a token", token)));
        let searcher = Searcher::new(needles);
        let mut found = searcher.find_in_files(desk.disk(), |file| file == right);
        found.extend(searcher.find(&seen.processes).iter().map(|hit| format!("{} in a process", hit.0.name)));
        for said in &said {
            let words = format!("{}{}", said.stdout, said.stderr);
            found.extend(
                searcher.find(words.as_bytes()).iter().map(|hit| format!("{} in {words}", hit.0.name)),
            );
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    });
}

/// Success and failure, one after the other.
async fn go_through_everything(desk: &Desk, shop: &Shop, page: &Page, chat: &str, hook: &str) {
    let faults = shop.sim.faults();
    page.open_chat(chat).await;
    page.see_bubble(QUESTION).await;
    faults.set(Fault::once(FaultKind::TokenRevoked).on_route("postSendMessage"));
    page.reply(REPLY).await;
    page.see_delivery(REPLY, &["sent", "read"]).await;
    // A lost answer, in a chat of its own: later replies of a chat wait for earlier ones.
    faults.set(Fault::once(FaultKind::CutAfter).on_route("postSendMessage"));
    assert!(desk.tell(&["send", &shop.anna, UNSURE, "--wait", "1"]).await.success);
    shop.sim.expire_tokens(shop.seller.user_id);
    for kind in [
        FaultKind::ServerErrorHtml { status: 502 },
        FaultKind::MalformedJson,
        FaultKind::ServerError { status: 500, processed: false },
        FaultKind::RateLimited { retry_after: Some(1) },
        FaultKind::UnknownType,
    ] {
        faults.set(Fault::once(kind));
        page.invoke("check_now", &json!({"account": null})).await.unwrap();
    }
    faults.clear_all();
    // Deliveries of strangers and of nobody.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for body in [NOT_JSON.to_owned(), json!({"payload": {"value": NOT_JSON}}).to_string()] {
        client.post(hook).body(body.clone()).send().await.unwrap();
        client.post(format!("{hook}x")).body(body).send().await.unwrap();
    }
    // A buyer who blocks: the reply is refused for good.
    shop.sim.buyer_blocks(shop.seller.user_id, chat, true);
    page.reply(REFUSED).await;
    page.see_delivery(REFUSED, &["failed"]).await;
    shop.sim.buyer_blocks(shop.seller.user_id, chat, false);
    shop.sim.set_paid_tier(shop.seller.user_id, false);
    page.invoke("check_now", &json!({"account": null})).await.unwrap();
    shop.sim.set_paid_tier(shop.seller.user_id, true);
    page.write(&id("composer"), HALF_TYPED).await;
    let query = json!({"account": null, "unreadOnly": false, "text": BUYER, "after": null, "limit": 5});
    let row = page.invoke("list_chats", &json!({"query": query})).await.unwrap();
    let local = row["rows"][0]["id"].clone();
    page.invoke("save_composer", &json!({"chat": local, "text": HALF_TYPED})).await.unwrap();
    let listed = desk.tell(&["chats", "--json"]).await.json();
    assert!(listed.to_string().contains(HALF_TYPED));
}

/// What other programs of this machine can see of the program's processes.
struct Seen {
    processes: Vec<u8>,
}

impl Seen {
    fn of(desk: &mut Desk, more: &[u32]) -> Self {
        let mut pids = more.to_vec();
        if desk.has_window() {
            let app = desk.window().pid;
            pids.push(app);
            pids.extend(descendants(app));
        }
        let mut processes = Vec::new();
        for pid in pids {
            for file in ["cmdline", "environ"] {
                processes.extend(fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default());
            }
        }
        Self { processes }
    }
}

fn logs(desk: &Desk) -> Vec<String> {
    let entries = fs::read_dir(desk.data_dir().join("logs")).unwrap();
    entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}
