import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { FakeHost } from "../host/fake";
import { loadParts } from "../views/parts";
import Window from "../views/Window.svelte";
import { m } from "../words";
import { inRussianLayout, matches } from "./match";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

describe("what is typed in the palette", () => {
	test("finds words by their beginnings, ё or е, in any layout", () => {
		expect(matches("Светлая тема", "тём")).toBe(true);
		expect(matches("Показать непрочитанные", "непр пока")).toBe(true);
		expect(matches("Настройки", "yfcn")).toBe(true);
		expect(matches("Настройки", "Yfcn")).toBe(true);
		expect(matches("Настройки", "тройки")).toBe(false);
		expect(inRussianLayout("ghbdtn")).toBe("привет");
	});
});

describe("the palette", () => {
	async function start() {
		const host = new FakeHost();
		render(Window, { props: { host } });
		await screen.findAllByTestId("chat-row");
		return { host, user: userEvent.setup() };
	}

	test("runs a command by keyboard alone", async () => {
		const { user } = await start();
		await user.keyboard("{Control>}k{/Control}");
		await user.type(await screen.findByRole("combobox"), "yfcnh{Enter}");
		expect(await screen.findByTestId("settings")).toBeTruthy();
		expect(screen.queryByTestId("palette")).toBeNull();
	});

	test("finds a chat by the buyer's name, also in the wrong layout, and opens it", async () => {
		const { host, user } = await start();
		await user.keyboard("{Control>}k{/Control}");
		await user.type(await screen.findByRole("combobox"), "cdtnkfyf");
		await vi.waitFor(() => expect(screen.getAllByTestId("palette-entry").some((entry) => entry.textContent?.includes("Светлана"))).toBe(true));
		await user.keyboard("{Enter}");
		await vi.waitFor(() => expect(host.calls.some(([name, chat]) => name === "openChat" && chat !== null)).toBe(true));
	});

	test("the arrows go round, and what is not there is said", async () => {
		const { user } = await start();
		await user.keyboard("{Control>}k{/Control}");
		const box = await screen.findByRole("combobox");
		await user.keyboard("{ArrowUp}");
		expect(screen.getAllByTestId("palette-entry").at(-1)?.getAttribute("aria-selected")).toBe("true");
		await user.type(box, "ъъъъ");
		await vi.waitFor(() => expect(screen.queryAllByTestId("palette-entry")).toHaveLength(0));
	});

	test("that is open speaks the language and knows the colours of now", async () => {
		const { host, user } = await start();
		await user.keyboard("{Control>}k{/Control}");
		const words = () => screen.getAllByTestId("palette-entry").map((entry) => entry.textContent?.trim() ?? "");
		await vi.waitFor(() => expect(words()).toContain("Тёмная тема"));
		await host.saveSettings({ ...host.settings, language: "en", theme: "dark" });
		await vi.waitFor(() => expect(words()).toContain(m.palette_light()));
		expect(words().filter((entry) => /[а-яё]/i.test(entry))).toEqual([]);
	});

	test("? lists the keys, but not while one writes", async () => {
		const { user } = await start();
		await user.type(screen.getByTestId("chat-search"), "?");
		expect(screen.queryByTestId("shortcuts")).toBeNull();
		(document.activeElement as HTMLElement).blur();
		await user.keyboard("?");
		expect(await screen.findByTestId("shortcuts")).toBeTruthy();
	});
});
