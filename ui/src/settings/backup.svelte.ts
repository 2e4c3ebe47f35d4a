// Backups and exports: what is going on, how it ended. One piece of work at a time.
import type { BackupPlace, BackupReport, BackupView, ErrorCode, ExportFormat, ExportReport, LongWork, RestoreReport } from "../host/contract";
import { errorCode, type Host } from "../host";
import { toasts } from "../shared/toasts.svelte";
import { m } from "../words";
import { errorWords } from "../words/errors";

/** How the last piece of work ended. */
export type Outcome =
	| { work: "create" | "verify"; report: BackupReport }
	| { work: "restore"; report: RestoreReport }
	| { work: "export"; report: ExportReport };

const doneWords: Record<LongWork, () => string> = {
	create: m.backup_done,
	verify: m.backup_whole,
	restore: m.backup_restored,
	export: m.export_done,
};

/** Between two looks at how far the work is. */
const LOOK_MS = 300;

export class Backups {
	view = $state.raw<BackupView | null>(null);
	place = $state.raw<BackupPlace | null>(null);
	outcome = $state.raw<Outcome | null>(null);
	error = $state<ErrorCode | null>(null);
	/** What this page began, before the core says so too. */
	#begun = $state<LongWork | null>(null);
	work = $derived<LongWork | null>(this.view?.running?.work ?? this.#begun);
	/** Whether something goes on that is seen under one of these names. */
	busy = $derived(this.work !== null);
	#host: Host;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#closed = false;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Reads, and keeps looking while work goes on, also such that began before; returns the stopper. */
	start(): () => void {
		void this.#look();
		void this.#try(async () => (this.place = await this.#host.backupPlace()));
		return () => {
			this.#closed = true;
			clearTimeout(this.#timer);
		};
	}

	async #look(): Promise<void> {
		clearTimeout(this.#timer);
		// While the shop is being replaced there is nobody to ask.
		const view = await this.#host.backupView().catch(() => null);
		if (this.#closed) return;
		if (view) this.view = view;
		if (this.#begun || view?.running) this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
	}

	async #try<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
		try {
			return await work();
		} catch (error) {
			this.error = errorCode(error);
			return null;
		}
	}

	async #run(work: LongWork, begin: () => Promise<Outcome>): Promise<boolean> {
		if (this.busy) return false;
		[this.#begun, this.error, this.outcome] = [work, null, null];
		const done = this.#try(begin);
		void this.#look();
		this.outcome = await done;
		this.#begun = null;
		// Nobody looks here any more.
		if (this.#closed) toasts.show(this.outcome ? doneWords[work]() : errorWords[this.error ?? "internal"](), this.outcome === null);
		await this.#look();
		const place = await this.#host.backupPlace().catch(() => null);
		if (place) this.place = place;
		return this.outcome !== null;
	}

	async chooseFolder(): Promise<void> {
		await this.#try(async () => (this.place = await this.#host.chooseBackupFolder()));
	}

	async chooseFile(): Promise<void> {
		this.clear();
		await this.#try(async () => (this.place = await this.#host.chooseBackupFile()));
	}

	/** Forgets how the last work ended. */
	clear(): void {
		[this.error, this.outcome] = [null, null];
	}

	/** Without a passphrase it opens with the recovery code. */
	create(passphrase: string | null): Promise<boolean> {
		return this.#run("create", async () => ({ work: "create", report: await this.#host.createBackup(passphrase) }));
	}

	/** An empty secret: the present recovery code. */
	verify(secret: string): Promise<boolean> {
		return this.#run("verify", async () => ({ work: "verify", report: await this.#host.verifyBackup(secret.trim() || null) }));
	}

	restore(secret: string): Promise<boolean> {
		return this.#run("restore", async () => ({ work: "restore", report: await this.#host.restoreBackup(secret.trim() || null) }));
	}

	export(format: ExportFormat): Promise<boolean> {
		return this.#run("export", async () => ({ work: "export", report: await this.#host.exportChats(format) }));
	}

	async stop(): Promise<void> {
		await this.#try(() => this.#host.stopLongWork());
	}
}
