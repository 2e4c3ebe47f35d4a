// The seller's half-typed text and pictures, chat by chat. Text is never lost: it is kept while typing, and a failed send gives it back.
import type { ChatId, ErrorCode, MessageRow } from "../host/contract";
import { errorCode, type Host } from "../host";
import { toBase64 } from "../shared/base64";
import { toasts } from "../shared/toasts.svelte";
import { m } from "../words";
import { holdPicture, pictureFault, releasePicture, type Picture } from "./pictures";
import { quoted } from "./quote";
import { splitText, TEXT_LIMIT } from "./split";

const SAVE_AFTER_MS = 300;

type Echo = (chat: ChatId, row: MessageRow) => void;
/** What left the field at once. Taken from as it goes to the core. */
type Batch = { pictures: Picture[]; pieces: string[]; echo: Echo };

export class Composer {
	chat = $state<ChatId | null>(null);
	text = $state("");
	pictures = $state.raw<Picture[]>([]);
	/** Messages the text would become. */
	pieces = $derived(this.text.length > TEXT_LIMIT ? splitText(this.text) : null);
	empty = $derived(this.text.trim() === "" && this.pictures.length === 0);
	error = $state<ErrorCode | null>(null);
	/** A picture was put away for its number of pixels. */
	tooManyPixels = $state(false);
	/** Of several files: those that were put away, by the reason. */
	refused = $state.raw<readonly { fault: ErrorCode; names: string[] }[]>([]);
	#host: Host;
	/** What this window typed, by chat; the core's copy is older. */
	#typed = new Map<ChatId, string>();
	#held = new Map<ChatId, Picture[]>();
	#unsaved = new Set<ChatId>();
	/** What left the field and is not with the core yet, in its order: pictures take a while, and a later text must not overtake them. */
	#leaving = new Map<ChatId, Batch[]>();
	#sending = new Map<ChatId, Promise<void>>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Turns to another chat; what was typed in the former one is saved first. */
	turnTo(chat: ChatId | null): void {
		if (chat === this.chat) return;
		void this.flush();
		this.chat = chat;
		this.text = chat === null ? "" : (this.#typed.get(chat) ?? "");
		this.pictures = chat === null ? [] : (this.#held.get(chat) ?? []);
		this.#calm();
	}

	/** The core's copy, used unless this window knows better. */
	adopt(chat: ChatId, stored: string): void {
		if (this.#typed.has(chat)) return;
		this.#typed.set(chat, stored);
		if (chat === this.chat) this.text = stored;
	}

	type(text: string): void {
		if (this.chat === null) return;
		this.#calm();
		this.#put(this.chat, text);
	}

	/** Saves what is not saved yet. */
	async flush(): Promise<void> {
		clearTimeout(this.#timer);
		const chats = [...this.#unsaved];
		this.#unsaved.clear();
		await Promise.all(
			chats.map((chat) => this.#host.saveComposer(chat, this.#worthKeeping(chat)).catch(() => this.#unsaved.add(chat))),
		);
	}

	/** Waits until all that was sent is with the core, and saves the rest: before the window goes, or another shop comes. */
	async finish(): Promise<void> {
		await Promise.all(this.#sending.values());
		await this.flush();
	}

	/** Another shop has other chats under the same numbers: nothing of this one may be saved there. */
	forget(): void {
		this.#unsaved.clear();
		this.turnTo(null);
		this.#typed.clear();
		this.#held.clear();
	}

	attach(files: Iterable<File>): void {
		if (this.chat === null) return;
		this.#calm();
		const all = [...files];
		const good: Picture[] = [];
		const refused = new Map<ErrorCode, string[]>();
		for (const file of all) {
			const fault = pictureFault(file);
			if (fault) refused.set((this.error = fault), [...(refused.get(fault) ?? []), file.name]);
			else good.push(holdPicture(file));
		}
		// One file alone needs no name.
		if (all.length > 1) this.refused = [...refused].map(([fault, names]) => ({ fault, names }));
		this.#hold(this.chat, [...this.pictures, ...good]);
	}

	/** The picture turned out to have more pixels than Avito takes. */
	refuse(picture: Picture): void {
		this.detach(picture);
		this.tooManyPixels = true;
	}

	detach(picture: Picture): void {
		if (this.chat === null) return;
		releasePicture(picture);
		this.#hold(this.chat, this.pictures.filter((held) => held !== picture));
	}

	#calm(): void {
		this.error = null;
		this.tooManyPixels = false;
		this.refused = [];
	}

	/** Puts text of a reply that did not go out in front of what is there. */
	restore(chat: ChatId, text: string): void {
		const present = this.#typed.get(chat) ?? "";
		this.#put(chat, [text, present].filter((part) => part.trim()).join("\n"));
	}

	/** These words went out another way: they leave their field, and what was typed behind them since stays. */
	took(chat: ChatId, text: string): void {
		const present = this.#typed.get(chat);
		if (present?.startsWith(text)) this.#put(chat, present.slice(text.length).trimStart());
		if (chat === this.chat) this.#calm();
	}

	/** A reply did not go out and stands in the field of its chat, which may have been left since. */
	failed(chat: ChatId, code: ErrorCode): void {
		if (chat === this.chat) this.error = code;
		else toasts.show(m.reply_failed_elsewhere(), true);
	}

	/** Puts back a picture that did not go out, before those that are there. */
	restorePicture(chat: ChatId, file: File): void {
		this.#hold(chat, [holdPicture(file), ...(this.#held.get(chat) ?? [])]);
	}

	/** Puts somebody's words above what is there. */
	quote(text: string): void {
		if (this.chat === null) return;
		this.#calm();
		this.#put(this.chat, quoted(text) + this.text);
	}

	/** Pictures first, then the text in as many messages as it needs. `echo` gets each row the moment the core has it. */
	async send(echo: Echo): Promise<void> {
		const chat = this.chat;
		if (chat === null || this.empty) return;
		const batch = { pictures: [...this.pictures], pieces: splitText(this.text), echo };
		this.#calm();
		const leaving = this.#leaving.get(chat) ?? [];
		leaving.push(batch);
		this.#leaving.set(chat, leaving);
		// The field is free for the next thought at once; what fails comes back.
		this.#hold(chat, []);
		this.#put(chat, "");
		if (!this.#sending.has(chat)) this.#sending.set(chat, this.#sendAll(chat, leaving));
		await this.#sending.get(chat);
	}

	async #sendAll(chat: ChatId, leaving: Batch[]): Promise<void> {
		while (leaving.length) {
			try {
				for (; leaving[0]; leaving.shift()) await this.#sendBatch(chat, leaving[0]);
			} catch (error) {
				const back = leaving.splice(0);
				this.#hold(chat, [...back.flatMap(({ pictures }) => pictures), ...(this.#held.get(chat) ?? [])]);
				const text = back.flatMap(({ pieces }) => pieces).join("\n");
				if (text) this.restore(chat, text);
				this.failed(chat, errorCode(error));
			}
			this.#unsaved.add(chat);
			await this.flush();
		}
		this.#leaving.delete(chat);
		this.#sending.delete(chat);
	}

	async #sendBatch(chat: ChatId, { pictures, pieces, echo }: Batch): Promise<void> {
		while (pictures[0]) {
			const picture = pictures[0];
			echo(chat, await this.#host.sendImage(chat, picture.file.name || "picture.png", await toBase64(picture.file)));
			releasePicture(picture);
			pictures.shift();
		}
		while (pieces[0] !== undefined) {
			echo(chat, await this.#host.sendText(chat, pieces[0]));
			pieces.shift();
		}
	}

	/** What a kill of the program must not take: pictures before a text may take a while. */
	#worthKeeping(chat: ChatId): string {
		const leaving = (this.#leaving.get(chat) ?? []).flatMap(({ pieces }) => pieces);
		return leaving.length ? [...leaving, this.#typed.get(chat) ?? ""].filter((part) => part.trim()).join("\n") : (this.#typed.get(chat) ?? "");
	}

	#put(chat: ChatId, text: string): void {
		this.#typed.set(chat, text);
		this.#unsaved.add(chat);
		if (chat === this.chat) this.text = text;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.flush(), SAVE_AFTER_MS);
	}

	#hold(chat: ChatId, pictures: Picture[]): void {
		this.#held.set(chat, pictures);
		if (chat === this.chat) this.pictures = pictures;
	}
}
