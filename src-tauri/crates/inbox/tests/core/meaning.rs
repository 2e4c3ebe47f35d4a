//! Finding by meaning: an embedding model helps where words say little, and is missed by nobody when it fails.

use std::time::Duration;

use inbox::view::{DraftSettings, MeaningView, ModelSecrets, ModelTrouble};
use inbox::{Core, SourceId};
use llm_double::{Double, KEY, MODEL, Mode};

use crate::knowledge::{core, everywhere, found, question};
use crate::support::until;

async fn use_embeddings(core: &Core, double: &Double, model: &str) {
    let settings = DraftSettings {
        use_model: true,
        base_url: double.base_url(),
        model: MODEL.into(),
        embeddings_model: model.into(),
        ..DraftSettings::default()
    };
    let secrets = ModelSecrets { key: Some(KEY.into()), ..ModelSecrets::default() };
    core.save_draft_settings(settings, secrets).await.unwrap();
}

async fn meaning(core: &Core) -> Option<MeaningView> {
    core.knowledge_view(None, "").await.unwrap().meaning
}

async fn ready(core: &Core) {
    until(core, "every passage has its vector", async || {
        meaning(core).await.is_some_and(|meaning| meaning.all > 0 && meaning.ready == meaning.all)
    })
    .await;
}

/// What was asked of the embedding model: the texts.
fn embedded(double: &Double) -> Vec<String> {
    let asked = double.asked().into_iter().filter(|asked| asked.path == "/v1/embeddings");
    let texts = asked.flat_map(|asked| asked.body["input"].as_array().cloned().unwrap_or_default());
    texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// A shop of which a question about rust shares no word with the entry that answers.
async fn tell(core: &Core) -> SourceId {
    for (title, text) in [
        ("Как забрать?", "Самовывоз на Лесной улице каждый день после обеда."),
        ("Чем платить?", "Наличными или переводом при встрече."),
        ("Подшипник 6204", "Подшипник 6204 внутренний диаметр 20 миллиметров, цена 150 рублей."),
        ("Подшипник 6205", "Подшипник 6205 внутренний диаметр 25 миллиметров, цена 180 рублей."),
        ("Когда отправите?", "Посылки уходят в понедельник и четверг утром."),
    ] {
        core.add_entry(question(title, text, everywhere())).await.unwrap();
    }
    let entry = question("Кузов", "Окисления металла нигде нету, днище обработано мастикой.", everywhere());
    core.add_entry(entry).await.unwrap()
}

const ASKED: &str = "коррозия имеется?";

#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_common_words_is_found_by_meaning_and_part_numbers_by_words_alone() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let body = tell(&core).await;
    assert_eq!(meaning(&core).await, None, "off by default");
    assert_ne!(found(&core, &everywhere(), ASKED).await.first().map(|passage| passage.source), Some(body));
    let double = Double::start().await.unwrap();
    use_embeddings(&core, &double, "embed-1").await;
    ready(&core).await;
    let first = found(&core, &everywhere(), ASKED).await.remove(0);
    assert!(first.source == body && first.by_meaning, "{first:?}");
    // An entry added later takes part as soon as it has its vector.
    let before = embedded(&double).len();
    core.add_entry(question("Обмен", "Меняться не буду.", everywhere())).await.unwrap();
    ready(&core).await;
    assert_eq!(embedded(&double).len(), before + 1, "only the new one is sent");
    // A part number is a matter of words: nobody is asked.
    let before = embedded(&double).len();
    let bearing = found(&core, &everywhere(), "6205 есть?").await.remove(0);
    assert!(bearing.text.contains("6205") && !bearing.by_meaning, "{bearing:?}");
    assert_eq!(embedded(&double).len(), before);
    // What it took is counted like every other call.
    assert!(core.draft_settings().await.unwrap().today.calls > 1);
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_leaves_words_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let body = tell(&core).await;
    let double = Double::start().await.unwrap();
    use_embeddings(&core, &double, "embed-1").await;
    ready(&core).await;
    double.set(Mode::Fails { status: 503, code: String::new(), retry_after: None });
    let passages = found(&core, &everywhere(), ASKED).await;
    assert!(passages.first().is_none_or(|passage| passage.source != body), "{passages:?}");
    assert!(found(&core, &everywhere(), "самовывоз").await[0].text.contains("Лесной"));
    assert_eq!(meaning(&core).await.unwrap().trouble, Some(ModelTrouble::Server));
    // For a while it is left alone, so that questions do not wait for it.
    let asked = embedded(&double).len();
    found(&core, &everywhere(), "ржавчина на кузове видна?").await;
    assert_eq!(embedded(&double).len(), asked);
    // A wrong key is said as such, and a right one heals it without a restart.
    double.set(Mode::Honest);
    let wrong = ModelSecrets { key: Some("sk-wrong".into()), ..ModelSecrets::default() };
    let settings = core.draft_settings().await.unwrap().settings;
    core.save_draft_settings(DraftSettings { embeddings_model: "embed-2".into(), ..settings }, wrong)
        .await
        .unwrap();
    let trouble = async |trouble| meaning(&core).await.is_some_and(|meaning| meaning.trouble == trouble);
    until(&core, "the key is refused", async || trouble(Some(ModelTrouble::WrongKey)).await).await;
    use_embeddings(&core, &double, "embed-2").await;
    ready(&core).await;
    until(&core, "nothing hinders it", async || trouble(None).await).await;
    assert_eq!(found(&core, &everywhere(), ASKED).await[0].source, body);
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_means_other_vectors_and_knowledge_is_of_use_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let body = tell(&core).await;
    let double = Double::start().await.unwrap();
    use_embeddings(&core, &double, "embed-1").await;
    ready(&core).await;
    double.set(Mode::Slow { wait_ms: 600_000 });
    use_embeddings(&core, &double, "embed-2").await;
    until(&core, "the new model is asked", async || {
        double.asked().iter().any(|asked| asked.body["model"] == "embed-2")
    })
    .await;
    assert_eq!(meaning(&core).await.unwrap().ready, 0);
    let scope = everywhere();
    let words = tokio::time::timeout(Duration::from_secs(30), found(&core, &scope, "самовывоз есть?"));
    assert!(words.await.expect("no waiting for the model")[0].text.contains("Лесной"));
    double.set(Mode::Honest);
    // Saved once more: the call that hangs is given up, as after a mistyped address.
    core.close().await;
    let core = crate::knowledge::core(&folder).await;
    use_embeddings(&core, &double, "embed-2").await;
    ready(&core).await;
    assert_eq!(found(&core, &everywhere(), ASKED).await[0].source, body);
    core.close().await;
}
