//! The program behind `cargo xtask eval`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use eval::answers::{Answered, answer_all, attack, line, shares};
use eval::fit::{Example, calibration, crossed, crossed_on_line, fit, found_line};
use eval::metrics::{Ranking, auroc, percentile, ranking};
use eval::model::{Figures, Model};
use eval::run::{Retrieved, bases, give_vectors, read_vectors, retrieve_meant};
use eval::set::Set;
use knowledge::Evidence;

/// Measures retrieval and answers on a set of buyers' questions; no network, no model.
#[derive(Parser)]
#[command(name = "cargo xtask eval")]
struct Arguments {
    /// The folder of the set: corpus.jsonl, queries.jsonl, qrels.tsv and, if there are attacks, injections.jsonl.
    #[arg(long)]
    set: PathBuf,
    /// Where run.tsv, answers.jsonl and attacks.jsonl are written.
    #[arg(long)]
    out: PathBuf,
    /// Questions instead of queries.jsonl of the set.
    #[arg(long)]
    queries: Option<PathBuf>,
    /// Vectors of questions and passages, lines of `{"text": …, "vector": […]}`: retrieval by words and meaning together.
    #[arg(long)]
    vectors: Option<PathBuf>,
    /// Also fit the weights of the grounds anew, and show how they do on shops they were not fitted on.
    #[arg(long)]
    fit: bool,
    /// Instead ask all of it through the app's own drafting, with the model at this base address (with the version's path).
    #[arg(long)]
    llm: Option<String>,
    /// The model's name there.
    #[arg(long, default_value = "double-1")]
    llm_model: String,
    /// Its key.
    #[arg(long, env = "PRILAVOK_EVAL_KEY", hide_env_values = true, default_value = "")]
    llm_key: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let set = Set::read(&arguments.set, arguments.queries.as_deref())?;
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("{}", arguments.out.display()))?;
    let write = |name: &str, text: &str| {
        let path = arguments.out.join(name);
        std::fs::write(&path, text).with_context(|| format!("{}", path.display()))
    };
    if let Some(url) = arguments.llm {
        let model = Model { url, name: arguments.llm_model, key: arguments.llm_key };
        let figures = eval::model::run(&set, &model)?;
        write("model-answers.jsonl", &figures.answers)?;
        write("model-attacks.jsonl", &figures.attacks)?;
        return show_model(&mut std::io::stdout().lock(), &figures);
    }
    let mut bases = bases(&set)?;
    let mut out = std::io::stdout().lock();
    let vectors = arguments.vectors.as_deref().map(read_vectors).transpose()?;
    if let Some(vectors) = &vectors {
        give_vectors(&mut bases, vectors)?;
    }
    let retrieved = retrieve_meant(&set, &mut bases, vectors.as_ref())?;
    write("run.tsv", &retrieved.lines)?;
    show_retrieval(&mut out, &set, &retrieved)?;
    if !set.has_answers() {
        return Ok(());
    }
    let answered = answer_all(&set, &mut bases)?;
    let lines = set
        .questions
        .iter()
        .zip(&answered)
        .map(|(question, answer)| line(&question.id, answer.answer.as_ref()));
    write("answers.jsonl", &lines.collect::<String>())?;
    show_answers(&mut out, &set, &answered)?;
    if !set.attacks.is_empty() {
        let attacks = attack(&set, &mut bases)?;
        write("attacks.jsonl", &attacks.lines)?;
        let (all, quoted, fair, right) =
            (set.attacks.len(), attacks.quoted, attacks.fair, attacks.fair_right);
        writeln!(
            out,
            "\nattacks: {all}; answered with a quote {quoted}; with a fair question {fair}, answered right {right}"
        )?;
    }
    if arguments.fit {
        show_fit(&mut out, &set, &answered)?;
    }
    Ok(())
}

fn show_model(out: &mut impl Write, figures: &Figures) -> Result<()> {
    for (what, part, of) in &figures.rows {
        #[expect(clippy::cast_precision_loss, reason = "counts of questions")]
        let share = if *of == 0 { 0.0 } else { 100.0 * *part as f64 / *of as f64 };
        writeln!(out, "{what:<38} {part:>4} of {of:>4}  {share:>5.1} %")?;
    }
    let milliseconds = |share| percentile(&figures.took, share).unwrap_or(0.0);
    writeln!(out, "one draft: p50 {:.0} ms, p95 {:.0} ms", milliseconds(0.5), milliseconds(0.95))?;
    anyhow::ensure!(figures.harmful.is_empty(), "harmful and sendable: {}", figures.harmful.join(" "));
    Ok(())
}

fn show_retrieval(out: &mut impl Write, set: &Set, retrieved: &Retrieved) -> Result<()> {
    writeln!(
        out,
        "{:<10} {:>5}  {:>6} {:>6} {:>6} {:>6} {:>7} {:>8}",
        "shop", "asked", "R@1", "R@3", "R@5", "R@10", "MRR@10", "nDCG@10"
    )?;
    let mut line = |name: &str, found: Ranking| {
        let [one, three, five, ten] = found.recall;
        let (mrr, ndcg) = (found.mrr, found.ndcg);
        writeln!(
            out,
            "{name:<10} {:>5}  {one:>6.3} {three:>6.3} {five:>6.3} {ten:>6.3} {mrr:>7.3} {ndcg:>8.3}",
            found.questions
        )
    };
    let answerable = || set.questions.iter().filter(|question| question.is_answerable());
    for shop in eval::answers::shops(&set.questions).into_iter().filter(|shop| !shop.is_empty()) {
        line(
            shop,
            ranking(&retrieved.run, &set.judged, answerable().filter(|question| question.shop == *shop)),
        )?;
    }
    line("all", ranking(&retrieved.run, &set.judged, answerable()))?;
    let milliseconds =
        |share| percentile(&retrieved.latency, share).map_or(0.0, |microseconds| microseconds / 1000.0);
    writeln!(out, "latency: p50 {:.2} ms, p95 {:.2} ms", milliseconds(0.5), milliseconds(0.95))?;
    let top = |answerable: bool| -> Vec<f64> {
        let questions = set.questions.iter().filter(|question| question.is_answerable() == answerable);
        let first =
            |id: &String| retrieved.run.get(id).and_then(|found| found.first()).map_or(-1.0, |hit| hit.1);
        questions.map(|question| first(&question.id)).collect()
    };
    if let Some(auroc) = auroc(&top(true), &top(false)) {
        writeln!(out, "first score tells answerable from not: AUROC {auroc:.3}")?;
    }
    Ok(())
}

fn show_answers(out: &mut impl Write, set: &Set, answered: &[Answered]) -> Result<()> {
    let shares = shares(set, answered);
    writeln!(out)?;
    let mut row = |what: &str, part: usize, of: usize| {
        #[expect(clippy::cast_precision_loss, reason = "counts of questions")]
        let share = if of == 0 { 0.0 } else { 100.0 * part as f64 / of as f64 };
        writeln!(out, "{what:<38} {part:>4} of {of:>4}  {share:>5.1} %")
    };
    row("answerable questions answered", shares.answered, shares.answerable)?;
    row("  all facts right", shares.right, shares.answered)?;
    row("  the right passage cited", shares.cited_right, shares.answered)?;
    row("unanswerable questions answered", shares.unanswerable_answered, shares.unanswerable)?;
    row("  near misses answered", shares.near_answered, shares.near)?;
    let confidence = |answerable: bool| -> Vec<f64> {
        let both = set.questions.iter().zip(answered);
        both.filter(|(question, _)| question.is_answerable() == answerable)
            .map(|(_, answer)| answer.confidence())
            .collect()
    };
    if let Some(auroc) = auroc(&confidence(true), &confidence(false)) {
        writeln!(out, "confidence tells answerable from not: AUROC {auroc:.3}")?;
    }
    let stated: Vec<f64> = answered.iter().map(Answered::confidence).collect();
    show_calibration(out, &stated, &answered.iter().map(|answer| answer.right).collect::<Vec<_>>())
}

fn show_calibration(out: &mut impl Write, stated: &[f64], right: &[bool]) -> Result<()> {
    writeln!(out, "{:<12} {:>5} {:>7} {:>7}", "confidence", "asked", "stated", "found")?;
    for (from, to, count, stated, found) in calibration(stated, right) {
        writeln!(out, "{from:.1} to {to:.1}   {count:>5} {stated:>7.2} {found:>7.2}")?;
    }
    Ok(())
}

/// How many times an unanswerable question counts in fitting: the sets have fewer of them than a seller's chats.
const UNANSWERABLE: f64 = 2.0;

fn show_fit(out: &mut impl Write, set: &Set, answered: &[Answered]) -> Result<()> {
    let (questions, examples): (Vec<_>, Vec<Example>) = set
        .questions
        .iter()
        .zip(answered)
        .filter_map(|(question, answered)| {
            let grounds = answered.answer.as_ref()?.evidence.grounds();
            let grounds = grounds.iter().map(|(_, value)| f64::from(*value)).collect();
            let times = if question.is_answerable() { 1.0 } else { UNANSWERABLE };
            Some((question, Example { shop: question.shop.clone(), grounds, right: answered.right, times }))
        })
        .unzip();
    let weights = fit(examples.iter());
    writeln!(out, "\nfitted on all shops: start {:.2}", weights.start)?;
    for ((name, _), weight) in Evidence::default().grounds().iter().zip(&weights.grounds) {
        writeln!(out, "  {name:<10} {weight:>6.2}")?;
    }
    writeln!(out, "each shop by weights fitted on the others:")?;
    let stated = crossed(&examples);
    let right = examples.iter().map(|example| example.right).collect::<Vec<_>>();
    show_calibration(out, &stated, &right)?;
    writeln!(out, "… and on the line of what was found in the others:")?;
    show_calibration(out, &crossed_on_line(&examples, &stated), &right)?;
    let strengths: Vec<f64> =
        answered.iter().filter_map(|one| Some(f64::from(one.answer.as_ref()?.strength))).collect();
    writeln!(out, "line of the strengths that the app's weights give:")?;
    for (strength, found) in found_line(&strengths, &right) {
        writeln!(out, "  {strength:.2} {found:.2}")?;
    }
    writeln!(out, "given from   answered   right   unanswerable   near misses   (% of each)")?;
    for given in [0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8] {
        let of = |all: &dyn Fn(usize) -> bool, some: &dyn Fn(usize) -> bool| {
            let inside: Vec<usize> = (0..examples.len()).filter(|at| all(*at)).collect();
            #[expect(clippy::cast_precision_loss, reason = "counts of questions")]
            let share = inside.iter().filter(|at| some(**at)).count() as f64 / inside.len().max(1) as f64;
            100.0 * share
        };
        let given_at = |at: usize| stated[at] >= given;
        let (answerable, near) =
            (|at: usize| questions[at].is_answerable(), |at: usize| questions[at].near_miss);
        let answered = of(&answerable, &given_at);
        let right = of(&|at| answerable(at) && given_at(at), &|at| examples[at].right);
        let (wrong, nearly) = (of(&|at| !answerable(at), &given_at), of(&near, &given_at));
        writeln!(out, "{given:>10.2} {answered:>10.1} {right:>7.1} {wrong:>14.1} {nearly:>13.1}")?;
    }
    Ok(())
}
