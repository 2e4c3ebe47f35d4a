import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { HostError } from "../host";
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

	describe("another archive gives its numbers to other buyers", () => {
		const text = "Иван, жду вас в семь";
		const row = async (id: number) => (await screen.findAllByTestId("chat-row")).find((element) => element.dataset["chatId"] === String(id)) as HTMLElement;
		const composer = () => screen.getByTestId("composer") as HTMLTextAreaElement;

		/** Chat 2 is open with half-typed words when the damage is found. `other`: what comes in its place. */
		async function damaged(command: "setArchiveAside" | "restoreBackup") {
			const { host, user } = start({ trouble: "archiveDamaged", drafts: true });
			const replace = host[command].bind(host) as (secret: string | null) => Promise<never>;
			vi.spyOn(host, command).mockImplementation((secret?: string | null) => {
				host.accounts = host.accounts.map((account) => ({ ...account, trouble: null }));
				host.chats = [{ ...host.chats[4]!, id: 2, unread: 0, composerText: "" }];
				// Not even where they are not read: the former drafts are no answer.
				vi.spyOn(host.drafts, "waiting").mockRejectedValue(new HostError({ code: "storage", message: "storage" }));
				return replace(secret ?? null);
			});
			await user.click(await row(2));
			await user.type(composer(), text);
			await user.click(await screen.findByTestId("trouble-action"));
			return { host, user };
		}

		async function expectNothingOfTheFormer(host: FakeHost, user: ReturnType<typeof userEvent.setup>) {
			await vi.waitFor(async () => expect(await screen.findAllByTestId("chat-row")).toHaveLength(1));
			expect(screen.queryByTestId("thread")).toBeNull();
			await user.click(await row(2));
			await vi.waitFor(() => expect(screen.getByTestId("thread").textContent).toContain(host.chats[0]?.buyer.name));
			await screen.findAllByTestId("message");
			expect(composer().value).toBe("");
			expect(host.chats[0]?.composerText).toBe("");
			await user.keyboard("{Control>}2{/Control}");
			await screen.findByTestId("drafts-area");
			expect(screen.queryAllByTestId("waiting-draft")).toHaveLength(0);
		}

		test("after it was set aside no thread is open and the field is empty", async () => {
			const { host, user } = await damaged("setArchiveAside");
			await user.click(screen.getByTestId("set-aside"));
			await user.click(screen.getByTestId("set-aside-yes"));
			await expectNothingOfTheFormer(host, user);
		});

		test("nor after it was restored", async () => {
			const { host, user } = await damaged("restoreBackup");
			await user.click(screen.getByTestId("stuck-restore"));
			await user.click(await screen.findByTestId("backup-choose-file"));
			await user.type(screen.getByTestId("backup-secret"), "верная фраза");
			await vi.waitFor(() => expect((screen.getByTestId("backup-restore") as HTMLButtonElement).disabled).toBe(false));
			await user.click(screen.getByTestId("backup-restore"));
			await expectNothingOfTheFormer(host, user);
		});

		test("nor where the other one opens only later", async () => {
			const { host, user } = await damaged("setArchiveAside");
			const replace = vi.mocked(host.setArchiveAside).getMockImplementation();
			vi.mocked(host.setArchiveAside).mockImplementation(async () => {
				await replace?.();
				host.closed = "archiveBusy";
				throw new HostError({ code: "archiveBusy", message: "archiveBusy" });
			});
			await user.click(screen.getByTestId("set-aside"));
			await user.click(screen.getByTestId("set-aside-yes"));
			await screen.findByTestId("stuck-error");
			host.closed = null;
			await user.click(screen.getByTestId("stuck-retry"));
			await user.click(screen.getByTestId("stuck-back"));
			await expectNothingOfTheFormer(host, user);
		});

		test("an answer begun for the questions of the former is not kept under those of the restored", async () => {
			const { user } = start({ drafts: true });
			await screen.findAllByTestId("chat-row");
			await user.keyboard("{Control>}2{/Control}");
			await user.click(await screen.findByTestId("drafts-tab-questions"));
			await user.click((await screen.findAllByTestId("question-begin"))[0]!);
			await user.type(screen.getByTestId("question-answer"), "Год на раму.");
			await user.keyboard("{Control>}[Comma]{/Control}");
			await user.click(await screen.findByTestId("backup-from-copy"));
			await user.click(await screen.findByTestId("backup-choose-file"));
			await vi.waitFor(() => expect((screen.getByTestId("backup-restore") as HTMLButtonElement).disabled).toBe(false));
			await user.click(screen.getByTestId("backup-restore"));
			await screen.findByTestId("backup-close");
			await vi.waitFor(() => expect(screen.queryByTestId("question-answer")).toBeNull());
			expect(screen.getByTestId("backup-file-dialog"), "what became of it is told").toBeTruthy();
		});

		test("where nothing was set aside the words are still there", async () => {
			const { host, user } = await damaged("setArchiveAside");
			vi.mocked(host.setArchiveAside).mockRejectedValue(new HostError({ code: "storage", message: "storage" }));
			await user.click(screen.getByTestId("set-aside"));
			await user.click(screen.getByTestId("set-aside-yes"));
			await screen.findByTestId("stuck-error");
			await user.click(screen.getByTestId("stuck-back"));
			await user.click(await row(2));
			expect(composer().value).toBe(text);
		});
	});

	test("damage found while the chats are open is told below them and leads to the same screen and back", async () => {
		const { user } = start({ trouble: "archiveDamaged" });
		await user.click(await screen.findByTestId("trouble-action"));
		expect(screen.getByTestId("stuck-archive").dataset["code"]).toBe("archiveDamaged");
		await user.click(screen.getByTestId("stuck-back"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
	});
});
