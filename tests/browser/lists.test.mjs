// Long lists: many rooms, many people, and what is in them can all be reached.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, phone, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

const shown = (page, what) => page.$$eval(what, (all) => all.map((one) => one.textContent.replace(/\s+/g, " ").trim()));

async function toRooms(page, options) {
  if (options === phone) await page.click(".top [aria-label^=Rooms]");
  await page.waitForSelector(".rooms .filter");
}

/* Three hundred, of which the last two have something new to say. */
async function build(daemon) {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 300; i++) await alice.ask({ type: "create", room: "room-" + String(i).padStart(3, "0") });
  return alice;
}

for (const [kind, options] of [["a desk", desk], ["a phone", phone]]) {
  test(`300 rooms on ${kind}: any is found by part of its name, and the unread come first`, world(async ({ person, daemon }) => {
    const alice = await build(daemon);
    const mina = await person("mina", options);
    await toRooms(mina, options);
    await mina.fill(".rooms .filter", "-27");
    await until(async () => (await shown(mina, ".rooms .line")).length === 10, "ten rooms");
    await mina.click(".rooms .line:has-text('room-273')");
    await mina.waitForSelector(".title:has-text('room-273')");
    await say(mina, "found it");
    await hears(mina, "found it");
    await alice.say("come over", "room-150");
    await alice.ask({ type: "join", room: "room-273" });
    await toRooms(mina, options);
    await mina.fill(".rooms .filter", "");
    await mina.click(".rooms .line:has-text('lobby')");
    await mina.waitForSelector(".title:has-text('lobby')");
    await toRooms(mina, options);
    await alice.say("still there?", "room-273");
    await until(async () => /room-273/.test((await shown(mina, ".rooms .line"))[0]), "the unread one is first");
  }, "limits.rooms=500", "limits.direct_rooms=100"));
}

/** Somebody who stays in the lobby, by an event stream; for as long as its answer is kept. */
async function present(daemon, name, signal) {
  const api = `http://127.0.0.1:${daemon.port}/api/v1/`;
  const body = JSON.stringify({ type: "hello", name });
  const { session } = await (await fetch(api + "do", { method: "POST", body })).json();
  return fetch(api + "rooms/lobby/stream", { headers: { Authorization: "Bearer " + session }, signal });
}

test("500 people: whom one looks for is found by part of the name", world(async ({ person, daemon }) => {
  const leaving = new AbortController();
  const people = [];
  for (let i = 0; i < 500; i += 50) {
    people.push(...(await Promise.all(Array.from({ length: 50 }, (_, j) => present(daemon, "guest " + (i + j), leaving.signal)))));
  }
  const mina = await person("mina", desk);
  await mina.waitForSelector(".people h2:has-text('501')");
  await mina.fill(".people .filter", "guest 49");
  await until(async () => (await shown(mina, ".people li")).length === 11, "guest 49 and 490 to 499");
  assert.ok(people.every((stream) => stream.ok));
  leaving.abort();
}));
