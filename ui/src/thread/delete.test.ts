import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Draft } from "../drafts/draft.svelte";
import { message } from "../host/fakeData";
import { renderIn, testFrame } from "../testing/render";
import { Composer } from "./composer.svelte";
import { Thread } from "./thread.svelte";
import ThreadPane from "./ThreadPane.svelte";

test("a message of ours is deleted at Avito after a question that says how long it can be", async () => {
	const frame = await testFrame();
	const { host } = frame;
	const own = message(true, Date.now() - 20 * 60_000, { kind: "text", text: "Отдам за 4000" }, { id: 77, deletableUntilMs: Date.now() + 40 * 60_000 });
	vi.spyOn(host, "messages").mockResolvedValue({ rows: [own], older: null, newer: null });
	const removed = vi.spyOn(host, "deleteMessage").mockResolvedValue();
	const [thread, composer, draft] = [new Thread(host), new Composer(host), new Draft(host)];
	renderIn(frame, ThreadPane, { thread, composer, draft, known: null, onaction: vi.fn(), onchat: vi.fn() });
	composer.turnTo(2);
	void thread.open(2, 0);
	await userEvent.click(await screen.findByTestId("message-menu"));
	expect(screen.getByTestId("delete-message").textContent).toContain("ещё 40\u00a0мин");
	await userEvent.click(screen.getByTestId("delete-message"));
	expect(removed).not.toHaveBeenCalled();
	await userEvent.click(screen.getByTestId("delete-confirm"));
	expect(removed).toHaveBeenCalledWith(77);
	expect(screen.queryByTestId("delete-confirm")).toBeNull();
});
