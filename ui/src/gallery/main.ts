// Every component in every state it can be in: `gallery.html` of the development server, never in the built page.
// `?group=messages&theme=dark&lang=en` shows one group; the pictures of tests/e2e/gallery are taken of these.
import "./stillTime";
import { mount } from "svelte";
import "../base.css";
import "./gallery.css";
import { clock } from "../shared/clock.svelte";
import { NOW } from "./stillTime";
import Gallery from "./Gallery.svelte";
import { groups } from "./groups";

const query = new URLSearchParams(window.location.search);
const wanted = query.get("group") ?? "";
clock.now = NOW;
const target = document.getElementById("app");
if (target) {
	mount(Gallery, {
		target,
		props: {
			group: groups.includes(wanted as (typeof groups)[number]) ? (wanted as (typeof groups)[number]) : "controls",
			theme: query.get("theme") === "dark" ? "dark" : "light",
			language: query.get("lang") === "en" ? "en" : "ru",
		},
	});
}
