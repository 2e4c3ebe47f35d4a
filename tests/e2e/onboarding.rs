//! Connecting a shop in the window.

use avito_sim::{Fill, KeyOwner};
use serde_json::Value;

use crate::support::on_a_desk;
use crate::support::page::{Page, id};
use crate::support::shop::Shop;

/// Opens the form and fills it in.
pub(crate) async fn fill_in(page: &Page, shop: &Shop, secret: &str) {
    page.click(&id("connect-account")).await;
    page.write(&id("key-client-id"), &shop.seller.client_id).await;
    page.write(&id("key-client-secret"), secret).await;
    page.click(&id("key-advanced")).await;
    page.write(&id("key-server"), &shop.sim.base_url()).await;
    page.click(&id("key-check")).await;
}

#[test]
fn a_wrong_key_is_told_apart_and_the_right_one_connects_the_shop_instead_of_the_demo() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        // More than the budget of a minute can read at once, so that the progress is there to be seen.
        let size = Fill { chats: 120, messages: 3, days: 60 };
        shop.sim.fill(shop.seller.user_id, size);
        let page = desk.start(&[]).await;
        page.see(&format!("{} img", id("chat-row"))).await;
        let pictures = "all('[data-testid=chat-row] img').map((picture) => picture.src)";
        let of_demo = page.now(pictures).await;
        fill_in(&page, &shop, "not the secret").await;
        page.see(&format!("{}[data-verdict=wrongKey]", id("key-verdict"))).await;
        assert_eq!(page.now(&format!("all('{}').length", id("key-add"))).await, 0);

        page.resize(900, 600).await;
        page.run(&format!("one('{}').select()", id("key-client-secret"))).await.unwrap();
        page.write(&id("key-client-secret"), &shop.seller.client_secret).await;
        page.click(&id("key-check")).await;
        page.see(&format!("{}[data-verdict=included]", id("key-verdict"))).await;
        let bottom = |selector: &str| format!("one('{selector}').getBoundingClientRect().bottom");
        let (verdict, dialog) = (id("key-verdict"), format!("{} .content", id("onboarding")));
        let in_sight = format!("{} <= {} + 1", bottom(&verdict), bottom(&dialog));
        page.until("the verdict is in sight in a small window", &in_sight).await;
        page.resize(1280, 800).await;
        page.resize(900, 600).await;
        page.until("the verdict is still in sight when the window has become small", &in_sight).await;
        page.see_words(&id("key-verdict"), &shop.seller.name).await;
        page.see_words(&id("key-verdict"), &shop.seller.user_id.to_string()).await;
        page.click(&id("key-add")).await;
        page.click_away(&id("onboarding-finish")).await;

        page.see_gone(&id("demo-banner")).await;
        page.until("only the one shop is there", "all('[data-testid=status-line]').length === 1").await;
        let progress = "one('[data-testid=backfill-progress]')?.dataset";
        page.until("history is being read", &format!("Number({progress}?.done) > 0")).await;
        let (done, total) = (
            page.now(&format!("Number({progress}?.done)")).await,
            page.now(&format!("Number({progress}?.total)")).await,
        );
        assert!(total.as_f64() > done.as_f64() && total.as_u64() >= Some(120), "{done} of {total}");
        page.until("the list is filled", "one('[data-testid=chat-row]')?.ariaSetSize >= 120").await;
        let listed = page.now("all('[data-testid=chat-row]').map((row) => row.dataset.avitoId)").await;
        let ours = shop.sim.chat_ids(shop.seller.user_id);
        for chat in listed.as_array().unwrap().iter().filter_map(Value::as_str) {
            assert!(ours.iter().any(|own| own == chat), "{chat} is a chat of the demo");
        }
        // Their numbers are those of the demo's pictures; nothing but the whole address tells them apart.
        let own =
            format!("(shown => shown.length && !shown.some((one) => {of_demo}.includes(one)))({pictures})");
        page.until("no picture has the address of one of the demo", &own).await;
        page.open_chat(&shop.anna).await;
        page.see_bubble("Кофемолка в Твери?").await;
        page.until("messages come by themselves", "one('[data-testid=status-line]').dataset.mode === 'live'")
            .await;
    });
}

#[test]
fn an_employees_key_and_a_server_that_is_not_there_are_told_apart() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.sim.set_key_owner(shop.seller.user_id, KeyOwner::Employee);
        let page = desk.start(&[]).await;
        fill_in(&page, &shop, &shop.seller.client_secret).await;
        let verdict = id("key-verdict");
        // Avito shows such a key no chats at all, as it does to a new shop.
        page.see_words(&format!("{verdict}[data-verdict=unknown]"), "это, возможно, ключ сотрудника").await;

        // A changed key is an unchecked one; blanks around it do not count.
        shop.sim.pause().await;
        page.write(&id("key-client-id"), " ").await;
        page.click(&id("key-check")).await;
        page.see_words(&format!("{verdict}[data-verdict=network]"), "Проверьте интернет").await;
        assert_eq!(page.now(&format!("all('{}').length", id("key-add"))).await, 0);

        // What was typed is still there: the same button tries again.
        shop.sim.set_key_owner(shop.seller.user_id, KeyOwner::Main);
        shop.sim.resume().await.unwrap();
        page.click(&id("key-check")).await;
        page.see(&format!("{verdict}[data-verdict=included]")).await;
        page.click(&id("key-add")).await;
        page.click_away(&id("onboarding-finish")).await;
        page.see_gone(&id("demo-banner")).await;
    });
}

#[test]
fn without_the_tariff_the_reason_is_said_and_no_advertising_passes_for_a_message() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.sim.set_paid_tier(shop.seller.user_id, false);
        let page = desk.start(&[]).await;
        fill_in(&page, &shop, &shop.seller.client_secret).await;
        page.see(&format!("{}[data-verdict=missing]", id("key-verdict"))).await;
        page.see_words(&id("key-verdict"), "тариф не включает").await;
        page.click(&id("key-add")).await;
        page.click_away(&id("onboarding-finish")).await;
        page.see_gone(&id("demo-banner")).await;

        page.see(&format!("{}[data-trouble=tariffMissing]", id("status-line"))).await;
        page.see_words(&id("status-line"), "Тариф без сообщений через API").await;
        page.open_chat(&shop.anna).await;
        page.see(&id("hidden-by-tariff")).await;
        page.see(&id("send-blocked")).await;
        assert_eq!(page.now("all('[data-testid=message]').length").await, 0);
        let words = page.now("document.body.innerText").await;
        assert!(
            !words.as_str().unwrap().contains("Перейдите на подписку"),
            "Avito's advertising is on the screen"
        );
    });
}
