import assert from "node:assert/strict";
import { test } from "node:test";
import { Room } from "../../web/src/room";
import type { Entry, HistoryLine, Joined } from "../../web/src/wire";

const line = (seq: number): HistoryLine => ({ type: "message", room: "r", seq, ts: seq, from: "jun", text: "t" + seq });
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => line(from + i));
const shown = (room: Room) => room.view.value.rows.map((row) => (row.kind === "gap" ? "gap" : row.seq));
const joined = (what: Partial<Joined>): Joined => ({
  type: "joined", room: "r", topic: "", role: "guest", log: "log-1", first: 1, last: 0, read: 0, members: 1, reset: false, pruned: false, ...what,
});
const seqs = (from: number, to: number) => lines(from, to).map((one) => one.seq);

/** A room in which everything up to last has been read. */
function roomUpTo(last: number): Room {
  const room = new Room("r", () => "mina");
  room.entered(joined({ last }), undefined);
  room.newestPage({ type: "history", room: "r", messages: lines(1, last), more: false });
  return room;
}

function comeBack(room: Room, from: number, to: number): void {
  room.leftBehind();
  room.entered(joined({ first: from, last: to, pruned: true }), room.cursor);
  for (const entry of lines(from, to)) room.told(entry as Entry);
}

test("what was removed while one was away leaves a gap between what is left", () => {
  const room = roomUpTo(5);
  comeBack(room, 90, 95);
  assert.deepEqual(shown(room), [...seqs(1, 5), "gap", ...seqs(90, 95)]);
  assert.equal(room.cursor, 95);
});

test("each absence has a gap of its own, and the same one only once", () => {
  const room = roomUpTo(5);
  comeBack(room, 90, 92);
  comeBack(room, 200, 201);
  assert.deepEqual(shown(room), [...seqs(1, 5), "gap", ...seqs(90, 92), "gap", ...seqs(200, 201)]);
  room.leftBehind();
  room.entered(joined({ first: 200, last: 201 }), room.cursor);
  room.told(line(202) as Entry);
  assert.deepEqual(shown(room).slice(-4), ["gap", 200, 201, 202]);
});

test("a gap with nothing after it yet stays one when the connection goes again", () => {
  const room = roomUpTo(5);
  for (let i = 0; i < 2; i++) {
    room.leftBehind();
    room.entered(joined({ first: 90, last: 95, pruned: true }), room.cursor);
  }
  for (const entry of lines(90, 95)) room.told(entry as Entry);
  assert.deepEqual(shown(room), [...seqs(1, 5), "gap", ...seqs(90, 95)]);
});

test("nothing older than what was removed: the first page is empty, and that is the beginning", () => {
  const room = new Room("r", () => "mina");
  room.entered(joined({ first: 90, last: 150 }), undefined);
  room.newestPage({ type: "history", room: "r", messages: lines(91, 150), more: true });
  room.asks();
  room.olderPage({ type: "history", room: "r", messages: [], more: false });
  assert.equal(room.view.value.before, false);
  assert.deepEqual(shown(room), seqs(91, 150));
});

const counts = (room: Room) => [room.unread.value, room.mentioned.value];
const describe = (room: Room, what: object) => room.describe({ name: "r", topic: "", members: 1, joined: false, role: "guest", visibility: "public", read: 0, ...what } as never);

test("what is deleted is not unread, and a call follows edits both ways", () => {
  const room = roomUpTo(3);
  room.read = 3;
  const tell = (entry: object) => {
    room.told({ room: "r", ts: 1, from: "jun", ...entry } as Entry);
    room.count();
    return counts(room);
  };
  assert.deepEqual(tell({ type: "message", seq: 4, text: "come @mina" }), [1, 1]);
  assert.deepEqual(tell({ type: "edit", seq: 5, target: 4, text: "come @jun" }), [1, 0]);
  assert.deepEqual(tell({ type: "edit", seq: 6, target: 4, text: "come @MINA" }), [1, 1]);
  assert.deepEqual(tell({ type: "delete", seq: 7, target: 4 }), [0, 0]);
});

test("an answer calls whoever is answered", () => {
  const room = roomUpTo(0);
  room.told({ type: "message", room: "r", seq: 1, ts: 1, from: "mina", text: "who?" } as Entry);
  room.read = 1;
  room.told({ type: "message", room: "r", seq: 2, ts: 1, from: "jun", text: "me", reply_to: 1 } as Entry);
  room.count();
  assert.deepEqual(counts(room), [1, 1]);
});

test("beyond the page the gateway's count holds, and goes on with what comes", () => {
  const room = new Room("r", () => "mina");
  describe(room, { last: 500, read: 100, seen: true, unread: 400, mentioned: 3 });
  assert.deepEqual(counts(room), [400, 3]);
  room.entered(joined({ first: 1, last: 500, read: 100 }), undefined);
  room.newestPage({ type: "history", room: "r", messages: lines(441, 500), more: true });
  assert.deepEqual(counts(room), [400, 3]);
  room.told({ type: "message", room: "r", seq: 501, ts: 1, from: "jun", text: "@mina" } as Entry);
  room.count();
  assert.deepEqual(counts(room), [401, 4]);
  room.readTo(501);
  assert.deepEqual(counts(room), [0, 0]);
});

test("a room that was empty when one was last there has news; one that is new to somebody has none", () => {
  for (const [seen, unread] of [[true, 2], [false, 0]] as const) {
    const room = new Room("r", () => "mina");
    describe(room, { last: 2, seen, unread });
    room.entered(joined({ last: 2 }), undefined);
    room.newestPage({ type: "history", room: "r", messages: lines(1, 2), more: false });
    assert.deepEqual(counts(room), [unread, 0]);
  }
});

test("what was said in a private room before one was let in is news", () => {
  const room = new Room("r", () => "mina");
  describe(room, { last: 2, seen: false, unread: 2, visibility: "private", role: "member" });
  room.entered(joined({ last: 2, role: "member" }), undefined);
  room.newestPage({ type: "history", room: "r", messages: lines(1, 2), more: false });
  assert.deepEqual(counts(room), [2, 0]);
});
