// Looking closer at a picture: how large, and which part of it is in the middle.

export type View = { scale: number; x: number; y: number };

/** The whole picture in the window. */
export const FIT: View = { scale: 1, x: 0, y: 0 };
const MOST = 8;
const STEP = 1.5;

/** `x`, `y`: the point that stays where it is, in pixels from the middle of the stage. */
export function zoomed(view: View, closer: boolean, x = 0, y = 0): View {
	const scale = Math.min(MOST, Math.max(1, view.scale * (closer ? STEP : 1 / STEP)));
	if (scale <= 1.001) return FIT;
	const by = scale / view.scale;
	return { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
}

/** Moved by so many pixels, as far as there is something to see. `width`, `height`: the picture's size in the window at scale 1. */
export function moved(view: View, dx: number, dy: number, width: number, height: number): View {
	const within = (at: number, size: number) => {
		const most = Math.max(0, (size * (view.scale - 1)) / 2);
		return Math.min(most, Math.max(-most, at));
	};
	return { scale: view.scale, x: within(view.x + dx, width), y: within(view.y + dy, height) };
}
