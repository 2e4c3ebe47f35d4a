//! The comparison must fail on what it is there to find: a proof that cannot fail proves nothing.

use super::*;

fn held(id: &str, author: Author, text: &str) -> Held {
    Held {
        id: id.to_owned(),
        author,
        outgoing: author != Author::Other,
        created_s: 100,
        note: false,
        words: Words::Text(text.to_owned()),
    }
}

fn bubble(standing: Standing, reply: Option<i64>, outgoing: bool, text: &str) -> Shown {
    Shown { standing, reply, outgoing, words: ShownWords::Text(text.to_owned()) }
}

fn message(id: &str, reply: Option<i64>, outgoing: bool, text: &str) -> Shown {
    bubble(Standing::Message(id.to_owned()), reply, outgoing, text)
}

fn approved(reply: Option<i64>, text: &str) -> Approved {
    Approved { reply, words: Words::Text(text.to_owned()) }
}

/// A question, two equal replies, one from the phone: all well.
fn well() -> Sides {
    Sides {
        held: vec![
            held("a", Author::Other, "Продаёте?"),
            held("b", Author::Program, "Да"),
            held("c", Author::Program, "Да"),
            held("d", Author::Phone, "Да"),
        ],
        shown: vec![
            message("a", None, false, "Продаёте?"),
            message("b", Some(1), true, "Да"),
            message("c", Some(2), true, "Да"),
            message("d", None, true, "Да"),
        ],
        approved: vec![approved(Some(1), "Да"), approved(Some(2), "Да")],
    }
}

fn kinds(sides: &Sides) -> Vec<Kind> {
    compare(sides).differences.into_iter().map(|difference| difference.kind).collect()
}

#[test]
fn two_equal_sides_have_no_difference() {
    let findings = compare(&well());
    assert!(findings.differences.is_empty(), "{findings:?}");
    assert_eq!((findings.messages, findings.sent, findings.parked, findings.taken_for_phone), (4, 2, 0, 0));
}

#[test]
fn a_message_that_is_not_shown_is_lost() {
    let mut sides = well();
    sides.shown.remove(0);
    let findings = compare(&sides);
    assert_eq!(findings.differences.len(), 1, "{findings:?}");
    assert_eq!(
        (findings.differences[0].kind, &findings.differences[0].messages[..]),
        (Kind::Lost, &["a".to_owned()][..])
    );
}

#[test]
fn a_reply_that_never_reached_avito_is_lost_unless_it_is_parked() {
    let mut sides = well();
    sides.held.remove(2);
    sides.shown.remove(2);
    assert_eq!(kinds(&sides), [Kind::Lost, Kind::Lost], "the reply is gone, and one «Да» of two is missing");
    sides.shown.push(bubble(Standing::Parked("unproved".to_owned()), Some(2), true, "Да"));
    let findings = compare(&sides);
    assert!(findings.differences.is_empty(), "{findings:?}");
    assert_eq!(findings.parked, 1);
}

#[test]
fn a_reply_believed_sent_without_a_message_is_found() {
    let mut sides = well();
    sides.held.remove(2);
    assert!(kinds(&sides).contains(&Kind::Wrong), "what is shown is not at Avito");
    let mut sides = well();
    sides.held.remove(2);
    sides.shown.remove(2);
    sides.shown[2].reply = Some(2);
    let findings = compare(&sides);
    assert!(findings.differences.is_empty(), "{findings:?}");
    assert_eq!(findings.taken_for_phone, 1, "equal words from the phone, told apart by nothing");
    sides.held[2].author = Author::Other;
    assert!(kinds(&sides).contains(&Kind::Lost), "a buyer's words excuse nothing");
}

#[test]
fn a_reply_sent_twice_is_doubled_also_among_equal_ones() {
    let mut sides = well();
    sides.held.push(held("e", Author::Program, "Да"));
    sides.shown.push(message("e", None, true, "Да"));
    assert_eq!(kinds(&sides), [Kind::Doubled, Kind::Doubled], "by what was approved and by the replies");
}

#[test]
fn a_reply_whose_answer_was_lost_may_be_sent_once_or_never_but_not_twice() {
    let mut sides = well();
    sides.approved.push(approved(None, "Уже упаковал"));
    assert_eq!(kinds(&sides), [], "never");
    sides.held.push(held("e", Author::Program, "Уже упаковал"));
    sides.shown.push(message("e", Some(3), true, "Уже упаковал"));
    assert_eq!(kinds(&sides), [], "once");
    sides.held.push(held("f", Author::Program, "Уже упаковал"));
    sides.shown.push(message("f", None, true, "Уже упаковал"));
    assert_eq!(kinds(&sides), [Kind::Doubled, Kind::Doubled], "twice");
}

#[test]
fn a_doubling_is_not_hidden_by_an_equal_reply_that_never_came_to_be() {
    let mut sides = well();
    sides.approved.push(approved(None, "Да"));
    sides.held.push(held("e", Author::Program, "Да"));
    sides.shown.push(message("e", None, true, "Да"));
    assert_eq!(kinds(&sides), [Kind::Doubled], "three at Avito, two replies");
}

#[test]
fn a_message_shown_twice_is_doubled() {
    let mut sides = well();
    sides.shown.push(message("a", None, false, "Продаёте?"));
    assert_eq!(kinds(&sides), [Kind::Doubled]);
}

#[test]
fn what_nobody_wrote_is_found_on_either_side() {
    let mut sides = well();
    sides.held.push(held("e", Author::Program, "Перейдите по ссылке"));
    sides.shown.push(message("e", None, true, "Перейдите по ссылке"));
    assert_eq!(kinds(&sides), [Kind::Wrong, Kind::Doubled], "sent, never approved, no reply");
    let mut sides = well();
    sides.shown.push(message("x", None, false, "Я не писал"));
    assert_eq!(kinds(&sides), [Kind::Wrong]);
    let mut sides = well();
    sides.shown.push(bubble(Standing::Parked("refused".to_owned()), Some(9), true, "Привет"));
    assert_eq!(kinds(&sides), [Kind::Wrong], "a reply nobody approved");
}

#[test]
fn changed_words_a_changed_side_and_a_changed_order_are_found() {
    let mut sides = well();
    sides.shown[0].words = ShownWords::Text("Продаете?".to_owned());
    assert_eq!(kinds(&sides), [Kind::Wrong]);
    let mut sides = well();
    sides.shown[0].outgoing = true;
    assert_eq!(kinds(&sides), [Kind::Wrong]);
    let mut sides = well();
    sides.shown.swap(0, 3);
    assert_eq!(kinds(&sides), [Kind::Wrong]);
    let mut sides = well();
    sides.held[1].created_s = 200;
    assert_eq!(kinds(&sides), [Kind::Wrong], "by time first");
}

#[test]
fn avitos_note_comes_after_peoples_words_of_its_second() {
    let mut sides = well();
    sides.held[0].note = true;
    sides.shown.rotate_left(1);
    assert_eq!(kinds(&sides), []);
}

#[test]
fn a_reply_still_under_way_at_the_end_is_found() {
    let mut sides = well();
    sides.shown[2] = bubble(Standing::UnderWay("checking".to_owned()), Some(2), true, "Да");
    assert!(kinds(&sides).contains(&Kind::Wrong));
}

#[test]
fn pictures_are_told_apart_by_their_content_although_they_look_the_same() {
    let picture = |name: &str| Words::Picture(name.to_owned());
    let mut sides = well();
    for (id, reply, name) in [("e", 3, "вид сбоку"), ("f", 4, "вид сверху")] {
        sides.held.push(Held { words: picture(name), ..held(id, Author::Program, "") });
        sides.shown.push(Shown { words: ShownWords::Picture, ..message(id, Some(reply), true, "") });
        sides.approved.push(Approved { reply: Some(reply), words: picture(name) });
    }
    assert_eq!(kinds(&sides), []);
    sides.held[5].words = picture("вид сбоку");
    assert_eq!(kinds(&sides), [Kind::Doubled, Kind::Lost], "one twice, the other never");
}

#[test]
fn a_reply_that_avito_refused_excuses_no_second_one_of_the_same_words() {
    let mut sides = well();
    sides.shown[2] = message("c", None, true, "Да");
    sides.shown.push(bubble(Standing::Parked("refused".to_owned()), Some(2), true, "Да"));
    assert_eq!(kinds(&sides), [Kind::Doubled], "both «Да» at Avito are of the one reply it may have got");
    sides.shown[4].standing = Standing::Parked("unproved".to_owned());
    assert_eq!(kinds(&sides), []);
}
