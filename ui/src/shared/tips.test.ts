import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import Tip from "./Tip.svelte";
import { forgetTips, tipRead } from "./tips.svelte";

beforeEach(() => forgetTips());

test("a tip that was read does not come again, until all are wanted again", async () => {
	const first = render(Tip, { props: { id: "thread", text: "Alt+↑ и Alt+↓" } });
	await userEvent.setup().click(screen.getByTestId("tip-done"));
	expect(screen.queryByTestId("tip-thread")).toBeNull();
	first.unmount();
	render(Tip, { props: { id: "thread", text: "Alt+↑ и Alt+↓" } });
	expect(screen.queryByTestId("tip-thread")).toBeNull();
	expect(tipRead("draft")).toBe(false);
	forgetTips();
	expect(await screen.findByTestId("tip-thread")).toBeTruthy();
});
