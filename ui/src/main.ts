import { mount } from "svelte";
import "./base.css";
import { connectHost } from "./host";
import Window from "./views/Window.svelte";

const target = document.getElementById("app");
if (!target) throw new Error("The page has no place for the window.");

try {
	mount(Window, { target, props: { host: await connectHost() } });
} catch (error) {
	// Without a host there is nothing to draw; say why rather than show an empty window.
	target.textContent = error instanceof Error ? error.message : String(error);
}
