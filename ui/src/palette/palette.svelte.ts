// The command palette: commands of the window first, then chats found by the typed words.
import type { Host } from "../host";
import type { ChatRow } from "../host/contract";
import type { IconName } from "../shared/icons";
import { inRussianLayout, matches } from "./match";

export type Command = { id: string; words: string; icon: IconName; keys?: string; act: () => void };
export type Entry = { kind: "command"; id: string; command: Command } | { kind: "chat"; id: string; row: ChatRow };

const CHATS = 6;

export class Palette {
	typed = $state("");
	marked = $state(0);
	#chats = $state.raw<ChatRow[]>([]);
	entries = $derived.by<Entry[]>(() => [
		...this.commands().filter((command) => matches(command.words, this.typed)).map((command) => ({ kind: "command" as const, id: command.id, command })),
		...this.#chats.map((row) => ({ kind: "chat" as const, id: `chat-${row.id}`, row })),
	]);
	#turn = 0;

	constructor(
		private readonly host: Host,
		/** Asked anew: their words and what they would do change with the language and the colours. */
		private readonly commands: () => readonly Command[],
	) {}

	async type(text: string): Promise<void> {
		this.typed = text;
		this.marked = 0;
		const turn = ++this.#turn;
		const found = text.trim() ? await this.#find(text.trim()) : [];
		if (turn === this.#turn) this.#chats = found;
	}

	move(step: 1 | -1): void {
		const count = this.entries.length;
		if (count) this.marked = (this.marked + step + count) % count;
	}

	/** A failed search finds nothing: the list of chats beside says what is wrong. */
	async #find(text: string): Promise<ChatRow[]> {
		const ask = (words: string) =>
			this.host.listChats({ account: null, unreadOnly: false, text: words, after: null, limit: CHATS }).then(
				(page) => page.rows,
				() => [],
			);
		const rows = await ask(text);
		const other = inRussianLayout(text.toLowerCase());
		return rows.length || other === text ? rows : ask(other);
	}
}
