// A picture as it is asked for: one that is not to be had for the moment is asked for again, one that is gone is not.
import { onDestroy } from "svelte";
import type { Host, MediaAnswer } from "../host";
import type { MediaId } from "../host/contract";
import type { AppController } from "./app.svelte";
import { useFrame } from "./context";

/** Before each further try, milliseconds. After the last one the shop's connection, when it is back, and the seller ask. */
const PAUSES = [1_000, 4_000, 15_000, 60_000];

/** Addresses without a picture behind them: not asked for again each time they come into sight. */
const gone = new Set<string>();

type Failure = { address: string; gone: boolean };

export class Picture {
	#host: Host;
	#app: AppController;
	#media: () => MediaId | null;
	#failure = $state.raw<Failure | null>(null);
	/** Asked for by the seller although it was gone. */
	#again = $state.raw<string | null>(null);
	#wanted = $derived.by(() => {
		const media = this.#media();
		return media === null ? null : this.#host.mediaUrl(media);
	});
	#now = $derived(this.#failure?.address === this.#wanted ? this.#failure : null);
	/** Not to be had, neither now nor later. */
	gone = $derived(this.#wanted === null || (this.#now ? this.#now.gone : this.#wanted !== this.#again && gone.has(this.#wanted)));
	/** What to load; null while it is not to be had. */
	address = $derived(this.gone || this.#now ? null : this.#wanted);
	#tries = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#deaf: (() => void) | null = null;
	/** The core has its bytes: when they still fail, they are no picture. */
	#there: string | null = null;

	/** `media` may change; each one is asked for anew. */
	constructor(host: Host, app: AppController, media: () => MediaId | null) {
		[this.#host, this.#app, this.#media] = [host, app, media];
	}

	/** {@link address} could not be loaded. */
	failed(): void {
		const address = this.#wanted;
		if (address === null) return;
		if (this.#there === address) return this.#end(address);
		if (this.#failure?.address !== address) this.#tries = 0;
		this.#failure = { address, gone: false };
		this.#deaf ??= this.#app.onLineBack(() => {
			this.#tries = 0;
			void this.#ask();
		});
		this.#later();
	}

	/** The seller wants it now. */
	again(): void {
		this.#again = this.#wanted;
		this.#tries = 0;
		this.#quiet();
		this.#there = this.#failure = null;
	}

	/** Nobody looks any more. */
	stop(): void {
		this.#quiet();
		this.#failure = null;
	}

	#later(): void {
		clearTimeout(this.#timer);
		const pause = PAUSES[this.#tries++];
		if (pause !== undefined) this.#timer = setTimeout(() => void this.#ask(), pause);
	}

	async #ask(): Promise<void> {
		clearTimeout(this.#timer);
		const [failure, media] = [this.#now, this.#media()];
		if (!failure || failure.gone || media === null) return this.#quiet();
		const answer: MediaAnswer = await this.#host.mediaAnswer(media);
		if (this.#failure !== failure || this.#now !== failure) return; // another picture by now, or asked for by the seller
		if (answer === "later") return this.#later();
		this.#quiet();
		if (answer === "gone") return this.#end(failure.address);
		this.#there = failure.address;
		this.#failure = null;
	}

	#end(address: string): void {
		gone.add(address);
		this.#failure = { address, gone: true };
	}

	#quiet(): void {
		clearTimeout(this.#timer);
		this.#deaf?.();
		this.#deaf = null;
	}
}

/** The picture of a component, for as long as that is there. */
export function pictureOf(media: () => MediaId | null): Picture {
	const { host, app } = useFrame();
	const picture = new Picture(host, app, media);
	onDestroy(() => picture.stop());
	return picture;
}
