//! The screen as a window manager sees it: which window is on it, who has the keyboard, the close button.

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus,
    KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent,
    Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// What the app's window is called.
const TITLE: &str = "Прилавок";

/// Keys by their names in X.
pub(crate) mod key {
    pub(crate) const ESCAPE: u32 = 0xff1b;
    pub(crate) const ALT: u32 = 0xffe9;
    pub(crate) const O: u32 = 0x6f;
}

/// A display.
pub(crate) struct Screen {
    display: String,
    connection: RustConnection,
    root: Window,
}

impl Screen {
    /// Looks at a display, for instance `:7`.
    pub(crate) fn of(display: &str) -> Self {
        let (connection, number) = x11rb::connect(Some(display)).expect("a connection to the display");
        let root = connection.setup().roots[number].root;
        Self { display: display.to_owned(), connection, root }
    }

    fn atom(&self, name: &str) -> u32 {
        let asked = self.connection.intern_atom(false, name.as_bytes()).expect("a question to the display");
        asked.reply().expect("the display's answer").atom
    }

    /// The app's window, if it can be seen.
    pub(crate) fn window(&self) -> Option<Window> {
        self.with("_NET_WM_NAME", |title| title == TITLE.as_bytes())
    }

    /// A question that the app asks in a window of the system's, if one can be seen.
    pub(crate) fn question(&self) -> Option<Window> {
        let dialog = self.atom("_NET_WM_WINDOW_TYPE_DIALOG").to_ne_bytes();
        self.with("_NET_WM_WINDOW_TYPE", |kinds| kinds.chunks(4).any(|kind| kind == dialog))
    }

    /// A window that can be seen and has such a property.
    fn with(&self, property: &str, is_it: impl Fn(&[u8]) -> bool) -> Option<Window> {
        let tree = self.connection.query_tree(self.root).expect("a question to the display");
        let name = self.atom(property);
        let fits = |window: &Window| {
            // A window that is gone meanwhile is not the one.
            let attributes = self.connection.get_window_attributes(*window).ok()?.reply().ok()?;
            let asked = self.connection.get_property(false, *window, name, AtomEnum::ANY, 0, 64);
            let value = asked.ok()?.reply().ok()?.value;
            Some(attributes.map_state == MapState::VIEWABLE && is_it(&value))
        };
        let windows = tree.reply().expect("the display's answer").children;
        windows.into_iter().find(|window| fits(window) == Some(true))
    }

    /// Presses keys together, by their names in X (`keysym`), in the window that has the keyboard.
    pub(crate) fn press(&self, keys: &[u32]) {
        let codes: Vec<u8> = keys.iter().map(|key| self.code(*key)).collect();
        let event = |kind, code| {
            let sent = self.connection.xtest_fake_input(kind, code, 0, self.root, 0, 0, 0);
            sent.expect("a key to the display").check().expect("the display takes keys");
        };
        codes.iter().for_each(|code| event(KEY_PRESS_EVENT, *code));
        codes.iter().rev().for_each(|code| event(KEY_RELEASE_EVENT, *code));
    }

    /// Where a key is on the keyboard.
    fn code(&self, key: u32) -> u8 {
        let setup = self.connection.setup();
        let first = setup.min_keycode;
        let asked = self.connection.get_keyboard_mapping(first, setup.max_keycode - first + 1);
        let map = asked.expect("a question to the display").reply().expect("the display's answer");
        let mut codes = map.keysyms.chunks(map.keysyms_per_keycode.into());
        let place = codes.position(|keys| keys.contains(&key)).expect("such a key");
        first + u8::try_from(place).expect("a key's number")
    }

    /// Presses the close button of a window.
    pub(crate) fn close(&self, window: Window) {
        let data = [self.atom("WM_DELETE_WINDOW"), 0, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, self.atom("WM_PROTOCOLS"), data);
        let sent = self.connection.send_event(false, window, EventMask::NO_EVENT, message);
        sent.expect("a message to the window").check().expect("the window takes messages");
    }

    /// Puts something on the clipboard, as another program does, which hands it out until the display ends.
    pub(crate) fn copy(&self, kind: &str, bytes: Vec<u8>) {
        let (connection, number) = x11rb::connect(Some(&self.display)).expect("a connection to the display");
        let root = connection.setup().roots[number].root;
        let owner = connection.generate_id().expect("a window's number");
        let window = CreateWindowAux::new();
        connection
            .create_window(
                0,
                owner,
                root,
                0,
                0,
                1,
                1,
                0,
                WindowClass::INPUT_ONLY,
                x11rb::COPY_FROM_PARENT,
                &window,
            )
            .expect("a window");
        let [clipboard, targets, kind] = ["CLIPBOARD", "TARGETS", kind].map(|name| self.atom(name));
        let owned = connection.set_selection_owner(owner, clipboard, x11rb::CURRENT_TIME);
        owned.expect("a message to the display").check().expect("the clipboard is ours");
        std::thread::spawn(move || {
            // Ends with the display.
            while let Ok(event) = connection.wait_for_event() {
                let Event::SelectionRequest(asked) = event else { continue };
                let answered = if asked.target == targets {
                    connection.change_property32(
                        PropMode::REPLACE,
                        asked.requestor,
                        asked.property,
                        AtomEnum::ATOM,
                        &[targets, kind],
                    )
                } else {
                    connection.change_property8(
                        PropMode::REPLACE,
                        asked.requestor,
                        asked.property,
                        asked.target,
                        &bytes,
                    )
                };
                let known = asked.target == targets || asked.target == kind;
                let property = if known && answered.is_ok() { asked.property } else { x11rb::NONE };
                let told = SelectionNotifyEvent {
                    response_type: SELECTION_NOTIFY_EVENT,
                    sequence: 0,
                    time: asked.time,
                    requestor: asked.requestor,
                    selection: asked.selection,
                    target: asked.target,
                    property,
                };
                let _ = connection.send_event(false, asked.requestor, EventMask::NO_EVENT, told);
                let _ = connection.flush();
            }
        });
    }

    /// Gives the keyboard to a window, or takes it away from all.
    pub(crate) fn focus(&self, window: Option<Window>) {
        let window = window.unwrap_or(x11rb::NONE);
        let set = self.connection.set_input_focus(InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME);
        set.expect("a message to the display").check().expect("the window takes the keyboard");
    }
}
