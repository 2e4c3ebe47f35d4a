//! Notifications and the sound: when, what, and above all when not.

use avito_sim::{Content, Fault, FaultKind};

use crate::support::notifications::Notifications;
use crate::support::page::{id, row};
use crate::support::shop::Shop;
use crate::support::{Setup, WAIT, on_a_desk, on_a_desk_with, until};

#[test]
fn a_notification_names_buyer_listing_and_first_words_and_a_click_opens_the_chat() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.boris).await;

        shop.buyer_writes(&shop.anna, "А помол <b>регулируется</b> & сильно?");
        let shown = notifications.nth(1).await;
        assert_eq!(shown.summary, "Анна · Кофемолка ручная, чугунная");
        // Desktops read markup in the body; a buyer's words must stay words.
        assert_eq!(shown.body, "А помол &lt;b&gt;регулируется&lt;/b&gt; &amp; сильно?");
        assert_eq!(shown.actions.first().map(String::as_str), Some("default"));

        notifications.click(&shown).await;
        page.see_bubble("А помол <b>регулируется</b> & сильно?").await;
        page.see_bubble("Кофемолка в Твери?").await;
        assert_eq!(notifications.all().len(), 1, "{:?}", notifications.all());
    });
}

#[test]
fn a_click_on_a_notification_brings_up_a_hidden_window() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&["--hidden"]).await;
        page.see(&id("chat-row")).await;
        assert_eq!(desk.screen().window(), None);
        page.live().await;

        shop.buyer_writes(&shop.vera, "Вы ещё работаете?");
        let shown = notifications.nth(1).await;
        notifications.click(&shown).await;
        page.see_bubble("Вы ещё работаете?").await;
        until("the window is on the screen", WAIT, async || desk.screen().window()).await;
    });
}

#[test]
fn own_messages_and_notes_of_avito_raise_no_notification() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;

        page.reply("Отвечаю отсюда").await;
        page.see_delivery("Отвечаю отсюда", &["sent", "read"]).await;
        let user = shop.seller.user_id;
        shop.sim.seller_writes_elsewhere(user, &shop.anna, "Отвечаю с телефона").unwrap();
        page.see_bubble("Отвечаю с телефона").await;
        let note = Content::System {
            text: "Покупатель оформил заказ".to_owned(),
            flow_id: "sbc_seller_notification".to_owned(),
        };
        shop.sim.buyer_sends(user, &shop.anna, note).unwrap();
        page.see_bubble("Покупатель оформил заказ").await;
        // Notifications come in the order of messages, so what comes before this one would have been there by now.
        shop.buyer_writes(&shop.boris, "Отзовитесь");
        let first = notifications.nth(1).await;
        assert_eq!(
            (first.summary.as_str(), first.body.as_str()),
            ("Борис · Лампа керосиновая", "Отзовитесь")
        );
        assert_eq!(notifications.all().len(), 1, "{:?}", notifications.all());
    });
}

#[test]
fn with_the_switch_off_there_are_no_notifications() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;

        page.switch("setting-notifications", false).await;
        shop.buyer_writes(&shop.anna, "Тихое сообщение");
        page.see_bubble("Тихое сообщение").await;
        page.switch("setting-notifications", true).await;
        shop.buyer_writes(&shop.boris, "Громкое сообщение");
        assert_eq!(notifications.nth(1).await.body, "Громкое сообщение");
        assert_eq!(notifications.all().len(), 1, "{:?}", notifications.all());
    });
}

#[test]
fn the_open_chat_raises_a_notification_only_while_the_seller_is_elsewhere() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;

        desk.screen().focus(desk.screen().window());
        page.until("the window has the keyboard", "document.hasFocus()").await;
        shop.buyer_writes(&shop.anna, "Это видно и так");
        page.see_bubble("Это видно и так").await;
        desk.screen().focus(None);
        page.until("the window has not the keyboard", "!document.hasFocus()").await;
        shop.buyer_writes(&shop.anna, "А это уже нет");
        assert_eq!(notifications.nth(1).await.body, "А это уже нет");
        assert_eq!(notifications.all().len(), 1, "{:?}", notifications.all());
    });
}

#[test]
fn what_came_while_the_program_was_closed_is_one_notification() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        shop.connect(desk).await;
        write_from_everywhere(&shop);
        let page = desk.start(&[]).await;
        page.see_words(&row(&shop.anna), "Анна пишет ещё").await;
        page.live().await;
        one_notification_for_all(&notifications, &shop).await;
    });
}

#[test]
fn what_came_while_the_line_was_down_is_one_notification() {
    on_a_desk(async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        shop.connect(desk).await;
        // No chat is open: an open one is looked at in between.
        let page = desk.start(&[]).await;
        page.see(&row(&shop.anna)).await;
        page.live().await;

        let lost = shop.sim.faults().set(Fault::new(FaultKind::WebhookLost));
        shop.sim.pause().await;
        write_from_everywhere(&shop);
        let all_lost = shop.sim.until(WAIT, |sim| {
            sim.deliveries().iter().filter(|delivery| delivery.fault.as_deref() == Some("lost")).count() == 4
        });
        assert!(all_lost.await, "{:?}", shop.sim.deliveries());
        shop.sim.resume().await.unwrap();
        shop.sim.faults().clear(lost);
        page.click(&format!("{} .line", id("status-line"))).await;
        page.click(&id("check-now")).await;
        page.see_words(&row(&shop.anna), "Анна пишет ещё").await;
        one_notification_for_all(&notifications, &shop).await;
    });
}

fn write_from_everywhere(shop: &Shop) {
    shop.buyer_writes(&shop.anna, "Анна пишет");
    shop.buyer_writes(&shop.boris, "Борис пишет");
    shop.buyer_writes(&shop.vera, "Вера пишет");
    shop.buyer_writes(&shop.anna, "Анна пишет ещё");
}

async fn one_notification_for_all(notifications: &Notifications, shop: &Shop) {
    let first = notifications.nth(1).await;
    assert_eq!((first.summary.as_str(), first.body.as_str()), ("4 новых сообщения", "В 3 чатах"));
    shop.buyer_writes(&shop.boris, "А теперь по одному");
    assert_eq!(notifications.nth(2).await.body, "А теперь по одному");
    assert_eq!(notifications.all().len(), 2, "{:?}", notifications.all());
}

#[test]
fn a_buyers_message_is_heard_and_with_the_switch_off_it_is_not() {
    on_a_desk_with(Setup { sound: true, ..Setup::default() }, async |desk| {
        let notifications = Notifications::start(desk).await;
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.boris).await;
        assert_eq!(desk.sound().heard().sounds, 0);

        shop.buyer_writes(&shop.anna, "Ау!");
        let heard = desk.sound().until_sounds(1).await;
        assert!(heard.peak > 0.1, "too low to be heard: {heard:?}");

        page.switch("setting-sound", false).await;
        shop.buyer_writes(&shop.anna, "Тише");
        notifications.nth(2).await;
        desk.sound().another_second().await;
        assert_eq!(desk.sound().heard().sounds, heard.sounds);

        page.switch("setting-sound", true).await;
        shop.buyer_writes(&shop.vera, "Ау ещё раз!");
        assert_eq!(desk.sound().until_sounds(heard.sounds + 1).await.sounds, heard.sounds + 1);
    });
}
