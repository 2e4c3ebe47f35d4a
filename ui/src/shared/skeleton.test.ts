// A host that takes its time: something stands where the answer will, and goes when it comes.
import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { DraftQueue } from "../drafts/queue.svelte";
import { Questions } from "../drafts/questions.svelte";
import QuestionsPane from "../drafts/QuestionsPane.svelte";
import QueuePane from "../drafts/QueuePane.svelte";
import RulesPane from "../drafts/RulesPane.svelte";
import SetupPane from "../drafts/SetupPane.svelte";
import StatisticsPane from "../drafts/StatisticsPane.svelte";
import { HostError } from "../host";
import type { DraftSettingsView, DraftStatistics, EventRowView, KnowledgeView, QuestionGroup, ReceptionView, Rule, SourceView, WaitingDraft } from "../host/contract";
import { Knowledge } from "../knowledge/knowledge.svelte";
import KnowledgeArea from "../knowledge/KnowledgeArea.svelte";
import { Gate } from "../testing/gate";
import { renderIn, testFrame } from "../testing/render";
import EventLog from "../tunnel/EventLog.svelte";
import ReceptionArea from "../tunnel/ReceptionArea.svelte";

const nothing = () => undefined;
const skeletons = () => screen.queryAllByTestId("skeleton").length;

test("knowledge is waited for beside its list too, and only then said to be empty", async () => {
	const frame = await testFrame();
	const gate = new Gate<KnowledgeView>();
	frame.host.knowledge.knowledgeView = gate.call;
	renderIn(frame, KnowledgeArea, { knowledge: new Knowledge(frame.host) });
	expect(skeletons()).toBe(2);
	expect(screen.queryByTestId("trial-question")).toBeNull();
	expect(screen.queryByTestId("knowledge-empty")).toBeNull();
	await waitFor(() => expect(gate.waiting).toBe(1));
	gate.answer(0, { sources: [], total: 0, passages: 0, folders: [], duplicates: [], meaning: null });
	await screen.findByTestId("knowledge-empty");
	expect(skeletons()).toBe(0);
});

test("where knowledge cannot be read, nothing pretends to be on its way", async () => {
	const frame = await testFrame();
	frame.host.knowledge.knowledgeView = () => Promise.reject(new HostError({ code: "storage", message: "" }));
	renderIn(frame, KnowledgeArea, { knowledge: new Knowledge(frame.host) });
	await screen.findByText("Повторить");
	expect(skeletons()).toBe(0);
});

test("a source is waited for in its own place", async () => {
	const frame = await testFrame();
	const row = frame.host.knowledge.add({ title: "Есть ли доставка?" }, "Да");
	const read = frame.host.knowledge.knowledgeSource.bind(frame.host.knowledge);
	const gate = new Gate<SourceView>();
	frame.host.knowledge.knowledgeSource = gate.call;
	renderIn(frame, KnowledgeArea, { knowledge: new Knowledge(frame.host) });
	await userEvent.setup().click(await screen.findByText("Есть ли доставка?"));
	expect(skeletons()).toBe(1);
	gate.answer(0, await read(row.id, -1));
	await screen.findByTestId("source");
	expect(skeletons()).toBe(0);
});

test("drafts that wait for approval are waited for in a list and beside it", async () => {
	const frame = await testFrame({ drafts: true });
	const gate = new Gate<WaitingDraft[]>();
	const rows = await frame.host.drafts.waiting();
	frame.host.drafts.waiting = gate.call;
	const queue = new DraftQueue(frame.host);
	queue.start();
	renderIn(frame, QueuePane, { queue, onchat: nothing });
	expect(skeletons()).toBe(2);
	expect(screen.queryByText("Здесь будут ответы на одобрение")).toBeNull();
	gate.answer(0, rows);
	await waitFor(() => expect(screen.getAllByTestId("waiting-draft")).toHaveLength(rows.length));
	expect(skeletons()).toBe(0);
});

test("questions without an answer are waited for", async () => {
	const frame = await testFrame();
	const gate = new Gate<QuestionGroup[]>();
	frame.host.drafts.questions = gate.call;
	renderIn(frame, QuestionsPane, { questions: new Questions(frame.host), onchat: nothing });
	await waitFor(() => expect(gate.waiting).toBe(1));
	expect(skeletons()).toBe(1);
	gate.answer(0, []);
	await screen.findByText("Нерешённых вопросов нет");
	expect(skeletons()).toBe(0);
});

test("rules, statistics and settings of drafts are waited for", async () => {
	const frame = await testFrame();
	const [rules, figures, settings] = [new Gate<Rule[]>(), new Gate<DraftStatistics>(), new Gate<DraftSettingsView>()];
	frame.host.drafts.statistics = figures.call;
	const statistics = renderIn(frame, StatisticsPane, {});
	expect(skeletons()).toBe(1);
	figures.answer(0, frame.host.drafts.figures);
	await waitFor(() => expect(skeletons()).toBe(0));
	statistics.unmount();
	frame.host.drafts.rules = rules.call;
	const pane = renderIn(frame, RulesPane, { onchat: nothing });
	expect(skeletons()).toBe(1);
	rules.answer(0, []);
	await waitFor(() => expect(skeletons()).toBe(0));
	pane.unmount();
	frame.host.drafts.settings = settings.call;
	renderIn(frame, SetupPane, {});
	expect(skeletons()).toBe(1);
	settings.answer(0, frame.host.drafts.view);
	await waitFor(() => expect(skeletons()).toBe(0));
});

test("the state of reception and its log are waited for", async () => {
	const frame = await testFrame();
	const [view, log] = [new Gate<ReceptionView>(), new Gate<EventRowView[]>()];
	frame.host.reception = view.call;
	const area = renderIn(frame, ReceptionArea, { onchat: nothing });
	expect(skeletons()).toBe(1);
	view.answer(0, frame.host.receptionState.view(frame.app.accounts));
	await screen.findByTestId("line");
	expect(skeletons()).toBe(0);
	area.unmount();
	frame.host.eventLog = log.call;
	renderIn(frame, EventLog, { lines: [], turn: 1, onchat: nothing });
	expect(skeletons()).toBe(1);
	log.answer(0, []);
	await screen.findByText("Здесь появится всё, что Avito пришлёт на ваш адрес.");
	expect(skeletons()).toBe(0);
});
