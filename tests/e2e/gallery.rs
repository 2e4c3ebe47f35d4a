//! Pictures of every component in every state, against those in `tests/e2e/gallery`: a change of looks is seen, and wanted or not.
//!
//! The gallery is a page of the development server; WebKit's own small browser shows it, in the same engine as the app's window. With
//! `PRILAVOK_E2E_PICTURES` set the pictures are taken anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::support::desk::free_port;
use crate::support::process::Process;
use crate::support::session::{Session, until_it_listens};
use crate::support::{Desk, WAIT, on_a_desk, until};

/// What is compared, in both colours: chats; what stands beside them; reception; knowledge and archive; dialogs.
pub(crate) const CHATS: &[&str] = &["controls", "rows", "messages", "delivery", "missing", "missing-large"];
pub(crate) const ANSWERS: &[&str] = &["composer", "status", "panel", "drafts", "waiting"];
pub(crate) const RECEPTION: &[&str] =
    &["reception", "lines", "idle", "tunnel", "checks", "setup", "tunnels", "log"];
pub(crate) const KNOWLEDGE: &[&str] = &["sources", "source", "entry", "trial", "closed", "stuck", "backup"];
pub(crate) const DIALOGS: &[&str] = &[
    "settings",
    "onboarding",
    "link",
    "block",
    "recovery",
    "recovery-check",
    "backup-file",
    "backup-restored",
    "export",
    "diagnostics",
];

/// Cuts a picture of the window to the gallery, at half its size: `small(png, box)`. Compares two of them: `unlike(a, b)`, the squares
/// of 8 × 8 pixels whose mean difference of colour is seen. Smoothing of letters differs from machine to machine by less.
const TOOLS: &str = "
    const load = (data) => new Promise((done, failed) => {
        const image = new Image();
        image.onload = () => done(image);
        image.onerror = () => failed(new Error('no picture'));
        image.src = 'data:image/png;base64,' + data;
    });
    const small = async (png) => {
        const image = await load(png);
        const scale = image.naturalWidth / innerWidth;
        const box = document.querySelector('[data-testid=gallery]').getBoundingClientRect();
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [Math.round(box.width / 2), Math.round(box.height / 2)];
        const pen = canvas.getContext('2d');
        pen.imageSmoothingQuality = 'high';
        pen.drawImage(image, box.x * scale, box.y * scale, box.width * scale, box.height * scale, 0, 0, canvas.width, canvas.height);
        return canvas.toDataURL('image/png').split(',')[1];
    };
    const pixels = async (data) => {
        const image = await load(data);
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const pen = canvas.getContext('2d');
        pen.drawImage(image, 0, 0);
        return pen.getImageData(0, 0, canvas.width, canvas.height);
    };
    const SIDE = 8, SEEN = 10;
    const unlike = async (a, b) => {
        const [one, other] = await Promise.all([pixels(a), pixels(b)]);
        if (one.width !== other.width || one.height !== other.height) return {size: [one.width, one.height, other.width, other.height], squares: []};
        const squares = [];
        for (let y = 0; y < one.height; y += SIDE) for (let x = 0; x < one.width; x += SIDE) {
            let [sum, count] = [0, 0];
            for (let row = y; row < Math.min(y + SIDE, one.height); row++) for (let column = x; column < Math.min(x + SIDE, one.width); column++) {
                const at = 4 * (row * one.width + column);
                for (let part = 0; part < 3; part++) sum += Math.abs(one.data[at + part] - other.data[at + part]);
                count += 3;
            }
            if (sum / count > SEEN) squares.push([x * 2, y * 2]);
        }
        return {size: null, squares};
    };";

/// So many squares may differ: a caret, the edge of one letter.
const TOLERATED: usize = 2;

/// The gallery in a browser of WebKit's.
pub(crate) struct Gallery {
    session: Session,
    address: String,
    _server: Process,
}

impl Gallery {
    pub(crate) async fn open(desk: &Desk) -> Self {
        let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
        let page_port = free_port();
        let mut server = desk.command("node");
        server.current_dir(&ui).args([
            "node_modules/vite/bin/vite.js",
            "--host",
            "127.0.0.1",
            "--strictPort",
            "--mode",
            "still",
        ]);
        server.args(["--port", &page_port.to_string()]);
        let mut server = Process::start(&mut server, &desk.file("vite.log"));
        until_it_listens(&mut server, page_port).await;
        let session = Session::start(desk, &browser(), &["--automation"], "browser.log").await;
        session.client.set_window_rect(0, 0, 1280, 1000).await.expect("the window takes a size");
        let address = format!("http://127.0.0.1:{page_port}/gallery.html");
        Self { session, address, _server: server }
    }

    pub(crate) async fn run(&self, body: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];{TOOLS}
             const work = async (given) => {{ {body} }};
             work([...arguments]).then(done, (error) => done({{error: String(error)}}));"
        );
        let answer = self.session.client.execute_async(&script, arguments).await.expect("the page answers");
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    }

    pub(crate) async fn show(&self, group: &str) {
        self.session.client.goto(&format!("{}?group={group}", self.address)).await.expect("the page opens");
        let ready = "const area = document.querySelector('[data-testid=gallery]');
            return area !== null && area.children.length > 0 && document.fonts.status === 'loaded' &&
              area.getBoundingClientRect().bottom <= innerHeight &&
              [...document.images].every((image) => image.complete)";
        until(&format!("{group} is drawn"), WAIT, async || {
            (self.session.client.execute(ready, Vec::new()).await.ok()? == true).then_some(())
        })
        .await;
    }

    /// Shows it in a colour; in the light one it begins.
    pub(crate) async fn colour(&self, theme: &str) {
        self.run(&format!("document.documentElement.dataset.theme = '{theme}'; return 1;"), Vec::new()).await;
    }

    /// The gallery's picture, once two in a row are the same: what is still being read is drawn by then.
    pub(crate) async fn take(&self) -> String {
        let mut before = String::new();
        until("the gallery is at rest", WAIT, async || {
            let png = BASE64.encode(self.session.client.screenshot().await.ok()?);
            let taken = self.run("return await small(given[0]);", vec![json!(png)]).await;
            let taken = taken.as_str()?.to_owned();
            let still = taken == before;
            before.clone_from(&taken);
            still.then_some(taken)
        })
        .await
    }

    async fn unlike(&self, one: &str, other: &str) -> Value {
        self.run("return await unlike(given[0], given[1]);", vec![json!(one), json!(other)]).await
    }
}

/// WebKit's small browser, which comes with the library.
fn browser() -> PathBuf {
    let libraries = std::fs::read_dir("/usr/lib").expect("/usr/lib").flatten().map(|entry| entry.path());
    let found = libraries
        .chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/libexec")])
        .map(|folder| folder.join("webkit2gtk-4.1/MiniBrowser"))
        .find(|file| file.is_file());
    found.expect("MiniBrowser, which comes with libwebkit2gtk-4.1-0")
}

fn squares(found: &Value) -> usize {
    found["squares"].as_array().map_or(0, Vec::len)
}

#[test]
fn every_component_of_chats_looks_as_it_did() {
    compare(CHATS);
}

#[test]
fn every_component_of_answers_looks_as_it_did() {
    compare(ANSWERS);
}

#[test]
fn every_component_of_reception_looks_as_it_did() {
    compare(RECEPTION);
}

#[test]
fn every_component_of_knowledge_and_archive_looks_as_it_did() {
    compare(KNOWLEDGE);
}

#[test]
fn every_dialog_looks_as_it_did() {
    compare(DIALOGS);
}

fn compare(groups: &'static [&str]) {
    on_a_desk(async |desk| {
        let gallery = Gallery::open(desk).await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/gallery");
        let renew = std::env::var_os("PRILAVOK_E2E_PICTURES").is_some();
        let mut changed = Vec::new();
        for group in groups {
            gallery.show(group).await;
            for theme in ["light", "dark"] {
                gallery.colour(theme).await;
                let now = gallery.take().await;
                let file = folder.join(format!("{group}-{theme}.png"));
                if renew {
                    std::fs::create_dir_all(&folder).unwrap();
                    std::fs::write(&file, BASE64.decode(&now).unwrap()).unwrap();
                    continue;
                }
                let known =
                    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let found = gallery.unlike(&BASE64.encode(known), &now).await;
                if !found["size"].is_null() || squares(&found) > TOLERATED {
                    if let Some(out) = std::env::var_os("PRILAVOK_E2E_OUT") {
                        let out = PathBuf::from(out).join("gallery");
                        std::fs::create_dir_all(&out).unwrap();
                        std::fs::write(
                            out.join(format!("{group}-{theme}.png")),
                            BASE64.decode(&now).unwrap(),
                        )
                        .unwrap();
                    }
                    changed.push(format!("{group}, {theme}: {} squares, {found}", squares(&found)));
                }
            }
        }
        assert!(
            changed.is_empty(),
            "these look different now (wanted? take them anew):\n{}",
            changed.join("\n")
        );
    });
}

#[test]
fn every_group_of_the_gallery_is_compared() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/gallery/groups.ts");
    let source = std::fs::read_to_string(file).expect("the gallery's groups");
    let list = source.split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
    let shown: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    // All words said when something goes wrong, for reading: they change without anything looking otherwise.
    let unlike = BTreeSet::from(["words"]);
    let compared: BTreeSet<&str> =
        [CHATS, ANSWERS, RECEPTION, KNOWLEDGE, DIALOGS].concat().into_iter().collect();
    assert_eq!(shown, &compared | &unlike);
}

#[test]
fn a_small_change_of_looks_is_seen() {
    on_a_desk(async |desk| {
        let gallery = Gallery::open(desk).await;
        gallery.show("controls").await;
        let before = gallery.take().await;
        for change in [
            "document.querySelector('.button.primary').style.background = '#14805f'",
            "document.querySelector('.button').style.translate = '3px'",
            "document.querySelector('.button').textContent = 'Повторите'",
            "document.querySelector('.icons svg:nth-child(4)').remove()",
            "document.querySelector('.button').style.borderRadius = '17px'",
        ] {
            gallery.run(&format!("{change}; return 1;"), Vec::new()).await;
            let after = gallery.take().await;
            let found = gallery.unlike(&before, &after).await;
            assert!(squares(&found) > TOLERATED, "not seen: {change}: {found}");
            gallery.show("controls").await;
        }
        let again = gallery.take().await;
        assert!(
            squares(&gallery.unlike(&before, &again).await) <= TOLERATED,
            "the same page looks different"
        );
    });
}
