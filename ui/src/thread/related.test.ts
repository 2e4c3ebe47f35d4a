import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeHost } from "../host/fake";
import { renderIn, testFrame } from "../testing/render";
import RelatedList from "./RelatedList.svelte";

test("related chats say their last words, plain text and other kinds alike", async () => {
	const frame = await testFrame();
	const { rows } = await new FakeHost({ chats: 60 }).listChats({ account: null, unreadOnly: false, text: null, after: null, limit: 60 });
	expect(new Set(rows.map((row) => row.preview?.kind)).size).toBeGreaterThan(1);
	renderIn(frame, RelatedList, { title: "Другие чаты", rows, total: rows.length, item: false, onopen: () => undefined });
	screen.getByText("Показать все").click();
	const shown = await screen.findAllByTestId("related-chat");
	for (const chat of shown) expect(chat.textContent).not.toMatch(/null|undefined/);
});

test("a chat that has just come is counted before the chat itself is read again", async () => {
	const frame = await testFrame();
	const { rows } = await new FakeHost({ chats: 60 }).listChats({ account: null, unreadOnly: false, text: null, after: null, limit: 1 });
	renderIn(frame, RelatedList, { title: "Другие чаты", rows, total: 0, item: false, onopen: () => undefined });
	expect(screen.getByRole("heading").textContent).toMatch(/^Другие чаты\s+1$/);
});
