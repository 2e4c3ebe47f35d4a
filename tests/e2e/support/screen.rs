//! The screen as a window manager sees it: which window is on it, who has the keyboard, the close button.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus, MapState, Window,
};
use x11rb::rust_connection::RustConnection;

/// What the app's window is called.
const TITLE: &str = "Прилавок";

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
        let tree = self.connection.query_tree(self.root).expect("a question to the display");
        let name = self.atom("_NET_WM_NAME");
        let is_ours = |window: &Window| {
            // A window that is gone meanwhile is not ours.
            let attributes = self.connection.get_window_attributes(*window).ok()?.reply().ok()?;
            let title = self
                .connection
                .get_property(false, *window, name, AtomEnum::ANY, 0, 64)
                .ok()?
                .reply()
                .ok()?;
            Some(attributes.map_state == MapState::VIEWABLE && title.value == TITLE.as_bytes())
        };
        let windows = tree.reply().expect("the display's answer").children;
        windows.into_iter().find(|window| is_ours(window) == Some(true))
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
