//! Search over all messages, and reading a thread around what was found.

use inbox::ChatId;
use inbox::view::{FoundPage, MessageQuery};

use crate::support::{Shop, text_of};

fn query(text: &str) -> MessageQuery {
    MessageQuery { text: text.into(), account: None, chat: None, before: None, limit: 50 }
}

fn lines(page: &FoundPage) -> Vec<String> {
    let line =
        |found: &inbox::view::FoundMessage| found.parts.iter().map(|part| part.text.as_str()).collect();
    page.found.iter().map(line).collect()
}

async fn search(shop: &Shop, text: &str) -> Vec<String> {
    lines(&shop.core.search_messages(query(text)).await.unwrap())
}

async fn looked_through(shop: &Shop) {
    shop.until("everything is looked through", async || {
        shop.core.search_messages(query("")).await.unwrap().outstanding == 0
    })
    .await;
}

/// A shop with some talks: what was written is in the order given.
async fn talks() -> (Shop, Vec<(String, ChatId)>) {
    let shop = Shop::live().await;
    let anna = shop.chat("Анна", "Здравствуйте, кроссовки ещё в продаже?").await;
    let oleg = shop.chat("Олег", "Добрый день, интересует диван").await;
    shop.buyer_writes_later(&anna.0, "А сколько пар кроссовок осталось?");
    shop.until("the second", async || shop.texts(anna.1).await.len() == 2).await;
    shop.buyer_writes_later(&oleg.0, "Доставка по Казани есть? Ёлку тоже возьму");
    shop.until("the third", async || shop.texts(oleg.1).await.len() == 2).await;
    looked_through(&shop).await;
    (shop, vec![anna, oleg])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_is_found_in_every_form_newest_first_and_marked() {
    let (shop, chats) = talks().await;
    assert_eq!(
        search(&shop, "кроссовки").await,
        ["А сколько пар кроссовок осталось?", "Здравствуйте, кроссовки ещё в продаже?"]
    );
    assert_eq!(search(&shop, "елка").await, ["Доставка по Казани есть? Ёлку тоже возьму"]);
    assert_eq!(search(&shop, "доставк казань").await.len(), 1, "all words, in any form");
    assert_eq!(search(&shop, "доставк москва").await.len(), 0);
    assert_eq!(search(&shop, "крос").await.len(), 2, "the last word may be half typed");
    let page = shop.core.search_messages(query("диван")).await.unwrap();
    let found = &page.found[0];
    assert_eq!((found.chat, found.buyer.as_deref(), found.outgoing), (chats[1].1, Some("Олег"), false));
    let marked: Vec<&str> =
        found.parts.iter().filter(|part| part.found).map(|part| part.text.as_str()).collect();
    assert_eq!(marked, ["диван"]);
    shop.send(chats[1].1, "Диваны ещё есть").await;
    shop.until("our own words", async || search(&shop, "диван").await.len() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_can_be_kept_to_a_chat_or_an_account_and_read_on() {
    let (shop, chats) = talks().await;
    let within = |chat| MessageQuery { chat: Some(chat), ..query("есть") };
    assert_eq!(shop.core.search_messages(within(chats[0].1)).await.unwrap().found.len(), 0);
    assert_eq!(shop.core.search_messages(within(chats[1].1)).await.unwrap().found.len(), 1);
    let of = |account| MessageQuery { account: Some(account), ..query("диван") };
    assert_eq!(shop.core.search_messages(of(shop.account)).await.unwrap().found.len(), 1);
    assert_eq!(shop.core.search_messages(of(inbox::AccountId(77))).await.unwrap().found.len(), 0);
    let first = shop.core.search_messages(MessageQuery { limit: 1, ..query("кроссовки") }).await.unwrap();
    assert!(first.more);
    let before = Some(first.found[0].message);
    let second = MessageQuery { limit: 1, before, ..query("кроссовки") };
    let second = shop.core.search_messages(second).await.unwrap();
    assert_eq!(
        (lines(&second).concat(), second.more),
        ("Здравствуйте, кроссовки ещё в продаже?".into(), false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_keyboard_and_a_slip_of_the_finger_are_understood_and_said() {
    let (shop, _) = talks().await;
    let page = shop.core.search_messages(query("lbdfy")).await.unwrap();
    assert_eq!((page.found.len(), page.read_as.as_deref(), page.similar), (1, Some("диван"), false));
    let page = shop.core.search_messages(query("доставак")).await.unwrap();
    assert_eq!((page.found.len(), page.read_as, page.similar), (1, None, true));
    let page = shop.core.search_messages(query("холодильник")).await.unwrap();
    assert_eq!((page.found.len(), page.read_as, page.similar), (0, None, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_looked_through_again_where_it_was_left_and_holds_no_removed_account() {
    let (shop, _) = talks().await;
    let shop = shop.reopen().await;
    assert_eq!(search(&shop, "кроссовки").await.len(), 2);
    let other = shop.chat("Вера", "Кроссовки 42 размера").await;
    shop.until("what came since", async || search(&shop, "кроссовки").await.len() == 3).await;
    assert_eq!(shop.texts(other.1).await.len(), 1);
    shop.core.remove_account(shop.account, true).await.unwrap();
    assert_eq!(search(&shop, "кроссовки").await.len(), 0, "an account that was removed is out of sight");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_read_around_a_message_and_on_from_it_to_its_end() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "номер 0").await;
    for number in 1..30 {
        shop.buyer_writes_later(&avito, &format!("номер {number}"));
    }
    shop.until("all of them", async || shop.texts(chat).await.len() == 30).await;
    let all = shop.thread(chat).await;
    let middle = all[12].id.unwrap();
    let page = shop.core.messages_around(chat, middle, 10).await.unwrap();
    let texts: Vec<String> = page.rows.iter().map(text_of).collect();
    assert_eq!(texts, (7..18).map(|number| format!("номер {number}")).collect::<Vec<_>>());
    let older = shop.core.messages(chat, page.older, 100).await.unwrap();
    assert_eq!(older.rows.len(), 7);
    let after = shop.core.messages_after(chat, page.newer.unwrap(), 5).await.unwrap();
    assert_eq!((after.rows.len(), after.newer), (5, after.rows.last().unwrap().id));
    let end = shop.core.messages_after(chat, after.newer.unwrap(), 50).await.unwrap();
    assert_eq!((end.rows.len(), end.newer), (7, None));
    let whole = shop.core.messages_around(chat, all[29].id.unwrap(), 100).await.unwrap();
    assert_eq!((whole.rows.len(), whole.older, whole.newer), (30, None, None));
    assert!(shop.core.messages_around(ChatId(99), middle, 10).await.is_err(), "not of that chat");
}
