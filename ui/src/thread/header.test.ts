import { expect, test } from "vitest";
import type { ChatRow } from "../host/contract";
import { renderIn, testFrame } from "../testing/render";
import ThreadHeader from "./ThreadHeader.svelte";

test("the header of a thread keeps a listing's title apart from its price", async () => {
	const frame = await testFrame();
	const page = await frame.host.listChats({ account: null, unreadOnly: false, text: null, after: null, limit: 1 });
	const row: ChatRow = { ...(page.rows[0] as ChatRow), itemTitle: "\u202eлампа", itemPrice: "100 ₽" };
	const view = renderIn(frame, ThreadHeader, { row, siteUrl: "", panelShown: false, blocked: false, onpanel: () => undefined, onblock: () => undefined });
	expect(view.container.querySelector("p bdi")?.textContent).toBe("\u202eлампа");
	expect(view.container.querySelector(".price")?.textContent).toBe("100\u00a0₽");
});
