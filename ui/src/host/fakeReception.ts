// The fake's side of «Приём сообщений»: a tunnel and lines that do what they are told.
import type {
	AccountView,
	EventQuery,
	EventRowView,
	LedgerDay,
	LineCheck,
	LineCheckResult,
	LineReason,
	LineView,
	ReceptionView,
	SelfTest,
	TunnelKind,
	TunnelSettings,
	TunnelView,
} from "./contract";
import type { FullTunnelSettings } from "../tunnel/settings";

const ADDRESS = "https://velo-master.ngrok-free.dev/";

export function tunnelSettings(order: TunnelKind[]): FullTunnelSettings {
	return {
		order,
		ngrok: { domain: null, server: null, caFile: null, proxy: null },
		program: { preset: "cloudPub", command: "", pattern: "" },
		own: { url: "", port: 8765 },
		unregisterOnExit: false,
	};
}

export class FakeReception {
	tunnel: TunnelView;
	/** What each check finds; none: it passes. */
	findings: Partial<Record<LineCheck, LineCheckResult>> = {};
	/** Why accounts are not live, when the tunnel does not say it. */
	reason: LineReason | null = null;
	unwanted = new Set<number>();
	tests = new Map<number, SelfTest>();
	events: EventRowView[];
	strangers = [{ id: "5f1e", address: "https://crm.example/hook/…", version: "3", owner: "stranger" as const }];
	#now: () => number;

	constructor(now: () => number) {
		this.#now = now;
		this.tunnel = {
			settings: tunnelSettings(["ngrok"]),
			ngrokTokenKept: true,
			kind: "ngrok",
			now: { state: "online", url: ADDRESS, heldUntilMs: null },
			sinceMs: now() - 42 * 60_000,
			failed: [],
			ngrokRequests: 4_312,
			ngrokRequestsFree: 20_000,
			endpoint: "127.0.0.1:45123",
		};
		const row = (id: number, minutes: number, rest: Partial<EventRowView>): EventRowView => ({
			id,
			account: 1,
			receivedMs: now() - minutes * 60_000,
			kind: "message",
			chat: id,
			buyer: "Марина",
			size: 742,
			delayMs: 640,
			outcome: "taken",
			...rest,
		});
		this.events = [
			row(9, 1, { buyer: "Алексей" }),
			row(8, 3, {}),
			row(7, 42, { kind: "self-test", chat: null, buyer: null, size: 57, delayMs: null, outcome: "selfTest" }),
			row(6, 50, { kind: "chat", delayMs: null, outcome: "otherKind" }),
			row(5, 51, { kind: null, chat: null, buyer: null, size: 2, delayMs: null, outcome: "empty" }),
			row(4, 90, { kind: null, chat: null, buyer: null, size: 1_204, delayMs: null, outcome: "notJson" }),
		];
	}

	view(accounts: AccountView[]): ReceptionView {
		return { tunnel: this.tunnel, lines: accounts.map((account) => this.line(account)) };
	}

	line(account: AccountView): LineView {
		const now = this.#now();
		const wanted = !this.unwanted.has(account.id);
		const online = this.tunnel.now.state === "online";
		const reason: LineReason = !wanted ? "notWanted" : (this.reason ?? this.#reasonOfTunnel());
		const live = reason === "live";
		return {
			account: account.id,
			name: account.name,
			colour: account.colour,
			mode: live ? "live" : "polling",
			sinceMs: now - 42 * 60_000,
			reason,
			wanted,
			address: wanted && online ? `${ADDRESS}webhook/avito/${account.id}/…` : null,
			registeredMs: wanted && online ? now - 42 * 60_000 : null,
			listedMs: now - 3 * 60_000,
			subscriptions: [...(wanted && online ? [{ id: "a1", address: `${ADDRESS}webhook/avito/${account.id}/…`, version: "3", owner: "current" as const }] : []), ...this.strangers],
			lastEventMs: now - 60_000,
			lastCheckedMs: now - 12_000,
			today: { byEvent: 412, recovered: 0, meanDelayMs: 810 },
			week: { byEvent: 2_207, recovered: 3, meanDelayMs: 940 },
			selfTest: this.tests.get(account.id) ?? null,
			error: null,
			oldPathUntilMs: null,
			wholeSinceMs: now - 9 * 24 * 3_600_000,
			coveredUntilMs: now - 12_000,
			reading: false,
		};
	}

	#reasonOfTunnel(): LineReason {
		const { now } = this.tunnel;
		switch (now.state) {
			case "off":
				return "noTunnel";
			case "connecting":
				return "tunnelConnecting";
			case "offline":
				return "tunnelDown";
			case "failed":
				return "tunnelFailed";
			case "online":
				return now.heldUntilMs === null ? "live" : "unsteady";
		}
	}

	save(settings: TunnelSettings): void {
		const order = settings.order ?? [];
		const kind = order[0] ?? null;
		this.tunnel = {
			...this.tunnel,
			settings,
			kind,
			now: kind === null ? { state: "off" } : { state: "online", url: ADDRESS, heldUntilMs: null },
			failed: [],
			sinceMs: this.#now(),
		};
	}

	test(account: number): SelfTest {
		const test: SelfTest = { atMs: this.#now(), passed: true, code: null, detail: null, totalMs: 340, handlerMs: 4 };
		this.tests.set(account, test);
		return test;
	}

	check(what: LineCheck): LineCheckResult {
		return this.findings[what] ?? { passed: true, code: null, detail: null, tookMs: 120 };
	}

	ledger(daysAgo: number): LedgerDay {
		const midnight = new Date(this.#now());
		midnight.setHours(0, 0, 0, 0);
		midnight.setDate(midnight.getDate() - daysAgo);
		const from = midnight.getTime();
		const hour = (at: number) => from + at * 3_600_000;
		const end = daysAgo === 0 ? this.#now() - 12_000 : hour(24);
		const stretches: LedgerDay["stretches"] = [
			{ fromMs: from, toMs: hour(2.2), how: "live" },
			{ fromMs: hour(2.2), toMs: hour(2.9), how: "polling" },
			{ fromMs: hour(2.9), toMs: hour(7.1), how: "afterwards" },
			{ fromMs: hour(7.1), toMs: hour(24), how: "live" },
		];
		return { fromMs: from, toMs: hour(24), stretches: stretches.filter((one) => one.fromMs < end).map((one) => ({ ...one, toMs: Math.min(one.toMs, end) })) };
	}

	log(query: EventQuery): EventRowView[] {
		const fits = (row: EventRowView) =>
			query.filter === "all" ||
			(query.filter === "messages" && row.outcome === "taken") ||
			(query.filter === "selfTests" && row.outcome === "selfTest") ||
			(query.filter === "other" && row.outcome !== "taken" && row.outcome !== "selfTest");
		return this.events.filter((row) => fits(row) && (query.account === null || row.account === query.account) && (query.before === null || row.id < query.before)).slice(0, query.limit);
	}
}
