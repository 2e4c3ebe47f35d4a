//! What comes after a draft: replies whose facts changed while Avito can still delete them, and past questions asked again.

use inbox::Clock;
use inbox::view::{
    DraftMaker, DraftSettings, DraftState, ErrorCode, KnowledgeChange, ModelSecrets, PastQuestion,
    ReplayVerdict, Rule, RuleSettings, Scope, SourceState,
};
use llm_double::{Double, KEY, MODEL, Mode};

use crate::drafts::{
    asks_for_its_price, draft, eager, entry, gone, jacket, made, rule, shop, tell, use_model,
};
use crate::support::{Setup, Shop, empty_sim};

/// A shop with one entry that can be changed.
async fn with_entry(text: &str) -> (Shop, inbox::SourceId) {
    // Its polls bring Avito's clock and listings soon.
    let shop = Shop::polling().await;
    let source = shop.core.add_entry(entry("Сколько стоит установка?", text)).await.unwrap();
    (shop, source)
}

#[tokio::test]
async fn a_reply_whose_passage_changed_is_offered_to_be_taken_back_and_is_written_anew() {
    let (shop, source) = with_entry("Установка стоит 4 000 ₽, займёт 2 часа.").await;
    let (avito, chat) = shop.chat("Анна", "Сколько стоит установка?").await;
    let id = made(&shop, chat).await.id.unwrap();
    let wrong = shop.core.send_draft(id, None, false).await.unwrap();
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    gone(&shop, chat).await;
    assert!(shop.core.recalls(None).await.unwrap().is_empty(), "nothing has changed");
    shop.core
        .edit_entry(source, entry("Сколько стоит установка?", "Установка стоит 4 500 ₽, займёт 2 часа."))
        .await
        .unwrap();
    shop.until("the offer", async || !shop.core.recalls(Some(chat)).await.unwrap().is_empty()).await;
    let offered = shop.core.recalls(None).await.unwrap().remove(0);
    let units: Vec<u16> = offered.text.encode_utf16().collect();
    let facts: Vec<String> = offered
        .marks
        .iter()
        .map(|mark| String::from_utf16(&units[mark.start as usize..mark.end as usize]).unwrap())
        .collect();
    assert_eq!((offered.chat, facts), (chat, vec!["4 000 ₽".to_owned()]), "the two hours still hold");
    shop.core.recall_reply(offered.draft).await.unwrap();
    shop.until("a new draft", async || {
        draft(&shop, chat).await.is_some_and(|draft| draft.state == DraftState::Ready)
    })
    .await;
    let new = draft(&shop, chat).await.unwrap();
    assert!(new.text.contains("4 500 ₽") && !new.text.contains("4 000"), "{new:?}");
    assert!(shop.core.recalls(None).await.unwrap().is_empty());
    // It is deleted at Avito, and the archive keeps what was said.
    shop.until("the old one is marked", async || {
        let thread = shop.thread(chat).await;
        thread.iter().any(|row| row.key == wrong.row.key && row.deleted)
    })
    .await;
    shop.core.send_draft(new.id.unwrap(), None, false).await.unwrap();
    shop.until_avito("the right one", |sim| sim.posted_count(&new.text) == 1).await;
}

#[tokio::test]
async fn a_reply_is_not_offered_back_when_it_stays_or_when_nothing_it_states_changed() {
    let (shop, source) = with_entry("Установка стоит 4 000 ₽.").await;
    let (avito, chat) = shop.chat("Анна", "Сколько стоит установка?").await;
    let id = made(&shop, chat).await.id.unwrap();
    shop.core.send_draft(id, None, false).await.unwrap();
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    // Another entry and the same facts in other words change nothing.
    tell(&shop, "Где вы?", "Мы на улице Мира, дом 5.").await;
    let (other_avito, other) = shop.chat("Борис", "Сколько стоит установка?").await;
    let id = made(&shop, other).await.id.unwrap();
    let edited = "Здравствуйте, Борис! Установка у нас 4000 рублей, приезжайте.";
    shop.core.send_draft(id, Some(edited.into()), false).await.unwrap();
    shop.until("the edited reply", async || shop.at_avito(&other_avito).len() == 2).await;
    shop.core.edit_entry(source, entry("Сколько стоит установка?", "Работа — 4000 ₽.")).await.unwrap();
    let offers = async || shop.core.recalls(None).await.unwrap();
    // The quote's own words are gone, the edited reply's facts are not.
    shop.until("only the quote", async || offers().await.len() == 1).await;
    assert_eq!(offers().await[0].chat, chat);
    shop.core.keep_reply(offers().await[0].draft).await.unwrap();
    assert!(offers().await.is_empty());
    shop.core.edit_entry(source, entry("Сколько стоит установка?", "Работа — 5000 ₽.")).await.unwrap();
    shop.until("the edited one too", async || offers().await.iter().any(|row| row.chat == other)).await;
}

#[tokio::test]
async fn a_reply_is_offered_back_for_an_hour_and_no_longer() {
    let sim = empty_sim().await;
    let clock = Clock::manual(sim.now() * 1000);
    let shop = Shop::new(sim, Setup { clock: clock.clone(), ..Setup::default() }).await;
    shop.until("live", async || shop.view().await.mode == inbox::view::Mode::Live).await;
    let price = |price: &str| entry("Сколько стоит установка?", &format!("Установка стоит {price} ₽."));
    let source = shop.core.add_entry(price("4 000")).await.unwrap();
    let (avito, chat) = shop.chat("Анна", "Сколько стоит установка?").await;
    shop.until("a draft", async || {
        clock.advance_ms(50);
        draft(&shop, chat).await.is_some_and(|draft| draft.state == DraftState::Ready)
    })
    .await;
    let id = draft(&shop, chat).await.unwrap().id.unwrap();
    shop.core.send_draft(id, None, false).await.unwrap();
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    shop.core.edit_entry(source, price("4 500")).await.unwrap();
    shop.until("the offer", async || shop.core.recalls(None).await.unwrap().len() == 1).await;
    // Avito's clock has gone on by itself meanwhile.
    clock.advance_ms(shop.sim.now() * 1000 - clock.now_ms() + 3_605_000);
    assert!(shop.core.recalls(None).await.unwrap().is_empty());
    assert_eq!(shop.core.recall_reply(id).await.unwrap_err().code(), ErrorCode::TooLateToDelete);
}

#[tokio::test]
async fn a_live_price_that_changes_after_sending_is_offered_back() {
    let shop = Shop::polling().await;
    let item_id = jacket(&shop);
    let double = Double::start().await.unwrap();
    double.set(Mode::Says {
        text: "ANSWERABLE: yes; SOURCES: 0\nЗдравствуйте! Куртка стоит 5 000 ₽.".into(),
    });
    use_model(&shop, &double).await;
    let avito = asks_for_its_price(&shop, item_id);
    let chat = shop.find(&avito).await;
    shop.until("the listing", async || shop.row(chat).await.item_title.is_some()).await;
    let first = made(&shop, chat).await;
    assert!(first.one_key, "{first:?}");
    shop.core.send_draft(first.id.unwrap(), None, false).await.unwrap();
    shop.until("the reply", async || shop.at_avito(&avito).len() == 2).await;
    assert!(shop.core.recalls(Some(chat)).await.unwrap().is_empty());
    assert!(shop.sim.change_item(shop.seller.user_id, item_id, |item| item.price = Some(5500)));
    let row = async || shop.row(chat).await.item_price;
    shop.until("the new price", async || row().await.is_some_and(|price| price.contains("500"))).await;
    let offered = shop.core.recalls(Some(chat)).await.unwrap();
    assert_eq!(offered.len(), 1, "{:?}", draft(&shop, chat).await);
}

#[tokio::test]
async fn past_questions_show_what_a_model_or_a_document_would_change_and_nothing_is_sent() {
    let (shop, source) = with_entry("Установка стоит 4 000 ₽.").await;
    let questions = [("Анна", "Сколько стоит установка?"), ("Борис", "А парковка для грузовика есть?")];
    let mut avito = Vec::new();
    for (buyer, text) in questions {
        let (id, chat) = shop.chat(buyer, text).await;
        made(&shop, chat).await;
        shop.send(chat, if buyer == "Анна" { "Установка 4 000 ₽" } else { "Да, во дворе" }).await;
        gone(&shop, chat).await;
        avito.push(id);
    }
    let past = shop.core.past_questions(10).await.unwrap();
    assert_eq!(past.len(), 2, "{past:?}");
    let price = past.iter().find(|question| question.question.contains("установка")).unwrap();
    let parking = past.iter().find(|question| question.question.contains("парковка")).unwrap();
    assert_eq!((price.reply.as_str(), price.buyer.as_deref()), ("Установка 4 000 ₽", Some("Анна")));
    let double = Double::start().await.unwrap();
    let with = |question: &inbox::view::PastQuestion| {
        let settings = DraftSettings {
            use_model: true,
            base_url: double.base_url(),
            model: MODEL.into(),
            ..DraftSettings::default()
        };
        let secrets = ModelSecrets { key: Some(KEY.into()), ..ModelSecrets::default() };
        shop.core.replay(question.chat, question.message, settings, secrets)
    };
    let same = with(price).await.unwrap();
    assert_eq!(same.before.maker, Some(DraftMaker::Quote), "as it was then: {same:?}");
    assert_eq!(same.after.maker, Some(DraftMaker::Model));
    assert_eq!(same.verdict, ReplayVerdict::Same, "{same:?}");
    double.set(Mode::Says {
        text: "ANSWERABLE: yes; SOURCES: 1\nУстановка всего 1 500 ₽!".into()
    });
    assert_eq!(with(price).await.unwrap().verdict, ReplayVerdict::Unsupported);
    double.set(Mode::Says { text: "ANSWERABLE: no".into() });
    assert_eq!(with(price).await.unwrap().verdict, ReplayVerdict::Worse);
    double.set(Mode::Fails { status: 500, code: String::new(), retry_after: None });
    assert_eq!(with(price).await.unwrap().verdict, ReplayVerdict::Failed);
    assert_eq!(
        shop.core.draft_settings().await.unwrap().trouble,
        None,
        "what is tried is not what is in use"
    );
    // A document alone: without a model, nothing saved.
    let alone = async |question: &inbox::view::PastQuestion| {
        let none = ModelSecrets::default();
        shop.core.replay(question.chat, question.message, DraftSettings::default(), none).await.unwrap()
    };
    assert_eq!(alone(parking).await.verdict, ReplayVerdict::Same);
    tell(&shop, "Есть парковка для грузовика?", "Да, парковка для грузовика есть во дворе.").await;
    assert_eq!(alone(parking).await.verdict, ReplayVerdict::Better);
    shop.core.switch_source_off(source, true).await.unwrap();
    assert_eq!(alone(price).await.verdict, ReplayVerdict::Worse);
    assert!(avito.iter().all(|chat| shop.at_avito(chat).len() == 2), "nothing was sent");
    assert!(!shop.core.draft_settings().await.unwrap().has_key, "and nothing was kept");
}

/// Two questions that the seller answered: one the entry answers, and one nothing does.
async fn with_past(shop: &Shop) -> [PastQuestion; 2] {
    for (buyer, text, reply) in [
        ("Анна", "Сколько стоит установка?", "Установка 4 000 ₽"),
        ("Борис", "А парковка для грузовика есть?", "Да, во дворе"),
    ] {
        let (_, chat) = shop.chat(buyer, text).await;
        made(shop, chat).await;
        shop.send(chat, reply).await;
        gone(shop, chat).await;
    }
    let past = shop.core.past_questions(10).await.unwrap();
    let of = |buyer: &str| past.iter().find(|one| one.buyer.as_deref() == Some(buyer)).unwrap().clone();
    [of("Анна"), of("Борис")]
}

async fn proposed(shop: &Shop, change: KnowledgeChange, question: &PastQuestion) -> ReplayVerdict {
    shop.core.propose_knowledge(change).await.unwrap();
    shop.core.replay_proposed(question.chat, question.message).await.unwrap().verdict
}

#[tokio::test]
async fn a_change_of_knowledge_is_tried_on_past_questions_before_it_is_made() {
    let (shop, source) = with_entry("Установка стоит 4 000 ₽.").await;
    let [price, parking] = with_past(&shop).await;
    let scope = Scope::default();
    let quoted = async |question: &PastQuestion| {
        shop.core.quoted_answer(&scope, &question.question).await.unwrap().is_some_and(|quoted| quoted.given)
    };
    // An entry that is being written.
    let new = entry("Есть парковка для грузовика?", "Да, парковка для грузовика есть во дворе.");
    let write = KnowledgeChange { entry: Some(new), ..KnowledgeChange::default() };
    assert_eq!(proposed(&shop, write.clone(), &parking).await, ReplayVerdict::Better);
    assert_eq!(proposed(&shop, write, &price).await, ReplayVerdict::Same);
    // One that is being changed: its old words are gone there.
    let other = entry("Где вы находитесь?", "Улица Мира, дом 5.");
    let edit = KnowledgeChange { entry: Some(other), edits: Some(source), ..KnowledgeChange::default() };
    assert_eq!(proposed(&shop, edit, &price).await, ReplayVerdict::Worse);
    // A source switched off; a model that goes on saying what it did then has no source for it.
    let off = KnowledgeChange { off: vec![source], ..KnowledgeChange::default() };
    assert_eq!(proposed(&shop, off.clone(), &price).await, ReplayVerdict::Worse);
    let double = Double::start().await.unwrap();
    double.set(Mode::Says {
        text: "ANSWERABLE: yes; SOURCES: 1\nУстановка стоит 4 000 ₽.".into()
    });
    use_model(&shop, &double).await;
    assert_eq!(proposed(&shop, off.clone(), &price).await, ReplayVerdict::Unsupported);
    let asked = double.asked().len();
    assert_eq!(proposed(&shop, off, &parking).await, ReplayVerdict::Same);
    assert_eq!(double.asked().len(), asked + 1, "where both find the same the model is asked once");
    // Nothing of all that has changed what is found.
    assert!(quoted(&price).await && !quoted(&parking).await);
    assert!(shop.core.waiting_drafts(10).await.unwrap().is_empty());
    shop.core.forget_proposed();
    let forgotten = shop.core.replay_proposed(price.chat, price.message).await.unwrap_err();
    assert_eq!(forgotten.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_file_on_trial_is_read_and_not_found_until_it_takes_the_place_of_its_older_form() {
    let (shop, _) = with_entry("Установка стоит 4 000 ₽.").await;
    let [_, parking] = with_past(&shop).await;
    let (core, scope) = (&shop.core, Scope::default());
    let read = async |id| {
        let done = async || core.source_view(id, -1).await.unwrap().row.state == SourceState::Read;
        shop.until("the file is read", done).await;
        core.source_view(id, -1).await.unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let path = file("условия.md", "# Оплата\nПринимаем карты.");
    let old = core.add_files(&scope, vec![path], false).await.unwrap()[0];
    read(old).await;
    let path = file("новое/условия.md", "# Парковка для грузовика\nПарковка для грузовика есть во дворе.");
    let new = core.add_files(&scope, vec![path], true).await.unwrap()[0];
    let view = read(new).await;
    assert!(new != old && view.row.off && view.older == Some(old) && view.row.passages == 1, "{view:?}");
    let found = async |words: &str| core.try_question(&scope, words).await.unwrap().passages;
    assert!(found("парковка для грузовика").await.iter().all(|passage| passage.source != new));
    let change = KnowledgeChange { on: vec![new], off: vec![old], ..KnowledgeChange::default() };
    assert_eq!(proposed(&shop, change, &parking).await, ReplayVerdict::Better);
    assert!(read(new).await.row.off, "trying accepts nothing");
    core.replace_source(new, old).await.unwrap();
    assert_eq!(found("парковка для грузовика").await[0].source, new);
    assert_eq!(core.source_view(old, -1).await.unwrap_err().code(), ErrorCode::NotFound);
    // What a watched folder would bring again is switched off instead.
    let watched = file("папка/условия.md", "# Оплата\nПринимаем карты.");
    core.watch_folder(&scope, watched.parent().unwrap()).await.unwrap();
    let brought = async || {
        let sources = core.knowledge_view(None, "").await.unwrap().sources;
        sources.into_iter().find(|row| row.path.as_deref() == watched.to_str())
    };
    shop.until("the folder's file", async || brought().await.is_some_and(|row| row.passages == 1)).await;
    let brought_id = brought().await.unwrap().id;
    core.replace_source(new, brought_id).await.unwrap();
    assert!(brought().await.unwrap().off);
}

#[tokio::test]
async fn a_rules_template_answers_without_a_model_and_goes_out_once() {
    let shop = Shop::live().await;
    let text = "Здравствуйте! Сейчас мы закрыты, ответим утром.";
    let night =
        RuleSettings { template: text.into(), min_chance: 0.9, delay_s: 0, ..RuleSettings::default() };
    shop.core.save_rule(rule(night)).await.unwrap();
    let (avito, chat) = shop.chat("Анна", "А парковка для грузовика есть?").await;
    shop.until("the template", async || shop.at_avito(&avito).len() == 2).await;
    assert_eq!(shop.at_avito(&avito)[1], text);
    let log = shop.core.automatic_replies(Some(chat), 10).await.unwrap();
    assert_eq!((log.len(), log[0].text.as_str()), (1, text));
    // It does not answer, so the question stays on the list; and the page can tell who wrote it.
    assert_eq!(shop.core.open_questions().await.unwrap().len(), 1);
    shop.until("the mark of the rule", async || {
        let thread = shop.thread(chat).await;
        let marks: Vec<bool> = thread.iter().map(|row| row.automatic).collect();
        marks == [false, true] && thread[1].id.is_some()
    })
    .await;
    // What the knowledge answers is not answered by the template; words choose where it fits.
    tell(&shop, "Сколько стоят линзы?", "Линзы стоят 9 000 ₽ за пару.").await;
    let (known_avito, _) = shop.chat("Борис", "Сколько стоят линзы?").await;
    shop.until("the quote", async || shop.at_avito(&known_avito).len() == 2).await;
    assert!(shop.at_avito(&known_avito)[1].contains("9 000"));
    let rules = shop.core.rules().await.unwrap();
    let words = RuleSettings { template_words: vec!["Доставк".into()], ..rules[0].settings.clone() };
    shop.core.save_rule(Rule { settings: words, ..rules[0].clone() }).await.unwrap();
    let (_, without) = shop.chat("Вера", "Есть ли у вас шиномонтаж?").await;
    assert_eq!(made(&shop, without).await.maker, DraftMaker::Holding);
    let (with_avito, _) = shop.chat("Глеб", "А как с доставкой в Омск?").await;
    shop.until("its word", async || shop.at_avito(&with_avito).len() == 2).await;
    assert!(
        !shop
            .core
            .open_questions()
            .await
            .unwrap()
            .iter()
            .any(|group| group.questions[0].text.contains("доставкой"))
    );
}

#[tokio::test]
async fn the_past_tells_what_a_threshold_would_have_sent() {
    let shop = shop().await;
    for (buyer, change) in
        [("Анна", None), ("Борис", None), ("Вера", Some("Девять тысяч за пару, приезжайте завтра в гараж"))]
    {
        let (_, chat) = shop.chat(buyer, "Сколько стоят линзы?").await;
        let id = made(&shop, chat).await.id.unwrap();
        shop.core.send_draft(id, change.map(str::to_owned), false).await.unwrap();
        gone(&shop, chat).await;
    }
    let (_, chat) = shop.chat("Глеб", "Сколько стоят линзы?").await;
    let id = made(&shop, chat).await.id;
    shop.core.dismiss_draft(chat, id, None).await.unwrap();
    let levels = shop.core.rule_levels(rule(eager())).await.unwrap();
    let lowest = levels[0];
    assert_eq!((lowest.drafts, lowest.as_is, lowest.edited, lowest.dismissed), (4, 2, 1, 1), "{levels:?}");
    assert!(
        levels
            .windows(2)
            .all(|pair| pair[0].drafts >= pair[1].drafts && pair[0].min_chance < pair[1].min_chance)
    );
    let stopped = RuleSettings { stop_words: vec!["линзы".into()], ..eager() };
    assert_eq!(shop.core.rule_levels(rule(stopped)).await.unwrap()[0].drafts, 0);
}

#[tokio::test]
async fn more_work_than_memory_holds_is_done_by_as_many_workers_as_the_seller_allows() {
    let shop = shop().await;
    let double = Double::start().await.unwrap();
    // Long enough for every worker to begin before the first has ended.
    double.set(Mode::Slow { wait_ms: 3000 });
    use_model(&shop, &double).await;
    let small = DraftSettings { workers: 2, queue: 5, ..shop.core.draft_settings().await.unwrap().settings };
    shop.core.save_draft_settings(small, ModelSecrets::default()).await.unwrap();
    let chats: Vec<String> = (0..30)
        .map(|number| shop.add_chat(&format!("Покупатель {number}"), "Сколько стоят линзы?"))
        .collect();
    shop.until("two at once", async || double.most_at_once() == 2).await;
    double.set(Mode::Slow { wait_ms: 15 });
    shop.until("every draft", async || shop.core.waiting_drafts(500).await.unwrap().len() == chats.len())
        .await;
    assert_eq!(double.most_at_once(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chat_that_waits_gets_a_draft_when_drafts_are_switched_on() {
    let shop = shop().await;
    let settings = shop.core.draft_settings().await.unwrap().settings;
    let switch = async |on: bool| {
        let settings = DraftSettings { on, ..settings.clone() };
        shop.core.save_draft_settings(settings, ModelSecrets::default()).await.unwrap();
    };
    switch(false).await;
    // More than are looked at in one piece.
    let before = shop.list().await.len();
    for number in 0..120 {
        shop.add_chat(&format!("Покупатель {number}"), "Сколько стоят линзы?");
    }
    shop.until("every chat is known", async || shop.list().await.len() == before + 120).await;
    assert!(shop.core.waiting_drafts(500).await.unwrap().is_empty());
    // Nothing that comes from Avito may draw attention to a chat.
    shop.sim.pause().await;
    switch(true).await;
    shop.until("every draft", async || shop.core.waiting_drafts(500).await.unwrap().len() == 120).await;
}
