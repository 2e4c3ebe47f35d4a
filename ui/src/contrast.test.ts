// The colours of tokens.css, measured: parts of controls and states need 3:1 (WCAG 1.4.11), words 4.5:1 (1.4.3), in each of the four palettes.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Palette = Record<string, string>;

const css = readFileSync("src/tokens.css", "utf8").replace(/\/\*.*?\*\//gs, "");

/** Declarations of a block, by name; the n-th block with this selector. */
function block(selector: string, from: number): Palette {
	const at = css.indexOf(`${selector} {`, from);
	if (at < 0) throw new Error(`no block ${selector}`);
	const body = css.slice(css.indexOf("{", at) + 1, css.indexOf("}", at));
	return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = "", value = ""]) => [name, value.trim()]));
}

const more = css.indexOf("prefers-contrast: more");
const DARK = ':root[data-theme="dark"]';
const [light, dark, moreLight, moreDark] = [block(":root", 0), block(DARK, 0), block(":root", more), block(DARK, more)];
// As the cascade has it: the dark selector outweighs the plain one wherever that stands.
const palettes: [string, Palette][] = [
	["light", light],
	["dark", { ...light, ...dark }],
	["light with more contrast", { ...light, ...moreLight }],
	["dark with more contrast", { ...light, ...moreLight, ...dark, ...moreDark }],
];

function luminance(hex: string): number {
	const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
	return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

function ratio(one: string, other: string): number {
	const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
	return (high + 0.05) / (low + 0.05);
}

test("the measure is WCAG's", () => {
	expect(ratio("#000000", "#ffffff")).toBeCloseTo(21);
	expect(ratio("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

describe.each(palettes)("%s", (_, palette) => {
	const of = (name: string) => {
		const value = name.startsWith("#") ? name : palette[name];
		if (!value || !/^#[0-9a-f]{6}$/.test(value)) throw new Error(`--${name} is no plain colour: ${value}`);
		return value;
	};

	test.each([
		// Switches: the track on what it lies on, the knob on the track.
		["control", "surface"],
		["control", "surface-raised"],
		["control", "ground"],
		["accent", "#ffffff"],
		["accent", "surface"],
		// A slider's filled part beside the rest of it is told by the knob; both are seen on the page.
		["accent-text", "ground"],
		// What is chosen among its neighbours.
		["chosen-line", "surface"],
		["chosen-line", "surface-sunken"],
		["chosen-line", "surface-raised"],
		["focus", "surface"],
		["focus", "ground"],
		// The bar of a day and its legend.
		["ledger-live", "surface"],
		["ledger-polling", "surface"],
		["ledger-gap", "surface"],
		["ledger-gap", "surface-sunken"],
	])("%s on %s can be seen", (one, other) => {
		expect(ratio(of(one), of(other))).toBeGreaterThanOrEqual(3);
	});

	test.each([
		["text", "surface"],
		["text-soft", "surface"],
		["text-faint", "surface"],
		["text-faint", "ground"],
		["accent-text", "surface-sunken"],
		["accent-text", "accent-soft"],
		["on-accent", "accent"],
		["warn", "warn-soft"],
		["danger", "danger-soft"],
		["text", "bubble-out"],
		["bubble-out-meta", "bubble-out"],
	])("%s on %s can be read", (one, other) => {
		expect(ratio(of(one), of(other))).toBeGreaterThanOrEqual(4.5);
	});
});
