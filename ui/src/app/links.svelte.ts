// Addresses are inert until chosen; what leads away from Avito is shown in full and asked about first.
import type { Host } from "../host";
import { isAvito, webAddress } from "../shared/linkify";
import type { AppController } from "./app.svelte";

/** An address, and how it stood in the text: foreign letters are seen only there. */
export type AskedLink = { address: string; typed: string };

export class LinkOpener {
	/** An address that waits for the seller's decision. */
	asking = $state.raw<AskedLink | null>(null);
	#host: Host;
	#app: AppController;

	constructor(host: Host, app: AppController) {
		this.#host = host;
		this.#app = app;
	}

	/** For an address out of somebody's message. */
	choose(address: string, typed = address): void {
		const url = webAddress(address);
		if (!url) return;
		if (isAvito(url.href)) void this.open(url.href);
		else this.asking = { address: url.href, typed };
	}

	/** For an address of our own, or one the seller agreed to. */
	async open(address: string): Promise<void> {
		this.asking = null;
		await this.#app.attempt(() => this.#host.openLink(address));
	}
}
