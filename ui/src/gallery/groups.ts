/** What the gallery shows at once; each fits into one picture. */
export const groups = ["controls", "rows", "messages", "delivery", "composer", "status", "panel", "drafts", "words", "settings", "onboarding", "link", "block"] as const;

export type Group = (typeof groups)[number];
