// What the seller can do with one message.
import type { AppController } from "../app/app.svelte";
import type { Host } from "../host";
import type { MessageRow } from "../host/contract";
import { toasts } from "../shared/toasts.svelte";
import { m } from "../words";
import type { Composer } from "./composer.svelte";
import type { Thread } from "./thread.svelte";

/** The text worth copying, if the message has any. */
export function copyText(row: MessageRow): string | null {
	const { body } = row;
	switch (body.kind) {
		case "text":
		case "system":
			return body.text;
		case "link":
			return body.text || body.url;
		case "location":
			return body.text || body.title;
		case "item":
			return [body.title, body.url].filter(Boolean).join("\n");
		case "image":
			return body.caption;
		default:
			return null;
	}
}

export class MessageActions {
	constructor(
		private readonly host: Host,
		private readonly app: AppController,
		private readonly thread: Thread,
		private readonly composer: Composer,
	) {}

	async copy(text: string): Promise<void> {
		try {
			await navigator.clipboard.writeText(text);
			toasts.show(m.copied());
		} catch {
			toasts.show(m.copy_failed(), true);
		}
	}

	async retry(row: MessageRow): Promise<void> {
		const { outbox } = row;
		if (outbox === null) return;
		await this.app.attempt(() => this.host.retrySend(outbox));
		this.thread.refresh();
	}

	/** Takes the reply out of the outbox; its words, or its picture, go back into the composer. */
	async discard(row: MessageRow): Promise<void> {
		await this.#takeBack(row, (back) => back?.());
	}

	/** Takes away a reply that did not go out; its words, or its picture, can be had back. */
	async drop(row: MessageRow): Promise<void> {
		await this.#takeBack(row, (back) => back && offerBack(m.reply_dropped(), back));
	}

	/** `after` gets what puts the words, or the picture, into the composer; null: neither is to be had. */
	async #takeBack(row: MessageRow, after: (back: (() => void) | null) => void): Promise<void> {
		const { outbox } = row;
		const chat = this.thread.chatId;
		if (outbox === null || chat === null) return;
		await this.app.attempt(async () => {
			// Its file goes with the reply.
			const picture = await this.#pictureOf(row);
			const text = await this.host.discardSend(outbox);
			after(picture ? () => this.composer.restorePicture(chat, picture) : text ? () => this.composer.restore(chat, text) : null);
		});
		this.thread.refresh();
	}

	/** What was attached, as a file again; null: no picture, or it is not to be had. */
	async #pictureOf({ body }: MessageRow): Promise<File | null> {
		const media = body.kind === "image" ? (body.large ?? body.small) : null;
		if (media === null) return null;
		const bytes = await this.host.fetchMedia(media).catch(() => null);
		return bytes && new File([bytes], "", { type: bytes.type });
	}

	/** How much of a picture is on its way, in per cent; null: none is, or nothing can stop it any more. */
	upload(row: MessageRow): number | null {
		if (row.outbox === null || row.delivery?.state !== "sending" || row.body.kind !== "image") return null;
		const percent = this.thread.uploads.get(row.outbox) ?? 100;
		return percent < 100 ? percent : null;
	}

	/** Takes back a picture that is on its way; it can be had back. */
	async stopUpload(row: MessageRow): Promise<void> {
		await this.#takeBack(row, (back) => (back ? offerBack(m.upload_stopped(), back) : toasts.show(m.upload_stopped())));
	}

	async remove(row: MessageRow): Promise<void> {
		const { id } = row;
		if (id === null) return;
		await this.app.attempt(() => this.host.deleteMessage(id));
		this.thread.refresh();
	}
}

function offerBack(words: string, act: () => void): void {
	toasts.undoable(words, { words: m.put_back(), act });
}
