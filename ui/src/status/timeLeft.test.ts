import { expect, test } from "vitest";
import { timeLeft } from "./timeLeft";

const at = (chatsDone: number, more = {}) => ({ listing: false, chatsDone, chatsTotal: 100, messages: 0, paused: false, ...more });

test("what is left follows from the speed so far", () => {
	expect(timeLeft(1, at(10), 0)).toBeNull();
	expect(timeLeft(1, at(12), 10_000), "too early to tell").toBeNull();
	expect(timeLeft(1, at(40), 60_000)).toBe(120_000);
	expect(timeLeft(2, at(40), 60_000), "each account has its own").toBeNull();
});

test("a pause is not counted as slowness", () => {
	timeLeft(3, at(10), 0);
	expect(timeLeft(3, at(40, { paused: true }), 60_000)).toBeNull();
	expect(timeLeft(3, at(40), 3_600_000)).toBeNull();
	expect(timeLeft(3, at(70), 3_630_000)).toBe(30_000);
});
