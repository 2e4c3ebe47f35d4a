import { expect, test, vi } from "vitest";
import { FakeHost } from "../host/fake";
import { Recalls } from "./recalls.svelte";

test("a draft that is being written does not have every sent reply looked up for each of its words", async () => {
	vi.useFakeTimers();
	try {
		const host = new FakeHost();
		const asked = vi.spyOn(host.drafts, "recalls");
		const stop = new Recalls(host, null).start();
		for (let word = 0; word < 40; word++) {
			host.emit({ what: "draft", chat: 2 });
			await vi.advanceTimersByTimeAsync(20);
		}
		await vi.advanceTimersByTimeAsync(1000);
		expect(asked.mock.calls.length).toBeGreaterThan(1);
		expect(asked.mock.calls.length).toBeLessThan(6);
		host.emit({ what: "draft", chat: 2 });
		stop();
		asked.mockClear();
		await vi.advanceTimersByTimeAsync(1000);
		expect(asked).not.toHaveBeenCalled();
	} finally {
		vi.useRealTimers();
	}
});
