//! What the seller approved is in the ledger, whenever his day ends: what is missing there would be held against the program.

use avito_sim::{Scene, SimConfig};
use rand::SeedableRng as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

async fn shop() -> Sim {
    let sim = Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await.unwrap();
    sim.add_account("Велодвор");
    let user = sim.accounts()[0].user_id;
    sim.add_chat(user, NewChat { text: Some("Продаёте?".to_owned()), ..NewChat::default() }).unwrap();
    sim
}

/// A program at this address, as its folder tells it.
fn door(listener: &TcpListener, folder: &std::path::Path) -> Door {
    let port = listener.local_addr().unwrap().port();
    std::fs::write(folder.join("control.json"), format!(r#"{{"port": {port}, "token": "t"}}"#)).unwrap();
    Door::of(folder).unwrap()
}

/// Reads one request to its end.
async fn whole_request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await;
    stream
}

async fn read_request(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(b"}") {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "the request ends early");
    }
}

#[tokio::test]
async fn what_the_seller_approved_as_the_last_program_was_killed_is_in_the_ledger() {
    let (sim, folder) = (shop().await, tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ledger = Arc::new(Ledger::default());
    let (tell, told) = watch::channel(Some(door(&listener, folder.path())));
    let rng = StdRng::seed_from_u64(1);
    let seller = Seller {
        sim: sim.clone(),
        ledger: ledger.clone(),
        rng,
        folder: folder.path().to_owned(),
        door: told,
    };
    let mut sellers = JoinSet::new();
    sellers.spawn(seller.work());
    let program = whole_request(&listener).await;

    // The program has the request and is killed; that is heard only when everybody is being sent home.
    tell.send_replace(None);
    let sent_home = tokio::spawn(send_home(tell, sellers, JoinSet::new()));
    tokio::task::yield_now().await;
    drop(program);
    sent_home.await.unwrap().unwrap();

    let user = sim.accounts()[0].user_id;
    let approved: Vec<_> =
        sim.chat_ids(user).iter().flat_map(|chat| ledger.approved_in(chat)).map(|one| one.reply).collect();
    assert_eq!(approved, [None], "he approved one reply, and whether it stands is open");
    sim.stop().await;
}

#[tokio::test]
async fn a_question_is_put_to_a_program_that_closes_its_connections_as_to_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door = door(&listener, folder.path());
    let program = async {
        loop {
            let mut stream = whole_request(&listener).await;
            let answer =
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"ok\":1}";
            stream.write_all(answer).await.unwrap();
            // A connection that is used again is closed in that moment.
            tokio::spawn(async move { read_request(&mut stream).await });
        }
    };
    let asking = async {
        for _ in 0..3 {
            door.status().await.unwrap();
        }
    };
    tokio::select! {
        () = asking => {}
        () = program => unreachable!(),
    }
}
