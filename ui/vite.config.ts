import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

const testing = process.env["VITEST"] !== undefined;

/**
 * Compiles the messages again whenever they change. Only while developing: it keeps a build or a test run from ending, so those
 * compile the messages beforehand (`npm run words`).
 */
const words = () =>
	paraglideVitePlugin({
		project: "./project.inlang",
		outdir: "./src/words/generated",
		strategy: ["globalVariable", "baseLocale"],
		emitReadme: false,
		disableAsyncLocalStorage: true,
	});

export default defineConfig(({ command, mode }) => {
	// The gallery while it is measured: what is on the page stays, whatever is compiled beside it.
	const still = mode === "still";
	return {
		plugins: [testing ? svelteTesting() : command === "serve" && !still ? words() : [], svelte()],
		clearScreen: false,
		// The shell's development address; the same port is in tauri.conf.json.
		server: { port: 1420, strictPort: true, host: "127.0.0.1", ...(still ? { hmr: false as const, watch: null } : {}) },
		build: {
			target: ["es2022", "safari16"],
			// Pictures as data: addresses would be refused by the content security policy.
			assetsInlineLimit: 0,
			rolldownOptions: {
				output: {
					// Two files: what the window's start needs, and the parts nobody sees yet (views/parts.ts). Each file more is a question to
					// the shell's busy main thread.
					codeSplitting: {
						groups: [
							{ name: "start", tags: ["$initial"] },
							{ name: "later", test: () => true },
						],
					},
				},
			},
		},
		// Unit tests run the browser build of Svelte.
		resolve: testing ? { conditions: ["browser"] } : {},
		test: {
			environment: "happy-dom",
			include: ["src/**/*.test.ts"],
			setupFiles: ["src/testing/setup.ts"],
		},
	};
});
