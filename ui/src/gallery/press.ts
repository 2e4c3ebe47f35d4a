/** Presses one button after the other inside an element, each as soon as it is there: for states that a component reaches by a click only. */
export function press(...selectors: string[]) {
	return (area: HTMLElement) => {
		const left = [...selectors];
		const observer = new MutationObserver(() => go());
		function go() {
			const button = left[0] && area.querySelector<HTMLButtonElement>(left[0]);
			if (!button || button.disabled) return;
			left.shift();
			button.click();
			if (left.length === 0) observer.disconnect();
		}
		observer.observe(area, { subtree: true, childList: true, attributes: true });
		go();
		return () => observer.disconnect();
	};
}
