use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;

/// The kind of stream that carries a caller's connection.
const PROXY: u32 = 3;
const REQUEST: &[u8] = b"POST / HTTP/1.1\r\n\r\nbody";

fn frame(kind: u8, flags: u8, stream: u32, data: &[u8]) -> Vec<u8> {
    let mut frame =
        (u32::try_from(data.len()).unwrap() << 8 | u32::from(kind << 4 | flags)).to_be_bytes().to_vec();
    frame.extend(stream.to_be_bytes());
    frame.extend(data);
    frame
}

/// What opens a stream that carries a connection, up to its own head.
fn opening(head: &str) -> (Vec<u8>, Vec<u8>) {
    let length = i64::try_from(head.len()).unwrap().to_le_bytes();
    (PROXY.to_be_bytes().to_vec(), [&length, head.as_bytes()].concat())
}

/// A whole request as it comes on a stream.
fn request() -> Vec<u8> {
    let (kind, head) = opening("{}");
    [&kind[..], &head, REQUEST].concat()
}

/// A stream that is silent after its opening.
fn silent() -> Vec<u8> {
    let (kind, head) = opening("{}");
    [kind, head].concat()
}

/// Bytes that open nothing: the crate answers them with a reset.
fn refusal(stream: u32) -> Vec<u8> {
    frame(DATA, 0, stream, b"")
}

fn numbers(count: usize) -> impl Iterator<Item = u32> + Clone {
    (1..=u32::try_from(count).unwrap()).map(|number| 2 * number)
}

struct Both {
    far: DuplexStream,
    gate: Gate<DuplexStream>,
}

impl Both {
    fn new() -> Self {
        let (far, near) = tokio::io::duplex(16 << 20);
        Self { far, gate: Gate::new(near) }
    }

    async fn arrives(&mut self, what: &[Vec<u8>]) {
        self.far.write_all(&what.concat()).await.unwrap();
    }

    /// What the reader gets, until nothing more comes for now.
    async fn read(&mut self) -> Vec<u8> {
        let mut got = Vec::new();
        let all = async { while self.gate.read_buf(&mut got).await.unwrap() > 0 {} };
        let _ = tokio::time::timeout(Duration::from_millis(1), all).await;
        got
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_let_in_with_its_head_however_many_were_opened_before() {
    let (kind, head) = opening("{}");
    let mut written: Vec<_> = numbers(100).map(|stream| frame(DATA, SYN, stream, &kind)).collect();
    written.push(frame(2, 0, 7, &[0, 0, 1, 0])); // another stream's business passes
    written.push(frame(DATA, 0, 9, b"too"));
    written.push(frame(DATA, 0, 100, &head));
    written.push(frame(DATA, 0, 100, &REQUEST[..10]));
    written.push(frame(DATA, 0, 100, &REQUEST[10..]));
    written.push(frame(DATA, 0, 100, b"more"));
    let expected = [
        frame(2, 0, 7, &[0, 0, 1, 0]),
        frame(DATA, 0, 9, b"too"),
        frame(DATA, SYN, 100, &request()),
        frame(DATA, 0, 100, b"more"),
    ]
    .concat();
    for piece in [1, 7, 1 << 20] {
        let mut both = Both::new();
        let mut got = Vec::new();
        for part in written.concat().chunks(piece) {
            both.far.write_all(part).await.unwrap();
            if piece > 1 {
                got.extend(both.read().await);
            }
        }
        got.extend(both.read().await);
        assert_eq!(got, expected, "in pieces of {piece}");
        // The silent ones never come in; each is refused when its time is over.
        tokio::time::sleep(LIFE).await;
        let refused: Vec<_> = numbers(100).filter(|stream| *stream != 100).map(refusal).collect();
        assert_eq!(both.read().await, refused.concat());
        assert_eq!(both.gate.weight, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_refused_in_the_middle_of_another_frame() {
    let long = frame(DATA, 0, 7, &vec![b'x'; 3 * CHUNK]);
    let (first, rest) = long.split_at(CHUNK);
    let mut both = Both::new();
    both.arrives(&[frame(DATA, SYN, 2, &silent()), first.to_vec()]).await;
    let mut got = both.read().await;
    assert_eq!(got, first);
    tokio::time::sleep(2 * LIFE).await;
    assert!(both.read().await.is_empty(), "the frame has not come yet");
    for part in [&rest[..100], &rest[100..]] {
        both.far.write_all(part).await.unwrap();
        got.extend(both.read().await);
    }
    assert_eq!(got, [long, refusal(2)].concat());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_is_not_held_and_what_ends_before_its_head_is_never_let_in() {
    let (kind, _) = opening("{}");
    let begun = [silent(), b"POST".to_vec()].concat();
    let large = [begun.clone(), vec![b'x'; CHUNK + 1]].concat();
    let goodbye = frame(3, 0, 0, b"goodbye!");
    let written = [
        frame(DATA, SYN, 2, &[0, 0, 0, 5]), // a command of the dashboard
        frame(DATA, SYN, 4, &begun),
        frame(RESET, 0, 4, &[0, 0, 0, 1]), // taken back
        frame(DATA, SYN, 6, &begun),
        frame(DATA, FIN, 6, b""),
        frame(DATA, SYN | FIN, 8, &kind[..2]), // would end the crate's session
        frame(DATA, SYN, 10, &begun),
        frame(DATA, 0, 10, &vec![b'x'; CHUNK + 1]), // no head is so long: the server says so
        frame(DATA, SYN | FIN, 12, &request()),
        goodbye.clone(),
    ];
    let mut both = Both::new();
    both.arrives(&written).await;
    let expected = [
        frame(DATA, SYN, 2, &[0, 0, 0, 5]),
        refusal(6),
        refusal(8),
        frame(DATA, SYN, 10, &large),
        frame(DATA, SYN, 12, &request()),
        frame(DATA, FIN, 12, b""),
        goodbye,
    ]
    .concat();
    assert_eq!(both.read().await, expected);
}

#[tokio::test(start_paused = true)]
async fn places_are_bounded_and_each_end_lets_the_next_one_in() {
    let mut both = Both::new();
    let all: Vec<_> = numbers(PLACES + 2).map(|stream| frame(DATA, SYN, stream, &request())).collect();
    both.arrives(&all).await;
    assert_eq!(both.read().await, all[..PLACES].concat());
    // What the crate writes for them, in any pieces; only ends count.
    for part in [frame(DATA, 0, 4, b"HTTP/1.1 200"), frame(DATA, FIN, 4, b""), frame(RESET, 0, 8, &[0; 4])] {
        for piece in part.chunks(3) {
            both.gate.write_all(piece).await.unwrap();
        }
    }
    assert_eq!(both.read().await, all[PLACES..].concat());
    assert!(both.gate.held.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_reader_is_woken_by_an_end_that_makes_a_place_free() {
    let Both { mut far, gate } = Both::new();
    let (mut reader, mut writer) = tokio::io::split(gate);
    let all: Vec<_> = numbers(PLACES + 1).map(|stream| frame(DATA, SYN, stream, &request())).collect();
    far.write_all(&all.concat()).await.unwrap();
    let mut got = vec![0; all[..PLACES].concat().len()];
    reader.read_exact(&mut got).await.unwrap();
    let last = tokio::spawn(async move {
        let mut got = vec![0; all[PLACES].len()];
        reader.read_exact(&mut got).await.unwrap();
        (got, all)
    });
    tokio::time::sleep(LIFE / 2).await;
    assert!(!last.is_finished());
    writer.write_all(&frame(DATA, FIN, 2, b"")).await.unwrap();
    let ended = Instant::now();
    let (got, all) = last.await.unwrap();
    assert_eq!((got, ended.elapsed()), (all[PLACES].clone(), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_reset_of_the_service_is_an_end_to_the_reader() {
    let mut both = Both::new();
    both.arrives(&[frame(DATA, SYN, 2, &request()), frame(RESET, 0, 2, &[0, 0, 0, 6])]).await;
    // One that is not there any more is nobody's.
    both.arrives(&[frame(RESET, 0, 40, &[0, 0, 0, 6])]).await;
    assert_eq!(both.read().await, [frame(DATA, SYN, 2, &request()), frame(DATA, FIN, 2, b"")].concat());
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_bounded_in_number_and_in_bytes() {
    let mut both = Both::new();
    let all: Vec<_> = numbers(MOST + 10).map(|stream| frame(DATA, SYN, stream, &silent())).collect();
    both.arrives(&all).await;
    assert_eq!(both.read().await, numbers(10).map(refusal).collect::<Vec<_>>().concat(), "the oldest");
    assert_eq!(both.gate.held.len(), MOST);

    // All places are taken; then who sends much is refused, and of the others the oldest.
    let mut both = Both::new();
    let taken: Vec<_> = numbers(PLACES).map(|stream| frame(DATA, SYN, stream, &request())).collect();
    both.arrives(&taken).await;
    assert_eq!(both.read().await, taken.concat());
    let (much, some) = (vec![b'x'; LARGE], vec![b'x'; LARGE / 2]);
    let first = 2 * u32::try_from(PLACES).unwrap() + 2;
    both.arrives(&[frame(DATA, SYN, first, &request()), frame(DATA, 0, first, &much)]).await;
    assert_eq!(both.read().await, refusal(first));
    let fit = WEIGHT / some.len();
    for number in 1..=u32::try_from(fit).unwrap() {
        let stream = first + 2 * number;
        both.arrives(&[frame(DATA, SYN, stream, &request()), frame(DATA, 0, stream, &some)]).await;
    }
    let refused = both.read().await;
    assert!(refused.starts_with(&refusal(first + 2)), "the oldest");
    assert!(both.gate.weight <= WEIGHT && both.gate.held.len() >= fit - 2);
}

#[tokio::test(start_paused = true)]
async fn a_whole_request_is_let_in_before_all_whose_bodies_are_still_on_the_way() {
    let with = |head: &str| [silent(), format!("POST / HTTP/1.1\r\n{head}\r\n\r\n").into_bytes()].concat();
    let endless = [
        "Transfer-Encoding: chunked",
        "content-length: 1000000000000",
        "Content-Length: 99999999999999999999",
    ];
    let mut both = Both::new();
    let floods: Vec<_> = numbers(PLACES)
        .zip(endless.iter().cycle())
        .map(|(stream, head)| frame(DATA, SYN, stream, &with(head)))
        .collect();
    both.arrives(&floods).await;
    assert_eq!(both.read().await, floods[..PART_PLACES].concat(), "few places are for them");
    let delivery = 2 * u32::try_from(PLACES).unwrap() + 2;
    let request = [with("Content-Length: 4"), b"body".to_vec()].concat();
    let (first, rest) = request.split_at(request.len() - 1);
    both.arrives(&[frame(DATA, SYN, delivery, first)]).await;
    assert!(both.read().await.is_empty(), "it is not whole yet");
    both.arrives(&[frame(DATA, 0, delivery, rest)]).await;
    assert_eq!(both.read().await, frame(DATA, SYN, delivery, &request));
    // Its end makes room for nobody who is not whole; theirs does.
    both.gate.write_all(&frame(DATA, FIN, delivery, b"")).await.unwrap();
    assert!(both.read().await.is_empty());
    both.gate.write_all(&frame(DATA, FIN, 2, b"")).await.unwrap();
    assert_eq!(both.read().await, floods[PART_PLACES]);
}

#[tokio::test(start_paused = true)]
async fn what_still_comes_for_a_stream_that_has_ended_is_answered_once() {
    let mut both = Both::new();
    both.arrives(&[frame(DATA, SYN, 2, &request())]).await;
    both.read().await;
    both.gate.write_all(&frame(DATA, FIN, 2, b"")).await.unwrap();
    both.arrives(&vec![frame(DATA, 0, 2, b"more"); 10]).await;
    assert_eq!(both.read().await, refusal(2));
    both.arrives(&[frame(RESET, 0, 2, &[0, 0, 0, 5]), frame(DATA, FIN, 4, b"")]).await;
    assert!(both.read().await.is_empty() && both.gate.reset.is_empty());
}
