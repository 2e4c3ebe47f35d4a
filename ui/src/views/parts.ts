// Parts of the window that nobody sees at its start. They are loaded when first shown or, before that, in a quiet moment after the start: the
// start reads a third less, and later nobody waits.
export const parts = {
	drafts: () => import("../drafts/DraftsArea.svelte"),
	tunnel: () => import("../tunnel/ReceptionArea.svelte"),
	knowledge: () => import("../knowledge/KnowledgeArea.svelte"),
	settings: () => import("../settings/SettingsDialog.svelte"),
	palette: () => import("../palette/PaletteDialog.svelte"),
	shortcuts: () => import("../palette/ShortcutsDialog.svelte"),
	recoveryCode: () => import("../archive/RecoveryCodeDialog.svelte"),
	diagnostics: () => import("../settings/DiagnosticsDialog.svelte"),
	onboarding: () => import("../onboarding/OnboardingDialog.svelte"),
	unlock: () => import("../onboarding/UnlockDialog.svelte"),
};

/** Loads every part, so that it is there when it is wanted. */
export async function loadParts(): Promise<void> {
	await Promise.all(Object.values(parts).map((load) => load()));
}
