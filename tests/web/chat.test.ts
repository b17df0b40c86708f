import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../web/src/chat";
import { draftOf, writeDraft } from "../../web/src/drafts";
import { forget, recall, remember } from "../../web/src/memory";
import { Clock, settle } from "./clock";
import { Gateway } from "./gateway";
import { MemoryStore } from "./memory_store";

async function setUp(store = new MemoryStore()) {
  for (const key of ["me", "rooms", "room", "left", "lost"]) forget(key);
  const clock = new Clock();
  const gateway = new Gateway(clock);
  const chat = new Chat(clock, store);
  await chat.sender.load();
  return { clock, gateway, chat, store };
}

async function enter(chat: Chat, gateway: Gateway, name = "mina") {
  chat.enter(name);
  gateway.accept();
  await settle();
  await settle();
  return chat.current.value!;
}

async function again(clock: Clock, gateway: Gateway) {
  await clock.pass(400);
  gateway.accept();
  await settle();
  await settle();
}

const shown = (room: { view: { value: { rows: readonly { text: string }[] } } }) => room.view.value.rows.map((row) => row.text);
const say = (chat: Chat, text: string) => chat.sender.say({ room: "lobby", kind: "send", text });

test("one enters the first room and sees its newest messages", async () => {
  const { chat, gateway } = await setUp();
  for (let i = 0; i < 100; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  assert.equal(room.name, "lobby");
  assert.equal(shown(room).length, 60);
  assert.equal(shown(room).at(-1), "m99");
  assert.equal(room.unread.value, 0);
});

test("older pages join seamlessly until the beginning", async () => {
  const { chat, gateway } = await setUp();
  for (let i = 0; i < 150; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  room.stick = false;
  while (room.view.value.before) await chat.history.more(room, "before");
  assert.deepEqual(shown(room), gateway.texts());
});

test("where few rooms can be followed those are, and the others are asked after", async () => {
  const { chat, clock, gateway } = await setUp();
  gateway.others = ["a", "b", "c", "d"];
  remember("rooms", ["lobby", ...gateway.others]);
  remember("room", "d");
  chat.enter("mina");
  clock.socket.roomsMax = 3;
  gateway.accept();
  await settle();
  await settle();
  const joins = clock.socket.frames("join").map(({ room }) => room);
  assert.deepEqual(joins, ["d", "lobby", "a"]);
  await clock.pass(30000);
  assert.equal(clock.socket.frames("rooms").length, 1);
});

test("what one says is shown once, from queued to stored", async () => {
  const { chat, gateway } = await setUp();
  const room = await enter(chat, gateway);
  say(chat, "hi");
  assert.equal(chat.sender.items.value.length, 1);
  await settle();
  assert.equal(chat.sender.items.value.length, 0);
  assert.deepEqual(shown(room), ["hi"]);
  assert.deepEqual(gateway.texts(), ["hi"]);
});

test("an open socket is not sent: without an ack the item stays", async () => {
  const { chat, gateway, clock } = await setUp();
  await enter(chat, gateway);
  clock.socket.answer = () => undefined;
  say(chat, "hi");
  await clock.pass(3000);
  assert.equal(chat.sender.items.value.length, 1);
});

test("a lost ack does not double the message", async () => {
  const { chat, gateway, clock, store } = await setUp();
  const room = await enter(chat, gateway);
  gateway.swallow = 1;
  say(chat, "once");
  await settle();
  gateway.drop();
  assert.equal(chat.sender.items.value.length, 1);
  await again(clock, gateway);
  assert.deepEqual(gateway.texts(), ["once"]);
  assert.deepEqual(shown(room), ["once"]);
  assert.equal(chat.sender.items.value.length, 0);
  assert.equal((await store.all()).length, 0);
});

test("a lost ack, a reload and a window long past: still stored once", async () => {
  const first = await setUp();
  await enter(first.chat, first.gateway);
  first.gateway.swallow = 1;
  say(first.chat, "once");
  await settle();
  first.gateway.drop();
  first.chat.connection.stop();
  for (let i = 0; i < 500; i++) first.gateway.say("jun", "noise" + i);
  const clock = new Clock();
  const chat = new Chat(clock, first.store);
  await chat.sender.load();
  chat.enter();
  clock.sockets[0]!.answer = (frame, socket) => (first.gateway as any).handle(frame, socket);
  clock.socket.onopen!();
  await settle();
  await settle();
  assert.equal(first.gateway.requests.filter((frame) => frame.type === "send").length, 1);
  assert.equal(chat.sender.items.value.length, 0);
});

test("what is said offline is sent in order, once, after coming back", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  gateway.drop();
  for (const text of ["a", "b", "c"]) say(chat, text);
  gateway.say("jun", "meanwhile");
  await again(clock, gateway);
  await clock.pass(10);
  assert.deepEqual(gateway.texts(), ["meanwhile", "a", "b", "c"]);
  assert.deepEqual(shown(room), ["meanwhile", "a", "b", "c"]);
});

test("the gap after a reconnect is filled, in order, nothing twice", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  gateway.say("jun", "before");
  await settle();
  gateway.drop();
  for (let i = 0; i < 200; i++) gateway.say("jun", "missed" + i);
  await again(clock, gateway);
  gateway.say("jun", "after");
  await settle();
  assert.deepEqual(shown(room), gateway.texts());
  assert.equal(room.missed.value, 200);
});

test("a log that was begun anew is shown anew", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  gateway.say("jun", "old");
  gateway.drop();
  gateway.log = [];
  gateway.id = "log-2";
  gateway.say("jun", "new");
  await again(clock, gateway);
  assert.deepEqual(shown(room), ["new"]);
});

test("rate limited: waits as told, then sends by itself", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  gateway.refuse = { code: "rate_limited", retry: 8000 };
  say(chat, "patience");
  await settle();
  assert.ok(room.quietUntil.value > clock.now());
  gateway.refuse = null;
  await clock.pass(8100);
  assert.deepEqual(gateway.texts(), ["patience"]);
});

test("a repeat says since when it may have been stored, and what is sent afresh says so anew", async () => {
  const { chat, clock, gateway } = await setUp();
  await enter(chat, gateway);
  const since = () => gateway.requests.filter((frame) => frame.type === "send").map((frame) => [frame.log, frame.since]);
  gateway.say("jun", "one");
  await settle();
  gateway.refuse = { code: "rate_limited", retry: 8000 };
  say(chat, "hi");
  await settle();
  gateway.say("jun", "two");
  gateway.refuse = { code: "bad_request" };
  await clock.pass(8100);
  await settle();
  assert.deepEqual(since(), [["log-1", 1], ["log-1", 1]]);
  gateway.refuse = null;
  chat.sender.again(chat.sender.items.value[0]!);
  await settle();
  assert.deepEqual(since()[2], ["log-1", 2]);
});

test("refused for good: marked, tried again only when asked, and lets others pass", async () => {
  const { chat, gateway } = await setUp();
  await enter(chat, gateway);
  gateway.refuse = { code: "muted" };
  say(chat, "no");
  await settle();
  assert.equal(chat.sender.items.value[0]!.failed!.code, "muted");
  gateway.refuse = null;
  say(chat, "yes");
  await settle();
  assert.deepEqual(gateway.texts(), ["yes"]);
  chat.sender.again(chat.sender.items.value[0]!);
  await settle();
  assert.deepEqual(gateway.texts(), ["yes", "no"]);
});

test("a muted one is told so by join and by an event, for how long, and when it is over", async () => {
  const { chat, gateway, clock } = await setUp();
  gateway.rules = { muted: true, muted_ms: 5000 };
  const room = await enter(chat, gateway);
  assert.equal(room.mutedUntil.value, clock.now() + 5000);
  clock.socket.tell({ type: "muted", room: "lobby", on: false });
  await settle();
  assert.equal(room.mutedUntil.value, 0);
  clock.socket.tell({ type: "muted", room: "lobby", on: true });
  await settle();
  assert.equal(room.mutedUntil.value, Infinity);
  gateway.rules = {};
  gateway.drop();
  await again(clock, gateway);
  assert.equal(room.mutedUntil.value, 0);
});

test("slow mode: the next message waits after join, after one's own and after a refusal; a moderator's never", async () => {
  const { chat, gateway, clock } = await setUp();
  gateway.rules = { slow_seconds: 30, slow_ms: 7000 };
  const room = await enter(chat, gateway);
  const left = () => room.slowUntil.value - clock.now();
  assert.equal(left(), 7000);
  await clock.pass(7000);
  say(chat, "one");
  await settle();
  assert.equal(left(), 30000);
  gateway.refuse = { code: "rate_limited", retry: 12000 };
  say(chat, "two");
  await settle();
  assert.equal(left(), 12000);
  clock.socket.tell({ type: "room", change: "changed", name: "lobby", role: "moderator" });
  await settle();
  room.slow();
  assert.equal(room.slowUntil.value, 0);
});

test("a room is read only for roles below the one that may speak", async () => {
  const { chat, gateway, clock } = await setUp();
  gateway.rules = { speak: "member" };
  const room = await enter(chat, gateway);
  assert.ok(room.readOnly.value);
  clock.socket.tell({ type: "room", change: "changed", name: "lobby", role: "member" });
  await settle();
  assert.ok(!room.readOnly.value);
  clock.socket.tell({ type: "room", change: "changed", name: "lobby", speak: "moderator" });
  await settle();
  assert.ok(room.readOnly.value);
  gateway.rules = {};
  gateway.drop();
  await again(clock, gateway);
  assert.ok(!room.readOnly.value);
});

test("an edit that comes while a page is fetched is not lost", async () => {
  const { chat, gateway, clock } = await setUp();
  for (let i = 0; i < 100; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  const answer = clock.socket.answer;
  let late = () => {};
  clock.socket.answer = (frame, socket) => {
    if (frame.type !== "history") return answer(frame, socket);
    const messages = gateway.log.slice(0, 40).map((entry) => ({ ...entry }));
    late = () => socket.tell({ type: "history", ref: frame.ref, room: "lobby", messages, more: false });
  };
  room.stick = false;
  const more = chat.history.more(room, "before");
  gateway.append({ type: "edit", from: "jun", target: 3, text: "changed" });
  late();
  await more;
  assert.equal(room.row(3)!.text, "changed");
});

test("unread and mentions are counted, and reading clears them", async () => {
  const { chat, gateway } = await setUp();
  const room = await enter(chat, gateway);
  gateway.say("jun", "hello");
  gateway.say("jun", "@mina look");
  await settle();
  assert.equal(room.unread.value, 2);
  assert.equal(room.mentioned.value, 1);
  chat.reading.seen(room);
  assert.equal(room.unread.value, 0);
});

test("reading on another connection clears the badge here", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  const entry = gateway.say("jun", "hello");
  clock.socket.tell({ type: "read", room: "lobby", seq: entry.seq });
  await settle();
  assert.equal(room.unread.value, 0);
});

test("memory stays bounded while messages pour in, scrolled up or not", async () => {
  const { chat, gateway } = await setUp();
  const room = await enter(chat, gateway);
  for (let i = 0; i < 2000; i++) gateway.say("jun", "m" + i);
  await settle();
  assert.ok(room.view.value.rows.length <= 300);
  room.stick = false;
  for (let i = 0; i < 2000; i++) gateway.say("jun", "n" + i);
  await settle();
  assert.ok(room.view.value.rows.length <= 600 && room.live.value.rows.length <= 600);
  room.toNewest();
  assert.equal(shown(room).at(-1), "n1999");
});

test("jumping to an old message and walking back meets the newest without a hole", async () => {
  const { chat, gateway } = await setUp();
  for (let i = 0; i < 400; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  await chat.history.jump(room, 100);
  assert.ok(room.detached.value);
  assert.ok(room.row(100));
  while (room.detached.value) await chat.history.more(room, "after");
  const texts = shown(room);
  const start = gateway.texts().indexOf(texts[0]!);
  assert.deepEqual(texts, gateway.texts().slice(start));
});

test("the message that was asked for is shown, though more is unread than the newest page has", async () => {
  const { chat, gateway } = await setUp();
  for (let i = 0; i < 400; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  room.read = 200;
  room.unread.value = 200;
  const jump = chat.history.jump(room, 100);
  chat.history.toUnread(room);
  await jump;
  await settle();
  assert.equal(room.target.value, 100);
  assert.ok(room.row(100) && !room.row(201));
});

test("kicked: out of the room, with words, and elsewhere", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  clock.socket.tell({ type: "kicked", room: "lobby", reason: "spam" });
  await settle();
  assert.equal(room.wanted, false);
  assert.equal(chat.notices.value[0]!.key, "kicked");
  assert.equal(chat.current.value, null);
});

test("typing names lapse when nothing more is heard", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  clock.socket.tell({ type: "typing", room: "lobby", names: ["jun", "mina"] });
  await settle();
  assert.deepEqual(room.typing.value, ["jun"]);
  await clock.pass(7001);
  assert.deepEqual(room.typing.value, []);
});

test("a page that comes when something else is shown leaves no hole", async () => {
  const { chat, gateway, clock } = await setUp();
  for (let i = 0; i < 400; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  await chat.history.jump(room, 100);
  const answer = clock.socket.answer;
  let late = () => {};
  clock.socket.answer = (frame, socket) => (frame.type === "history" ? (late = () => answer(frame, socket)) : answer(frame, socket));
  const more = chat.history.more(room, "after");
  room.toNewest();
  late();
  await more;
  const texts = shown(room);
  const start = gateway.texts().indexOf(texts[0]!);
  assert.deepEqual(texts, gateway.texts().slice(start, start + texts.length));
});

test("a link in other capitals leads into the one room", async () => {
  const { chat, gateway } = await setUp();
  chat.enter("mina", "LOBBY");
  gateway.accept();
  await settle();
  await settle();
  assert.deepEqual(chat.rooms.value.map((room) => room.name), ["lobby"]);
  chat.sender.say({ room: chat.current.value!.name, kind: "send", text: "here" });
  await settle();
  assert.deepEqual(gateway.texts(), ["here"]);
});

test("a room that is renamed is shown under its new name, and what waits and is being written goes along", async () => {
  const { chat, gateway, clock } = await setUp();
  const room = await enter(chat, gateway);
  writeDraft(room, { text: "half a" });
  room.quietUntil.value = Number.MAX_SAFE_INTEGER;
  void say(chat, "waits");
  gateway.name = "hall";
  clock.socket.tell({ type: "room", change: "changed", name: "hall", was: "lobby", topic: "", visibility: "public" });
  await settle();
  const real = chat.current.value!;
  assert.equal(real.name, "hall");
  assert.equal(chat.known("lobby"), undefined);
  assert.equal(draftOf(real).value.text, "half a");
  assert.deepEqual(gateway.texts(), ["waits"]);
});

test("a room that is purged is read anew", async () => {
  const { chat, gateway, clock } = await setUp();
  for (let i = 0; i < 5; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  assert.equal(shown(room).length, 5);
  gateway.log = [];
  clock.socket.tell({ type: "room", change: "purged", name: "lobby", topic: "", visibility: "public" });
  await settle();
  await settle();
  assert.deepEqual(shown(room), []);
});

for (const end of ["removed", "kicked"] as const)
  test(`what waits in a room that one is ${end} from is kept, marked, and not sent`, async () => {
    const { chat, gateway, clock } = await setUp();
    const room = await enter(chat, gateway);
    clock.socket.answer = () => undefined;
    say(chat, "waiting");
    const event = end === "removed" ? { type: "room", change: "removed", name: "lobby" } : { type: "kicked", room: "lobby" };
    clock.socket.tell(event);
    await settle();
    assert.equal(chat.sender.items.value[0]!.failed!.code, end);
    assert.ok(chat.rooms.value.includes(room), "still to be found");
    assert.equal(chat.current.value, null);
  });

test("whoever hears that events were left out asks for all of it again", async () => {
  const { chat, clock, gateway } = await setUp();
  const room = await enter(chat, gateway);
  gateway.others = ["garden"];
  const behind = clock.socket;
  behind.tell({ type: "missed" });
  await settle();
  assert.ok(behind.closed);
  await again(clock, gateway);
  assert.ok(chat.known("garden"));
  gateway.say("jun", "still here");
  await settle();
  assert.equal(shown(room).at(-1), "still here");
});

test("a room that is gone after a reconnect keeps what was said in it, as not sent", async () => {
  const { chat, gateway, clock, store } = await setUp();
  const room = await enter(chat, gateway);
  gateway.drop();
  say(chat, "too late");
  gateway.gone = true;
  await again(clock, gateway);
  assert.equal(chat.sender.items.value[0]!.failed!.code, "room_not_found");
  assert.equal(chat.current.value, room);
  assert.equal((await store.all()).length, 1);
  chat.sender.giveUp(chat.sender.items.value[0]!);
  assert.equal((await store.all()).length, 0);
});

test("what was said under a name that is lost may be said under the next", async () => {
  const { chat, gateway, clock } = await setUp();
  await enter(chat, gateway);
  gateway.drop();
  say(chat, "mine");
  await clock.pass(400);
  clock.socket.answer = (frame, socket) => frame.type === "hello" && socket.tell({ type: "error", error_code: "name_taken", message: "", ref: frame.ref });
  clock.socket.onopen!();
  await settle();
  assert.equal(chat.me.value, null);
  assert.equal(chat.refusal.value!.code, "name_taken");
  assert.equal(chat.wantedName, "mina");
  await enter(chat, gateway, "mina-2");
  const item = chat.sender.items.value[0]!;
  assert.deepEqual([item.text, item.user, item.failed!.code], ["mine", "mina-2", "renamed"]);
  chat.sender.again(item);
  await settle();
  assert.deepEqual(gateway.texts(), ["mine"]);
});

test("a room that one left is not entered again by itself, whatever one's role in it", async () => {
  const { chat, gateway, clock } = await setUp();
  gateway.role = "owner";
  const room = await enter(chat, gateway);
  await chat.membership.leave(room);
  gateway.drop();
  await again(clock, gateway);
  assert.equal(room.joined.value, false);
  chat.show(room);
  await settle();
  gateway.drop();
  await again(clock, gateway);
  assert.equal(room.joined.value, true, "coming back undoes it");
});

test("who slept is called once, for the last message to oneself", async () => {
  const { chat, gateway, clock } = await setUp();
  await enter(chat, gateway);
  const calls: string[] = [];
  chat.onMessage = ({ text }) => void calls.push(text);
  gateway.drop();
  for (const text of ["one", "@mina two", "three"]) gateway.say("jun", text);
  await again(clock, gateway);
  assert.deepEqual(calls, ["@mina two"]);
});

test("a page that is refused is not asked for again before its time", async () => {
  const { chat, gateway, clock } = await setUp();
  for (let i = 0; i < 150; i++) gateway.say("jun", "m" + i);
  const room = await enter(chat, gateway);
  gateway.crowded = true;
  const asked = () => gateway.requests.filter((frame) => frame.type === "history").length;
  const before = asked();
  for (let i = 0; i < 50; i++) await chat.history.more(room, "before");
  assert.equal(asked(), before + 1);
  gateway.crowded = false;
  await clock.pass(2001);
  await chat.history.more(room, "before");
  assert.equal(room.view.value.rows.length, 120);
});

test("a tab that comes late does not throw away the name another tab has got", async () => {
  const { chat, gateway, clock } = await setUp();
  await enter(chat, gateway);
  gateway.drop();
  remember("me", { name: "jun", session: "key-jun" });
  await clock.pass(400);
  clock.socket.answer = (frame, socket) => frame.type === "hello" && socket.tell({ type: "error", error_code: "name_taken", message: "", ref: frame.ref });
  clock.socket.onopen!();
  await settle();
  assert.equal(chat.me.value, null);
  assert.deepEqual(recall("me", null), { name: "jun", session: "key-jun" });
});

test("a room that was shown while offline is one that one wants to be in", async () => {
  const { chat, gateway, clock } = await setUp();
  await enter(chat, gateway);
  const room = chat.current.value!;
  room.wanted = false;
  gateway.drop();
  chat.show(room);
  say(chat, "from afar");
  await again(clock, gateway);
  await clock.pass(10);
  assert.deepEqual(gateway.texts(), ["from afar"]);
});

test("who has left before the answer came is out, and what comes late is nobody's", async () => {
  const { chat, gateway } = await setUp();
  const room = await enter(chat, gateway);
  await chat.membership.leave(room);
  chat.show(room);
  void chat.membership.leave(room);
  await settle();
  await settle();
  assert.equal(room.joined.value, false);
  gateway.say("jun", "@mina still there?");
  await settle();
  assert.equal(room.unread.value + room.mentioned.value, 0);
});

test("two people's room has one name, whatever their capitals", async () => {
  const { chat, gateway } = await setUp();
  await enter(chat, gateway, "anna");
  assert.equal(chat.direct("Jun").name, "@anna,Jun");
  assert.equal(chat.direct("Aaron").name, "@Aaron,anna");
});
