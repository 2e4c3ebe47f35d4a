// A new message: the sound, and a line for those who hear the window instead of seeing it.
import type { Host } from "../host";
import type { Notice } from "../host/contract";
import { playMessageSound } from "../shared/sound";
import { toasts } from "../shared/toasts.svelte";
import { m } from "../words";
import { previewWords } from "../words/preview";

export class Alerts {
	/** The newest announcement. */
	words = $state("");
	#host: Host;
	#play: () => Promise<void>;

	constructor(host: Host, play: () => Promise<void> = playMessageSound) {
		this.#host = host;
		this.#play = play;
	}

	start(): () => void {
		return this.#host.on((notice: Notice) => {
			if (notice.what === "alert") void this.#alert(notice.chat, notice.sound);
		});
	}

	async #alert(chat: number | null, sound: boolean): Promise<void> {
		if (sound) this.#play().catch(() => toasts.show(m.sound_failed(), true));
		if (chat === null) return;
		try {
			const { row } = await this.#host.chat(chat);
			const preview = row.preview ? previewWords(row.preview) : null;
			const text = preview ? [preview.kind, preview.text].filter(Boolean).join(" ") : "";
			this.words = m.announce({ name: row.buyer.name ?? m.buyer_unnamed(), text });
		} catch {
			// The chat is gone again; there is nothing to announce.
		}
	}
}
