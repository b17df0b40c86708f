// What people come for, from the first tap to the last. The taps are counted: web/README.md has the numbers.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { administrate, closeBrowser, desk, hears, openMenu, phone, speaker, texts, until, world } from "./support.mjs";

after(closeBrowser);

/** Counts what a finger or a mouse does; typing is not counted. */
function counted(page) {
  const hand = { taps: 0 };
  hand.tap = async (selector) => {
    hand.taps++;
    await page.click(selector);
  };
  hand.hold = async (selector) => {
    hand.taps++;
    const press = { bubbles: true, cancelable: true, button: 2 };
    await openMenu(page, { by: () => page.locator(selector).dispatchEvent("contextmenu", press) });
  };
  return hand;
}

test("a moderator removes a spammer, and what was said in the last hour, in 4 taps", world(async ({ person, daemon }) => {
  const mod = await person("mod", phone);
  await administrate(daemon, { type: "user", user: "mod", role: "moderator" });
  await mod.reload();
  const spam = await speaker(daemon, "spammer");
  for (let i = 0; i < 20; i++) await spam.say("buy " + i);
  await hears(mod, "buy 19");
  const hand = counted(mod);
  await hand.hold(".log .row:has-text('buy 19')");
  await hand.tap("dialog .line:text-is('Ban')");
  await hand.tap("dialog .choice:has-text('Last hour')");
  await hand.tap("dialog .main");
  await mod.waitForSelector("dialog :text('20 messages were removed')");
  assert.deepEqual((await texts(mod)).filter((text) => text.startsWith("buy")), []);
  assert.equal(hand.taps, 4);
}));

test("somebody on a phone goes on at a laptop: 1 tap there and 6 on the phone", world(async ({ person, context, way }) => {
  const mobile = await person("mina", phone);
  const laptop = await (await context(desk)).newPage();
  await laptop.goto(way.address);
  const [here, there] = [counted(mobile), counted(laptop)];
  await there.tap("text=I am here on another device");
  await laptop.waitForSelector(".code-text >> nth=1");
  const [code, digits] = await laptop.$$eval(".code-text", (all) => all.map((one) => one.textContent));
  await here.tap(".top [aria-label^=Rooms]");
  await here.tap("[aria-label=Settings]");
  await here.tap("dialog .line:text-is('You and your devices')");
  await here.tap("dialog .line:text-is('Let a device in')");
  await mobile.fill("dialog [name=code]", code);
  await here.tap("dialog .main");
  await mobile.fill("dialog [name=digits]", digits);
  await here.tap("dialog .main");
  await laptop.waitForSelector("#composer");
  assert.deepEqual([there.taps, here.taps], [1, 6]);
}));

test("a block of code is written on a phone in 1 tap", world(async ({ person }) => {
  const mina = await person("mina", phone);
  const hand = counted(mina);
  await mina.focus("#composer");
  for (const line of ["```", "if (x)", "  y();", "```"]) {
    await mina.keyboard.type(line);
    if (line !== "```" || !(await mina.inputValue("#composer")).endsWith(";\n```")) await mina.keyboard.press("Enter");
  }
  await hand.tap(".composer .main");
  await mina.waitForSelector(".row pre:has-text('y();')");
  assert.equal(await mina.$eval(".row pre", (one) => one.textContent.trimEnd()), "if (x)\n  y();");
  assert.equal(hand.taps, 1);
}));

test("what was said a week and 300 messages ago is found in 2 taps", world(async ({ person, daemon }) => {
  const jun = await speaker(daemon, "jun");
  await jun.say("the key is under the third stone");
  for (let i = 0; i < 300; i++) await jun.say("since then " + i);
  const mina = await person("mina", phone);
  const hand = counted(mina);
  await hand.tap(".top [aria-label=Search]");
  await mina.fill("dialog [name=query]", "third stone");
  await mina.press("dialog [name=query]", "Enter");
  await hand.tap(".results .line");
  await mina.waitForSelector(".row.lit:has-text('under the third stone')");
  assert.equal(hand.taps, 2);
}));

test("200 unread in 5 rooms are read in 15 taps, or put aside in 2", world(async ({ person, daemon }) => {
  const rooms = ["kitchen", "garden", "roof", "yard", "cellar"];
  const jun = await speaker(daemon, "jun");
  for (const room of rooms) await jun.ask({ type: "create", room, topic: "" });
  const [mina, ara] = await Promise.all(["mina", "ara"].map((name) => person(name, phone)));
  for (const page of [mina, ara]) {
    for (const room of rooms) {
      await page.evaluate((room) => (location.hash = room), room);
      await page.waitForSelector(`.title:has-text('${room}')`);
    }
    await page.evaluate(() => (location.hash = "lobby"));
    await page.waitForSelector(".title:has-text('lobby')");
  }
  for (const room of rooms) for (let i = 0; i < 40; i++) await jun.say(`in the ${room} ${i}`, room);
  for (const page of [mina, ara]) await page.waitForSelector(".top .badge:has-text('99+')");
  const hand = counted(mina);
  for (const room of rooms) {
    await hand.tap(".top [aria-label^=Rooms]");
    await hand.tap(`.rooms .line:has-text('${room}'):has(.badge)`);
    await mina.waitForSelector(".between.unread");
    await hand.tap(".pill");
    await hears(mina, `in the ${room} 39`);
  }
  await until(async () => !(await mina.$(".top .badge")), "all is read");
  assert.equal(hand.taps, 3 * rooms.length);
  const aside = counted(ara);
  await aside.tap(".top [aria-label^=Rooms]");
  await aside.tap(".rooms .chip:text-is('Mark all as read')");
  await until(async () => !(await ara.$(".rooms .badge")), "nothing is new");
  assert.equal(aside.taps, 2);
}));

test("a class of newcomers is let in from the list: 4 taps to ask, 1 for each", world(async ({ person, daemon, context, way }) => {
  const mod = await person("teacher", phone);
  await administrate(daemon, { type: "user", user: "teacher", role: "moderator" });
  await mod.reload();
  await mod.waitForSelector("#composer");
  const hand = counted(mod);
  await hand.tap(".top [aria-label^=Rooms]");
  await hand.tap("[aria-label=Settings]");
  await hand.tap("dialog .line:text-is('The door')");
  await hand.tap("dialog .choice:has-text('Ask')");
  await mod.waitForSelector("dialog .choice:has-text('Ask') input:checked");
  const pupils = [];
  for (const name of ["ara", "bora", "choa"]) {
    const page = await (await context(phone)).newPage();
    await page.goto(way.address);
    await page.fill("#name", name);
    await page.press("#name", "Enter");
    pupils.push(page);
  }
  for (const name of ["ara", "bora", "choa"]) await hand.tap(`dialog [aria-label='Let in: ${name}']`);
  for (const page of pupils) await page.waitForSelector("#composer");
  assert.equal(hand.taps, 4 + pupils.length);
}));
