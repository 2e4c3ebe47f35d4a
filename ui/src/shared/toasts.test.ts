import { render, screen, waitFor } from "@testing-library/svelte";
import { createRawSnippet } from "svelte";
import { expect, test } from "vitest";
import Dialog from "./Dialog.svelte";
import ToastStack from "./ToastStack.svelte";
import { toasts } from "./toasts.svelte";

test("what is said while a dialog is open is said in the dialog, and afterwards in the window", async () => {
	render(ToastStack);
	const children = createRawSnippet(() => ({ render: () => "<p>Место на диске</p>" }));
	const dialog = render(Dialog, { props: { title: "Настройки", children } });
	toasts.show("Диск заполнен", true);
	const shown = await screen.findByTestId("toast");
	expect(shown.closest("dialog")).toBe(screen.getByRole("dialog"));
	dialog.unmount();
	await waitFor(() => expect(screen.getByTestId("toast").closest("dialog")).toBeNull());
});
