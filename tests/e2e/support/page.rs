//! What a seller sees and does in the window. Everything waits until it is there; nothing sleeps for a fixed time.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use super::{WAIT, until};

/// Short names for scripts: elements by selector, and the text of one.
const SHORT: &str = "const one = (selector) => document.querySelector(selector), \
     all = (selector) => [...document.querySelectorAll(selector)], \
     text = (selector) => one(selector)?.innerText ?? '';\n";

/// The page in the window.
#[derive(Clone)]
pub(crate) struct Page {
    client: Client,
}

/// The selector of a test id.
pub(crate) fn id(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

/// The row of a chat in the list, by Avito's id.
pub(crate) fn row(chat: &str) -> String {
    format!("[data-testid=\"chat-row\"][data-avito-id=\"{chat}\"]")
}

impl Page {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Runs a script that returns something. `one`, `all` and `text` stand for the elements of the page.
    pub(crate) async fn run(&self, script: &str) -> Result<Value, CmdError> {
        self.client.execute(&format!("{SHORT}{script}"), Vec::new()).await
    }

    /// The value of an expression right now.
    pub(crate) async fn now(&self, expression: &str) -> Value {
        match self.run(&format!("return {expression};")).await {
            Ok(value) => value,
            Err(error) => panic!("the page could not answer {expression}: {error}"),
        }
    }

    /// Waits until an expression is true (or a number, a text, …), and gives its value.
    pub(crate) async fn until(&self, what: &str, expression: &str) -> Value {
        let script = format!("return {expression};");
        until(what, WAIT, async || {
            let value = self.run(&script).await.ok()?;
            let holds = !matches!(&value, Value::Null | Value::Bool(false)) && value != 0 && value != "";
            holds.then_some(value)
        })
        .await
    }

    /// Waits for the value of an asynchronous script body: `done(value)` ends it.
    pub(crate) async fn later(&self, body: &str) -> Value {
        let script = format!("{SHORT}const done = arguments[0];\n{body}");
        self.client.execute_async(&script, Vec::new()).await.expect("the page answers")
    }

    /// Waits for an element.
    pub(crate) async fn see(&self, selector: &str) {
        self.until(&format!("{selector} is there"), &format!("all({selector:?}).length")).await;
    }

    /// Waits for the text of an element to hold some words.
    pub(crate) async fn see_words(&self, selector: &str, words: &str) {
        let there = format!("all({selector:?}).some((element) => element.innerText.includes({words:?}))");
        self.until(&format!("{selector} says «{words}»"), &there).await;
    }

    /// Waits until an element is gone.
    pub(crate) async fn see_gone(&self, selector: &str) {
        self.until(&format!("{selector} is gone"), &format!("all({selector:?}).length === 0")).await;
    }

    /// Clicks an element as soon as it is there and can be clicked. While a page is still moving, a click may land beside
    /// its element; then it is made again.
    pub(crate) async fn click(&self, selector: &str) {
        until(&format!("{selector} can be clicked"), WAIT, async || self.try_click(selector).await.ok()?)
            .await;
    }

    /// Clicks an element once, if it is there and can be clicked now; tells whether the click landed on it.
    pub(crate) async fn try_click(&self, selector: &str) -> Result<Option<()>, CmdError> {
        let element = self.client.find(Locator::Css(selector)).await?;
        let listen = "const element = arguments[0]; window.clicked = null; window.pressed = element;\
             if (element.disabled) return false;\
             const note = (event) => window.clicked = event.composedPath().includes(element) ? 'it' : 'another';\
             window.addEventListener('click', note, {capture: true, once: true}); return true;";
        if self.client.execute(listen, vec![serde_json::to_value(&element)?]).await? == false {
            return Ok(None); // a click on what is switched off is never told
        }
        element.click().await?;
        let landed = until("the click lands", WAIT, async || {
            // On what went away between press and release no click is ever told.
            let clicked = "return window.clicked ?? (window.pressed.isConnected ? null : 'gone')";
            let clicked = self.client.execute(clicked, Vec::new()).await.ok()?;
            clicked.as_str().map(|on| on == "it")
        });
        Ok(landed.await.then_some(()))
    }

    /// Clicks a button that goes away by it.
    pub(crate) async fn click_away(&self, selector: &str) {
        self.click(selector).await;
        self.see_gone(selector).await;
    }

    /// Goes to an area by its button in the rail, and waits for its part of the page, which may be loaded only now.
    pub(crate) async fn open_area(&self, area: &str) {
        self.click(&id(&format!("area-{area}"))).await;
        self.see("main:not([hidden])").await;
    }

    /// Types into a field, key by key.
    pub(crate) async fn write(&self, selector: &str, words: &str) {
        self.see(selector).await;
        let field = self.client.find(Locator::Css(selector)).await.expect("a field");
        field.send_keys(words).await.expect("a field takes keys");
    }

    /// Presses keys of the keyboard together, the last one last; they go to whatever has the focus.
    pub(crate) async fn press(&self, keys: &[char]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            actions = actions.then(KeyAction::Down { value: *key });
        }
        for key in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value: *key });
        }
        self.client.perform_actions(actions).await.expect("keys are pressed");
    }

    /// Types words where the focus is.
    pub(crate) async fn type_words(&self, words: &str) {
        for letter in words.chars() {
            self.press(&[letter]).await;
        }
    }

    /// Walks with Tab, or backwards, until an element has the focus.
    pub(crate) async fn walk_to(&self, selector: &str, backwards: bool) {
        let there = format!("document.activeElement?.matches({selector:?}) === true");
        for _ in 0..120 {
            if self.now(&there).await == true {
                return;
            }
            let tab = char::from(Key::Tab);
            if backwards {
                self.press(&[char::from(Key::Shift), tab]).await;
            } else {
                self.press(&[tab]).await;
            }
        }
        panic!("{selector} cannot be reached by keyboard");
    }

    /// Presses Enter in a field.
    pub(crate) async fn enter(&self, selector: &str) {
        self.write(selector, &char::from(Key::Enter).to_string()).await;
    }

    /// Waits until the one shop is live: Avito delivers what a buyer writes at once.
    pub(crate) async fn live(&self) {
        let live = "all('[data-testid=status-line]').length === 1 && one('[data-testid=status-line]').dataset.mode === 'live'";
        self.until("the shop is live", live).await;
    }

    /// Opens a chat from the list, by Avito's id, and waits for its thread.
    pub(crate) async fn open_chat(&self, chat: &str) {
        self.see(&id("chat-row")).await;
        // News may take the row out of sight between the scrolling and the click: then it is looked for again.
        let mut number = None;
        until(&format!("the chat {chat} is chosen"), WAIT, async || {
            number = Some(self.scroll_to(chat).await?);
            self.try_click(&row(chat)).await.ok()?
        })
        .await;
        let open =
            format!("one('[data-testid=thread]')?.dataset.chatId === {:?}", number.unwrap_or_default());
        self.until("the thread is open", &open).await;
        self.see(&id("composer")).await;
    }

    /// The number the page has for a chat once its row is wholly in sight; otherwise scrolls on. Only rows near what is in sight
    /// exist, and of a row that the list's edge cuts the driver clicks the middle, which another part of the window may cover.
    async fn scroll_to(&self, chat: &str) -> Option<String> {
        let scrolled = format!(
            "return (() => {{ const row = one({:?}), list = one('[data-testid=chat-list]');\
               if (!row) {{\
                 const end = list.scrollTop + list.clientHeight >= list.scrollHeight - 1;\
                 list.scrollTop = end ? 0 : list.scrollTop + list.clientHeight;\
                 return null;\
               }}\
               if (!list) return row.dataset.chatId; /* what a search found */\
               const box = row.getBoundingClientRect(), sight = list.getBoundingClientRect();\
               if (box.top >= sight.top && box.bottom <= sight.bottom) return row.dataset.chatId;\
               row.scrollIntoView({{block: 'center'}});\
               return null; }})()",
            row(chat)
        );
        Some(self.run(&scrolled).await.ok()?.as_str()?.to_owned())
    }

    /// Writes a reply and presses Enter.
    pub(crate) async fn reply(&self, words: &str) {
        self.write(&id("composer"), words).await;
        self.enter(&id("composer")).await;
    }

    /// Waits for a bubble with these words, incoming or our own.
    pub(crate) async fn see_bubble(&self, words: &str) {
        self.see_words(&id("message"), words).await;
    }

    /// Waits until our own bubble with these words is in one of these states.
    pub(crate) async fn see_delivery(&self, words: &str, states: &[&str]) {
        let state = format!(
            "{states:?}.includes(all('[data-testid=message][data-outgoing=true]')\
               .find((bubble) => bubble.innerText.includes({words:?}))?.dataset.state)"
        );
        self.until(&format!("«{words}» is {states:?}"), &state).await;
    }

    /// Opens the settings, sets a switch and closes them again.
    pub(crate) async fn switch(&self, setting: &str, on: bool) {
        self.click(&id("settings-open")).await;
        self.see(&id(setting)).await;
        if self.now(&format!("one('{}').checked", id(setting))).await != on {
            self.click(&id(setting)).await;
        }
        self.close_dialog().await;
        self.until_setting_is_stored(setting, &Value::Bool(on)).await;
    }

    /// Opens the settings, makes a choice and closes them again.
    pub(crate) async fn choose(&self, setting: &str, value: &str) {
        self.click(&id("settings-open")).await;
        self.click(&format!("{} label:has(input[value={value}])", id(setting))).await;
        self.close_dialog().await;
        self.until_setting_is_stored(setting, &Value::from(value)).await;
    }

    /// The page shows a change at once; this waits until the core has it.
    pub(crate) async fn until_setting_is_stored(&self, setting: &str, value: &Value) {
        let name = match setting {
            "setting-enter" => "enterSends",
            other => other.strip_prefix("setting-").expect("a setting's test id"),
        };
        until(&format!("{name} is stored"), WAIT, async || {
            let view = self.invoke("app_view", &json!({})).await.ok()?;
            (view["settings"][name] == *value).then_some(())
        })
        .await;
    }

    /// Closes the open dialog by its own button.
    pub(crate) async fn close_dialog(&self) {
        self.click_away("dialog header button").await;
    }

    /// Calls a command behind the page, as a script in it could.
    pub(crate) async fn invoke(&self, command: &str, arguments: &Value) -> Result<Value, Value> {
        let answer = self
            .later(&format!(
                "window.__TAURI_INTERNALS__.invoke({command:?}, {arguments}).then(\
                   (value) => done({{ok: value ?? null}}), (error) => done({{error: error ?? 'refused'}}))"
            ))
            .await;
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// A picture of the page, in PNG.
    pub(crate) async fn picture(&self) -> Result<Vec<u8>, CmdError> {
        // Right after a change the last frame may still be the old one; after two more it is not.
        let frames =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(1)));";
        self.client.execute_async(frames, Vec::new()).await?;
        self.client.screenshot().await
    }

    /// Gives the page this many pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_rect(0, 0, width, height).await.expect("the window takes a size");
        self.until("the page has its size", &format!("innerWidth === {width} && innerHeight === {height}"))
            .await;
    }
}
