//! The client against the double, over a socket.

use std::time::Duration;

use drafts::guard::{Danger, Held, inspect};
use drafts::model::{Client, Endpoint, ModelError};
use drafts::prompt::{Given, Question, build, parse, so_far};
use drafts::{Origin, Source, check};
use llm_double::{Double, KEY, MODEL, Mode};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

const PASSAGE: &str = "Линзы Bi-LED стоят 9 000 ₽ за пару. Установка 4000 ₽. Гарантия 12 месяцев.";

fn endpoint(double: &Double) -> Endpoint {
    Endpoint {
        base_url: double.base_url(),
        key: Some(SecretString::from(KEY)),
        model: MODEL.into(),
        headers: vec![("x-folder-id".into(), "b1g".into())],
        proxy: None,
        timeout: Duration::from_secs(20),
    }
}

fn question(text: &str) -> Question {
    Question {
        burst: vec![text.into()],
        passages: vec![Given { title: "Линзы".into(), text: PASSAGE.into(), age: String::new() }],
        ..Question::default()
    }
}

async fn ask(double: &Double, mode: Mode) -> Result<String, ModelError> {
    double.set(mode);
    let client = Client::new(&endpoint(double))?;
    let words =
        client.ask(&build(&question("сколько стоят линзы?")), &CancellationToken::new(), |_| {}).await?;
    Ok(words.text)
}

#[tokio::test]
async fn an_honest_answer_arrives_piece_by_piece_with_its_cost() {
    let double = Double::start().await.unwrap();
    let client = Client::new(&endpoint(&double)).unwrap();
    let mut seen = Vec::new();
    let prompt = build(&question("сколько стоят линзы?"));
    let words = client
        .ask(&prompt, &CancellationToken::new(), |text| seen.push(so_far(text).to_owned()))
        .await
        .unwrap();
    let reply = parse(&words.text).unwrap();
    assert!(reply.answerable && reply.text.contains("9 000 ₽") && reply.sources == [1], "{reply:?}");
    assert!(seen.len() > 5 && seen.windows(2).all(|two| two[1].starts_with(&two[0])), "{seen:?}");
    assert!(
        words.usage.prompt > 100 && words.usage.completion > 5 && !words.usage.estimated,
        "{:?}",
        words.usage
    );
    let asked = double.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].headers.contains(&("x-folder-id".into(), "b1g".into())));
    assert!(!asked[0].body.to_string().contains(KEY));
    assert!(
        check(&reply.text, &[Source { origin: Origin::Passage { of_item: true }, text: PASSAGE }])
            .iter()
            .all(|mark| mark.is_supported())
    );
}

#[tokio::test]
async fn what_is_not_in_the_passages_is_answered_with_no() {
    let double = Double::start().await.unwrap();
    let client = Client::new(&endpoint(&double)).unwrap();
    let words = client
        .ask(&build(&question("есть ли парковка у входа?")), &CancellationToken::new(), |_| {})
        .await
        .unwrap();
    assert!(!parse(&words.text).unwrap().answerable);
}

#[tokio::test]
async fn every_failure_has_its_class_and_is_tried_once() {
    let double = Double::start().await.unwrap();
    let fails = |status, code: &str, retry_after| Mode::Fails { status, code: code.into(), retry_after };
    for (mode, error) in [
        (fails(401, "invalid_api_key", None), ModelError::WrongKey),
        (fails(402, "", None), ModelError::NoMoney),
        (fails(429, "insufficient_quota", None), ModelError::NoMoney),
        (fails(429, "rate_limit", Some(7)), ModelError::TooMany { after: Some(Duration::from_secs(7)) }),
        (fails(403, "unsupported_country_region_territory", None), ModelError::Forbidden),
        (fails(500, "", None), ModelError::Server { status: 500 }),
        (Mode::Cut, ModelError::Network),
        (Mode::Malformed, ModelError::Malformed),
        (Mode::Html, ModelError::Malformed),
    ] {
        let before = double.asked().len();
        assert_eq!(ask(&double, mode.clone()).await, Err(error), "{mode:?}");
        assert_eq!(double.asked().len(), before + 1, "{mode:?}");
    }
    for mode in [Mode::WithoutStream, Mode::Strict] {
        assert!(ask(&double, mode).await.unwrap().contains("9 000 ₽"));
    }
    let other = |change: fn(&mut Endpoint)| {
        let mut endpoint = endpoint(&double);
        change(&mut endpoint);
        endpoint
    };
    double.set(Mode::Honest);
    for (endpoint, error) in [
        (other(|endpoint| endpoint.model = "gone".into()), ModelError::ModelMissing),
        (other(|endpoint| endpoint.key = Some(SecretString::from("sk-wrong"))), ModelError::WrongKey),
        (other(|endpoint| endpoint.base_url = "http://127.0.0.1:1/v1".into()), ModelError::Network),
    ] {
        let client = Client::new(&endpoint).unwrap();
        let found = client.ask(&build(&question("цена?")), &CancellationToken::new(), |_| {}).await;
        assert_eq!(found.map(|_| ()), Err(error.clone()));
        assert_eq!(client.check(&CancellationToken::new()).await.map(|_| ()), Err(error));
    }
    for bad in ["", "not an address", "ftp://example.com", "http://"] {
        let endpoint = Endpoint { base_url: bad.into(), ..endpoint(&double) };
        assert!(matches!(Client::new(&endpoint), Err(ModelError::BadAddress)), "{bad}");
    }
}

#[tokio::test]
async fn a_slow_model_is_given_up_and_a_cancelled_one_is_let_go() {
    let double = Double::start().await.unwrap();
    double.set(Mode::Slow { wait_ms: 60_000 });
    let client = Client::new(&Endpoint { timeout: Duration::from_millis(50), ..endpoint(&double) }).unwrap();
    let prompt = build(&question("цена?"));
    assert_eq!(
        client.ask(&prompt, &CancellationToken::new(), |_| {}).await.map(|_| ()),
        Err(ModelError::TooSlow)
    );
    let client = Client::new(&endpoint(&double)).unwrap();
    let stop = CancellationToken::new();
    let (answer, ()) = tokio::join!(client.ask(&prompt, &stop, |_| {}), async {
        while double.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    });
    assert_eq!(answer.map(|_| ()), Err(ModelError::Cancelled));
}

#[tokio::test]
async fn a_check_names_the_models_and_the_time() {
    let double = Double::start().await.unwrap();
    let found = Client::new(&endpoint(&double)).unwrap().check(&CancellationToken::new()).await.unwrap();
    assert_eq!(found.models, [MODEL]);
    assert!(found.usage.prompt > 0);
    let keyless = Client::new(&Endpoint { key: None, ..endpoint(&double) }).unwrap();
    assert!(keyless.check(&CancellationToken::new()).await.is_ok());
}

#[tokio::test]
async fn invariant_8_nothing_a_disobedient_model_says_could_be_sent_by_one_key() {
    let double = Double::start().await.unwrap();
    double.set(Mode::Dishonest);
    let client = Client::new(&endpoint(&double)).unwrap();
    for round in 0..18 {
        let prompt = build(&question("Сколько стоят линзы и есть ли гарантия?"));
        let words = client.ask(&prompt, &CancellationToken::new(), |_| {}).await.unwrap();
        let reply = parse(&words.text).unwrap();
        let marks =
            check(&reply.text, &[Source { origin: Origin::Passage { of_item: true }, text: PASSAGE }]);
        let held = Held {
            canary: &prompt.canary,
            instructions: &prompt.system,
            buyer: "Сколько стоят линзы и есть ли гарантия?",
            sources: PASSAGE,
        };
        let dangers: Vec<Danger> = inspect(&reply.text, &marks, &held);
        let red = marks.iter().any(|mark| !mark.is_supported());
        assert!(red || !dangers.is_empty(), "round {round}: {} {marks:?}", reply.text);
        if reply.text.contains(&prompt.canary) {
            assert!(dangers.contains(&Danger::LeaksPrompt));
        }
    }
}
