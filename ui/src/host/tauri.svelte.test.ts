import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { emit } from "@tauri-apps/api/event";
import { flushSync } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import { commands, NOTICE_EVENT, type EntryInput, type KeyInput, type ModelSecrets, type Rule, type Settings } from "./contract";
import type { Host, KnowledgeHost } from "./host";
import type { DraftHost } from "./drafts";
import { NEW_RULE } from "../drafts/rules.svelte";
import { FakeDrafts } from "./fakeDrafts";
import { connectTauri } from "./tauri.svelte";

afterEach(() => clearMocks());

const key: KeyInput = { clientId: "id", clientSecret: "secret", apiUrl: null };
const settings: Settings = {
	language: "ru",
	theme: "dark",
	notifications: true,
	sound: false,
	enterSends: true,
	itemPanel: true,
	undoSendS: 0,
	keepVoices: true,
	polling: "usual",
	textPercent: 100,
};

const entry: EntryInput = { kind: "question", scope: { account: 1, item: null }, title: "Есть парковка?", text: "Есть", url: null };
const secrets: ModelSecrets = { key: "sk", headers: [{ name: "x-folder-id", value: "b1g" }], proxy: null };
const rule: Rule = { id: null, account: 1, item: null, active: true, settings: NEW_RULE.settings };
const draftSettings = new FakeDrafts({ calls: [], emit: () => undefined, rowsForDrafts: () => [], sendText: () => Promise.reject(new Error("no chat")) }, false).view.settings;
const scope = { account: 1, item: "5550001" };

/** One call of every command, the same through the port and through the generated contract. */
const samples: { [Name in keyof typeof commands]: Parameters<(typeof commands)[Name]> } = {
	appView: [],
	listChats: [{ account: 1, unreadOnly: false, text: null, after: null, limit: 100 }],
	chat: [1],
	relatedChats: [4],
	orders: [4],
	blockBuyer: [4, "fraud"],
	saveMedia: [5],
	storageView: [],
	cleanPictures: [],
	openDataFolder: [],
	messages: [1, { sentMs: 5, order: 1, id: 2 }, 60],
	messagesAround: [1, 22, 60],
	messagesAfter: [1, 22, 60],
	searchMessages: [{ text: "диван", account: null, chat: null, before: null, limit: 50 }],
	openChat: [null],
	markRead: [1],
	sendText: [1, "Добрый день"],
	sendImage: [1, "photo.jpg", "AAAA"],
	retrySend: [7],
	discardSend: [7],
	deleteMessage: [9],
	saveComposer: [1, ""],
	openLink: ["https://www.avito.ru/"],
	checkKey: [key],
	addAccount: [key],
	replaceKey: [1, key],
	removeAccount: [1, true],
	checkNow: [null],
	pauseBackfill: [1, true],
	saveSettings: [settings],
	chooseSecretFallback: ["passphrase", "слово"],
	unlockSecrets: ["слово"],
	reopen: [],
	closedShop: [],
	openWithRecoveryCode: ["ABCD-EFGH"],
	recoveryCode: [],
	confirmRecoveryCode: ["2345"],
	rekeyArchive: [],
	saveRecoveryCode: [],
	diagnostics: [],
	saveDiagnostics: [],
	setArchiveAside: [],
	showShop: ["demo"],
	backupView: [],
	backupPlace: [],
	chooseBackupFolder: [],
	chooseBackupFile: [],
	createBackup: ["кофемолка"],
	verifyBackup: [null],
	restoreBackup: ["кофемолка"],
	exportChats: ["html"],
	stopLongWork: [],
	reception: [],
	saveTunnels: [{ order: ["ngrok"] }, "2abc"],
	setNgrokToken: ["2abc"],
	retryTunnel: [],
	registerWebhook: [1],
	unregisterWebhook: [1],
	testWebhook: [1],
	rotateWebhookSecret: [1],
	refreshSubscriptions: [1],
	removeSubscription: [1, "5f1e"],
	checkLine: [1, "delivery"],
	ledger: [1, 0],
	eventLog: [{ account: null, filter: "all", before: null, limit: 60 }],
	eventBody: [3],
	clearEventLog: [null],
	proxySnippets: ["https://shop.example", 8765],
	draft: [1],
	waitingDrafts: [200],
	sendDraft: [4, "Да, есть", false],
	anotherDraft: [1, "короче"],
	dismissDraft: [1, 4, null],
	checkReply: [1, "Цена 9000 ₽"],
	openQuestions: [],
	answerQuestions: [[5], entry],
	putQuestionsAway: [[5]],
	draftStatistics: [30],
	rules: [],
	saveRule: [rule],
	removeRule: [3],
	pauseRules: [true],
	dryRun: [rule],
	automaticReplies: [null, 50],
	ruleLevels: [rule],
	recalls: [null],
	recallReply: [4],
	keepReply: [4],
	pastQuestions: [20],
	replay: [1, 2, draftSettings, secrets],
	replayProposed: [1, 2],
	draftSettings: [],
	saveDraftSettings: [draftSettings, secrets],
	checkModel: [draftSettings, secrets],
	modelPresets: [],
	knowledgeView: ["file", "прайс"],
	knowledgeSource: [3, -1],
	tryQuestion: [scope, "почём?"],
	saveEntry: [null, { kind: "question", scope, title: "Гарантия", text: "Год", url: null }],
	removeSource: [3],
	restoreSource: [3],
	switchSourceOff: [3, true],
	switchPassageOff: [5, true],
	setSourceScope: [3, scope],
	addFiles: [scope, false],
	addDroppedFile: [scope, "прайс.csv", "AAAA", true],
	replaceSource: [5, 3],
	proposeKnowledge: [{ on: [5], off: [3], entry: null, edits: null }],
	forgetProposed: [],
	watchFolder: [scope],
	forgetFolder: [2, true],
	readAgain: [3],
	stopReading: [3],
	refreshItems: [1],
	keepOneDuplicate: [5],
	keepDuplicates: ["-12"],
	tryAlert: [],
	closeWindow: [],
};

/** Where the port's name is another than the command's. */
const drafts: { [Name in keyof typeof commands]?: keyof DraftHost } = {
	draft: "of",
	waitingDrafts: "waiting",
	sendDraft: "send",
	anotherDraft: "again",
	dismissDraft: "dismiss",
	checkReply: "facts",
	openQuestions: "questions",
	answerQuestions: "answer",
	putQuestionsAway: "dropQuestions",
	draftStatistics: "statistics",
	rules: "rules",
	saveRule: "saveRule",
	removeRule: "removeRule",
	pauseRules: "pauseRules",
	dryRun: "dryRun",
	automaticReplies: "automatic",
	ruleLevels: "levels",
	recalls: "recalls",
	pastQuestions: "pastQuestions",
	replay: "replay",
	replayProposed: "replayProposed",
	recallReply: "recall",
	keepReply: "keep",
	draftSettings: "settings",
	saveDraftSettings: "saveSettings",
	checkModel: "check",
	modelPresets: "presets",
};

test.each(Object.keys(samples) as (keyof typeof commands)[])("%s asks the core exactly as the contract says", async (name) => {
	const asked: unknown[] = [];
	const answer = (command: string, args: unknown) => {
		asked.push([command, args ?? {}]);
		return { mode: "demo" };
	};
	mockIPC(answer, { shouldMockEvents: true });
	const host = connectTauri();
	asked.length = 0;
	const draft = drafts[name];
	// Drafts and knowledge have ports of their own.
	const asks = draft ? host.drafts[draft] : name in host.knowledge ? host.knowledge[name as keyof KnowledgeHost] : host[name as keyof Host];
	await (asks as (...args: unknown[]) => Promise<unknown>).call(host, ...samples[name]);
	await (commands[name] as (...args: unknown[]) => Promise<unknown>)(...samples[name]);
	expect(asked).toHaveLength(2);
	expect(asked[0]).toEqual(asked[1]);
});

test("notices reach every handler until it unsubscribes", async () => {
	mockIPC(() => undefined, { shouldMockEvents: true });
	const host = connectTauri();
	const [first, second] = [vi.fn(), vi.fn()];
	const stop = host.on(first);
	host.on(second);
	await emit(NOTICE_EVENT, { what: "messages", chat: 3 });
	expect(first).toHaveBeenCalledWith({ what: "messages", chat: 3 });
	stop();
	await emit(NOTICE_EVENT, { what: "accounts" });
	expect(first).toHaveBeenCalledTimes(1);
	expect(second).toHaveBeenCalledTimes(2);
});

test("readings do not wait for the listener, and what it could not hear is made up for", async () => {
	vi.useFakeTimers();
	try {
		mockIPC(() => ({ mode: "real" }), { shouldMockEvents: true });
		const host = connectTauri();
		const heard = vi.fn();
		host.on(heard);
		await host.appView();
		expect(heard).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(2000);
		expect(heard).toHaveBeenCalledWith({ what: "everything" });
	} finally {
		vi.useRealTimers();
	}
});

test("a refusal carries the core's code; anything else is a fault of the program", async () => {
	const host = await connected((command) => {
		if (command === "send_text") throw { code: "textTooLong", message: "1001 characters" };
		throw "not allowed";
	});
	await expect(host.sendText(1, "…")).rejects.toMatchObject({ code: "textTooLong", message: "1001 characters" });
	await expect(host.tryAlert()).rejects.toMatchObject({ code: "internal" });
});

async function connected(answer: (command: string) => unknown): Promise<Host> {
	mockIPC(() => undefined, { shouldMockEvents: true });
	const host = connectTauri();
	mockIPC(answer, { shouldMockEvents: true });
	return host;
}

test("pictures of the demo and of the seller's own shop have different addresses", async () => {
	let mode = "real";
	mockIPC(() => ({ mode }), { shouldMockEvents: true });
	Object.assign(Reflect.get(window, "__TAURI_INTERNALS__"), {
		convertFileSrc: (path: string, scheme: string) => `${scheme}://localhost/${encodeURIComponent(path)}`,
	});
	const host = connectTauri();
	await host.appView();
	const real = host.mediaUrl(1);
	mode = "demo";
	await host.appView();
	expect(real).toBe("media://localhost/real%2F1");
	expect(host.mediaUrl(1)).toBe("media://localhost/demo%2F1");
});

test("pictures of an archive and of the one that takes its place have different addresses", async () => {
	mockIPC(() => ({ mode: "real" }), { shouldMockEvents: true });
	Object.assign(Reflect.get(window, "__TAURI_INTERNALS__"), {
		convertFileSrc: (path: string, scheme: string) => `${scheme}://localhost/${encodeURIComponent(path)}`,
	});
	const host = connectTauri();
	const addresses = [host.mediaUrl(1)];
	await host.setArchiveAside();
	addresses.push(host.mediaUrl(1));
	await host.restoreBackup(null);
	addresses.push(host.mediaUrl(1));
	expect(new Set(addresses).size).toBe(3);
	expect(addresses.every((address) => new URL(address).pathname === "/real%2F1")).toBe(true);
});

test("an address taken before another shop is known to be shown follows it", async () => {
	let mode = "demo";
	mockIPC(() => ({ mode }), { shouldMockEvents: true });
	Object.assign(Reflect.get(window, "__TAURI_INTERNALS__"), {
		convertFileSrc: (path: string, scheme: string) => `${scheme}://localhost/${encodeURIComponent(path)}`,
	});
	const host = connectTauri();
	await host.appView();
	let shown = "";
	const end = $effect.root(() => {
		$effect(() => {
			shown = host.mediaUrl(1);
		});
	});
	flushSync();
	mode = "real";
	await host.appView();
	flushSync();
	expect(shown).toBe("media://localhost/real%2F1");
	end();
});
