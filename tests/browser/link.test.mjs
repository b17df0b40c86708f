// A link to a message: copied from its menu, opened by somebody else, by oneself, and in vain.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, keepLit, phone, prune, say, speaker, world, until } from "./support.mjs";

after(closeBrowser);

async function sayMany(daemon, count) {
  const alice = await speaker(daemon, "alice");
  const seqs = [];
  for (let i = 0; i < count; i++) seqs.push((await alice.say("line " + i)).seq);
  return { alice, seqs };
}

/** The row is lit, and can be seen. */
async function landsOn(page, text) {
  const row = await page.waitForSelector(`.row[data-was-lit]:has-text('${text}')`);
  const { y, height } = await row.boundingBox();
  const log = await (await page.$(".log")).boundingBox();
  assert.ok(y >= log.y && y + height <= log.y + log.height, `${text} at ${y}`);
}

test("a copied link leads whoever opens it to that message, after the name", world(async ({ context, enter, daemon, way }) => {
  const { alice, seqs } = await sayMany(daemon, 150);
  const place = await context(desk);
  await place.grantPermissions(["clipboard-read", "clipboard-write"], { origin: way.address });
  const mina = await enter(place, "mina");
  /* What opens it is fetched when the page has nothing else to do. */
  await until(async () => {
    await mina.press(".row:has-text('line 110')", "Enter");
    const menu = mina.waitForSelector("dialog .line:has-text('Copy link')", { timeout: 5000 });
    return menu.then(() => true, () => false);
  }, "the menu");
  await mina.click("dialog .line:has-text('Copy link')");
  const link = await mina.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${way.address}#lobby/${seqs[110]}`);
  const jun = await (await keepLit(await context(phone))).newPage();
  await jun.goto(link.replace("/" + seqs[110], "/" + seqs[7]));
  await jun.fill("#name", "jun");
  await jun.press("#name", "Enter");
  await landsOn(jun, "line 7");
  await jun.click(".pill");
  await alice.say("news");
  await hears(jun, "news");
}));

test("a link opened by somebody who has a name, and one clicked in the chat", world(async ({ context, enter, daemon, way }) => {
  const { alice, seqs } = await sayMany(daemon, 150);
  const place = await keepLit(await context(desk));
  const mina = await enter(place, "mina");
  await say(mina, `see ${way.address}#lobby/${seqs[20]}`);
  await mina.click(".row a");
  await landsOn(mina, "line 20");
  await alice.ask({ type: "create", room: "정원" });
  const { seq } = await alice.say("the roses", "정원");
  for (let i = 0; i < 100; i++) await alice.say("weed " + i, "정원");
  const other = await place.newPage();
  await other.goto(`${way.address}#${encodeURIComponent("정원")}/${seq}`);
  await other.waitForSelector(".title:has-text('정원')");
  await landsOn(other, "the roses");
}));

test("a link to what is not there any more, or never was, opens the room", world(async ({ context, daemon, way }) => {
  const { alice, seqs } = await sayMany(daemon, 150);
  await prune(daemon, 100);
  const near = [[seqs[149] + 1000, "line 149"], [seqs[3], "line 50"]];
  for (const [seq, text] of near) {
    const page = await (await keepLit(await context(desk))).newPage();
    await page.goto(`${way.address}#lobby/${seq}`);
    await page.fill("#name", "jun-" + seq);
    await page.press("#name", "Enter");
    await page.waitForSelector(".title:has-text('lobby')");
    await landsOn(page, text);
    if (await page.$(".pill")) await page.click(".pill");
    await say(page, "here " + seq);
    await hears(page, "here " + seq);
    await alice.say("welcome " + seq);
    await hears(page, "welcome " + seq);
  }
}));
