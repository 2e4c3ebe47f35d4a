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

	/** Takes the reply out of the outbox; `edit` puts its words back into the composer. */
	async discard(row: MessageRow, edit: boolean): Promise<boolean> {
		const { outbox } = row;
		const chat = this.thread.chatId;
		if (outbox === null || chat === null) return false;
		const done = await this.app.attempt(async () => {
			const text = await this.host.discardSend(outbox);
			if (edit && text) this.composer.restore(chat, text);
		});
		this.thread.refresh();
		return done;
	}

	/** Takes away a reply that did not go out; its words can be had back. */
	async drop(row: MessageRow): Promise<void> {
		const { outbox } = row;
		const chat = this.thread.chatId;
		if (outbox === null || chat === null) return;
		await this.app.attempt(async () => {
			const text = await this.host.discardSend(outbox);
			if (text) toasts.undoable(m.reply_dropped(), { words: m.reply_drop_undo(), act: () => this.composer.restore(chat, text) });
		});
		this.thread.refresh();
	}

	/** How much of a picture is on its way, in per cent; null: none is, or nothing can stop it any more. */
	upload(row: MessageRow): number | null {
		if (row.outbox === null || row.delivery?.state !== "sending" || row.body.kind !== "image") return null;
		const percent = this.thread.uploads.get(row.outbox) ?? 100;
		return percent < 100 ? percent : null;
	}

	/** Takes back a picture that is on its way. */
	async stopUpload(row: MessageRow): Promise<void> {
		if (await this.discard(row, false)) toasts.show(m.upload_stopped());
	}

	async remove(row: MessageRow): Promise<void> {
		const { id } = row;
		if (id === null) return;
		await this.app.attempt(() => this.host.deleteMessage(id));
		this.thread.refresh();
	}
}
