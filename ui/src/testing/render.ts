// Renders a component with the window's frame around it.
import { render } from "@testing-library/svelte";
import type { Component } from "svelte";
import { AppController } from "../app/app.svelte";
import type { Frame } from "../app/context";
import { LinkOpener } from "../app/links.svelte";
import { FakeHost, type FakeOptions } from "../host/fake";
import InFrame from "./InFrame.svelte";

export type TestFrame = Frame & { host: FakeHost };

/** A frame over a fake host whose view is read already. */
export async function testFrame(options: FakeOptions = {}): Promise<TestFrame> {
	const host = new FakeHost(options);
	const app = new AppController(host);
	await app.refresh();
	host.calls.length = 0;
	return { host, app, links: new LinkOpener(host, app) };
}

export function renderIn<Props extends Record<string, unknown>>(frame: Frame, component: Component<Props>, props: Props) {
	return render(InFrame, { props: { frame, component: component as Component<Record<string, unknown>>, props } });
}
