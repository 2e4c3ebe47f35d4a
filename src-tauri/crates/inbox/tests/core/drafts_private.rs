//! What of the seller's chats reaches a model's server: this chat, the knowledge that was found, and of the others a description of
//! manners.

use llm_double::Double;

use crate::drafts::{made, shop, use_model};

/// Replies in other chats that hold what is nobody else's business.
const OTHERS: &[&str] = &[
    "Здравствуйте, Марианна! Ваш номер 8 912 345-67-89 записал, доставлю на улицу Гороховую, дом 17, квартира 44.",
    "Добрый день! Пишите на zaytsev.oleg@pochta.example или в телеграм @zaytsev_oleg, Олег Зайцев ждёт вас.",
    "Здравствуйте! Ключи оставлю у соседки снизу, код домофона сорок четыре, скажите ей что вы от Тамары",
    "Здравствуйте! Перевела вам остаток, посмотрите https://bank.example/perevod пожалуйста 😊",
];

/// Beginnings of what is planted, in lower case.
const PLANTED: &[&str] = &[
    "марианн",
    "912",
    "345-67",
    "горохов",
    "квартира",
    "zaytsev",
    "олег",
    "зайцев",
    "телеграм",
    "соседк",
    "домофон",
    "тамар",
    "bank",
    "остаток",
    "алевтин",
];

#[tokio::test]
async fn nothing_of_other_chats_reaches_the_model_but_how_the_seller_writes() {
    let shop = shop().await;
    let (avito, other) = shop.chat("Алевтина", "Здравствуйте!").await;
    for text in OTHERS {
        shop.send(other, text).await;
    }
    shop.until("the replies are sent", async || shop.at_avito(&avito).len() == OTHERS.len() + 1).await;
    let double = Double::start().await.unwrap();
    use_model(&shop, &double).await;
    let (_, chat) = shop.chat("Анна", "Сколько стоят линзы?").await;
    made(&shop, chat).await;
    let asked = double.asked();
    assert_eq!(asked.len(), 1);
    let told: String = asked[0].body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap().to_lowercase())
        .collect();
    assert!(
        told.contains("линзы bi-led") && told.contains("сколько стоят линзы"),
        "it was asked of this chat: {told}"
    );
    let leaked: Vec<&&str> = PLANTED.iter().filter(|word| told.contains(**word)).collect();
    assert!(leaked.is_empty(), "{leaked:?} of another chat in {told}");
    let headers = serde_json::to_string(&asked[0].headers).unwrap().to_lowercase();
    assert!(!PLANTED.iter().any(|word| headers.contains(word)), "{headers}");
    // The manner is there all the same.
    assert!(told.contains("здоровается") && told.contains("на «вы»"), "{told}");
}
