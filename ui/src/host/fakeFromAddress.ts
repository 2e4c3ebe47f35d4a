import type { ErrorCode, SecretStoreState, Settings, ShopMode, TroubleCode } from "./contract";
import { FakeHost } from "./fake";

/** The fake for a plain browser, shaped by the page's address: `?chats=5000&theme=dark&mode=demo&trouble=wrongKey…`. */
export function fakeFromAddress(search: string): FakeHost {
	const query = new URLSearchParams(search);
	const settings: Partial<Settings> = {
		theme: (query.get("theme") as Settings["theme"] | null) ?? "system",
		textPercent: Number(query.get("text") ?? 100),
		language: (query.get("lang") as Settings["language"] | null) ?? "ru",
	};
	const host = new FakeHost({
		chats: Number(query.get("chats") ?? 60),
		accounts: Number(query.get("accounts") ?? 1),
		mode: (query.get("mode") as ShopMode | null) ?? "real",
		hasRealAccounts: query.get("mode") !== "demo" || query.has("both"),
		secretStore: (query.get("secrets") as SecretStoreState | null) ?? "keychain",
		closed: query.get("closed") as ErrorCode | null,
		archive: { encrypted: !query.has("plain"), recoveryCodeConfirmed: !query.has("code") },
		trouble: query.get("trouble") as TroubleCode | null,
		clockOffsetMs: Number(query.get("clock") ?? 0) * 1000,
		backfill: query.has("backfill"),
		settings,
		long: Number(query.get("long") ?? 0),
		drafts: query.get("drafts") !== "off",
		lively: true,
	});
	// For the browser's console, and for scripts that look at the page in states of their own.
	Object.assign(window, { fakeHost: host });
	const open = Number(query.get("open") ?? 0);
	if (open) setTimeout(() => host.emit({ what: "openChat", chat: open }), 100);
	return host;
}
