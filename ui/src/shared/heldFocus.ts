// The focus is never lost: what had it may go (a row is deleted, a form closes, a list is read anew) or be switched off while it
// works. Then the focus goes on to what stands in its place, instead of to nothing, from where Tab would begin at the top. What stays
// switched off hands it to the group it stands in: the keys of a dialog still work there, Tab goes on from there, and a second Enter
// presses nothing else.

const CANDIDATES = "a[href], button, input, select, textarea, summary, [tabindex]";

const usable = (element: HTMLElement): boolean => element.tabIndex >= 0 && !element.matches(":disabled") && !element.closest("[inert], [hidden]");

const usableIn = (area: ParentNode): HTMLElement[] => [...area.querySelectorAll<HTMLElement>(CANDIDATES)].filter(usable);

/** What works for longer than this, or has nothing more to do, hands the focus to its group. Milliseconds. */
const SWITCHED_OFF_MS = 600;

/** What has the focus, what stands around it, and what comes before it, nearest first. */
type Held = { element: HTMLElement; around: HTMLElement[]; before: HTMLElement[] };

/** Where the focus goes on when its element is gone; none: what comes there is still being read. */
function successor({ around, before }: Held): HTMLElement | null {
	for (const area of around.filter((one) => one.isConnected)) {
		const now = usableIn(area);
		const last = before.find((one) => now.includes(one));
		const next = last ? (now[now.indexOf(last) + 1] ?? last) : now[0];
		if (next) return next;
		if (area.querySelector("[aria-busy=true]")) return null;
	}
	return null;
}

/** Watches the focus of the window; returns the stopper. */
export function holdFocus(): () => void {
	let held: Held | null = null;
	let frame = 0;
	let timer = 0;
	/** The group that has the focus for what is switched off. */
	let group: HTMLElement | null = null;

	function leaveGroup() {
		group?.removeAttribute("tabindex");
		group = null;
	}

	function remember({ target }: FocusEvent) {
		if (!(target instanceof HTMLElement) || target === document.body || target === group) return;
		leaveGroup();
		const around: HTMLElement[] = [];
		for (let one = target.parentElement; one; one = one.parentElement) around.push(one);
		const order = usableIn(target.closest("dialog[open]") ?? document);
		held = { element: target, around, before: order.slice(0, Math.max(0, order.indexOf(target))).reverse() };
	}

	/** Who clicks beside everything lets go of it; what goes away while it has the focus does not. */
	function letGo({ target, relatedTarget }: FocusEvent) {
		if (relatedTarget !== null || !held?.element.isConnected || !document.hasFocus()) return;
		if (target === group) leaveGroup();
		else if (target !== held.element || !usable(held.element)) return;
		held = null;
	}

	/** Nothing has the focus, or what cannot use it. */
	const lost = (active: Element | null) => !(active instanceof HTMLElement) || active === document.body || active === held?.element || active === group;

	function handOver() {
		const around = held?.element.parentElement;
		if (!held?.element.isConnected || usable(held.element) || group || !lost(document.activeElement) || !around || around === document.body) return;
		if (!around.hasAttribute("tabindex")) {
			group = around;
			group.tabIndex = -1;
		}
		around.focus({ preventScroll: true });
	}

	function look() {
		frame = 0;
		const active = document.activeElement;
		// A window in the background moves its focus without telling.
		if (!held || !lost(active)) return;
		if (!held.element.isConnected) successor(held)?.focus({ preventScroll: true });
		else if (!usable(held.element)) {
			clearTimeout(timer);
			timer = window.setTimeout(handOver, SWITCHED_OFF_MS);
		}
		// What is switched off while it works gets the focus back afterwards.
		else if (active !== held.element) held.element.focus({ preventScroll: true });
	}

	const observer = new MutationObserver(() => (frame ||= requestAnimationFrame(look)));
	observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled", "hidden", "inert", "open"] });
	document.addEventListener("focusin", remember);
	document.addEventListener("focusout", letGo);
	return () => {
		observer.disconnect();
		cancelAnimationFrame(frame);
		clearTimeout(timer);
		document.removeEventListener("focusin", remember);
		document.removeEventListener("focusout", letGo);
	};
}
