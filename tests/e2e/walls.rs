//! What the page cannot do, whatever gets into it: reach the network, or call what is not meant for it.

use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::support::on_a_desk;
use crate::support::page::id;

#[test]
fn the_page_has_no_network() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        let outside = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        outside.set_nonblocking(true).unwrap();
        let port = outside.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/leak?text=secret");

        page.run(
            "window.refused = [];\
             document.addEventListener('securitypolicyviolation', (event) => window.refused.push(event.effectiveDirective));",
        )
        .await
        .unwrap();
        let ways = [
            format!("fetch('{url}').then(() => done('reached'), () => done('refused'))"),
            format!(
                "const picture = new Image(); picture.onload = () => done('reached'); \
                 picture.onerror = () => done('refused'); picture.src = '{url}'"
            ),
            format!(
                "const sheet = document.createElement('link'); sheet.rel = 'stylesheet'; sheet.onload = () => done('reached'); \
                 sheet.onerror = () => done('refused'); sheet.href = '{url}'; document.head.append(sheet)"
            ),
            format!(
                "const script = document.createElement('script'); script.onload = () => done('reached'); \
                 script.onerror = () => done('refused'); script.src = '{url}'; document.head.append(script)"
            ),
            format!(
                "const audio = new Audio(); audio.oncanplay = () => done('reached'); audio.onerror = () => done('refused'); \
                 audio.src = '{url}'; audio.load()"
            ),
            format!(
                "try {{ const socket = new WebSocket('ws://127.0.0.1:{port}/'); socket.onopen = () => done('reached'); \
                 socket.onerror = () => done('refused'); }} catch {{ done('refused'); }}"
            ),
        ];
        for way in &ways {
            assert_eq!(page.later(way).await, "refused", "{way}");
        }
        for directive in ["connect-src", "img-src", "media-src"] {
            assert_eq!(
                page.now(&format!("window.refused.includes('{directive}')")).await,
                true,
                "{directive}"
            );
        }
        // A frame and a form say nothing when they are refused; they come last, and the listener is asked in the end.
        page.run(&format!(
            "navigator.sendBeacon?.('{url}', 'secret');\
             const frame = document.createElement('iframe'); frame.src = '{url}'; document.body.append(frame);\
             const form = document.createElement('form'); form.action = '{url}'; document.body.append(form); form.submit();\
             const link = document.createElement('a'); link.href = '{url}'; link.ping = '{url}'; link.target = '_blank';\
             document.body.append(link); link.click(); window.open('{url}'); void 0"
        ))
        .await
        .unwrap();
        page.until("the frame and the form are refused", "['frame-src', 'form-action'].every((directive) => \
            window.refused.some((refused) => refused === directive || refused === 'child-src' && directive === 'frame-src'))")
        .await;
        page.run(&format!("location.href = '{url}'")).await.unwrap();
        page.see(&id("chat-row")).await;
        assert_eq!(page.now("location.hostname").await, "localhost", "the page was led away");
        let seen = outside.accept();
        assert!(seen.is_err(), "the page reached {seen:?}");
        // The listener would have heard it.
        let knock = TcpStream::connect(("127.0.0.1", port)).unwrap();
        outside.set_nonblocking(false).unwrap();
        assert_eq!(outside.accept().unwrap().1, knock.local_addr().unwrap());
    });
}

#[test]
fn the_page_can_call_nothing_but_the_contract() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        // The way itself works.
        page.invoke("app_view", &json!({})).await.unwrap();
        let file = desk.file("somewhere.txt");
        std::fs::write(&file, "something").unwrap();
        let notification = json!({"options": {"title": "x", "body": "y"}});
        let refused = [
            ("plugin:fs|read_text_file", json!({"path": file})),
            ("plugin:shell|open", json!({"path": "http://127.0.0.1/"})),
            ("plugin:notification|notify", notification),
            ("plugin:notification|is_permission_granted", json!({})),
            ("plugin:opener|open_url", json!({"url": "http://127.0.0.1/"})),
            ("plugin:opener|open_path", json!({"path": file})),
            ("plugin:opener|reveal_item_in_dir", json!({"paths": [file]})),
            ("plugin:window|close", json!({"label": "main"})),
            (
                "plugin:webview|create_webview_window",
                json!({"options": {"label": "second", "url": "http://127.0.0.1/"}}),
            ),
            ("plugin:event|emit", json!({"event": "notice", "payload": {}})),
            ("plugin:path|resolve_directory", json!({"directory": 1, "path": null})),
            ("plugin:app|version", json!({})),
            ("read_secret", json!({})),
        ];
        for (command, arguments) in refused {
            let answer = page.invoke(command, &arguments).await;
            assert!(answer.is_err(), "{command} answered {answer:?}");
        }
        // Links of messages open in the browser, and only web addresses do.
        let opened = page.invoke("open_link", &json!({"url": format!("file://{}", file.display())})).await;
        assert_eq!(opened.unwrap_err()["code"], "badAddress");
    });
}
