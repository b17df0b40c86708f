import assert from "node:assert/strict";
import { test } from "node:test";
import { eventReader } from "../../web/src/lazy/event-reader";

test("events are whole however they are cut", () => {
  const whole = 'id: ab.1,cd.2\ndata: {"a":1}\n\n: comment\n\ndata: {"b":\ndata: 2}\r\n\r\ndata:{"c":3}\n\n';
  for (let size = 1; size < whole.length; size++) {
    const told: string[] = [];
    const ids: string[] = [];
    const read = eventReader((data, id) => {
      told.push(data);
      ids.push(id);
    });
    for (let at = 0; at < whole.length; at += size) read(whole.slice(at, at + size));
    assert.deepEqual(told, ['{"a":1}', '{"b":\n2}', '{"c":3}'], `in pieces of ${size}`);
    assert.deepEqual(ids, ["ab.1,cd.2", "", ""]);
  }
});
