// What people do with the page all day.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import { closeBrowser, createRoom, desk, hears, phone, picture, say, speaker, texts, until, waiting, world } from "./support.mjs";

after(closeBrowser);

test("two people talk, a phone and a desk, and both see the same", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const jun = await person("준", phone);
  await say(mina, "hello **there**");
  await hears(jun, "hello there");
  await say(jun, "안녕하세요 @mina");
  await hears(mina, "안녕하세요 @mina");
  assert.equal(await mina.$$eval(".row.called", (rows) => rows.length), 1);
  assert.deepEqual(await texts(mina), await texts(jun));
  assert.equal(await waiting(mina), 0);
  assert.deepEqual([...mina.errors, ...jun.errors], []);
}));

test("history is there after a restart and pages in on scrolling up", world(async ({ person, daemon }) => {
  const mina = await speaker(daemon, "mina");
  for (let i = 0; i < 130; i++) await mina.say("message " + i);
  await daemon.end("SIGTERM");
  await daemon.start();
  const jun = await person("jun", phone);
  await hears(jun, "message 129");
  for (let i = 0; i < 60 && !(await texts(jun)).includes("message 0"); i++) {
    await jun.$eval(".log", (log) => (log.scrollTop = 0));
    await jun.waitForTimeout(100);
  }
  assert.deepEqual(await texts(jun), Array.from({ length: 130 }, (_, i) => "message " + i));
}));

test("edit, reply, react, delete reach the other one", world(async ({ person }) => {
  const mina = await person("mina");
  const jun = await person("jun");
  await say(mina, "frist");
  for (const page of [jun, mina]) await hears(page, "frist");
  await mina.press("#composer", "ArrowUp");
  assert.equal(await mina.inputValue("#composer"), "frist");
  await say(mina, "first");
  await hears(jun, "first");
  await jun.hover(".log .row .text");
  await jun.click(".toolbar [aria-label='Reply']");
  await say(jun, "second");
  await hears(mina, "second");
  assert.match(await mina.textContent(".quote"), /mina: first/);
  await jun.hover(".log .row .text >> nth=0");
  await jun.click(".toolbar [aria-label='👍']");
  await mina.waitForSelector(".reactions .chip:has-text('1')");
  await mina.hover(".log .row .text >> nth=0");
  await mina.click(".toolbar [aria-label='More']");
  await mina.click("dialog .danger:has-text('Delete')");
  await mina.click("dialog .main");
  await jun.waitForSelector(".gone");
  assert.deepEqual(await texts(jun), ["second"]);
}));

test("typing is shown and lapses on sending; people come and go", world(async ({ person }) => {
  const mina = await person("mina");
  const jun = await person("jun");
  await mina.waitForSelector(".people .line:has-text('jun')");
  await jun.type("#composer", "I am wri");
  await mina.waitForSelector(".typing:text('jun is typing')");
  await say(jun, "done");
  await until(async () => (await mina.textContent(".typing")) === "", "typing ends");
  await jun.close();
  await until(async () => (await mina.$$(".people .line:has-text('jun')")).length === 0, "jun has gone");
}));

test("rooms: create, badge, title, switch by keyboard, leave", world(async ({ person }) => {
  const mina = await person("mina");
  const jun = await person("jun");
  await createRoom(mina, "garden");
  await jun.click(".rooms .line:has-text('garden')");
  await jun.waitForSelector(".title:has-text('garden')");
  await jun.press("#composer", "Control+k");
  await jun.fill("dialog [role=combobox]", "lob");
  await jun.press("dialog [role=combobox]", "Enter");
  await jun.waitForSelector(".title:has-text('lobby')");
  await say(mina, "roses");
  await say(mina, "@jun come");
  await jun.waitForSelector(".rooms .badge.loud");
  await until(async () => (await jun.title()).startsWith("(2)"), "the title counts");
  await jun.click(".rooms .line:has-text('garden')");
  await jun.waitForSelector(".between.unread");
  await until(async () => (await jun.$$(".rooms .badge")).length === 0, "read");
  await jun.click(".title");
  await jun.click("dialog .line:has-text('Leave room')");
  await jun.waitForSelector(".title:has-text('lobby')");
}));

test("a direct message arrives by itself, with a badge", world(async ({ person }) => {
  const mina = await person("mina");
  const jun = await person("jun", phone);
  await jun.click("[aria-label='People']");
  await jun.click(".people .line:has-text('mina')");
  await jun.click("dialog .line:has-text('Direct message')");
  await say(jun, "psst");
  await hears(jun, "psst");
  await mina.click(".rooms .line:has-text('jun'):has(.badge)");
  await hears(mina, "psst");
  await say(mina, "yes?");
  await hears(jun, "yes?");
}));

test("a taken name gets a suggestion that works; an invitation leads into its room", world(async ({ person, context, enter }) => {
  const mina = await person("mina");
  await createRoom(mina, "정원");
  const other = await (await context(phone)).newPage();
  await other.goto(mina.url().split("#")[0] + "#" + encodeURIComponent("정원"));
  await other.fill("#name", "mina");
  await other.press("#name", "Enter");
  await other.click("button:text-is('mina-2')");
  await other.waitForSelector(".title:has-text('정원')");
  await say(other, "here I am");
  await hears(mina, "here I am");
}));

test("the administrator of a room mutes, kicks and bans; others are shown no such thing", world(async ({ person }) => {
  const mina = await person("mina");
  await createRoom(mina, "court");
  const jun = await person("jun", desk, "#court");
  await jun.waitForSelector(".title:has-text('court')");
  await jun.click(".people .line:has-text('mina')");
  await jun.waitForSelector("dialog .line");
  assert.equal(await jun.$$eval("dialog .danger", (items) => items.length), 0);
  await jun.keyboard.press("Escape");
  await mina.click(".people .line:has-text('jun')");
  await mina.click("dialog .line:text-is('Mute')");
  await mina.click("dialog .main");
  await until(async () => (await mina.$$("dialog[open]")).length === 0, "muted");
  await jun.waitForSelector(".silent:has-text('not write'):has-text('write again in')");
  assert.ok(await jun.isDisabled("#composer"));
  await mina.click(".people .line:has-text('jun')");
  await mina.click("dialog .danger:text-is('Ban')");
  await mina.fill("dialog [name=reason]", "shouting");
  await mina.click("dialog .main");
  await jun.waitForSelector(".bar:has-text('shouting')");
  await jun.waitForSelector(".title:has-text('lobby')");
}));

test("search finds, and leads to the message wherever it is", world(async ({ person, daemon }) => {
  const mina = await speaker(daemon, "mina");
  await mina.say("the needle 바늘");
  for (let i = 0; i < 150; i++) await mina.say("hay " + i);
  const jun = await person("jun");
  await jun.click("[aria-label='Search']");
  await jun.fill("dialog [name=query]", "바늘");
  await jun.press("dialog [name=query]", "Enter");
  await jun.click(".results .line");
  await jun.waitForSelector(".row.lit:has-text('needle')");
  await until(async () => {
    await jun.evaluate(() => {
      document.querySelector(".pill")?.click(); /* gone once all between has come as well */
      document.querySelector(".log").scrollTo(0, document.querySelector(".log").scrollHeight);
    });
    return jun.$(".row:has-text('hay 149')");
  }, "the newest is there again");
  await hears(jun, "hay 149");
}));

/** What a file of this page says when it has been saved. */
async function saved(page, act) {
  const [file] = await Promise.all([page.waitForEvent("download"), act()]);
  let text = "";
  for await (const part of await file.createReadStream()) text += part;
  return { name: file.suggestedFilename(), lines: text.trimEnd().split("\n") };
}

async function saveAsText(page) {
  await page.click(".title");
  await page.click("dialog .line:text-is('Save as text')");
  await page.waitForSelector("dialog [name=day]");
}

test("a room is saved as text, whole and in order", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 250; i++) await alice.say("line " + i);
  const mina = await person("mina");
  await saveAsText(mina);
  const { name, lines } = await saved(mina, () => mina.click("dialog .line:text-is('Everything that was said here')"));
  assert.equal(name, "lobby.txt");
  assert.equal(lines.length, 250);
  assert.match(lines[249], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d {2}alice: line 249$/);
}));

/* In New York this day has 25 hours: at two in the night the clocks go back. */
test("a day is saved as text: as long as it is on the reader's clock, each time with its distance from UTC", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  const times = ["2026-11-01T03:59:59Z", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T04:59:59Z", "2026-11-02T05:00:00Z"];
  for (const time of times) await alice.say("at " + time);
  await daemon.end("SIGTERM");
  const set = times.map((time, i) => `UPDATE messages SET ts = ${Date.parse(time)} WHERE id = (SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET ${i});`);
  execFileSync("sqlite3", [join(daemon.folder, "chat.db"), set.join(" ")]);
  await daemon.start();
  for (const options of [desk, phone]) {
    const mina = await person("mina-" + options.viewport.width, { ...options, timezoneId: "America/New_York" });
    await saveAsText(mina);
    await mina.waitForSelector("dialog label:has-text('by your clock (America/New_York)')");
    await mina.fill("dialog [name=day]", "2026-11-01");
    await picture(mina, "save-a-day-" + options.viewport.width);
    const { name, lines } = await saved(mina, () => mina.press("dialog [name=day]", "Enter"));
    assert.equal(name, "lobby 2026-11-01.txt");
    assert.deepEqual(lines, [
      "2026-11-01 00:00:00-04:00  alice: at 2026-11-01T04:00:00Z",
      "2026-11-01 01:30:00-04:00  alice: at 2026-11-01T05:30:00Z",
      "2026-11-01 01:30:00-05:00  alice: at 2026-11-01T06:30:00Z",
      "2026-11-01 23:59:59-05:00  alice: at 2026-11-02T04:59:59Z",
    ]);
    await saveAsText(mina);
    await mina.fill("dialog [name=day]", "2026-10-20");
    await mina.click("dialog .main");
    await mina.waitForSelector("dialog [role=alert]:has-text('Nothing found')");
  }
}));

test("a reply shows what it answers, from however far up, and leads there", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  const { seq } = await alice.say("the question");
  for (let i = 0; i < 120; i++) await alice.say("between " + i);
  await alice.ask({ type: "send", room: "lobby", text: "the answer", nonce: "answer", reply_to: seq });
  const mina = await person("mina");
  await mina.waitForSelector(".quote:has-text('alice: the question')");
  await mina.click(".quote");
  await mina.waitForSelector(".row.lit:has-text('the question')");
}));

test("what one device has read is read on the other", world(async ({ context, enter, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  const home = await context(desk);
  await home.addInitScript(() => localStorage.setItem("hearth.rooms", '["lobby","garden"]'));
  const first = await enter(home, "mina");
  const kept = await first.evaluate(() => localStorage.getItem("hearth.me"));
  const pocket = await context(phone);
  await pocket.addInitScript((kept) => {
    localStorage.setItem("hearth.me", kept);
    localStorage.setItem("hearth.rooms", '["lobby","garden"]');
  }, kept);
  const second = await enter(pocket);
  for (const text of ["roses", "@mina look"]) await alice.say(text, "garden");
  const badge = ".rooms .line:has-text('garden') .badge.loud";
  for (const page of [first, second]) await page.waitForSelector(badge, { state: "attached" });
  await second.click(".top [aria-label^=Rooms]");
  await second.click(".rooms .line:has-text('garden')");
  await hears(second, "@mina look");
  await first.waitForSelector(badge, { state: "detached" });
  await first.reload();
  await first.waitForSelector(".rooms .line:has-text('garden')");
  await alice.say("tulips", "garden");
  await first.waitForSelector(".rooms .line:has-text('garden') .badge:not(.loud):has-text('1')");
}));

test("a room by invitation only: whoever is let in sees it, nobody else", world(async ({ person, context, way }) => {
  const mina = await person("mina");
  await createRoom(mina, "council", { isPrivate: true });
  await say(mina, "between us");
  const jun = await person("jun", phone);
  const eve = await (await context(desk)).newPage();
  await eve.goto(way.address + "#council");
  await eve.fill("#name", "eve");
  await eve.press("#name", "Enter");
  await eve.waitForSelector(".bar:has-text('council')");
  await eve.waitForSelector(".title:has-text('lobby')");
  await mina.click(".title");
  await mina.fill("dialog [name=user]", "jun");
  await mina.click("dialog .chip:text-is('jun')");
  await mina.click("dialog .main:has-text('Invite')");
  await mina.waitForSelector("dialog [role=status]:has-text('jun')");
  await mina.keyboard.press("Escape");
  await jun.waitForSelector(".bar:has-text('mina invited you to #council')");
  await jun.click(".top [aria-label^=Rooms]");
  await jun.click(".rooms .line:has-text('council')");
  await hears(jun, "between us");
  await say(jun, "I say nothing");
  await hears(mina, "I say nothing");
  assert.ok(!(await eve.$(".rooms .line:has-text('council')")));
}));

test("a moderator removes what another one said, and everybody sees by whom", world(async ({ person }) => {
  const mina = await person("mina");
  await createRoom(mina, "court");
  const [jun, eve] = [await person("jun", desk, "#court"), await person("eve", desk, "#court")];
  await say(eve, "something rude");
  await hears(jun, "something rude");
  await jun.press(".row:has-text('something rude')", "Enter");
  await jun.waitForSelector("dialog .line:has-text('Reply')");
  assert.ok(!(await jun.$("dialog .danger")));
  await jun.keyboard.press("Escape");
  await mina.click(".people .line:has-text('jun')");
  await mina.click("dialog .line:text-is('Make moderator')");
  await jun.waitForSelector(".people .line:has-text('jun'):has-text('moderator')");
  await jun.press(".row:has-text('something rude')", "Enter");
  await jun.click("dialog .danger:has-text('Delete')");
  await jun.click("dialog .main");
  for (const page of [mina, eve, jun]) await page.waitForSelector(".gone:has-text('Removed by jun')");
  assert.deepEqual(await texts(eve), []);
}));

test("the room's sheet lists who is muted, and a tap lifts it", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await createRoom(mina, "court");
  const jun = await person("jun", desk, "#court");
  await mina.click(".people .line:has-text('jun')");
  await mina.click("dialog .line:text-is('Mute')");
  await mina.click("dialog .main");
  await jun.waitForSelector(".silent");
  await mina.click(".title");
  await mina.waitForSelector("dialog li:has-text('jun'):has-text('60 minutes')");
  await picture(mina, "sanctions");
  await mina.click("dialog [aria-label='Lift: jun']");
  await until(async () => !(await mina.$("dialog li:has-text('jun')")), "the list is empty");
  await until(async () => !(await jun.$(".silent")), "jun may write");
}));
