// A window's frame over a fake shop whose time stands still.
import { AppController } from "../app/app.svelte";
import { LinkOpener } from "../app/links.svelte";
import type { Frame } from "../app/context";
import { FakeHost, type FakeOptions } from "../host/fake";
import { NOW } from "./stillTime";

export type GalleryFrame = Frame & { host: FakeHost };

export async function frame(options: FakeOptions = {}): Promise<GalleryFrame> {
	const host = new FakeHost({ chats: 12, now: () => NOW, ...options, settings: { language: "ru", ...options.settings } });
	const app = new AppController(host);
	await app.refresh();
	return { host, app, links: new LinkOpener(host, app) };
}
