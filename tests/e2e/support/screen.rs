//! The screen as a window manager sees it: which window is on it, who has the keyboard, the close button.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

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
    connection: RustConnection,
    root: Window,
}

impl Screen {
    /// Looks at a display, for instance `:7`.
    pub(crate) fn of(display: &str) -> Self {
        let (connection, number) = x11rb::connect(Some(display)).expect("a connection to the display");
        let root = connection.setup().roots[number].root;
        Self { connection, root }
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

    /// Gives the keyboard to a window, or takes it away from all.
    pub(crate) fn focus(&self, window: Option<Window>) {
        let window = window.unwrap_or(x11rb::NONE);
        let set = self.connection.set_input_focus(InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME);
        set.expect("a message to the display").check().expect("the window takes the keyboard");
    }
}
