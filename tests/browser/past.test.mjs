// What was said before, and what is not there any more: retention, links to messages, dates.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, phone, prune, speaker, until, world } from "./support.mjs";

after(closeBrowser);

const numbered = (what, from, to) => Array.from({ length: to - from }, (_, i) => `${what} ${from + i}`);

async function sayAll(speaker, all) {
  for (const text of all) await speaker.say(text);
}

/** The texts, and where there is a gap "gap". */
function withGaps(page) {
  return page.$$eval(".log .gap, .log .row .text", (all) => all.map((one) => (one.matches(".gap") ? "gap" : one.textContent)));
}

async function toTheTop(page) {
  await until(async () => {
    await page.$eval(".log", (log) => (log.scrollTop = 0));
    return !(await page.$(".log .between:has-text('Loading')"));
  }, "the beginning");
}

test("what was removed while one was away leaves a gap; what follows is whole, once, in order", world(async ({ person, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  await sayAll(alice, numbered("before", 0, 100));
  const mina = await person("mina", desk);
  await hears(mina, "before 99");
  way.cut();
  await sayAll(alice, numbered("missed", 0, 150));
  await prune(daemon, 40);
  way.mend();
  await hears(mina, "missed 149");
  await alice.say("after");
  await hears(mina, "after");
  const expected = [...numbered("before", 40, 100), "gap", ...numbered("missed", 110, 150), "after"];
  assert.deepEqual(await withGaps(mina), expected);
  await toTheTop(mina);
  assert.deepEqual(await withGaps(mina), expected);
  assert.deepEqual(mina.errors, []);
}));

test("a room of which little is left can be read to its beginning", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await sayAll(alice, numbered("line", 0, 300));
  await prune(daemon, 170);
  const mina = await person("mina", phone);
  await hears(mina, "line 299");
  await toTheTop(mina);
  assert.deepEqual(await withGaps(mina), numbered("line", 130, 300));
  await alice.say("and on");
  await hears(mina, "and on");
}));

test("a date leads to its first message", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await sayAll(alice, numbered("old", 0, 100));
  await daemon.end("SIGTERM");
  const days = 3 * 86400000;
  execFileSync("sqlite3", [join(daemon.folder, "chat.db"), `UPDATE messages SET ts = ts - ${days}`]);
  await daemon.start();
  await sayAll(alice, numbered("new", 0, 100));
  const mina = await person("mina", { ...desk, timezoneId: "UTC" });
  const go = async (past) => {
    await mina.click("[aria-label=Search]");
    await mina.fill("dialog [type=date]", new Date(Date.now() - past).toISOString().slice(0, 10));
  };
  await go(2 * 86400000);
  await mina.waitForSelector(".row.lit:has-text('new 0')");
  await go(30 * 86400000);
  await mina.waitForSelector(".row.lit:has-text('old 0')");
  await go(-2 * 86400000);
  await mina.waitForSelector("dialog .wrong:has-text('Nothing found')");
}));
