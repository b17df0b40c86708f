// What nobody plans for: odd names, a name that is lost, a draft in the way, a log behind something.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { closeBrowser, createRoom, desk, hears, phone, say, speaker, until, waiting, world } from "./support.mjs";

after(closeBrowser);

test("a room may be called constructor", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  for (const room of ["constructor", "__proto__", "tostring"]) {
    await alice.ask({ type: "create", room });
    const jun = await person("jun-" + room.length, desk, "#" + room);
    await jun.waitForSelector(`.title:has-text('${room}')`);
    await jun.type("#composer", "half a word");
    await jun.reload();
    await jun.waitForSelector(`.title:has-text('${room}')`);
    assert.equal(await jun.inputValue("#composer"), "half a word");
    await say(jun, "whole");
    await hears(jun, "whole");
    assert.deepEqual(jun.errors, []);
  }
}));

test("a phone that shows its rooms has not read the log behind them", world(async ({ person, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  const mina = await person("mina", phone);
  await mina.click(".top [aria-label^=Rooms]");
  await alice.say("@mina are you there?");
  await mina.waitForSelector(".rooms .badge.loud");
  way.cut();
  await mina.waitForSelector(".rooms .bar:has-text('Connection lost')");
  way.mend();
  await mina.click(".bar button").catch(() => undefined);
  await mina.click(".rooms .line:has-text('lobby')");
  await mina.waitForSelector(".between.unread");
  await until(async () => !(await mina.title()).startsWith("("), "read");
}));

test("a draft is there again after an older message was edited, or not", world(async ({ person }) => {
  const mina = await person("mina");
  await say(mina, "frist");
  await hears(mina, "frist");
  for (const end of ["Enter", "Escape"]) {
    await mina.fill("#composer", "a long thought");
    await mina.hover(".log .row .text");
    await mina.click(".toolbar [aria-label='More']");
    await mina.click("dialog .line:text-is('Edit')");
    await mina.waitForSelector(".context:has-text('Editing')");
    await mina.fill("#composer", "first");
    await mina.press("#composer", end);
    await until(async () => (await mina.inputValue("#composer")) === "a long thought", "the draft is back");
    await mina.reload();
    await mina.waitForSelector("#composer");
    assert.equal(await mina.inputValue("#composer"), "a long thought");
  }
  await hears(mina, "first");
}));

test("a name that is lost is said so, and the words go on under the next", world(async ({ person, daemon, way }) => {
  const mina = await person("mina");
  way.cut();
  await say(mina, "still mine");
  await daemon.end("SIGTERM");
  for (const end of ["", "-journal", "-wal", "-shm"]) rmSync(join(daemon.folder, "chat.db" + end), { force: true });
  await daemon.start();
  await speaker(daemon, "mina");
  way.mend();
  await mina.waitForSelector("#name-wrong:has-text('in use')");
  assert.equal(await mina.inputValue("#name"), "mina");
  await mina.click(".chip:text-is('mina-2')");
  await mina.waitForSelector(".failed:has-text('You were mina')");
  await mina.click(".failed button:text-is('Try again')");
  await hears(mina, "still mine");
  assert.equal(await waiting(mina), 0);
}));

test("what waits for a room that has gone is shown there, not sent", world(async ({ person, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "attic" });
  const mina = await person("mina", desk, "#attic");
  await mina.waitForSelector(".title:has-text('attic')");
  way.cut();
  await say(mina, "dusty here");
  await alice.ask({ type: "remove", room: "attic" });
  way.mend();
  await mina.waitForSelector(".failed:has-text('Not sent')");
  await mina.reload();
  await mina.click(".rooms .line:has-text('attic'):has-text('not sent')");
  await mina.waitForSelector(".row:has-text('dusty here')");
  await mina.click(".failed button:text-is('Delete')");
  await until(async () => (await mina.$$(".rooms .line:has-text('not sent')")).length === 0, "no sign any more");
}));

test("after an emoji one goes on writing; only what is too long is counted", world(async ({ person }) => {
  const mina = await person("mina");
  await mina.type("#composer", "tea ");
  await mina.click(".write [aria-label=Emoji]");
  await mina.click("dialog .emojis button >> nth=0");
  await mina.waitForSelector("#composer:focus");
  await mina.keyboard.type(" time");
  assert.match(await mina.inputValue("#composer"), /^tea \S+ time$/);
  assert.ok(!(await mina.$(".composer .note")));
  await mina.fill("#composer", "가".repeat(2015));
  await mina.waitForSelector(".note.wrong:has-text('15 characters too many')");
}));

test("after Escape from the switcher one goes on writing", world(async ({ person }) => {
  const mina = await person("mina");
  for (let i = 0; i < 5; i++) {
    await mina.press("#composer", "Control+k");
    await mina.fill("dialog [role=combobox]", "nobody");
    await mina.keyboard.press("Escape");
    await until(async () => (await mina.$("dialog .sheet")) === null, "it is closed and empty");
    await mina.keyboard.type("x");
  }
  assert.equal(await mina.inputValue("#composer"), "xxxxx");
}));

test("an invitation says what it can do", world(async ({ person, daemon }) => {
  const mina = await person("mina");
  await createRoom(mina, "vault", { isPrivate: true });
  await mina.click(".people button:text-is('Invite')");
  await mina.waitForSelector("dialog button:has-text('Make an invite link')");
  await mina.keyboard.press("Escape");
  const jun = await speaker(daemon, "jun");
  await jun.ask({ type: "direct", to: "mina", text: "psst", nonce: "p" });
  await mina.click(".rooms .line:has-text('jun')");
  await hears(mina, "psst");
  assert.ok(!(await mina.$(".people button:text-is('Invite')")));
}));

test("the small window of a captive portal: no storage, no WebSocket, and yet one talks", world(async ({ context, person, way }) => {
  const place = await context(phone);
  await place.addInitScript(() => {
    for (const name of ["localStorage", "indexedDB"])
      Object.defineProperty(window, name, { get: () => { throw new DOMException("denied", "SecurityError"); } });
    delete window.WebSocket;
    delete window.BroadcastChannel;
  });
  const small = await place.newPage();
  await small.goto(way.address);
  await small.waitForSelector(`.note:has-text('Open ${way.address.replace(/\/$/, "")} in your browser')`);
  await small.fill("#name", "visitor");
  await small.press("#name", "Enter");
  await small.waitForSelector("#composer");
  const jun = await person("jun");
  await say(small, "through the keyhole");
  await hears(jun, "through the keyhole");
  await say(jun, "welcome");
  await hears(small, "welcome");
}));
