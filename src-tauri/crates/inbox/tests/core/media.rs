//! Pictures and voice through the core.

use std::time::Duration;

use avito_sim::{Content, Scene, Sim, SimConfig};
use inbox::view::{ErrorCode, MessageBody, Mode, Settings};
use inbox::{ChatId, MediaId, Timing};

use crate::support::{Front, Setup, Shop, refuse_webhooks, timing};

const VOICE: &str = "6f1d2c3b-4a59-4867-8d7e-9f0a1b2c3d4e";

/// A shop whose pictures come from a server of the test's.
async fn shop() -> (Shop, Front) {
    shop_with(Setup::default(), true).await
}

/// `webhook`: whether Avito takes one.
async fn shop_with(setup: Setup, webhook: bool) -> (Shop, Front) {
    let (front, listener) = Front::bind().await;
    let config =
        SimConfig { scene: Scene::Empty, public_base: Some(front.url.clone()), ..SimConfig::default() };
    let sim = Sim::start(config).await.unwrap();
    front.serve(listener, &sim);
    if !webhook {
        refuse_webhooks(&sim);
    }
    let setup = Setup { api_url: Some(front.url.clone()), ..setup };
    (Shop::new(sim, setup).await, front)
}

async fn receive(shop: &Shop, chat: (&str, ChatId), content: Content) -> MediaId {
    let count = shop.thread(chat.1).await.len();
    shop.sim.buyer_sends(shop.seller.user_id, chat.0, content).unwrap();
    shop.until("it is here", async || shop.thread(chat.1).await.len() > count).await;
    match shop.thread(chat.1).await.pop().unwrap().body {
        MessageBody::Image { small: Some(media), .. } | MessageBody::Voice { media } => media,
        other => panic!("{other:?}"),
    }
}

fn fetched(shop: &Shop, part: &str) -> usize {
    shop.sim.calls().iter().filter(|call| call.route.contains("media") && call.status.is_some()).count()
        + usize::from(part.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_fetched_once_and_then_comes_from_the_folder() {
    let (shop, _front) = shop().await;
    let (avito, chat) = shop.chat("Анна", "фото").await;
    let media = receive(&shop, (&avito, chat), Content::image("wheel_scratch")).await;
    let before = fetched(&shop, "x");
    let (one, two, three) =
        tokio::join!(shop.core.media(media), shop.core.media(media), shop.core.media(media));
    let file = one.unwrap();
    assert!(file.mime.starts_with("image/"), "{}", file.mime);
    assert_eq!((two.unwrap(), three.unwrap()), (file.clone(), file.clone()));
    assert_eq!(fetched(&shop, "x") - before, 1);
    let shop = shop.reopen().await;
    shop.sim.pause().await;
    assert_eq!(shop.core.media(media).await.unwrap(), file, "without any network");
    assert_eq!(shop.core.media(MediaId(999)).await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_kept_is_seen_all_the_same() {
    let (shop, _front) = shop().await;
    let (avito, chat) = shop.chat("Анна", "фото").await;
    let media = receive(&shop, (&avito, chat), Content::image("wheel_scratch")).await;
    std::fs::remove_dir_all(shop.folder.path().join("media")).unwrap();
    let before = fetched(&shop, "x");
    assert!(shop.core.media(media).await.unwrap().mime.starts_with("image/"));
    std::fs::create_dir(shop.folder.path().join("media")).unwrap();
    shop.core.media(media).await.unwrap();
    shop.core.media(media).await.unwrap();
    assert_eq!(fetched(&shop, "x") - before, 2, "it was not taken for kept, and then was");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_busy_are_told_apart_from_files_that_are_gone() {
    let (shop, front) = shop().await;
    let (avito, chat) = shop.chat("Анна", "фото").await;
    for (status, code) in [
        (429, ErrorCode::RateLimited),
        (408, ErrorCode::RateLimited),
        (503, ErrorCode::ServerTrouble),
        (403, ErrorCode::NotFound),
        (410, ErrorCode::NotFound),
    ] {
        front.answer(&format!("s{status}.jpg"), status, "text/plain", Vec::new());
        let media = receive(&shop, (&avito, chat), Content::image(format!("s{status}"))).await;
        assert_eq!(shop.core.media(media).await.unwrap_err().code(), code, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_message_is_fetched_by_its_id() {
    let (shop, _front) = shop().await;
    let (avito, chat) = shop.chat("Анна", "голос").await;
    let media = receive(&shop, (&avito, chat), Content::Voice { voice_id: VOICE.into() }).await;
    let file = shop.core.media(media).await.unwrap();
    assert!(file.mime.starts_with("audio/"), "{}", file.mime);
    assert_eq!(shop.core.media(media).await.unwrap(), file);
    assert_eq!(shop.sim.call_count("getVoiceFiles"), 1, "the link is asked for once, the file is kept");
}

/// Files in the folder of pictures and recordings.
fn kept(shop: &Shop) -> usize {
    std::fs::read_dir(shop.folder.path().join("media")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_kept_as_its_message_comes() {
    let (shop, _front) = shop().await;
    let (avito, chat) = shop.chat("Анна", "голос").await;
    let voice = receive(&shop, (&avito, chat), Content::Voice { voice_id: VOICE.into() }).await;
    let picture = receive(&shop, (&avito, chat), Content::image("wheel_scratch")).await;
    shop.until("the recording is in the folder", async || kept(&shop) == 1).await;
    // It is noted right after it is written; who asks meanwhile waits for that.
    shop.core.media(voice).await.unwrap();
    assert_eq!(shop.sim.call_count("getVoiceFiles"), 1, "it came by itself, once");
    let shop = shop.reopen().await;
    shop.sim.pause().await;
    assert!(shop.core.media(voice).await.unwrap().mime.starts_with("audio/"), "without any network");
    assert_eq!(
        shop.core.media(picture).await.unwrap_err().code(),
        ErrorCode::ServerTrouble,
        "a picture waits to be looked at"
    );
}

/// After the history is read, where nothing else looks for recordings.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_kept_whether_its_message_is_delivered_or_asked_for() {
    let never = Duration::from_secs(3600);
    let only_events = Timing { poll_live: never, poll_live_first: never, ..timing() };
    let live = shop_with(Setup { timing: only_events, ..Setup::default() }, true).await;
    let polling = shop_with(Setup::default(), false).await;
    for ((shop, _front), mode) in [(live, Mode::Live), (polling, Mode::Polling)] {
        shop.until("the history is read", async || {
            let view = shop.view().await;
            view.mode == mode && view.backfill.is_none()
        })
        .await;
        let (avito, chat) = shop.chat("Анна", "голос").await;
        receive(&shop, (&avito, chat), Content::Voice { voice_id: VOICE.into() }).await;
        shop.until("the recording is in the folder", async || kept(&shop) == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_could_not_be_had_is_fetched_later() {
    let (front, listener) = Front::bind().await;
    let config =
        SimConfig { scene: Scene::Empty, public_base: Some(front.url.clone()), ..SimConfig::default() };
    let sim = Sim::start(config).await.unwrap();
    front.serve(listener, &sim);
    front.answer(".mp4", 503, "text/plain", b"later".to_vec());
    let setup = Setup { api_url: Some(front.url.clone()), ..Setup::default() };
    let shop = Shop::new(sim, setup).await;
    let (avito, chat) = shop.chat("Анна", "голос").await;
    let voice = receive(&shop, (&avito, chat), Content::Voice { voice_id: VOICE.into() }).await;
    shop.until("it was tried twice", async || shop.sim.call_count("getVoiceFiles") > 1).await;
    assert_eq!(kept(&shop), 0);
    front.clear();
    shop.until("the recording is in the folder", async || kept(&shop) == 1).await;
    assert!(shop.core.media(voice).await.unwrap().mime.starts_with("audio/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_wait_for_whoever_switched_keeping_off() {
    let (shop, _front) = shop().await;
    shop.core.save_settings(Settings { keep_voices: false, ..shop.core.settings() }).await.unwrap();
    let (avito, chat) = shop.chat("Анна", "голос").await;
    receive(&shop, (&avito, chat), Content::Voice { voice_id: VOICE.into() }).await;
    shop.sim.buyer_sends(shop.seller.user_id, &avito, Content::text("Послушайте")).unwrap();
    shop.until("the next message is here", async || shop.thread(chat).await.len() > 2).await;
    assert_eq!(shop.sim.call_count("getVoiceFiles"), 0);
    shop.core.save_settings(Settings { keep_voices: true, ..shop.core.settings() }).await.unwrap();
    shop.until("the recording is in the folder", async || kept(&shop) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_and_not_kept() {
    let (shop, front) = shop().await;
    let (avito, chat) = shop.chat("Анна", "фото").await;
    let html = b"<html><script>alert(1)</script></html>".to_vec();
    let huge = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; 33 * 1024 * 1024]].concat();
    for (name, status, body, code) in [
        ("html", 200, html.clone(), ErrorCode::BadImage),
        (
            "svg",
            200,
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(),
            ErrorCode::BadImage,
        ),
        ("empty", 200, Vec::new(), ErrorCode::BadImage),
        ("gone", 404, html, ErrorCode::NotFound),
        ("huge", 200, huge, ErrorCode::ImageTooLarge),
    ] {
        front.answer(&format!("{name}.jpg"), status, "image/jpeg", body);
        let media = receive(&shop, (&avito, chat), Content::image(name)).await;
        assert_eq!(shop.core.media(media).await.unwrap_err().code(), code, "{name}");
    }
    assert_eq!(std::fs::read_dir(shop.folder.path().join("media")).unwrap().count(), 0);
}
