import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";
import type { ChatRow } from "../host/contract";
import { FakeHost } from "../host/fake";
import { renderIn, testFrame } from "../testing/render";
import ChatRowView from "./ChatRowView.svelte";

/** Turns what follows round, hides in words, ends texts early, never breaks. */
const HOSTILE = ["\u202eялпук\u2066а\u2069", "А\u200bн\u200dн\ufeffа", "до\0после", "<img src=x onerror=alert(1)>", "я".repeat(100_000)];

async function rowWith(more: Partial<ChatRow>): Promise<ChatRow> {
	const page = await new FakeHost().listChats({ account: null, unreadOnly: false, text: null, after: null, limit: 1 });
	return { ...(page.rows[0] as ChatRow), composerText: null, failed: false, ...more };
}

/** Whether nothing beside these words shares a line of text with them. */
function standsAlone(element: Element, words: string): boolean {
	const holders = [...element.querySelectorAll("*")].filter((child) => child.children.length === 0 && child.textContent === words);
	return holders.length > 0 && holders.every((holder) => holder.tagName === "BDI" || holder.parentElement?.childNodes.length === 1 || holder.matches(".one-line, h1"));
}

describe("a row of the list", () => {
	test.each(HOSTILE)("shows hostile words as written, apart from its own (%#)", async (words) => {
		const frame = await testFrame();
		const preview = { kind: "text", text: words, outgoing: true, delivery: { state: "sent" } } as const;
		const row = await rowWith({ buyer: { name: words, avatar: null, profileUrl: null }, itemTitle: words, preview });
		renderIn(frame, ChatRowView, { row, open: false, marked: false, index: 0, total: 1, onopen: () => undefined });
		const element = screen.getByTestId("chat-row");
		expect(element.querySelector("img:not([loading])")).toBeNull();
		expect(element.querySelector(".name")?.textContent).toBe(words);
		expect(element.querySelector(".preview bdi")?.textContent).toBe(words);
		expect(standsAlone(element, words)).toBe(true);
	});

	test("half-typed words are apart from the mark before them", async () => {
		const frame = await testFrame();
		const row = await rowWith({ composerText: "\u202eтекст" });
		renderIn(frame, ChatRowView, { row, open: false, marked: false, index: 0, total: 1, onopen: () => undefined });
		expect(screen.getByTestId("chat-row").querySelector(".preview bdi")?.textContent).toBe("\u202eтекст");
	});
});
