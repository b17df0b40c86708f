// Sheets: what closes them does nothing else, what they refuse is said, and the focus has somewhere to go.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, createRoom, desk, hears, openMenu, phone, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

const closed = (page) => until(async () => (await page.$("dialog .sheet")) === null, "the sheet has gone");

test("closing a sheet does not do what it asks about", world(async ({ person, daemon }) => {
  const mina = await person("mina");
  await createRoom(mina, "court");
  const jun = await person("jun", desk, "#court");
  await jun.waitForSelector(".title:has-text('court')");
  for (const verb of ["Put out", "Ban"]) {
    await mina.click(".people .line:has-text('jun')");
    await mina.click(`dialog .danger:text-is('${verb}')`);
    await mina.waitForSelector("dialog form");
    await mina.click("dialog [aria-label=Close]");
    await closed(mina);
  }
  await mina.click("[aria-label='Create a room']");
  await mina.fill("dialog [name=room]", "oops");
  await mina.click("dialog [aria-label=Close]");
  await closed(mina);
  await say(jun, "still here");
  await hears(mina, "still here");
  const rooms = await (await speaker(daemon, "alice")).ask({ type: "rooms" });
  assert.deepEqual(rooms.rooms.map((room) => room.name).sort(), ["court", "lobby"]);
}));

test("a name of a room that is taken is said in the sheet", world(async ({ person, daemon }) => {
  await (await speaker(daemon, "alice")).ask({ type: "create", room: "attic" });
  const mina = await person("mina");
  await mina.click("[aria-label='Create a room']");
  await mina.fill("dialog [name=room]", "attic");
  await mina.press("dialog [name=room]", "Enter");
  await mina.waitForSelector("dialog [role=alert]");
  assert.equal(await mina.inputValue("dialog [name=room]"), "attic");
}));

test("Back closes a sheet and leaves one where one was", world(async ({ person }) => {
  const mina = await person("mina", phone);
  await mina.click(".top [aria-label=People]");
  await mina.click(".people .line:has-text('mina')");
  await mina.waitForSelector("dialog .sheet");
  await mina.goBack();
  await closed(mina);
  await mina.waitForSelector(".people .line:visible");
  await mina.goBack();
  await mina.waitForSelector("#composer:visible");
  assert.ok(!(await mina.$(".people")));
}));

test("a long press opens the menu, and lifting the finger presses nothing in it", world(async ({ person }) => {
  const mina = await person("mina", phone);
  for (let i = 0; i < 12; i++) await say(mina, "line " + i);
  await hears(mina, "line 11");
  const box = await (await mina.$(".log .row >> nth=-1")).boundingBox();
  const touch = await mina.context().newCDPSession(mina);
  const touchPoints = [{ x: box.x + 60, y: box.y + box.height / 2 }];
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
  await mina.waitForSelector("dialog[data-part=message] .sheet");
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  /* A press by the browser would come before what is asked of the page after it. */
  await mina.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  assert.ok(await mina.$("dialog[data-part=message][open] .line"), "the menu is still there");
  assert.ok(!(await mina.$(".context")));
}));

test("whoever thinks better of it is still in the sheet", world(async ({ person }) => {
  const mina = await person("mina");
  await say(mina, "keep me");
  await hears(mina, "keep me");
  await openMenu(mina);
  await mina.click("dialog .danger:text-is('Delete')");
  await mina.waitForSelector("[role=alertdialog] button:focus");
  await mina.keyboard.press("Enter");
  await mina.waitForSelector("dialog .line:text-is('Reply')");
  await mina.waitForSelector("dialog button:focus");
  assert.equal((await mina.$$(".gone")).length, 0);
}));

test("another name inherits neither drafts nor rooms", world(async ({ person }) => {
  const mina = await person("mina");
  await mina.type("#composer", "a secret, half wri");
  await mina.click("[aria-label=Settings]");
  await mina.click("dialog .danger:has-text('another name')");
  await mina.click("dialog .main");
  await mina.fill("#name", "stranger");
  await mina.press("#name", "Enter");
  await mina.waitForSelector("#composer");
  assert.equal(await mina.inputValue("#composer"), "");
}));

test("after a sheet was closed by its own button, one Back does something", world(async ({ person }) => {
  const mina = await person("mina", phone);
  await mina.click(".top [aria-label=People]");
  await mina.click(".people .line:has-text('mina')");
  await mina.click("dialog [aria-label=Close]");
  await closed(mina);
  await mina.goBack();
  await mina.waitForSelector("#composer:visible");
  await until(async () => (await mina.$(".people")) === null, "the people have gone");
}));
