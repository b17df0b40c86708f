// The page for everybody: axe on every screen in both themes, the keyboard alone, input methods,
// large text, another direction.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { administrate, axe, closeBrowser, desk, hears, phone, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

async function lively(daemon) {
  const alice = await speaker(daemon, "alice");
  await alice.say("Good morning! See http://10.0.0.1/notes and `code`");
  const { seq } = await alice.say("> a quote\n- a list\n```\ncode\n```");
  await alice.ask({ type: "react", room: "lobby", target: seq, emoji: "👍", on: true });
  await alice.ask({ type: "send", room: "lobby", text: "@mina look", nonce: "reply", reply_to: seq });
}

const parts = {
  message: (page) => page.press(".log .row >> nth=-1", "Enter"),
  person: (page) => page.click(".people .line"),
  room: (page) => page.click(".title"),
  create: (page) => page.click("[aria-label='Create a room']"),
  emoji: (page) => page.click(".write [aria-label=Emoji]"),
  search: (page) => page.click("[aria-label=Search]"),
  settings: (page) => page.click("[aria-label=Settings]"),
  switcher: (page) => page.press("#composer", "Control+k"),
  help: (page) => page.press("#composer", "Control+/"),
  link: (page) => page.click(".sign"),
  invite: (page) => page.click("text=Invite"),
  self: async (page) => {
    await page.click("[aria-label=Settings]");
    await page.click("dialog .line:text-is('You and your devices')");
  },
  door: async (page) => {
    await page.click("[aria-label=Settings]");
    await page.click("dialog .line:text-is('The door')");
    await page.waitForSelector("dialog [aria-label^='Let in']");
  },
};

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on a desk, ${colorScheme}`, world(async ({ person, context, daemon, way }) => {
    const fresh = await (await context({ ...desk, colorScheme })).newPage();
    await fresh.goto(way.address);
    await fresh.waitForSelector("#name");
    await axe(fresh, "the name");
    await lively(daemon);
    const page = await person("mina", { ...desk, colorScheme });
    await administrate(daemon, { type: "user", user: "mina", role: "moderator" });
    await administrate(daemon, { type: "newcomers", mode: "ask" });
    await page.reload();
    await hears(page, "@mina look");
    const waiting = await (await context({ ...phone, colorScheme })).newPage();
    await waiting.goto(way.address);
    await waiting.fill("#name", "ara");
    await waiting.press("#name", "Enter");
    await waiting.waitForSelector(".silent");
    await axe(waiting, "at the door");
    await page.waitForSelector(".knock");
    await axe(page, "the room");
    for (const [part, open] of Object.entries(parts)) {
      await open(page);
      await page.waitForSelector(`dialog[data-part=${part}][open] .sheet`);
      await axe(page, part);
      await page.keyboard.press("Escape");
      await until(async () => !(await page.$("dialog[open]")), part + " closes");
    }
    way.cut();
    await say(page, "kept");
    await page.waitForSelector(".bar");
    await axe(page, "without a connection");
  }));

  test(`axe finds nothing on a phone, ${colorScheme}`, world(async ({ person, daemon }) => {
    await lively(daemon);
    const page = await person("mina", { ...phone, colorScheme });
    await hears(page, "@mina look");
    await axe(page, "the room");
    const small = await page.$$eval("button", (all) => all.filter((one) => one.offsetWidth && (one.offsetWidth < 24 || one.offsetHeight < 24)).map((one) => one.outerHTML));
    assert.deepEqual(small, []);
    await page.click(".top [aria-label^=Rooms]");
    await axe(page, "the rooms");
    await page.goBack();
    await page.click("[aria-label=People]");
    await axe(page, "the people");
    await page.goBack();
    await page.waitForSelector("#composer:visible");
  }));
}

test("the keyboard alone: name, chat, react, reply, search, panes, and focus comes back", world(async ({ context, way, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.say("by keys");
  const page = await (await context()).newPage();
  await page.goto(way.address);
  await page.waitForSelector("#name:focus");
  await page.keyboard.type("mina");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#composer:focus");
  await page.keyboard.type("hello");
  await page.keyboard.press("Enter");
  await hears(page, "hello");
  assert.equal(await page.evaluate(() => document.activeElement.id), "composer");
  await page.keyboard.press("F6");
  await page.waitForSelector(".log:focus");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.waitForSelector(".row:focus:has-text('by keys')");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[data-part=message][open] .sheet");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".row:focus:has-text('by keys')");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[data-part=message][open] .sheet");
  await page.focus("dialog .line:text-is('Reply')");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".context:has-text('alice')");
  await page.waitForSelector("#composer:focus");
  await page.keyboard.press("Escape");
  await until(async () => !(await page.$(".context")), "Escape gives the reply up");
  const before = await page.evaluate(() => document.activeElement.id);
  await page.keyboard.press("Tab");
  assert.notEqual(await page.evaluate(() => document.activeElement.id), before, "Tab leaves the composer");
  for (let i = 0; i < 4; i++) await page.keyboard.press("F6");
  await page.focus(".skip");
  const [skip, top] = await page.$$eval(".skip, .room .top", (both) => both.map((one) => one.getBoundingClientRect()));
  assert.ok(skip.height > 20 && skip.bottom <= top.top, "the way past the rooms covers nothing");
  await page.click(".room .top [aria-label=Search]");
  await page.waitForSelector("dialog[data-part=search][open]");
}));

test("Enter that ends a composition does not send", world(async ({ person }) => {
  const page = await person("mina");
  await page.fill("#composer", "안녕");
  const cancelled = await page.$eval("#composer", (box) => {
    const composing = new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
    const old = new KeyboardEvent("keydown", { key: "Process", keyCode: 229, bubbles: true, cancelable: true });
    return [box.dispatchEvent(composing), box.dispatchEvent(old)];
  });
  assert.deepEqual(cancelled, [true, true]);
  assert.equal(await page.inputValue("#composer"), "안녕");
  assert.equal((await page.$$(".row")).length, 0);
  await page.press("#composer", "Enter");
  await hears(page, "안녕");
}));

test("Korean through and through, and no word of English", world(async ({ context, way }) => {
  const page = await (await context({ ...phone, locale: "ko-KR" })).newPage();
  await page.goto(way.address);
  await page.waitForSelector("text=어떻게 불러 드릴까요?");
  assert.equal(await page.getAttribute("html", "lang"), "ko");
  await page.fill("#name", "민준");
  await page.press("#name", "Enter");
  await page.waitForSelector("text=아직 메시지가 없어요");
}));

test("at 200 % zoom nothing runs out sideways", world(async ({ person, daemon }) => {
  await lively(daemon);
  const page = await person("mina", { viewport: { width: 320, height: 480 } });
  await hears(page, "@mina look");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 320, `${wide} px`);
}));

test("in forced colours one still sees who is called, who is here, and what one has pressed", world(async ({ person, daemon }) => {
  await lively(daemon);
  const page = await person("mina", { ...desk, forcedColors: "active" });
  await hears(page, "@mina look");
  await page.click(".chip:has-text('👍')");
  await page.waitForSelector(".chip[aria-pressed=true]");
  await page.waitForSelector(".people .dot");
  const seen = await page.evaluate(() => {
    const look = (one) => getComputedStyle(document.querySelector(one));
    return {
      called: look(".row.called").borderInlineStartColor,
      other: look(".row:not(.called)").borderInlineStartColor,
      dot: look(".dot").backgroundColor,
      back: look("body").backgroundColor,
      pressed: look(".chip[aria-pressed=true]").outlineStyle,
    };
  });
  assert.notEqual(seen.called, seen.other);
  assert.equal(seen.other, seen.back);
  assert.notEqual(seen.dot, seen.back);
  assert.equal(seen.pressed, "solid");
}));

test("right to left mirrors: the composer's button is on the left", world(async ({ person }) => {
  const page = await person("mina");
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  const [send, rooms] = await page.evaluate(() => [".write .main", ".rooms"].map((one) => document.querySelector(one).getBoundingClientRect().left));
  assert.ok(send < 640 && rooms > 640);
}));

test("a screen reader hears new messages, not what was there or missed", world(async ({ person, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 5; i++) await alice.say("old " + i);
  const page = await person("mina");
  await page.waitForSelector(".log[aria-live=polite]");
  way.cut();
  for (let i = 0; i < 24; i++) await alice.say("missed " + i);
  await page.waitForSelector(".log[aria-live=off]");
  way.mend();
  await hears(page, "missed 23");
  await page.waitForSelector("[role=status]:text('24 new messages')", { state: "attached" });
  await page.waitForSelector(".log[aria-live=polite]");
}));
