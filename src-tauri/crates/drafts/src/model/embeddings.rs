//! Vectors of texts from an embedding model.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::client::{Client, Usage, estimate, read_usage};
use super::error::ModelError;

/// What a text is: some models read questions and passages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// A buyer's question.
    Question,
    /// A passage of the seller's knowledge.
    Passage,
}

/// Vectors in the order of the texts, all of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The vectors.
    pub vectors: Vec<Vec<f32>>,
    /// What it took.
    pub usage: Usage,
}

/// Characters of a text that are sent; passages are far shorter, and models cut at some 500 words.
const TEXT_LIMIT: usize = 4000;
/// Numbers a vector may have.
const LONGEST: usize = 8192;

impl Client {
    /// Asks for the vectors of these texts.
    ///
    /// # Errors
    /// Every [`ModelError`].
    pub async fn embed(
        &self,
        reads: Reads,
        texts: &[&str],
        stop: &CancellationToken,
    ) -> Result<Embedded, ModelError> {
        let (model, prefix) = addressed(&self.model, reads);
        let input: Vec<String> = texts
            .iter()
            .map(|text| format!("{prefix}{}", text.chars().take(TEXT_LIMIT).collect::<String>()))
            .collect();
        let request = json!({"model": model, "input": input, "encoding_format": "float"});
        let asked = async {
            let answer: Result<Value, _> = self.api.embeddings().create_byot(&request).await;
            match answer.map_err(ModelError::from) {
                // Not every server knows the format's name; floats are what all of them give.
                Err(ModelError::Refused { status: 400 | 422 }) => {
                    let plain = json!({"model": model, "input": input});
                    Ok(self.api.embeddings().create_byot::<_, Value>(&plain).await?)
                }
                answer => answer,
            }
        };
        let answer = tokio::select! {
            () = stop.cancelled() => Err(ModelError::Cancelled),
            answer = tokio::time::timeout(self.timeout, asked) => answer.unwrap_or(Err(ModelError::TooSlow)),
        }?;
        let vectors = read(&answer, texts.len()).ok_or(ModelError::Malformed)?;
        let said = || {
            let prompt =
                answer.pointer("/usage/prompt_tokens").or_else(|| answer.pointer("/usage/total_tokens"));
            let prompt = prompt.and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok())?;
            Some(Usage { prompt, completion: 0, estimated: false })
        };
        let usage = read_usage(&answer).or_else(said).unwrap_or_else(|| estimate(texts, ""));
        Ok(Embedded { vectors, usage: Usage { completion: 0, ..usage } })
    }
}

/// Model and words before a text, as the makers of the model want them: E5 was trained with prefixes, Yandex has a model for each.
fn addressed(model: &str, reads: Reads) -> (String, &'static str) {
    let name = model.to_lowercase();
    let e5 = name.split(|c: char| !c.is_alphanumeric()).any(|part| part == "e5");
    let prefix = match reads {
        Reads::Question if e5 => "query: ",
        Reads::Passage if e5 => "passage: ",
        _ => "",
    };
    let model = match reads {
        Reads::Question => model.replace("text-search-doc", "text-search-query"),
        Reads::Passage => model.replace("text-search-query", "text-search-doc"),
    };
    (model, prefix)
}

/// One vector for each text, in their order whatever the order of the answer.
fn read(answer: &Value, count: usize) -> Option<Vec<Vec<f32>>> {
    let data = answer.get("data")?.as_array().filter(|data| data.len() == count)?;
    let mut vectors = vec![Vec::new(); count];
    for (at, one) in data.iter().enumerate() {
        let at = match one.get("index") {
            Some(index) => usize::try_from(index.as_u64()?).ok()?,
            None => at,
        };
        let numbers = one.get("embedding")?.as_array()?;
        #[expect(clippy::cast_possible_truncation, reason = "a vector's numbers are small")]
        let numbers: Option<Vec<f32>> = numbers.iter().map(|number| Some(number.as_f64()? as f32)).collect();
        *vectors.get_mut(at)? = numbers.filter(|numbers| (1..=LONGEST).contains(&numbers.len()))?;
    }
    let size = vectors.first().map_or(0, Vec::len);
    vectors.iter().all(|vector| !vector.is_empty() && vector.len() == size).then_some(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_in_the_order_of_the_texts_and_nothing_half_is_taken() {
        let read = |data: Value| read(&json!({ "data": data }), 2);
        let (one, two) =
            (json!({"index": 0, "embedding": [1, 0]}), json!({"index": 1, "embedding": [0, 1.5]}));
        assert_eq!(read(json!([two, one])), Some(vec![vec![1.0, 0.0], vec![0.0, 1.5]]));
        assert_eq!(read(json!([one])), None);
        assert_eq!(read(json!([one, one])), None);
        assert_eq!(read(json!([one, {"index": 1, "embedding": [1]}])), None);
        assert_eq!(read(json!([one, {"index": 7, "embedding": [1, 1]}])), None);
        assert_eq!(read(json!([one, {"index": 1, "embedding": ["a", 1]}])), None);
    }

    #[test]
    fn models_that_want_questions_and_passages_told_apart_are_told() {
        let to = |model: &str, reads| addressed(model, reads);
        assert_eq!(to("intfloat/multilingual-e5-small", Reads::Question).1, "query: ");
        assert_eq!(to("multilingual-e5-base", Reads::Passage).1, "passage: ");
        assert_eq!(to("text-embedding-3-small", Reads::Question), ("text-embedding-3-small".into(), ""));
        assert_eq!(
            to("emb://b1g/text-search-doc/latest", Reads::Question).0,
            "emb://b1g/text-search-query/latest"
        );
    }
}
