// What one sets for oneself, and what an owner sets for a room.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { administrate, closeBrowser, createRoom, desk, hears, phone, say, until, world } from "./support.mjs";

after(closeBrowser);

const back = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

function closed(page) {
  return until(async () => !(await page.$("dialog[open]")), "the sheet closes");
}

test("light and dark: as the device, or as chosen, over a reload", world(async ({ person }) => {
  const mina = await person("mina", { ...desk, colorScheme: "light" });
  const light = await back(mina);
  await mina.emulateMedia({ colorScheme: "dark" });
  await until(async () => (await back(mina)) !== light, "the device is dark");
  await mina.click("[aria-label=Settings]");
  await mina.check("dialog [name=theme][value=light]");
  await until(async () => (await back(mina)) === light, "light is chosen");
  await mina.reload();
  await mina.waitForSelector("#composer");
  assert.equal(await back(mina), light);
}));

test("another language speaks at once, and next time", world(async ({ person }) => {
  const mina = await person("mina", phone);
  await say(mina, "hello");
  await hears(mina, "hello");
  await mina.click(".top [aria-label^=Rooms]");
  await mina.click("[aria-label=Settings]");
  await mina.click("dialog label:has([value=ko])");
  await mina.waitForSelector(".write .main:text-is('보내기')");
  await mina.reload();
  await mina.waitForSelector(".write .main:text-is('보내기')");
  assert.equal(await mina.getAttribute("html", "lang"), "ko");
  await hears(mina, "hello");
}));

test("another name: nothing of the old one is left here", world(async ({ person }) => {
  const mina = await person("mina");
  await mina.click("[aria-label=Settings]");
  await mina.click("dialog .danger:text-is('Use another name')");
  await mina.click("dialog .main");
  await mina.waitForSelector("#name");
  assert.deepEqual(await mina.evaluate(() => ["me", "rooms", "room"].filter((key) => localStorage.getItem("hearth." + key))), []);
  const jun = await person("jun");
  await mina.fill("#name", "nari");
  await mina.press("#name", "Enter");
  await say(mina, "it is me");
  await jun.waitForSelector(".row:has-text('nari'):has-text('it is me')");
}));

test("an owner sets the topic, lets somebody in again, removes the room", world(async ({ person }) => {
  const mina = await person("mina");
  await createRoom(mina, "court");
  const jun = await person("jun", desk, "#court");
  await jun.waitForSelector(".title:has-text('court')");
  await mina.click(".title");
  await mina.fill("dialog [name=topic]", "no shouting");
  await mina.press("dialog [name=topic]", "Enter");
  await jun.waitForSelector(".title:has-text('no shouting')");
  await jun.waitForSelector(".between.topic:has-text('no shouting')");
  await closed(mina);
  await mina.click(".people .line:has-text('jun')");
  await mina.click("dialog .danger:text-is('Ban')");
  await mina.click("dialog .main");
  await jun.waitForSelector(".title:has-text('lobby')");
  await closed(mina);
  await mina.click(".title");
  await mina.fill("dialog form:has-text('Let in again') [name=user]", "jun");
  await mina.click("dialog .chip:text-is('Let in again')");
  await closed(mina);
  await jun.click(".rooms .line:has-text('court')");
  await say(jun, "thank you");
  await hears(mina, "thank you");
  await mina.click(".title");
  await mina.click("dialog .danger:text-is('Remove room')");
  await mina.click("dialog .main");
  for (const page of [mina, jun]) {
    await page.waitForSelector(".title:has-text('lobby')");
    await page.waitForSelector(".rooms .line:has-text('court')", { state: "detached" });
  }
}));

test("a room made private: who belongs there stays, a stranger is put out and told so once", world(async ({ person }) => {
  const mina = await person("mina");
  await createRoom(mina, "court");
  const jun = await person("jun", desk, "#court");
  await jun.waitForSelector(".title:has-text('court')");
  await mina.click(".title");
  await mina.click("dialog .line:has-text('Private')");
  await mina.click("dialog [role=alertdialog] .line:has-text('Let them go')");
  await jun.waitForSelector(".bar:has-text('private')");
  await jun.waitForSelector(".title:has-text('lobby')");
  await jun.waitForSelector(".rooms .line:has-text('court')", { state: "detached" });
  assert.equal((await jun.$$(".bar")).length, 1);
  await closed(mina);
  await mina.waitForSelector(".rooms .line:has-text('court') .icon");
  await mina.waitForSelector(".title:has-text('court')");
  await say(mina, "among ourselves");
  await hears(mina, "among ourselves");
  await mina.click(".title");
  await mina.click("dialog .line:has-text('Public')");
  await jun.click(".rooms .line:has-text('court')");
  await hears(jun, "among ourselves");
}));

/* Nobody vouches for the time of this board: the kernel says that it is not synchronised. */
async function withoutClock(body) {
  const environment = {
    LD_PRELOAD: process.env.KERNEL_CLOCK,
    HEARTH_TEST_SYNCHRONISED: "/nonexistent",
    ASAN_OPTIONS: "verify_asan_link_order=0:detect_leaks=0",
  };
  Object.assign(process.env, environment);
  try {
    await body();
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
}

test("an administrator's device gives a board whose clock is off the time; others are not asked", (t) => withoutClock(() => world(async ({ person, daemon, context, way }) => {
  const ahead_ms = 600000;
  const ahead = await context(desk);
  await ahead.addInitScript((ms) => {
    const now = Date.now;
    Date.now = () => now() + ms;
  }, ahead_ms);
  const page = await ahead.newPage();
  await page.goto(way.address);
  await page.fill("#name", "mina");
  await page.press("#name", "Enter");
  await page.waitForSelector("#composer");
  await administrate(daemon, { type: "user", user: "mina", role: "admin" });
  await page.reload();
  await page.click(".bar:has-text('clock is unset or wrong') button:text-is('Set the clock from this device')");
  await page.waitForSelector(".bar:has-text('The clock is set')");
  const { time, state } = await administrate(daemon, { type: "clock" });
  assert.equal(state, "given");
  assert.ok(Math.abs(time - Date.now() - ahead_ms) < 60000, "the device's time");
  const jun = await person("jun", desk);
  await until(async () => (await jun.evaluate(() => performance.getEntriesByType("resource").filter((one) => /people/.test(one.name)).length)) > 0, "all parts are there");
  assert.equal(await jun.$(".bar:has-text('clock')"), null);
})(t)));
