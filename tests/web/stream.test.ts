import assert from "node:assert/strict";
import { test } from "node:test";
import { eventReader } from "../../web/src/lazy/event-reader";

/* What it shares with the views looks at the browser's history at once. */
Object.assign(globalThis, { history: { state: null } });
const { carry } = await import("../../web/src/lazy/stream");

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

/** A gateway whose streams say what they are told to, when they are told to. */
class Streams {
  opened: { rooms: string[]; from: string | null; say(...frames: object[]): Promise<void> }[] = [];
  told: any[] = [];
  carried = carry({ message: (frame) => this.told.push(frame), closed: () => this.told.push("closed") });

  constructor() {
    globalThis.fetch = async (where, { headers, signal } = {}) => {
      const { searchParams } = new URL(String(where), "http://board");
      let body: ReadableStreamDefaultController;
      const answer = new Response(new ReadableStream({ start: (controller) => void (body = controller) }));
      signal!.addEventListener("abort", () => body.error(new Error("aborted")));
      const say = async (...frames: any[]) => {
        for (const { id, ...frame } of frames) {
          body.enqueue(new TextEncoder().encode(`${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(frame)}\n\n`));
        }
        await turns();
      };
      this.opened.push({ rooms: searchParams.getAll("room"), from: new Headers(headers).get("Last-Event-ID"), say });
      return answer;
    };
  }

  async join(room: string, ref: number): Promise<void> {
    this.carried.send(JSON.stringify({ type: "join", room, ref, history: 0 }));
    await turns();
  }

  get stream() {
    return this.opened.at(-1)!;
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve));
}

const joined = (room: string, last = 0) => ({ type: "joined", room, log: "log-" + room, last });
const live = (room: string, seq = 0) => ({ type: "live", room, seq, id: `log-${room}.${seq}` });
const heard = (told: any[]) => told.map(({ type, room, ref }) => [type, room, ...(ref ? [ref] : [])].join(" "));

test("a stream gives way before it has told of its room: the next one tells", async () => {
  const streams = new Streams();
  await streams.join("a", 1);
  await streams.join("b", 2);
  await streams.stream.say(joined("a"), live("a"), joined("b"), live("b"));
  assert.deepEqual(heard(streams.told), ["joined a 1", "live a", "joined b 2", "live b"]);
});

test("what was said since a room was joined is told, though the stream gave way before it was live", async () => {
  const streams = new Streams();
  await streams.join("a", 1);
  await streams.stream.say(joined("a", 5));
  await streams.join("b", 2);
  assert.equal(streams.stream.from, "log-a.5");
  await streams.stream.say(joined("a", 6), { type: "message", room: "a", seq: 6 }, live("a", 6), joined("b"), live("b"));
  assert.deepEqual(heard(streams.told), ["joined a 1", "message a", "live a", "joined b 2", "live b"]);
});

test("a room is told once that it is joined and live, however many streams follow", async () => {
  const streams = new Streams();
  for (const [i, room] of ["a", "b", "c"].entries()) {
    await streams.join(room, i + 1);
    await streams.stream.say(...streams.stream.rooms.flatMap((name) => [joined(name), live(name)]));
  }
  assert.deepEqual(heard(streams.told), ["joined a 1", "live a", "joined b 2", "live b", "joined c 3", "live c"]);
});

test("a room that is asked for as somebody wrote it is listened to by its own name", async () => {
  const streams = new Streams();
  await streams.join("lobby", 1);
  await streams.stream.say(joined("lobby"), live("lobby"));
  await streams.join("LOBBY", 2);
  await streams.stream.say(joined("lobby"), joined("lobby"), live("lobby"));
  await streams.join("b", 3);
  assert.deepEqual(heard(streams.told), ["joined lobby 1", "live lobby", "joined lobby 2", "live lobby"]);
  assert.deepEqual(streams.stream.rooms, ["lobby", "b"]);
});

test("rooms that are gone, or have another name, are in no further stream", async () => {
  const streams = new Streams();
  for (const [i, room] of ["kicked", "removed", "renamed"].entries()) await streams.join(room, i + 1);
  await streams.stream.say({ type: "kicked", room: "kicked" }, { type: "room", change: "removed", name: "removed" });
  await streams.stream.say({ type: "room", change: "changed", name: "new", was: "renamed" });
  await streams.join("new", 4);
  assert.deepEqual(streams.stream.rooms, ["new"]);
});
