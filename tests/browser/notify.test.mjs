// Notifications and the number in the title: who is called away from other work, and for what.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

/** Before the page: notifications are written down, and whether somebody looks is for the test to say. */
function record() {
  const real = window.Notification;
  window.notes = [];
  window.Notification = class {
    static get permission() {
      return real.permission;
    }
    static requestPermission() {
      return Promise.resolve(real.permission);
    }
    constructor(title, { body }) {
      window.notes.push({ title, body, click: () => this.onclick() });
    }
    close() {}
  };
  window.looking = { visible: true, focused: true };
  Object.defineProperty(document, "hidden", { get: () => !window.looking.visible });
  Object.defineProperty(document, "visibilityState", { get: () => (window.looking.visible ? "visible" : "hidden") });
  document.hasFocus = () => window.looking.focused;
}

async function watched({ context, enter, way }, { allowed = true } = {}) {
  const place = await context(desk);
  if (allowed) await place.grantPermissions(["notifications"], { origin: way.address });
  await place.addInitScript(record);
  return enter(place, "mina");
}

function look(page, visible, focused) {
  return page.evaluate((looking) => {
    window.looking = looking;
    document.dispatchEvent(new Event("visibilitychange"));
    if (looking.focused) window.dispatchEvent(new Event("focus"));
  }, { visible, focused });
}

const bodies = (page) => page.evaluate(() => window.notes.map((note) => note.body));

/** Notes come in the order of the messages: with the last of them all are there. */
async function noted(page, last) {
  await until(async () => (await bodies(page)).includes(last), `a note of ${last}`);
  return bodies(page);
}

async function loudness(page, room, choice) {
  await page.click(`.rooms .line:has-text('${room}')`);
  await page.click(`.title:has-text('${room}')`);
  await page.check(`dialog [name=loud][value=${choice}]`);
  await page.keyboard.press("Escape");
  await until(async () => !(await page.$("dialog[open]")), "the sheet closes");
}

test("one is called by one's name while the page is hidden or another window has the focus", world(async (here) => {
  const page = await watched(here);
  const alice = await speaker(here.daemon, "alice");
  await alice.say("@mina while you look");
  await hears(page, "@mina while you look");
  await look(page, false, false);
  await alice.say("not for you");
  await alice.say("@mina hidden");
  await noted(page, "@mina hidden");
  await look(page, true, false);
  await alice.say("@mina beside");
  assert.deepEqual(await noted(page, "@mina beside"), ["@mina hidden", "@mina beside"]);
  assert.deepEqual(await page.evaluate(() => window.notes.map((note) => note.title)), ["alice · lobby", "alice · lobby"]);
}));

test("a room may call for everything, for one's name or for nothing", world(async (here) => {
  const alice = await speaker(here.daemon, "alice");
  for (const room of ["loud", "usual", "mute"]) await alice.ask({ type: "create", room });
  const page = await watched(here);
  await loudness(page, "loud", "all");
  await loudness(page, "mute", "none");
  await page.click(".rooms .line:has-text('usual')");
  await page.waitForSelector(".title:has-text('usual')");
  await look(page, false, false);
  for (const room of ["mute", "usual", "loud"]) {
    await alice.say("anything in " + room, room);
    await alice.say("@mina in " + room, room);
  }
  const expected = ["@mina in usual", "anything in loud", "@mina in loud"];
  await until(async () => (await bodies(page)).length === expected.length, "three notes");
  await alice.ask({ type: "direct", to: "mina", text: "to you alone", nonce: "d" });
  assert.deepEqual((await noted(page, "to you alone")).sort(), [...expected, "to you alone"].sort());
  await page.reload();
  await page.click(".rooms .line:has-text('loud')");
  await page.click(".title:has-text('loud')");
  await page.waitForSelector("dialog [name=loud][value=all]:checked");
}));

test("the title counts what is new, but not in a room that may not call", world(async (here) => {
  const alice = await speaker(here.daemon, "alice");
  for (const room of ["usual", "mute"]) await alice.ask({ type: "create", room });
  const page = await watched(here);
  await loudness(page, "mute", "none");
  await page.click(".rooms .line:has-text('usual')");
  await page.click(".rooms .line:has-text('lobby')");
  for (let i = 0; i < 3; i++) await alice.say("@mina " + i, "mute");
  for (let i = 0; i < 2; i++) await alice.say("news " + i, "usual");
  await until(async () => /^\(2\) #lobby/.test(await page.title()), "two in the title");
  assert.ok(!(await page.$(".rooms .line:has-text('mute') .badge")));
  await page.click(".rooms .line:has-text('usual')");
  await until(async () => /^#usual/.test(await page.title()), "none in the title");
  await look(page, false, false);
  await alice.say("unseen", "usual");
  await until(async () => /^\(1\) #usual/.test(await page.title()), "one in the title");
  await loudness(page, "usual", "none");
  await until(async () => /^#usual/.test(await page.title()), "it may not call any more");
}));

test("a click on the note brings its room", world(async (here) => {
  const alice = await speaker(here.daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  const page = await watched(here);
  await page.click(".rooms .line:has-text('garden')");
  await page.click(".rooms .line:has-text('lobby')");
  await page.waitForSelector(".title:has-text('lobby')");
  await look(page, false, false);
  await alice.say("@mina the roses", "garden");
  await noted(page, "@mina the roses");
  await look(page, true, true);
  await page.evaluate(() => window.notes[0].click());
  await page.waitForSelector(".title:has-text('garden')");
  await hears(page, "@mina the roses");
}));

test("whoever slept is called once for all that was said to them", world(async (here) => {
  const page = await watched(here);
  const alice = await speaker(here.daemon, "alice");
  await look(page, false, false);
  here.way.cut();
  for (const text of ["@mina are you there?", "@mina wake up", "what a night"]) await alice.say(text);
  here.way.mend();
  await hears(page, "what a night");
  await alice.say("@mina good morning");
  assert.deepEqual(await noted(page, "@mina good morning"), ["@mina wake up", "@mina good morning"]);
}));

test("nobody is called by their own words, nor without having allowed it", world(async (here) => {
  const page = await watched(here, { allowed: false });
  const twin = await here.context(desk);
  await twin.grantPermissions(["notifications"], { origin: here.way.address });
  await twin.addInitScript(record);
  const kept = await page.evaluate(() => localStorage.getItem("hearth.me"));
  await twin.addInitScript((kept) => localStorage.setItem("hearth.me", kept), kept);
  const other = await here.enter(twin);
  await look(page, false, false);
  await look(other, false, false);
  await say(page, "@mina I am mina");
  const alice = await speaker(here.daemon, "alice");
  await alice.say("@mina hello");
  assert.deepEqual(await noted(other, "@mina hello"), ["@mina hello"]);
  await hears(page, "@mina hello");
  assert.deepEqual(await bodies(page), []);
}));
