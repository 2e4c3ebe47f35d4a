// What the area «Приём сообщений» shows: read once, and again whenever something about accounts or tunnels changes.
import type { Host } from "../host";
import { errorCode } from "../host";
import type { ErrorCode, ReceptionView } from "../host/contract";

/** Changes come in crowds while accounts poll; the page need not follow each. */
const PAUSE_MS = 250;

export class Reception {
	view = $state.raw<ReceptionView | null>(null);
	error = $state<ErrorCode | null>(null);
	/** Raised with every reading, for what reads something of its own. */
	turn = $state(0);
	#host: Host;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Reads and keeps reading; returns the stopper. */
	start(): () => void {
		let timer: ReturnType<typeof setTimeout> | null = null;
		let running = true;
		const soon = () => {
			timer ??= setTimeout(() => {
				timer = null;
				if (running) void this.read();
			}, PAUSE_MS);
		};
		const stop = this.#host.on((notice) => {
			if (notice.what === "accounts" || notice.what === "everything") soon();
		});
		void this.read();
		return () => {
			running = false;
			stop();
			if (timer) clearTimeout(timer);
		};
	}

	async read(): Promise<void> {
		try {
			this.view = await this.#host.reception();
			this.error = null;
			this.turn++;
		} catch (error) {
			this.error = errorCode(error);
		}
	}
}
