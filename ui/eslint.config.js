import globals from "globals";
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** Areas of the window. They meet only in `src/views`; what several need lives in `shared`, `words` or `app`. */
const areas = ["chats", "thread", "settings", "onboarding", "status"];

const onlyHostTalksToTauri = {
	group: ["@tauri-apps/*"],
	message: "Only src/host talks to Tauri; use the Host port.",
};

const restrict = (patterns) => ["error", { patterns }];

export default ts.config(
	{ ignores: ["dist/", "node_modules/", "src/words/generated/", "src/host/contract.ts", "project.inlang/"] },
	...ts.configs.recommended,
	...svelte.configs.recommended,
	{
		languageOptions: { globals: { ...globals.browser } },
		rules: {
			"no-console": "error",
			eqeqeq: "error",
			"no-restricted-imports": restrict([onlyHostTalksToTauri]),
			"@typescript-eslint/consistent-type-imports": "error",
			"@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
			"svelte/no-at-html-tags": "error",
			"svelte/button-has-type": "error",
			"svelte/require-each-key": "error",
			"svelte/no-target-blank": "error",
			"svelte/prefer-svelte-reactivity": "off",
		},
	},
	{
		files: ["**/*.svelte", "**/*.svelte.ts"],
		languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
	},
	...areas.map((area) => ({
		files: [`src/${area}/**`],
		rules: {
			"no-restricted-imports": restrict([
				onlyHostTalksToTauri,
				{
					group: [...areas.filter((other) => other !== area).map((other) => `**/${other}/**`), "**/views/**"],
					message: "Areas do not import each other; compose them in src/views.",
				},
			]),
		},
	})),
	{ files: ["src/host/**"], rules: { "no-restricted-imports": "off" } },
);
