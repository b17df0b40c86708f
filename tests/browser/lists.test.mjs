// Long lists: many rooms, many people, and what is in them can all be reached.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, createRoom, desk, devicesOr, hears, phone, picture, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

const shown = (page, what) => page.$$eval(what, (all) => all.map((one) => one.textContent.replace(/\s+/g, " ").trim()));

async function toRooms(page, options) {
  if (options === phone) await page.click(".top [aria-label^=Rooms]");
  await page.waitForSelector(".rooms .filter");
}

/* Three hundred, of which the last two have something new to say. */
async function build(daemon) {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 300; i += 30) {
    const create = (_, k) => alice.ask({ type: "create", room: "room-" + String(i + k).padStart(3, "0") });
    for (const made of await Promise.all(Array.from({ length: 30 }, create))) assert.notEqual(made.type, "error", JSON.stringify(made));
  }
  return alice;
}

for (const [kind, options] of devicesOr("a phone")) {
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
  }, "limits.rooms=500", "limits.direct_rooms=100", "limits.rooms_per_user=300"));
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

test("an invitation is noticed, also after a reload and by a page that was closed; it may be declined", world(async ({ person, daemon, context, way }) => {
  const jun = await speaker(daemon, "jun");
  for (const room of ["den", "attic"]) await jun.ask({ type: "create", room, topic: "", visibility: "private" });
  const mina = await person("mina", phone);
  await jun.ask({ type: "invite", room: "den", user: "mina" });
  await mina.waitForSelector(".bar:has-text('jun invited you to #den')");
  await picture(mina, "invited-phone");
  await mina.click(".top [aria-label^=Rooms]");
  await mina.waitForSelector(".rooms .line:has-text('den') .badge:has-text('jun invited you')");
  await mina.reload();
  await mina.waitForSelector(".log[aria-busy=false]");
  await mina.click(".top [aria-label^=Rooms]");
  await mina.waitForSelector(".rooms .line:has-text('den') .badge:has-text('jun invited you')");
  await jun.ask({ type: "join", room: "den" });
  await jun.say("@mina look", "den");
  await mina.waitForSelector(".rooms .line:has-text('den') .badge.loud:has-text('@1')");
  const url = mina.url();
  await mina.goto("about:blank");
  await jun.ask({ type: "invite", room: "attic", user: "mina" });
  await mina.goto(url);
  await mina.click(".bar:has-text('jun invited you to #attic') button:text-is('Decline')");
  await mina.click(".top [aria-label^=Rooms]");
  await until(async () => !(await mina.$(".rooms .line:has-text('attic') .badge")), "declined");
  await mina.click(".rooms .line:has-text('den')");
  await hears(mina, "@mina look");
  await until(async () => !(await mina.$(".rooms .badge")), "seen");
}));

test("a conversation of two is hidden until there is something new in it", world(async ({ person, daemon }) => {
  const mina = await person("mina");
  const jun = await speaker(daemon, "jun");
  const { room } = await jun.ask({ type: "direct", to: "mina", text: "psst", nonce: "1" });
  await mina.click(".rooms .line:has-text('jun')");
  await hears(mina, "psst");
  await mina.click(".title");
  await mina.click("dialog .line:text-is('Hide this conversation')");
  await until(async () => !(await mina.$(".rooms .line:has-text('jun')")), "hidden");
  await mina.reload();
  await mina.waitForSelector(".title:has-text('lobby')");
  assert.equal((await mina.$$(".rooms .line:has-text('jun')")).length, 0);
  await jun.ask({ type: "send", room, text: "again", nonce: "2" });
  await mina.click(".rooms .line:has-text('jun'):has(.badge)");
  await hears(mina, "again");
}));

test("an archived room says that it can only be read, then and after a reload", world(async ({ person }) => {
  const mina = await person("mina");
  await createRoom(mina, "old plans");
  const jun = await person("jun", phone, "#old plans");
  await jun.waitForSelector(".title:has-text('old plans')");
  await mina.click(".title");
  await mina.click("dialog .line:text-is('Archive the room')");
  for (const page of [mina, jun]) await page.waitForSelector(".silent:has-text('archived')");
  assert.ok(!(await jun.$("#composer")));
  await picture(jun, "archived-phone");
  await jun.reload();
  await jun.waitForSelector(".silent:has-text('archived')");
  await mina.click(".title");
  await mina.click("dialog .line:text-is('Bring the room back')");
  await jun.waitForSelector("#composer");
}));
