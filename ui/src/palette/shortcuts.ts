// Every key the window listens to, in the words of the help. The keys themselves are handled where they act.
import { areas } from "../views/areas";
import { m } from "../words";

export type Shortcut = { keys: string; words: () => string };

const mac = navigator.userAgent.includes("Mac");

/** `Ctrl+K` as this computer's keyboard names it. */
export function keyName(keys: string): string {
	return mac ? keys.replace("Ctrl+", "⌘").replace("Alt+", "⌥").replace("Shift+", "⇧") : keys;
}

/** Each key once: whoever names one takes it from here. */
export const KEYS = {
	palette: "Ctrl+K",
	area: (place: number | string) => `Ctrl+${place}`,
	help: "?",
	settings: "Ctrl+,",
	search: "Ctrl+F",
	draftSend: "Ctrl+Enter",
	draftEdit: "Ctrl+E",
	draftAgain: "Ctrl+J",
	draftDismiss: "Ctrl+D",
} as const;

/** Going through the chats; also what the empty place beside the list tells. */
export const chatShortcuts: readonly Shortcut[] = [
	{ keys: KEYS.search, words: m.keys_search },
	{
		get keys() {
			return m.keys_letters();
		},
		words: m.keys_type_find,
	},
	{ keys: "↑ ↓, Enter", words: m.keys_choose },
	{ keys: "Alt+↑ ↓", words: m.keys_neighbour },
	{ keys: "Esc", words: m.keys_close },
];

export const shortcuts: readonly { group: () => string; list: readonly Shortcut[] }[] = [
	{
		group: m.keys_window,
		list: [
			{ keys: KEYS.palette, words: m.keys_palette },
			{ keys: KEYS.area(`1…${areas.length}`), words: m.keys_areas },
			{ keys: KEYS.help, words: m.keys_help },
			{ keys: KEYS.settings, words: m.settings },
		],
	},
	{ group: m.chats, list: chatShortcuts },
	{
		group: m.keys_drafts,
		list: [
			{ keys: KEYS.draftSend, words: m.keys_draft_send },
			{ keys: KEYS.draftEdit, words: m.keys_draft_edit },
			{ keys: KEYS.draftAgain, words: m.keys_draft_again },
			{ keys: KEYS.draftDismiss, words: m.keys_draft_dismiss },
		],
	},
	{
		group: m.keys_thread,
		list: [
			{ keys: "Enter", words: m.keys_send },
			{ keys: "Shift+Enter", words: m.keys_line },
			{ keys: "Ctrl+V", words: m.keys_paste },
		],
	},
	{
		group: m.keys_viewer,
		list: [
			{ keys: "← →", words: m.keys_viewer_next },
			{ keys: "+ − 0", words: m.keys_viewer_zoom },
			{ keys: "Ctrl+C", words: m.image_copy },
			{ keys: "Ctrl+S", words: m.image_save },
		],
	},
];
