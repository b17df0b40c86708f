import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, find, insert, keepNewest, keepOldest, merge, place, react, rowOfLine, type Row } from "../../web/src/log";

const row = (seq: number, text = "t" + seq): Row => rowOfLine({ type: "message", room: "r", seq, ts: seq, from: "a", text });
const rows = (...seqs: number[]) => seqs.map((seq) => row(seq));
const seqs = (list: readonly Row[]) => list.map((one) => one.seq);
const base = { room: "r", ts: 9, from: "b" };

test("rows stay in order of seq, whatever order they come in", () => {
  let list: readonly Row[] = [];
  for (const seq of [5, 1, 9, 3, 7]) list = insert(list, row(seq));
  assert.deepEqual(seqs(list), [1, 3, 5, 7, 9]);
});

test("the same seq twice is one row", () => {
  assert.deepEqual(seqs(insert(rows(1, 2), row(2))), [1, 2]);
  assert.deepEqual(seqs(merge(rows(1, 2, 3), rows(2, 3, 4))), [1, 2, 3, 4]);
});

test("pages merge before, after and across", () => {
  assert.deepEqual(seqs(merge(rows(5, 6), rows(1, 2))), [1, 2, 5, 6]);
  assert.deepEqual(seqs(merge(rows(1, 2), rows(5, 6))), [1, 2, 5, 6]);
  assert.deepEqual(seqs(merge(rows(1, 5), rows(3, 7))), [1, 3, 5, 7]);
  assert.deepEqual(seqs(merge([], rows(1))), [1]);
});

test("an edit changes its target and nothing else", () => {
  const before = rows(1, 2);
  const after = apply(before, { ...base, type: "edit", seq: 3, target: 1, text: "new" });
  assert.equal(find(after, 1)!.text, "new");
  assert.equal(find(after, 1)!.edited, true);
  assert.equal(find(after, 2), before[1]);
  assert.equal(before[0]!.text, "t1");
});

test("an edit of what is not here leaves the very same list", () => {
  const before = rows(1);
  assert.equal(apply(before, { ...base, type: "edit", seq: 3, target: 2, text: "x" }), before);
});

test("a deleted message keeps its place, without text or reactions, and later edits do not bring it back", () => {
  let list = apply(rows(1), { ...base, type: "reaction", seq: 2, target: 1, emoji: "x", on: true });
  list = apply(list, { ...base, type: "delete", seq: 3, target: 1 });
  list = apply(list, { ...base, type: "edit", seq: 4, target: 1, text: "ghost" });
  const gone = find(list, 1)!;
  assert.deepEqual([gone.deleted, gone.text, gone.removedBy, gone.reactions.length], [true, "", "b", 0]);
});

test("a reaction counts each name once and goes when the last one takes it away", () => {
  let lines = react([], "👍", "a", true);
  lines = react(lines, "👍", "a", true);
  lines = react(lines, "👍", "b", true);
  assert.deepEqual(lines, [{ emoji: "👍", names: ["a", "b"], count: 2 }]);
  lines = react(react(lines, "👍", "a", false), "👍", "b", false);
  assert.deepEqual(lines, []);
  assert.equal(react(lines, "👍", "a", false), lines);
});

test("one's own reaction is one's own, whatever name it was made under", () => {
  const put = { ...base, type: "reaction", seq: 2, target: 1, emoji: "x", on: true } as const;
  const list = apply(rows(1), { ...put, from: "older" }, "now", true);
  assert.deepEqual(list[0]!.reactions, [{ emoji: "x", names: ["now"], count: 1 }]);
  assert.deepEqual(apply(list, { ...put, from: "now", on: false }, "now", true)[0]!.reactions, []);
});

test("trimming says that there is more on that side", () => {
  const range = { rows: rows(1, 2, 3), before: false, after: false };
  assert.deepEqual([seqs(keepNewest(range, 2).rows), keepNewest(range, 2).before], [[2, 3], true]);
  assert.deepEqual([seqs(keepOldest(range, 2).rows), keepOldest(range, 2).after], [[1, 2], true]);
  assert.equal(keepNewest(range, 3), range);
});

test("place finds where a seq is or would be", () => {
  assert.deepEqual([0, 1, 2, 3, 4].map((seq) => place(rows(1, 3), seq)), [0, 0, 1, 1, 2]);
});
