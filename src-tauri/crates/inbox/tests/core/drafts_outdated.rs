//! What a draft says may change before it goes out: then it is made anew, and neither a key nor a rule sends the old words.

use avito_sim::{Fault, FaultId, FaultKind};
use inbox::view::{DraftState, DraftView, ErrorCode, Rule, RuleSettings};
use inbox::{ChatId, RuleId};
use llm_double::{Double, Mode};

use crate::drafts::{asks_for_its_price, draft, eager, entry, gone, jacket, made, rule, use_model};
use crate::sending::SEND;
use crate::support::Shop;

const QUESTION: &str = "Сколько стоит установка?";

fn says(price: &str) -> inbox::view::EntryInput {
    entry(QUESTION, &format!("Установка стоит {price} ₽."))
}

async fn until_it_says(shop: &Shop, chat: ChatId, words: &str) -> DraftView {
    let is_it = |draft: &DraftView| draft.state == DraftState::Ready && draft.text.contains(words);
    shop.until(&format!("a draft with {words}"), async || {
        draft(shop, chat).await.is_some_and(|draft| is_it(&draft))
    })
    .await;
    draft(shop, chat).await.unwrap()
}

/// Avito takes no reply for now; each attempt is tried again soon.
fn shut(shop: &Shop) -> FaultId {
    let busy = FaultKind::RateLimited { retry_after: Some(1) };
    shop.sim.faults().set(Fault::new(busy).on_route(SEND))
}

/// An attempt that is on its way says what it said when it left: what changes then is too late for it.
async fn until_refused(shop: &Shop) {
    let refused = |shop: &Shop| shop.sim.faults().struck().contains_key("rate_limited");
    shop.until("the rule's reply is refused", async || refused(shop)).await;
    shop.until("the rule's reply waits", async || shop.view().await.outbox_waiting == 1).await;
}

/// A shop with a model and an entry that answers none of the questions here.
async fn knows_the_warranty() -> (Shop, Double) {
    let shop = Shop::live().await;
    shop.core.add_entry(entry("Гарантия?", "Гарантия 12 месяцев.")).await.unwrap();
    let double = Double::start().await.unwrap();
    use_model(&shop, &double).await;
    (shop, double)
}

/// A jacket for 5000 and a model that says so.
struct Jacket {
    shop: Shop,
    double: Double,
    item: i64,
}

impl Jacket {
    async fn new() -> Self {
        // Its polls bring the listing soon.
        let shop = Shop::polling().await;
        let item = jacket(&shop);
        let double = Double::start().await.unwrap();
        use_model(&shop, &double).await;
        let this = Self { shop, double, item };
        this.model_says("5 000");
        this
    }

    fn model_says(&self, price: &str) {
        let text = format!("ANSWERABLE: yes; SOURCES: 0\nЗдравствуйте! Куртка стоит {price} ₽.");
        self.double.set(Mode::Says { text });
    }

    async fn question(&self) -> (String, ChatId) {
        let avito = asks_for_its_price(&self.shop, self.item);
        let chat = self.shop.find(&avito).await;
        (avito, chat)
    }

    async fn grows_dearer(&self, chat: ChatId) {
        self.model_says("5 500");
        assert!(
            self.shop.sim.change_item(self.shop.seller.user_id, self.item, |item| item.price = Some(5500))
        );
        let price = async || self.shop.row(chat).await.item_price;
        self.shop
            .until("the new price", async || price().await.is_some_and(|price| price.contains("500")))
            .await;
    }
}

#[tokio::test]
async fn a_draft_whose_entry_is_corrected_is_made_anew_by_itself() {
    let shop = Shop::live().await;
    let source = shop.core.add_entry(says("4 000")).await.unwrap();
    let (_, chat) = shop.chat("Анна", QUESTION).await;
    let old = made(&shop, chat).await;
    assert!(old.text.contains("4 000"), "{old:?}");
    shop.core.edit_entry(source, says("4 500")).await.unwrap();
    let new = until_it_says(&shop, chat, "4 500").await;
    assert_ne!(new.id, old.id);
    shop.core.switch_source_off(source, true).await.unwrap();
    gone(&shop, chat).await;
}

#[tokio::test]
async fn an_entry_that_is_corrected_while_a_model_writes_from_it_is_written_from_again() {
    let shop = Shop::live().await;
    let source = shop.core.add_entry(says("4 000")).await.unwrap();
    let double = Double::start().await.unwrap();
    use_model(&shop, &double).await;
    double.set(Mode::Slow { wait_ms: 700 });
    let (_, chat) = shop.chat("Анна", QUESTION).await;
    shop.until("the model is asked", async || !double.asked().is_empty()).await;
    shop.core.edit_entry(source, says("4 500")).await.unwrap();
    let draft = made(&shop, chat).await;
    assert!(draft.text.contains("4 500") && !draft.text.contains("4 000"), "{draft:?}");
}

#[tokio::test]
async fn one_key_does_not_send_what_the_listing_no_longer_says() {
    let jacket = Jacket::new().await;
    let shop = &jacket.shop;
    let (avito, chat) = jacket.question().await;
    let old = until_it_says(shop, chat, "5 000").await;
    jacket.grows_dearer(chat).await;
    let refused = shop.core.send_draft(old.id.unwrap(), None, false).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::DraftOutdated);
    let new = until_it_says(shop, chat, "5 500").await;
    shop.core.send_draft(new.id.unwrap(), None, false).await.unwrap();
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    assert_eq!(shop.at_avito(&avito)[1], new.text);
}

#[tokio::test]
async fn a_rules_reply_that_waits_is_dropped_when_its_price_changes_and_the_new_one_goes() {
    let jacket = Jacket::new().await;
    let shop = &jacket.shop;
    let shut = shut(shop);
    shop.core.save_rule(rule(eager())).await.unwrap();
    let (avito, chat) = jacket.question().await;
    until_refused(shop).await;
    jacket.grows_dearer(chat).await;
    let waits = async || shop.texts(chat).await.iter().any(|text| text.contains("5 500"));
    shop.until("the new reply waits", waits).await;
    shop.sim.faults().clear(shut);
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    assert!(shop.at_avito(&avito)[1].contains("5 500"), "{:?}", shop.at_avito(&avito));
    assert_eq!(shop.core.automatic_replies(Some(chat), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn invariant_7_a_rules_reply_that_waits_is_the_sellers_again_once_rules_are_paused() {
    let shop = Shop::live().await;
    shop.core.add_entry(says("4 000")).await.unwrap();
    let shut = shut(&shop);
    shop.core.save_rule(rule(eager())).await.unwrap();
    let (avito, chat) = shop.chat("Анна", QUESTION).await;
    until_refused(&shop).await;
    shop.core.pause_rules(true).await.unwrap();
    let back = until_it_says(&shop, chat, "4 000").await;
    shop.sim.faults().clear(shut);
    assert_eq!((shop.view().await.outbox_waiting, back.sends_at_ms), (0, None));
    assert!(shop.core.automatic_replies(None, 10).await.unwrap().is_empty());
    // Neither does the rule send it when the pause is over: the seller has it now.
    shop.core.pause_rules(false).await.unwrap();
    let (other, _) = shop.chat("Борис", QUESTION).await;
    shop.until("the rule works again", async || shop.at_avito(&other).len() == 2).await;
    assert_eq!(shop.at_avito(&avito), [QUESTION]);
    shop.core.send_draft(back.id.unwrap(), None, false).await.unwrap();
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
}

#[tokio::test]
async fn a_question_that_is_answered_while_its_draft_is_made_gets_a_draft_from_the_answer() {
    let (shop, double) = knows_the_warranty().await;
    let (_, chat) = shop.chat("Анна", "Есть ли парковка для грузовика?").await;
    assert_eq!(made(&shop, chat).await.state, DraftState::Unanswerable);
    let open = shop.core.open_questions().await.unwrap().remove(0).questions.remove(0);
    let asked = double.asked().len();
    double.set(Mode::Slow { wait_ms: 700 });
    shop.core.another_draft(chat, "").await.unwrap();
    shop.until("the model is asked again", async || double.asked().len() > asked).await;
    let answer = entry("Есть ли парковка для грузовика?", "Парковка для грузовика есть, въезд со двора.");
    shop.core.answer_questions(vec![open.id], answer).await.unwrap();
    until_it_says(&shop, chat, "со двора").await;
}

/// A shop whose rule sends these words where nothing answers.
async fn says_where_nothing_answers(shop: &Shop, text: &str) -> RuleId {
    shop.core.save_rule(rule(RuleSettings { template: text.into(), ..eager() })).await.unwrap()
}

async fn now_says(shop: &Shop, id: RuleId, text: &str) {
    let settings = RuleSettings { template: text.into(), ..eager() };
    shop.core.save_rule(Rule { id: Some(id), ..rule(settings) }).await.unwrap();
}

#[tokio::test]
async fn a_rules_own_text_that_is_corrected_while_a_model_is_asked_is_sent_as_corrected() {
    let (shop, double) = knows_the_warranty().await;
    let id = says_where_nothing_answers(&shop, "Ответим до 18 часов.").await;
    double.set(Mode::Slow { wait_ms: 3000 });
    let (avito, _) = shop.chat("Анна", "Есть ли парковка для грузовика?").await;
    shop.until("the model is asked", async || !double.asked().is_empty()).await;
    double.set(Mode::Honest);
    now_says(&shop, id, "Ответим до 20 часов.").await;
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    assert_eq!(shop.at_avito(&avito)[1], "Ответим до 20 часов.");
}

#[tokio::test]
async fn a_rules_own_text_that_is_corrected_while_it_waits_goes_as_corrected() {
    let shop = Shop::live().await;
    shop.core.add_entry(entry("Гарантия?", "Гарантия 12 месяцев.")).await.unwrap();
    let shut = shut(&shop);
    let id = says_where_nothing_answers(&shop, "Ответим до 18 часов.").await;
    let (avito, chat) = shop.chat("Анна", "Есть ли парковка для грузовика?").await;
    until_refused(&shop).await;
    now_says(&shop, id, "Ответим до 20 часов.").await;
    let waits = async || shop.texts(chat).await.iter().any(|text| text.contains("20 часов"));
    shop.until("the new words wait", waits).await;
    shop.sim.faults().clear(shut);
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    assert_eq!(shop.at_avito(&avito)[1], "Ответим до 20 часов.");
}
