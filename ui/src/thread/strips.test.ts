import { describe, expect, test } from "vitest";
import { FakeHost } from "../host/fake";
import type { DraftView } from "../host/contract";
import { draftStrip, notice, tipHere } from "./strips";

const host = new FakeHost();
host.drafts.put(2, "[Да|source|1].");
const draft = (await host.drafts.of(2)) as DraftView;
const calm = { error: null, tooManyPixels: false, blocked: false, split: false } as const;

describe("over the composer there is one strip about trouble", () => {
	test("the answer to what was just done comes before what lasts", () => {
		expect(notice(calm)).toBeNull();
		expect(notice({ ...calm, split: true })).toBe("split");
		expect(notice({ ...calm, split: true, blocked: true })).toBe("blocked");
		expect(notice({ ...calm, blocked: true, error: "draftStale" })).toBe("error");
		expect(notice({ ...calm, blocked: true, tooManyPixels: true })).toBe("pixels");
	});
});

describe("over the composer there is one strip about the draft", () => {
	test("the one that is being worked on", () => {
		expect(draftStrip({ editing: true, draft: true, lesson: true })).toBe("editing");
		expect(draftStrip({ editing: false, draft: true, lesson: true })).toBe("draft");
		expect(draftStrip({ editing: false, draft: false, lesson: true }), "kept until it is answered").toBe("lesson");
		expect(draftStrip({ editing: false, draft: false, lesson: false })).toBeNull();
	});
});

describe("a tip", () => {
	const open = { notice: null, strip: "draft", draft, folded: false } as const;

	test("speaks of keys that work", () => {
		expect(draft.oneKey).toBe(true);
		expect(tipHere(open)).toBe("draft");
		expect(tipHere({ ...open, folded: true }), "a folded draft takes no keys").toBeNull();
		expect(tipHere({ ...open, draft: { ...draft, oneKey: false } })).toBeNull();
		expect(tipHere({ ...open, strip: "editing" })).toBeNull();
		expect(tipHere({ ...open, strip: null, draft: null })).toBe("thread");
	});

	test("is not given beside trouble", () => {
		expect(tipHere({ ...open, notice: "blocked" })).toBeNull();
		expect(tipHere({ ...open, strip: null, draft: null, notice: "error" })).toBeNull();
	});
});
