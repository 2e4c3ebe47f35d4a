// Words of the window: messages in the seller's language, and how times and numbers are written.
import "./language.svelte";

export { m } from "./generated/messages";
export { language } from "./language.svelte";
export * from "./numbers";
export * from "./prices";
export * from "./quotes";
export * from "./times";
