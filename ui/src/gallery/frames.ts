// A window's frame over a fake shop whose time stands still.
import { AppController } from "../app/app.svelte";
import { LinkOpener } from "../app/links.svelte";
import type { Frame } from "../app/context";
import { FakeHost, type FakeOptions } from "../host/fake";

/** Every picture is taken at this moment. */
export const NOW = new Date(2026, 9, 3, 14, 20).getTime();

export type GalleryFrame = Frame & { host: FakeHost };

export async function frame(options: FakeOptions = {}): Promise<GalleryFrame> {
	const host = new FakeHost({ chats: 12, now: () => NOW, ...options, settings: { language: "ru", ...options.settings } });
	const app = new AppController(host);
	await app.refresh();
	return { host, app, links: new LinkOpener(host, app) };
}
