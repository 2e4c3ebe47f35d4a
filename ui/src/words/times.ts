// Times as people write them. Days are the days of the machine's own time zone.
import { numberFormat, timeFormat } from "./formats";
import { m } from "./generated/messages";

/** Whole days between two moments by the calendar: 0 today, 1 yesterday, negative in the future. */
export function daysAgo(ms: number, now: number): number {
	const midnight = (at: number) => {
		const date = new Date(at);
		return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
	};
	return Math.round((midnight(now) - midnight(ms)) / 86_400_000);
}

const sameYear = (ms: number, now: number) => new Date(ms).getFullYear() === new Date(now).getFullYear();

const two = (part: number) => String(part).padStart(2, "0");

/** «14:05» */
export function clockTime(ms: number): string {
	const date = new Date(ms);
	return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** «14:05:09» */
export function clockSeconds(ms: number): string {
	return `${clockTime(ms)}:${two(new Date(ms).getSeconds())}`;
}

/** For a line of a list: «14:05», «вчера», «пн», «3 окт.», «12.04.2025». */
export function listTime(ms: number, now: number): string {
	const days = daysAgo(ms, now);
	if (days <= 0) return clockTime(ms);
	if (days === 1) return m.time_yesterday();
	if (days < 7) return timeFormat({ weekday: "short" }).format(ms);
	if (sameYear(ms, now)) return timeFormat({ day: "numeric", month: "short" }).format(ms);
	return timeFormat({ day: "2-digit", month: "2-digit", year: "numeric" }).format(ms);
}

/** Between the days of a thread: «Сегодня», «Вчера», «3 октября», «3 октября 2024 г.». */
export function dayLabel(ms: number, now: number): string {
	const days = daysAgo(ms, now);
	if (days === 0) return m.time_today_title();
	if (days === 1) return m.time_yesterday_title();
	if (sameYear(ms, now)) return timeFormat({ day: "numeric", month: "long" }).format(ms);
	return timeFormat({ day: "numeric", month: "long", year: "numeric" }).format(ms);
}

type Placed = { today: (of: { time: string }) => string; yesterday: (of: { time: string }) => string; day: (of: { day: string; time: string }) => string };

function placed(ms: number, now: number, words: Placed): string {
	const days = daysAgo(ms, now);
	const time = clockTime(ms);
	if (days === 0) return words.today({ time });
	if (days === 1) return words.yesterday({ time });
	const day = sameYear(ms, now)
		? timeFormat({ day: "numeric", month: "short" }).format(ms)
		: timeFormat({ day: "2-digit", month: "2-digit", year: "numeric" }).format(ms);
	return words.day({ day, time });
}

/** Beside a name or after a colon: «14:05», «вчера в 14:05», «3 окт. в 14:05». */
export function moment(ms: number, now: number): string {
	return placed(ms, now, { today: ({ time }) => time, yesterday: m.time_yesterday_at, day: m.time_day_at });
}

/** In a sentence: «в 14:05», «вчера в 14:05», «3 окт. в 14:05». */
export function atMoment(ms: number, now: number): string {
	return placed(ms, now, { today: m.time_at, yesterday: m.time_yesterday_at, day: m.time_on_day_at });
}

/** As a beginning: «с 14:05», «со вчера, 14:05», «с 3 окт., 14:05». */
export function sinceMoment(ms: number, now: number): string {
	return placed(ms, now, { today: m.time_since, yesterday: m.time_since_yesterday, day: m.time_since_day });
}

/** Short names of the days of the week, Monday first. */
export function weekdays(): string[] {
	return [0, 1, 2, 3, 4, 5, 6].map((day) => timeFormat({ weekday: "short" }).format(new Date(2024, 0, 1 + day, 12)));
}

/** The whole date for a tooltip: «3 октября 2026 г., 14:05:09». */
export function fullTime(ms: number): string {
	return timeFormat({ dateStyle: "long", timeStyle: "medium" }).format(ms);
}

/** A stretch of time in its largest unit: «40 с», «1 мин», «90 с», «12 мин», «3 ч», «2 дн.»; never torn from its unit. */
export function span(ms: number): string {
	const units = [
		["day", 86_400_000],
		["hour", 3_600_000],
		["minute", 60_000],
		["second", 1000],
	] as const;
	const whole = Math.round(ms / 1000) * 1000;
	const [unit, length] = units.find(([, least]) => whole === least || whole >= least * 1.5) ?? ["second", 1000];
	const words = numberFormat({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(Math.round(whole / length));
	return words.replace(/(\d)\s*(\p{L})/u, "$1\u00a0$2");
}
