//! Connecting, checking, removing, and several accounts side by side.

use std::time::Duration;

use avito_sim::{Fault, FaultKind, KeyOwner};
use inbox::view::{Delivery, ErrorCode, Mode, TariffState, TroubleCode};
use inbox::{AccountId, NewKey, Vault};
use secrecy::SecretString;

use crate::support::{
    PATIENCE, Setup, Shop, empty_sim, is_sent, key, open, refuse_webhooks, timing, until, view,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_checked_before_it_is_kept() {
    let shop = Shop::polling().await;
    let url = shop.sim.base_url();
    let check = async |key: NewKey| shop.core.check_key(&key).await;
    let good = key(&shop.seller, &url);
    let found = check(good.clone()).await.unwrap();
    assert_eq!((found.name.as_str(), found.user_id), ("Лавка старых вещей", shop.seller.user_id));
    assert_eq!((found.tariff, found.already_added), (TariffState::Unknown, Some(shop.account)));
    shop.chat("Анна", "Здравствуйте").await;
    assert_eq!(check(good.clone()).await.unwrap().tariff, TariffState::Included);
    // As people paste it.
    let pasted = NewKey {
        client_id: format!(" {}\n", good.client_id),
        client_secret: format!("\t{} ", shop.seller.client_secret).into(),
        api_url: Some(format!(" {url}/ ")),
        ..good.clone()
    };
    assert_eq!(check(pasted).await.unwrap().user_id, shop.seller.user_id);
    let code = async |key: NewKey| check(key).await.unwrap_err().code();
    let wrong = NewKey { client_secret: "wrong".into(), ..good.clone() };
    assert_eq!(code(wrong.clone()).await, ErrorCode::WrongKey);
    assert_eq!(code(NewKey { client_id: " ".into(), ..good.clone() }).await, ErrorCode::WrongKey);
    assert_eq!(code(NewKey { api_url: Some("ftp://x".into()), ..good.clone() }).await, ErrorCode::BadAddress);
    assert_eq!(
        code(NewKey { api_url: Some("http://127.0.0.1:1".into()), ..good.clone() }).await,
        ErrorCode::Network
    );
    // Nobody may ever own a name that ends so (RFC 2606).
    let unknown = NewKey { api_url: Some("http://avito.invalid".into()), ..good.clone() };
    assert_eq!(code(unknown).await, ErrorCode::Dns);
    assert_eq!(shop.core.add_account(&good).await.unwrap_err().code(), ErrorCode::AlreadyAdded);
    assert_eq!(shop.core.add_account(&wrong).await.unwrap_err().code(), ErrorCode::WrongKey);
    assert_eq!(shop.core.account_views().await.unwrap().len(), 1);
    shop.sim.set_paid_tier(shop.seller.user_id, false);
    assert_eq!(check(good.clone()).await.unwrap().tariff, TariffState::Missing);
    shop.sim.set_paid_tier(shop.seller.user_id, true);
    shop.sim.set_key_owner(shop.seller.user_id, KeyOwner::Employee);
    let employee = check(good).await.unwrap().tariff;
    assert!(matches!(employee, TariffState::EmployeeKey | TariffState::Unknown), "{employee:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_texts_are_told_and_no_advertisement_becomes_a_message() {
    let sim = empty_sim().await;
    let user = sim.accounts()[0].user_id;
    sim.fill(user, avito_sim::Fill { chats: 3, messages: 4, days: 1 });
    sim.set_paid_tier(user, false);
    let shop = Shop::new(sim, Setup::default()).await;
    shop.until("told", async || {
        shop.view().await.trouble.is_some_and(|trouble| trouble.code == TroubleCode::TariffMissing)
    })
    .await;
    let view = shop.view().await;
    assert_eq!(view.mode, Mode::Offline);
    assert_eq!(view.trouble.unwrap().retry_at_ms, None, "the seller must act");
    let rows = shop.list().await;
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert!(shop.thread(row.id).await.is_empty() && row.preview.is_none());
        assert!(shop.core.chat(row.id).await.unwrap().hidden_by_tariff);
        assert!(row.buyer.name.is_some());
    }
    // He buys it: everything comes by itself.
    shop.sim.set_paid_tier(user, true);
    shop.until("all is there", async || {
        for row in shop.list().await {
            if shop.thread(row.id).await.len() != 4 || shop.core.chat(row.id).await.unwrap().hidden_by_tariff
            {
                return false;
            }
        }
        true
    })
    .await;
    shop.until("no trouble", async || shop.view().await.trouble.is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_10_the_archive_of_a_removed_account_stays_and_comes_back() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.send(chat, "Добрый день").await;
    // A reply that waits does not go out weeks later by itself.
    shop.sim
        .faults()
        .set(Fault::once(FaultKind::RateLimited { retry_after: Some(3600) }).on_route("postSendMessage"));
    shop.core.send_text(chat, "не успело").await.unwrap();
    shop.until("it waits", async || {
        matches!(shop.thread(chat).await.last().unwrap().delivery, Some(Delivery::Waiting { .. }))
    })
    .await;
    shop.core.remove_account(shop.account, true).await.unwrap();
    assert!(shop.list().await.is_empty() && shop.core.account_views().await.unwrap().is_empty());
    assert_eq!(shop.core.remove_account(shop.account, true).await.unwrap_err().code(), ErrorCode::NotFound);
    shop.buyer_writes(&avito, "Вы где?");
    let again = shop.core.add_account(&key(&shop.seller, &shop.sim.base_url())).await.unwrap();
    assert_eq!(again.id, shop.account);
    shop.until("also what came meanwhile", async || {
        shop.texts(chat).await == ["Здравствуйте", "Добрый день", "Вы где?", "не успело"]
    })
    .await;
    let last = shop.thread(chat).await.pop().unwrap();
    assert!(matches!(last.delivery, Some(Delivery::Failed { .. })), "{last:?}");
    assert_eq!(shop.sim.posted_count("не успело"), 0);
    let id = last.outbox.unwrap();
    shop.core.retry_send(id).await.unwrap();
    assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_the_seller_deletes_is_gone_and_the_account_can_come_back_new() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "секрет покупателя").await;
    shop.sim.buyer_sends(shop.seller.user_id, &avito, avito_sim::Content::image("wheel_scratch")).unwrap();
    shop.until("the picture", async || shop.thread(chat).await.len() == 2).await;
    let inbox::view::MessageBody::Image { small: Some(media), .. } = shop.thread(chat).await.remove(1).body
    else {
        panic!("not a picture")
    };
    shop.core.media(media).await.unwrap();
    let folder = shop.folder.path().join("media");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    shop.core.send_text(chat, "ответ").await.unwrap();
    shop.core.remove_account(shop.account, false).await.unwrap();
    assert_eq!(shop.core.chat(chat).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "pictures go as well");
    assert!(shop.sim.subscriptions(shop.seller.user_id).is_empty(), "Avito no longer delivers to us");
    let again = shop.core.add_account(&key(&shop.seller, &shop.sim.base_url())).await.unwrap();
    assert_ne!(again.id, shop.account);
    let chat = shop.find(&avito).await;
    shop.until("read anew", async || shop.thread(chat).await.len() >= 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_secret_an_account_waits_and_its_chats_can_be_read() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    let setup = Setup { vault: Vault::in_memory(), ..shop.setup.clone() };
    let shop = Shop { setup, ..shop }.reopen().await;
    let view = shop.view().await;
    assert_eq!((view.mode, view.trouble.unwrap().code), (Mode::Offline, TroubleCode::SecretMissing));
    assert_eq!(shop.texts(chat).await, ["Здравствуйте"]);
    shop.core.wait_checked(PATIENCE).await;
    // A reply waits in the outbox until the key is there.
    let id = shop.core.send_text(chat, "Да").await.unwrap().outbox.unwrap();
    let other = shop.sim.add_account("Чужая лавка");
    let replace = async |key: NewKey| shop.core.replace_key(shop.account, &key).await;
    assert_eq!(replace(key(&other, "x")).await.unwrap_err().code(), ErrorCode::WrongKey);
    replace(key(&shop.seller, "the address of the account stays")).await.unwrap();
    assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
    shop.until("live", async || shop.view().await.mode == Mode::Live && shop.view().await.trouble.is_none())
        .await;
    assert_eq!(
        shop.core.replace_key(AccountId(99), &key(&other, "x")).await.unwrap_err().code(),
        ErrorCode::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_turns_up_later_starts_its_account() {
    let shop = Shop::live().await;
    let vault = Vault::in_memory();
    let setup = Setup { vault: vault.clone(), ..shop.setup.clone() };
    let shop = Shop { setup, ..shop }.reopen().await;
    assert_eq!(shop.view().await.trouble.unwrap().code, TroubleCode::SecretMissing);
    let secret = SecretString::from(shop.seller.client_secret.clone());
    vault.set(&format!("account-{}/client-secret", shop.account), secret).await.unwrap();
    shop.core.retry_secrets().await.unwrap();
    shop.until("live", async || shop.view().await.mode == Mode::Live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_one_accounts_trouble_never_stops_another() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let second = sim.add_account("Велодвор");
    // Real pauses, so that a pause shared by mistake would be noticed.
    let timing = inbox::Timing { trouble_seller: Duration::from_secs(900), ..timing() };
    let shop = Shop::new(sim, Setup { timing, ..Setup::default() }).await;
    let healthy = shop.core.add_account(&key(&second, &shop.sim.base_url())).await.unwrap().id;
    let user = second.user_id;
    let (sick, core) = (shop.account, &shop.core);
    let new = avito_sim::NewChat { text: Some("начало".into()), ..avito_sim::NewChat::default() };
    let avito = shop.sim.add_chat(user, new).unwrap();
    let chat = shop.find(&avito).await;
    let (sick_avito, sick_chat) = shop.chat("Анна", "начало").await;

    let works = async |what: &str| {
        let text = format!("от покупателя: {what}");
        shop.sim.buyer_writes(user, &avito, &text);
        until(core, what, async || shop.texts(chat).await.contains(&text)).await;
        assert!(is_sent(&shop.send(chat, &format!("ответ: {what}")).await), "{what}");
        until(core, what, async || {
            view(core, healthy).await.trouble.is_none_or(|t| t.code == TroubleCode::WebhookRefused)
        })
        .await;
    };
    let troubled = async |code: TroubleCode| {
        until(core, "trouble", async || view(core, sick).await.trouble.is_some_and(|t| t.code == code)).await;
    };
    works("alles gut").await;
    // 429 with a long pause.
    shop.sim
        .faults()
        .set(Fault::once(FaultKind::RateLimited { retry_after: Some(3600) }).on_account(shop.seller.user_id));
    troubled(TroubleCode::RateLimited).await;
    works("429").await;
    let waiting = core.send_text(sick_chat, "ждёт").await.unwrap();
    works("429 with a reply waiting").await;
    assert!(waiting.outbox.is_some());
    // A new start forgets the pause; then the tariff ends.
    shop.sim.set_paid_tier(shop.seller.user_id, false);
    core.replace_key(sick, &key(&shop.seller, "")).await.unwrap();
    troubled(TroubleCode::TariffMissing).await;
    works("402").await;
    assert!(shop.texts(sick_chat).await.contains(&"начало".to_owned()), "what we had stays");
    shop.sim.set_paid_tier(shop.seller.user_id, true);
    core.check_now(Some(sick));
    until(core, "well again", async || {
        view(core, sick).await.trouble.is_none_or(|t| t.code == TroubleCode::WebhookRefused)
    })
    .await;
    // The key is withdrawn.
    let token =
        Fault::new(FaultKind::ServerError { status: 503, processed: false }).on_route("getAccessToken");
    shop.sim.faults().set(token);
    shop.sim.revoke_tokens(shop.seller.user_id);
    until(core, "sick", async || {
        core.check_now(Some(sick));
        view(core, sick).await.trouble.is_some_and(|t| t.code != TroubleCode::WebhookRefused)
    })
    .await;
    works("no token").await;
    let _ = sick_avito;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_without_background_only_reads_and_writes_its_own_store() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    let calls = shop.sim.calls().len();
    let setup = Setup { background: false, ..shop.setup.clone() };
    let core = open(shop.folder.path(), &setup).await;
    assert_eq!(core.messages(chat, None, 10).await.unwrap().rows.len(), 1);
    core.send_text(chat, "позже").await.unwrap();
    core.close().await;
    assert_eq!(shop.sim.calls().len(), calls);
    let shop = shop.reopen().await;
    shop.until("sent", async || shop.view().await.outbox_waiting == 0).await;
    assert_eq!(shop.sim.posted_count("позже"), 1);
}
