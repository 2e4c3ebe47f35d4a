// Every key the window listens to, in the words of the help. The keys themselves are handled where they act.
import { m } from "../words";

export type Shortcut = { keys: string; words: () => string };

const mac = navigator.userAgent.includes("Mac");

/** `Ctrl+K` as this computer's keyboard names it. */
export function keyName(keys: string): string {
	return mac ? keys.replace("Ctrl+", "⌘").replace("Alt+", "⌥").replace("Shift+", "⇧") : keys;
}

export const shortcuts: readonly { group: () => string; list: readonly Shortcut[] }[] = [
	{
		group: m.keys_window,
		list: [
			{ keys: "Ctrl+K", words: m.keys_palette },
			{ keys: "Ctrl+1…9", words: m.keys_areas },
			{ keys: "?", words: m.keys_help },
			{ keys: "Ctrl+,", words: m.settings },
		],
	},
	{
		group: m.chats,
		list: [
			{ keys: "Ctrl+F", words: m.keys_search },
			{ keys: "А…Я", words: m.keys_type_find },
			{ keys: "↑ ↓, Enter", words: m.keys_choose },
			{ keys: "Alt+↑ ↓", words: m.keys_neighbour },
			{ keys: "Esc", words: m.keys_close },
		],
	},
	{
		group: m.keys_drafts,
		list: [
			{ keys: "Ctrl+Enter", words: m.keys_draft_send },
			{ keys: "Ctrl+E", words: m.keys_draft_edit },
			{ keys: "Ctrl+J", words: m.keys_draft_again },
			{ keys: "Ctrl+D", words: m.keys_draft_dismiss },
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
