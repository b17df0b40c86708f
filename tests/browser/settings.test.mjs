// What one sets for oneself, and what an owner sets for a room.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { administrate, closeBrowser, createRoom, desk, devicesOr, hears, phone, say, speaker, until, world } from "./support.mjs";

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

const style = (page, selector, property) => page.$eval(selector, (one, property) => getComputedStyle(one)[property], property);

async function openSettings(page) {
  if (!(await page.isVisible("[aria-label=Settings]"))) await page.click(".top [aria-label^=Rooms]");
  await page.click("[aria-label=Settings]");
  await page.waitForSelector("dialog[data-part=settings][open] .choice");
}

/* What is chosen, and what on the page shows it. */
const choices = [
  { name: "theme", value: "dark", look: back },
  { name: "theme", value: "contrast", look: (page) => style(page, ".muted, time", "color") },
  { name: "size", value: "small", look: (page) => style(page, ".row .text", "fontSize") },
  { name: "size", value: "large", look: (page) => style(page, ".row .text", "fontSize") },
  { name: "size", value: "largest", look: (page) => style(page, ".row .text", "fontSize") },
  { name: "rows", value: "compact", look: (page) => style(page, ".row", "lineHeight") },
  { name: "clock", value: "h23", look: (page) => page.textContent(".row time") },
];

for (const [kind, options] of devicesOr("a phone"))
  test(`on ${kind} each choice of looks is seen at once and after a reload, and what was there before comes back with its first value`, world(async ({ person, daemon }) => {
    const alice = await speaker(daemon, "alice");
    const bob = await speaker(daemon, "bob");
    for (let i = 0; i < 4; i++) await (i % 2 ? bob : alice).say("line " + i);
    const mina = await person("mina", { ...options, colorScheme: "light", timezoneId: "Asia/Seoul" });
    await hears(mina, "line 3");
    for (const { name, value, look } of choices) {
      const before = await look(mina);
      await openSettings(mina);
      const first = await mina.getAttribute(`dialog [name=${name}]:checked`, "value");
      await mina.check(`dialog [name=${name}][value=${value}]`);
      await until(async () => (await look(mina)) !== before, `${name} ${value} is seen`);
      const chosen = await look(mina);
      await mina.reload();
      await hears(mina, "line 3");
      assert.equal(await look(mina), chosen, `${name} ${value} after a reload`);
      await openSettings(mina);
      await mina.waitForSelector(`dialog [name=${name}][value=${value}]:checked`);
      await mina.check(`dialog [name=${name}][value=${first}]`);
      await until(async () => (await look(mina)) === before, `${name} ${first} again`);
      await mina.keyboard.press("Escape");
      await closed(mina);
    }
  }));

test("high contrast draws lines and faint words in the colour of the text, by day and by night", world(async ({ person, daemon }) => {
  await (await speaker(daemon, "alice")).say("hello");
  for (const colorScheme of ["light", "dark"]) {
    const mina = await person("mina-" + colorScheme, { ...desk, colorScheme });
    await hears(mina, "hello");
    await openSettings(mina);
    await mina.check("dialog [name=theme][value=contrast]");
    await until(async () => (await style(mina, ".row time", "color")) === (await style(mina, "body", "color")), "nothing is faint");
    const night = colorScheme === "dark" ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)";
    assert.equal(await back(mina), night, "black and white");
  }
}));

test("the clock is the device's: of its region, though the page speaks another language, or as chosen", world(async ({ person, daemon }) => {
  await (await speaker(daemon, "alice")).say("hello");
  const clock = async (locale) => {
    const page = await person("mina-" + locale, { ...desk, locale });
    await hears(page, "hello");
    return (await page.textContent(".row time")).trim();
  };
  assert.match(await clock("en-US"), /^\d\d:\d\d [AP]M$/);
  assert.match(await clock("en-GB"), /^\d\d:\d\d$/);
  assert.match(await clock("de-DE"), /^\d\d:\d\d$/);
  assert.match(await clock("ko-KR"), /^오[전후] \d\d:\d\d$/);
}));

/** Before the page: each tone is counted. */
function countTones() {
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) {
    window.tones++;
    return start.apply(this, at);
  };
}

test("sounds: none until they are chosen, then one for each call, after a reload too, and none again", world(async ({ context, enter, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  const place = await context(desk);
  await place.addInitScript(countTones);
  const mina = await enter(place, "mina");
  const on = "dialog [name=sound]:not([value=off])"; /* "on" is what such a button has of itself */
  const tones = () => mina.evaluate(() => window.tones);
  const away = async () => {
    await mina.click(".rooms .line:has-text('garden')");
    await mina.waitForSelector(".title:has-text('garden')");
  };
  const badge = (n) => mina.waitForSelector(`.rooms .line:has-text('lobby') .badge:has-text('@${n}')`);
  await away();
  await alice.say("@mina quietly");
  await badge(1);
  assert.equal(await tones(), 0);
  await openSettings(mina);
  await mina.check(on);
  await until(async () => (await tones()) === 2, "it is heard at once how it sounds: two tones");
  await mina.reload();
  await away();
  await openSettings(mina);
  await mina.waitForSelector(on + ":checked");
  await mina.keyboard.press("Escape");
  await closed(mina);
  assert.equal(await tones(), 0);
  await alice.say("@mina aloud");
  await until(async () => (await tones()) === 2, "one is called");
  await openSettings(mina);
  await mina.check("dialog [name=sound][value=off]");
  await mina.keyboard.press("Escape");
  await closed(mina);
  await alice.say("@mina quietly again");
  await badge(3);
  assert.equal(await tones(), 2);
}));

test("what Enter does on a keyboard: sends, or begins a line where that is chosen, after a reload too", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await openSettings(mina);
  await mina.check("dialog [name=enter][value=line]");
  await mina.keyboard.press("Escape");
  await closed(mina);
  for (const again of [false, true]) {
    if (again) await mina.reload();
    await mina.type("#composer", "one");
    await mina.press("#composer", "Enter");
    await mina.type("#composer", "two");
    assert.equal(await mina.inputValue("#composer"), "one\ntwo");
    await mina.press("#composer", "Control+Enter");
    await until(async () => (await mina.inputValue("#composer")) === "", "Ctrl and Enter send");
  }
  await openSettings(mina);
  await mina.check("dialog [name=enter][value=send]");
  await mina.keyboard.press("Escape");
  await closed(mina);
  await mina.type("#composer", "at once");
  await mina.press("#composer", "Enter");
  await hears(mina, "at once");
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
  const folder = mkdtempSync(join(tmpdir(), "hearth-clock-"));
  const library = join(folder, "kernel_clock.so"); /* LD_PRELOAD takes no path with a space, as that of a checkout may have */
  symlinkSync(process.env.KERNEL_CLOCK, library);
  const environment = {
    LD_PRELOAD: library,
    HEARTH_TEST_SYNCHRONISED: "/nonexistent",
    ASAN_OPTIONS: "verify_asan_link_order=0:detect_leaks=0",
  };
  Object.assign(process.env, environment);
  try {
    await body();
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    rmSync(folder, { recursive: true });
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
  assert.ok(!(await jun.$(".bar:has-text('clock')")));
})(t)));
