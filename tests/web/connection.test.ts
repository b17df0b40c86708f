import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, type Link } from "../../web/src/connection";
import { Lost, Refused } from "../../web/src/wire";
import { Clock, settle, type FakeSocket } from "./clock";

function setUp() {
  const clock = new Clock();
  const seen = { links: [] as Link[], frames: [] as any[], refused: [] as Refused[], welcomes: 0, roundTrip: -1 };
  const connection = new Connection(clock, {
    hello: () => ({ type: "hello", name: "mina" }),
    link: (link) => seen.links.push(link),
    welcome: () => seen.welcomes++,
    refused: (error) => seen.refused.push(error),
    frame: (frame) => seen.frames.push(frame),
    roundTrip: (ms) => (seen.roundTrip = ms),
  });
  return { clock, seen, connection };
}

const welcome = (frame: any, socket: FakeSocket) => {
  if (frame.type === "hello") socket.tell({ type: "welcome", ref: frame.ref });
  if (frame.type === "ping") socket.tell({ type: "pong", ref: frame.ref, time: 0 });
};

async function open(clock: Clock) {
  clock.socket.answer = welcome;
  clock.socket.onopen!();
  await settle();
}

test("hello is the first frame, and welcome opens", async () => {
  const { clock, connection, seen } = setUp();
  connection.start();
  await open(clock);
  assert.equal(clock.socket.sent[0].type, "hello");
  assert.equal(connection.link.is, "open");
  assert.equal(seen.welcomes, 1);
});

test("an answer finds its request by ref, whatever the order", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await open(clock);
  const a = connection.request({ type: "rooms" });
  const b = connection.request({ type: "who", room: "x" });
  const [rooms, who] = clock.socket.sent.slice(-2);
  clock.socket.tell({ type: "members", ref: who.ref });
  clock.socket.tell({ type: "rooms", ref: rooms.ref });
  assert.equal((await a).type, "rooms");
  assert.equal((await b).type, "members");
});

test("a refusal rejects with its code and when to come back", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await open(clock);
  const asked = connection.request({ type: "send" });
  clock.socket.tell({ type: "error", ref: clock.socket.sent.at(-1).ref, error_code: "rate_limited", message: "slow", retry_after_ms: 700 });
  await assert.rejects(asked, (error: Refused) => error.code === "rate_limited" && error.retryAfterMs === 700 && error.passes);
});

test("a lost connection tells whoever waits, and is tried again with growing pauses", async () => {
  const { clock, connection, seen } = setUp();
  connection.start();
  await open(clock);
  const asked = connection.request({ type: "rooms" });
  clock.socket.end();
  await assert.rejects(asked, Lost);
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    const link = seen.links.at(-1)!;
    assert.equal(link.is, "waiting");
    if (link.is !== "waiting") return;
    pauses.push(link.until - clock.time);
    await clock.pass(link.until - clock.time);
    assert.equal(connection.link.is, "connecting");
    clock.socket.end();
  }
  assert.ok(pauses[0]! <= 200);
  assert.ok(pauses.every((pause) => pause <= 5000));
  assert.ok(pauses[6]! > pauses[1]!);
});

test("the pause has jitter: between half and all of it", async () => {
  for (const chance of [0, 0.999]) {
    const { clock, connection } = setUp();
    clock.chance = chance;
    connection.start();
    clock.socket.end();
    const link = connection.link;
    assert.ok(link.is === "waiting" && link.until >= 200 && link.until <= 400, JSON.stringify(link));
  }
});

test("a silent stall is found by the heartbeat", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await open(clock);
  const stalled = clock.socket;
  stalled.answer = () => undefined;
  await clock.pass(15000 + 6000 + 1);
  assert.ok(stalled.closed);
  assert.notEqual(connection.link.is, "open");
});

test("anything heard is a sign of life", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await open(clock);
  clock.socket.answer = () => undefined;
  for (let i = 0; i < 30; i++) {
    await clock.pass(2000);
    clock.socket.tell({ type: "notice", text: "still here" });
    await settle();
  }
  assert.equal(connection.link.is, "open");
});

test("a page that wakes up finds a dead socket within three seconds", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await open(clock);
  clock.socket.answer = () => undefined;
  connection.probe();
  await clock.pass(3001);
  assert.notEqual(connection.link.is, "open");
});

test("waking up while waiting tries at once", async () => {
  const { clock, connection } = setUp();
  connection.start();
  clock.socket.end();
  const before = clock.sockets.length;
  connection.probe();
  assert.equal(clock.sockets.length, before + 1);
});

test("a taken name stops the trying and says so", async () => {
  const { clock, connection, seen } = setUp();
  connection.start();
  clock.socket.answer = (frame, socket) => socket.tell({ type: "error", ref: frame.ref, error_code: "name_taken", message: "taken" });
  clock.socket.onopen!();
  await clock.pass(60000);
  assert.equal(seen.refused[0]!.code, "name_taken");
  assert.equal(connection.link.is, "stopped");
  assert.equal(clock.sockets.length, 1);
});

test("a full gateway is tried again", async () => {
  const { clock, connection, seen } = setUp();
  connection.start();
  clock.socket.answer = (frame, socket) => socket.tell({ type: "error", ref: frame.ref, error_code: "server_full", message: "full", retry_after_ms: 900 });
  clock.socket.onopen!();
  await clock.pass(901);
  assert.equal(seen.refused.length, 0);
  assert.equal(clock.sockets.length, 2);
});

test("a socket that never opens is given up after eight seconds", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await clock.pass(8001);
  assert.ok(clock.sockets[0]!.closed);
  assert.notEqual(connection.link.is, "open");
});

test("the round trip is measured", async () => {
  const { clock, connection, seen } = setUp();
  connection.start();
  await open(clock);
  clock.socket.answer = (frame, socket) => {
    if (frame.type === "ping") clock.setTimeout(() => socket.tell({ type: "pong", ref: frame.ref, time: 0 }), 120);
  };
  await clock.pass(16000);
  assert.equal(seen.roundTrip, 120);
});

test("frames of an old socket are not heard", async () => {
  const { clock, connection, seen } = setUp();
  connection.start();
  await open(clock);
  const old = clock.socket;
  connection.retryNow();
  old.tell({ type: "notice", text: "ghost" });
  await settle();
  assert.equal(seen.frames.length, 0);
});

test("text that is no JSON is passed over", async () => {
  const { clock, connection } = setUp();
  connection.start();
  await open(clock);
  clock.socket.onmessage!({ data: "{" });
  assert.equal(connection.link.is, "open");
});
