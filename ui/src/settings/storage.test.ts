import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { renderIn, testFrame } from "../testing/render";
import StorageSection from "./StorageSection.svelte";

test("says what takes the room, and removes pictures only after a yes", async () => {
	const frame = await testFrame();
	const user = userEvent.setup();
	renderIn(frame, StorageSection, {});
	expect((await screen.findByText(/48,3/)).dataset["testid"]).toBe("storage-archive");
	await user.click(screen.getByTestId("storage-clean"));
	expect(screen.getByTestId("storage-question").textContent).toMatch(/298/);
	expect(frame.host.calls.some(([name]) => name === "cleanPictures")).toBe(false);
	await user.click(screen.getByTestId("storage-clean-do"));
	await vi.waitFor(() => expect(screen.getByTestId("storage-media").textContent).toMatch(/14,3/));
	expect((screen.getByTestId("storage-clean") as HTMLButtonElement).disabled).toBe(true);
	await user.click(screen.getByTestId("storage-open"));
	await vi.waitFor(() => expect(frame.host.calls.some(([name]) => name === "openDataFolder")).toBe(true));
});

test("recordings are kept at once unless the seller says otherwise", async () => {
	const frame = await testFrame();
	const user = userEvent.setup();
	renderIn(frame, StorageSection, {});
	await user.click(screen.getByTestId("setting-keepVoices"));
	expect(frame.host.settings.keepVoices).toBe(false);
});
