// Made-up shop for the fake host: buyers, listings and talks in the tone of real ones.
import type { BuyerView, ChatId, ItemView, MessageBody, MessageRow, OrderView, Preview } from "./contract";

export type FakeChat = {
	id: ChatId;
	account: number;
	buyer: BuyerView;
	item: ItemView | null;
	messages: MessageRow[];
	unread: number;
	composerText: string;
	historyIncomplete: boolean;
	hiddenByTariff: boolean;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const BUYERS = [
	"Анна",
	"Дмитрий Соколов",
	"Марина",
	"Игорь П.",
	"Светлана Кузнецова",
	"Олег",
	"Ксения",
	"Рустам Гайнутдинов",
	"Екатерина",
	"Павел Андреевич",
	"Лилия",
	"Артём",
	"Наталья Владимировна",
	"Тимур",
	"Вероника",
	"Сергей",
	"ООО «Северный ветер»",
	"Юля",
];

const LISTINGS: [title: string, price: string, place: string][] = [
	["Горный велосипед Stels Navigator 27.5", "18 500 ₽", "Казань"],
	["iPhone 13, 128 ГБ, чёрный", "34 990 ₽", "Москва"],
	["Диван угловой, раскладной", "22 000 ₽", "Санкт-Петербург"],
	["Зимние шины Nokian Hakkapeliitta 9, 205/55 R16, комплект из четырёх штук", "26 400 ₽", "Екатеринбург"],
	["Детская коляска 2 в 1", "9 900 ₽", "Самара"],
	["Перфоратор Makita HR2470", "7 300 ₽", "Нижний Новгород"],
	["Кроссовки New Balance 574, 42", "6 200 ₽", "Москва"],
	["Стол письменный, дуб", "11 000 ₽", "Тула"],
	["Ремонт стиральных машин", "от 1 500 ₽", "Москва"],
	["Гитара Yamaha F310", "12 700 ₽", "Пермь"],
];

const QUESTIONS = [
	"Здравствуйте! Ещё продаёте?",
	"Добрый день. Торг уместен?",
	"А доставка Авито есть?",
	"Какое состояние? Есть ли дефекты?",
	"Можно сегодня вечером посмотреть, часов в семь?",
	"Где забрать можно?",
	"Подскажите размер, пожалуйста",
	"Чек и коробка сохранились?",
	"За 15 отдадите? Заберу прямо сейчас.",
	"Спасибо, подумаю",
];

const ANSWERS = [
	"Здравствуйте! Да, в продаже.",
	"Небольшой торг при осмотре.",
	"Да, отправлю Авито Доставкой завтра утром.",
	"Состояние хорошее, есть потёртость на боку, видно на третьем фото.",
	"Да, сегодня после 18:30. Улица Баумана, 44, домофон 12.",
	"Коробка есть, чек нет.",
];

/** Small numbers from a seed: the same shop at every start. */
export function randomFrom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

const pick = <Value>(values: readonly Value[], random: () => number): Value =>
	values[Math.floor(random() * values.length)] as Value;

let nextMessage = 1;

/** One message as Avito would have it. */
export function message(outgoing: boolean, sentMs: number, body: MessageBody, more: Partial<MessageRow> = {}): MessageRow {
	const id = nextMessage++;
	return {
		key: `m${id}`,
		id,
		avitoId: `av-${id}`,
		outbox: null,
		outgoing,
		sentMs,
		body,
		deleted: false,
		delivery: outgoing ? { state: "read" } : null,
		deletableUntilMs: outgoing ? sentMs + HOUR : null,
		automatic: false,
		quote: null,
		...more,
	};
}

const text = (words: string): MessageBody => ({ kind: "text", text: words });

/** A chat with every kind of message and every state of ours. */
function showcase(now: number): MessageRow[] {
	const day = (back: number, hours: number, minutes: number) => {
		const date = new Date(now - back * DAY);
		date.setHours(hours, minutes, 0, 0);
		return date.getTime();
	};
	const rows: MessageRow[] = [];
	for (let index = 0; index < 90; index++) {
		const ours = index % 3 === 2;
		const words = ours ? ANSWERS[index % ANSWERS.length] : QUESTIONS[index % QUESTIONS.length];
		rows.push(message(ours, now - 40 * DAY + index * 5 * HOUR, text(words ?? "")));
	}
	rows.push(
		message(false, day(3, 10, 2), text("Здравствуйте! Велосипед ещё в продаже?")),
		message(false, day(3, 10, 2) + 20_000, text("Интересует рама 18 дюймов")),
		message(true, day(3, 10, 9), text("Здравствуйте! Да, в продаже. Рама 18 дюймов, рост 170–182 см.")),
		message(false, day(2, 12, 40), { kind: "voice", media: 9001 }),
		message(true, day(2, 12, 47), { kind: "image", small: 2001, large: 2001, width: 1280, height: 960, caption: null }),
		message(true, day(2, 12, 47) + 20_000, { kind: "image", small: 2003, large: 2003, width: 1280, height: 960, caption: null }),
		message(true, day(2, 12, 47) + 30_000, { kind: "image", small: 2002, large: 2002, width: 900, height: 1200, caption: null }),
		message(false, day(2, 13, 5), {
			kind: "location",
			title: "Место встречи",
			text: "Казань, улица Баумана, 44, у входа в торговый центр",
			lat: 55.7887,
			lon: 49.1221,
		}),
		message(false, day(2, 13, 6), { kind: "call", missed: true }),
		message(true, day(1, 9, 15), text("Извините, был за рулём. Удобно сегодня после 18:30?"), {
			quote: {
				outgoing: false,
				preview: { kind: "call", text: "", outgoing: false, delivery: null },
			},
		}),
		message(false, day(1, 9, 31), {
			kind: "link",
			text: "Вот такое крепление подойдёт? https://www.avito.ru/kazan/velosipedy/kreplenie_123",
			url: "https://www.avito.ru/kazan/velosipedy/kreplenie_123",
			title: "Крепление для фляги, алюминий",
			description: "Новое, в упаковке. Казань, самовывоз или доставка.",
			domain: "avito.ru",
		}),
		message(false, day(1, 9, 32), {
			kind: "item",
			title: "Шлем велосипедный, размер M",
			price: "2 100 ₽",
			url: "https://www.avito.ru/2222",
			picture: 1004,
		}),
		message(false, day(1, 9, 40), text("оплата тут https://avito-dostavka.pay-secure.example/order/7781 нажмите"), {}),
		message(false, day(1, 9, 41), text("Передумал, не то прислал"), { deleted: true }),
		message(false, day(1, 9, 44), { kind: "unsupported", what: "video" }),
		message(false, day(1, 9, 45), { kind: "deleted" }),
		message(false, day(1, 9, 46), { kind: "system", text: "Покупатель оставил отзыв о сделке." }),
		message(true, now - 48 * MINUTE, text("Хорошо, жду вас в 19:00. Адрес: улица Баумана, 44. Позвоните, как подъедете: +7 900 000-00-00")),
		message(true, now - 47 * MINUTE, text("Если что-то изменится, напишите"), { delivery: { state: "sent" } }),
		message(false, now - 6 * MINUTE, text("Отлично, буду! А насос отдадите в придачу?")),
		message(false, now - 5 * MINUTE, text("И ещё вопрос: скорости не прыгают?")),
	);
	return rows;
}

function outboxStates(now: number): MessageRow[] {
	const echo = (outbox: number, minutes: number, words: string, delivery: MessageRow["delivery"]): MessageRow => ({
		...message(true, now - minutes * MINUTE, text(words), { delivery, outbox, id: null, avitoId: null, deletableUntilMs: null }),
		key: `o${outbox}`,
	});
	return [
		message(false, now - 3 * HOUR, text("Подскажите размер стельки, пожалуйста")),
		message(true, now - 2.9 * HOUR, text("27 сантиметров, маломерят на полразмера")),
		message(false, now - 32 * MINUTE, text("Тогда беру. Отправите сегодня?")),
		echo(9101, 30, "Да, отправлю до 18:00, трек пришлю сюда.", { state: "failed", code: "refused", detail: "Bad request" }),
		echo(9102, 20, "Проверьте, пожалуйста, адрес пункта выдачи", { state: "failed", code: "unproved", detail: null }),
		echo(9103, 4, "Оплатить можно через Авито", { state: "waiting", code: "network", untilMs: now + 2 * MINUTE }),
		echo(9104, 2, "Спасибо!", { state: "checking" }),
	];
}

function talk(now: number, age: number, length: number, random: () => number): MessageRow[] {
	const rows: MessageRow[] = [];
	let at = now - age - length * 11 * MINUTE;
	for (let index = 0; index < length; index++) {
		at += Math.round((3 + random() * 16) * MINUTE);
		const ours = index % 2 === 1;
		rows.push(message(ours, Math.min(at, now - age), text(pick(ours ? ANSWERS : QUESTIONS, random))));
	}
	return rows;
}

function listing(index: number): ItemView {
	const [title, price, place] = LISTINGS[index % LISTINGS.length] as [string, string, string];
	return {
		avitoId: String(3_400_000_000 + index),
		title,
		price,
		picture: 1000 + (index % LISTINGS.length),
		status: index % 7 === 5 ? "removed" : "active",
		url: `https://www.avito.ru/${3_400_000_000 + index}`,
		place,
		otherChats: index % 4,
	};
}

/** A shop of `count` chats, newest first by construction. */
export function makeChats(count: number, accounts: number, now: number): FakeChat[] {
	const random = randomFrom(7);
	const chats: FakeChat[] = [];
	for (let index = 0; index < count; index++) {
		const age = index < 9 ? index * 17 * MINUTE : Math.round(index ** 1.6 * 9 * MINUTE);
		const name = BUYERS[index % BUYERS.length] as string;
		const chat: FakeChat = {
			id: index + 1,
			account: (index % accounts) + 1,
			buyer: {
				name: index === 12 ? null : name + (index >= BUYERS.length ? ` ${Math.floor(index / BUYERS.length) + 1}` : ""),
				avatar: index % 3 === 1 ? 3000 + (index % 40) : null,
				profileUrl: `https://www.avito.ru/user/${index}/profile`,
			},
			item: index === 10 ? null : listing(index),
			messages: talk(now, age + 2 * MINUTE, 3 + Math.floor(random() * 5), random),
			unread: 0,
			composerText: "",
			historyIncomplete: index === 0,
			hiddenByTariff: false,
		};
		chats.push(chat);
		shape(chat, index, now);
	}
	return chats;
}

/** Gives the first chats the cases worth looking at. */
function shape(chat: FakeChat, index: number, now: number): void {
	const last = chat.messages.at(-1);
	if (index === 0) chat.messages = showcase(now);
	if (index === 6) chat.messages = outboxStates(now);
	if (index === 0) chat.unread = 2;
	if (index === 2 && last) {
		chat.messages.push(message(false, last.sentMs + 1000, { kind: "image", small: 2001, large: 2001, width: 1280, height: 960, caption: null }));
		chat.unread = 1;
	}
	if (index === 3) chat.composerText = "Могу отдать за 25 000, если заберёте";
	if (index === 4 && last) chat.messages.push(message(false, last.sentMs + 1000, { kind: "voice", media: 9001 }));
	if (index === 5 && last) chat.messages.push(message(true, last.sentMs + 5000, text("Отправил, трек 80512345678901"), { delivery: { state: "sent" } }));
	if (index === 7 && last) {
		const words =
			"Добрый вечер! Очень длинное сообщение, чтобы проверить, как ведёт себя строка списка и пузырь в переписке. ".repeat(5) +
			"И слово_без_пробелов_" + "абвгдеёж".repeat(14);
		chat.messages.push(message(false, last.sentMs + 1000, text(words)));
		chat.unread = 128;
	}
	if (index === 8) {
		chat.hiddenByTariff = true;
		chat.messages = [];
	}
	if (index > 8 && index % 6 === 1) chat.unread = 1 + (index % 4);
	if (index === 16) chat.messages.push(message(false, (last?.sentMs ?? now) + 1000, { kind: "system", text: "Объявление снято с публикации" }));
}

const PREVIEW_LENGTH = 200;

/** The last words of a chat out of a message. */
export function bodyPreview(body: MessageBody): Pick<Preview, "kind" | "text"> {
	switch (body.kind) {
		case "text":
		case "system":
		case "link":
			return { kind: body.kind, text: body.text.slice(0, PREVIEW_LENGTH) };
		case "image":
			return { kind: "image", text: body.caption ?? "" };
		case "item":
			return { kind: "item", text: body.title };
		case "location":
			return { kind: "location", text: body.text };
		case "unsupported":
			return { kind: body.what === "video" ? "video" : body.what === "file" ? "file" : "other", text: "" };
		default:
			return { kind: body.kind, text: "" };
	}
}

/** Orders of the first chats. */
export function fakeOrders(chat: number, now: number): OrderView[] {
	const order = (status: OrderView["status"], hours: number, more: Partial<OrderView> = {}): OrderView => ({
		id: `5000${chat}${hours}`,
		number: `7000000${chat}${hours}`,
		status,
		title: LISTINGS[(chat - 1) % LISTINGS.length]?.[0] ?? null,
		pieces: 1,
		priceRub: 4500,
		createdMs: now - hours * HOUR,
		actUntilMs: null,
		tracking: null,
		delivery: "Почта России",
		...more,
	});
	if (chat === 1) return [order("onConfirmation", 2, { actUntilMs: now + 22 * HOUR }), order("delivered", 900, { tracking: "80512345678901", pieces: 2 })];
	if (chat === 6) return [order("inTransit", 30, { tracking: "80512345678901" })];
	return [];
}

/** A talk of so many messages, for scrolling. */
export function longTalk(length: number, now: number): MessageRow[] {
	return talk(now, MINUTE, length, randomFrom(11));
}
