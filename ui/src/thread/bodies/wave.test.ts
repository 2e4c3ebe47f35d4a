import { expect, test } from "vitest";
import { loudness } from "./wave";

test("loud stretches stand high, silence is flat", () => {
	const samples = Float32Array.from({ length: 400 }, (_, at) => (at < 100 ? 0 : at < 200 ? 0.5 : at < 300 ? -1 : 0.25));
	expect(loudness(samples, 4)).toEqual([0, 0.5, 1, 0.25]);
	expect(loudness(new Float32Array(10), 4)).toEqual([0, 0, 0, 0]);
});
