import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { FakeHost, type FakeOptions } from "../host/fake";
import { loadParts } from "../views/parts";
import Window from "../views/Window.svelte";
import { language } from "../words";
import { isStuckCode, stuckWords, type StuckCode } from "./stuck";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

function start(options: FakeOptions) {
	const host = new FakeHost(options);
	render(Window, { props: { host } });
	return { host, user: userEvent.setup() };
}

const codes: StuckCode[] = ["diskFull", "diskReadOnly", "archiveBusy", "storage", "newerDatabase", "archiveDamaged"];

describe("an archive that disk or file keep from being used", () => {
	test.each(codes)("%s: what it is, what to do, and where the file lies untouched", async (closed) => {
		start({ closed });
		const screenful = await screen.findByTestId("stuck-archive");
		expect(screenful.dataset["code"]).toBe(closed);
		expect(screenful.textContent).toContain(stuckWords(closed).text);
		expect(screenful.textContent).toContain("поверх него ничего не пишет");
		expect(screenful.textContent).toContain("/home/seller");
	});

	test("each has words of its own", () => {
		expect(new Set(codes.map((code) => stuckWords(code).title)).size).toBe(codes.length);
		expect(isStuckCode("wrongKey")).toBe(false);
	});

	test("when the disk has space again the chats open, by the button or by themselves", async () => {
		const { host, user } = start({ closed: "diskFull" });
		await user.click(await screen.findByTestId("stuck-retry"));
		expect(host.calls).toContainEqual(["reopen"]);
		expect(screen.getByTestId("stuck-archive")).toBeTruthy();
		host.closed = null;
		host.emit({ what: "everything" });
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
		expect(screen.queryByTestId("stuck-archive")).toBeNull();
	});

	test("a damaged archive is set aside only after a second yes", async () => {
		const { host, user } = start({ closed: "archiveDamaged" });
		await user.click(await screen.findByTestId("set-aside"));
		expect(host.calls.map(([name]) => name)).not.toContain("setArchiveAside");
		await user.click(screen.getByTestId("set-aside-no"));
		await user.click(screen.getByTestId("set-aside"));
		await user.click(screen.getByTestId("set-aside-yes"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
		expect(host.calls).toContainEqual(["setArchiveAside"]);
		await vi.waitFor(() => expect(document.body.textContent).toContain("Файл отложен"));
	});

	test("the window goes on in its language when the new archive knows none", async () => {
		language.follow("en"); // as this window remembers it from its last start
		const { host, user } = start({ closed: "archiveDamaged" });
		await user.click(await screen.findByTestId("set-aside"));
		await user.click(screen.getByTestId("set-aside-yes"));
		await vi.waitFor(() => expect(host.settings.language).toBe("en"));
		await vi.waitFor(() => expect(document.body.textContent).toContain("All"));
		language.follow("ru");
	});

	test("a damaged archive is restored from a chosen backup with its words", async () => {
		const { host, user } = start({ closed: "archiveDamaged" });
		await user.click(await screen.findByTestId("stuck-restore"));
		await user.click(await screen.findByTestId("backup-choose-file"));
		await user.type(screen.getByTestId("backup-secret"), "верная фраза");
		await vi.waitFor(() => expect((screen.getByTestId("backup-restore") as HTMLButtonElement).disabled).toBe(false));
		host.closed = null;
		await user.click(screen.getByTestId("backup-restore"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
		expect(host.calls.map(([name]) => name)).toContain("restoreBackup");
		await vi.waitFor(() => expect(document.body.textContent).toContain("Переписка восстановлена из копии"));
	});

	test("damage found while the chats are open is told below them and leads to the same screen and back", async () => {
		const { user } = start({ trouble: "archiveDamaged" });
		await user.click(await screen.findByTestId("trouble-action"));
		expect(screen.getByTestId("stuck-archive").dataset["code"]).toBe("archiveDamaged");
		await user.click(screen.getByTestId("stuck-back"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
	});
});
