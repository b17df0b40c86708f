// Reading: the place one is at, what is unread, what is quoted.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, devicesOr, hears, keepLit, phone, picture, say, speaker, texts, until, world } from "./support.mjs";

after(closeBrowser);

/** The first message in sight, or one that was; and how far below the top it is. */
function inSight(page, seq) {
  return page.$eval(".log", (log, seq) => {
    const px = (row) => Math.round(row.getBoundingClientRect().top - log.getBoundingClientRect().top);
    const row = [...log.querySelectorAll(".row")].find((one) => (seq ? one.dataset.seq === seq : px(one) >= 0));
    return { seq: row.dataset.seq, px: px(row) };
  }, seq);
}

test("what one reads stays in its place when older messages come late", world(async ({ person, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  const bob = await speaker(daemon, "bob");
  for (let i = 0; i < 300; i++) await (i % 7 < 3 ? alice : bob).say(`line ${i}` + " and more".repeat(i % 5));
  for (const [options, place] of [[phone, 2], [desk, 130], [phone, 400]]) {
    const mina = await person("mina-" + place, options);
    way.delay_ms = 200;
    const count = (await texts(mina)).length;
    await mina.$eval(".log", (log, place) => (log.scrollTop = place), place);
    await mina.waitForSelector(".log[aria-busy=true]");
    const before = await inSight(mina);
    await until(async () => (await texts(mina)).length > count, "a page has come");
    const now = await inSight(mina, before.seq);
    assert.ok(Math.abs(now.px - before.px) <= 2, `${before.px} px, then ${now.px}`);
    way.delay_ms = 0;
    await mina.close();
  }
}));

/** Until the gateway knows how far the lobby has been read. */
async function readingIsKnown(page, daemon) {
  const { session } = await page.evaluate(() => JSON.parse(localStorage.getItem("hearth.me")));
  const headers = { "Content-Type": "application/json", Authorization: "Bearer " + session };
  const lobby = async () => {
    const reply = await fetch(`http://127.0.0.1:${daemon.port}/api/v1/do`, { method: "POST", headers, body: '{"type":"rooms"}' });
    return (await reply.json()).rooms.find((room) => room.name === "lobby");
  };
  await until(async () => (await lobby()).read > 0, "the gateway knows where reading began");
}

test("whoever only reads has unread messages after a reload, too", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  for (let i = 0; i < 5; i++) await alice.say("old " + i);
  const mina = await person("mina", desk);
  await hears(mina, "old 4");
  await mina.click(".rooms .line:has-text('garden')");
  await mina.waitForSelector(".title:has-text('garden')");
  await readingIsKnown(mina, daemon);
  await mina.goto("about:blank");
  for (let i = 0; i < 70; i++) await alice.say("news " + i);
  await mina.goBack();
  await mina.waitForSelector(".rooms .line:has-text('lobby') .badge:has-text('70')");
}));

test("a quote is no place where what was deleted lives on", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  const { seq } = await alice.say("a telephone number");
  for (let i = 0; i < 80; i++) await alice.say("between " + i);
  await alice.ask({ type: "send", room: "lobby", text: "the answer", nonce: "answer", reply_to: seq });
  const mina = await person("mina");
  await mina.waitForSelector(".quote:has-text('a telephone number')");
  await alice.ask({ type: "delete", room: "lobby", target: seq });
  await mina.waitForSelector(".quote:has-text('Message deleted')");
  assert.ok(!(await mina.$(".quote:has-text('telephone')")));
}));

test("many quotes of a lively room are all filled", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  let count = 0;
  /* The limits are those of everybody here: what is refused is said again. */
  const insist = (frame) => {
    const nonce = "n" + count++;
    return until(async () => (await alice.ask({ type: "send", room: "lobby", nonce, ...frame })).seq, "it is taken");
  };
  const seqs = [];
  for (let i = 0; i < 36; i++) seqs.push(await insist({ text: "question " + i }));
  for (let i = 0; i < 60; i++) await insist({ text: "between " + i });
  for (const [i, reply_to] of seqs.entries()) await insist({ text: "answer " + i, reply_to });
  const mina = await person("mina");
  await until(async () => (await mina.$$(".quote:has-text('question')")).length === 36, "all are told", 120000);
}, "limits.exempt=192.0.2.1/32", "limits.reads_burst=20", "limits.messages_per_minute=6000"));

test("who leaves a room with words waiting is not led back by them", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  const mina = await person("mina", desk, "#garden");
  await mina.waitForSelector(".title:has-text('garden')");
  for (let i = 0; i < 30; i++) await say(mina, "quick " + i);
  await mina.waitForSelector(".composer .note:has-text('You can write again')");
  await mina.click(".title");
  await mina.click("dialog .line:has-text('Leave room')");
  await mina.waitForSelector(".rooms .line:has-text('garden'):has-text('not sent')");
  const here = await alice.ask({ type: "who", room: "garden" });
  assert.ok(!here.members.some((one) => one.name === "mina" && !one.away));
}, "limits.exempt=192.0.2.1/32", "limits.messages_per_minute=6"));

test("what one is led to is in sight, and so is where the unread begins, however tall the rows", world(async ({ person, context, enter, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 300; i++) await alice.say(`line ${i}` + " and so on".repeat((i * 7) % 40));
  const place = await keepLit(await context(desk));
  const mina = await enter(place, "mina");
  const inside = (page, selector) => page.waitForFunction((one) => {
    const log = document.querySelector(".log").getBoundingClientRect();
    const box = document.querySelector(one)?.getBoundingClientRect();
    return box && box.top >= log.top - 1 && box.top < log.bottom;
  }, selector);
  for (const seq of [30, 150, 240]) {
    const page = await enter(place, "", "#lobby/" + seq);
    await page.waitForSelector(`.row[data-was-lit][data-seq="${seq}"]`);
    await inside(page, `.row[data-seq="${seq}"]`);
    await page.close();
  }
  await hears(mina, await texts(mina).then((all) => all.at(-1)));
  await mina.close();
  for (let i = 0; i < 50; i++) await alice.say(`news ${i}` + " and so on".repeat((i * 11) % 40));
  const back = await enter(place, "");
  await back.waitForSelector(".between.unread");
  await inside(back, ".between.unread");
}));

test("a finger that drags slowly upwards leaves the newest messages", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 60; i++) await alice.say("line " + i);
  const mina = await person("mina", phone);
  await hears(mina, "line 59");
  for (let i = 0; i < 60; i++) await mina.$eval(".log", (log) => new Promise((done) => {
    log.scrollTop -= 1.5;
    requestAnimationFrame(() => requestAnimationFrame(done));
  }));
  const before = await inSight(mina);
  await alice.say("one more");
  await mina.waitForSelector(".pill");
  const now = await inSight(mina, before.seq);
  assert.ok(Math.abs(now.px - before.px) <= 2);
}));

test("what is being typed in a room one is put out of is not said in another", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  const mina = await person("mina", desk, "#garden");
  await mina.waitForSelector(".title:has-text('garden')");
  await mina.type("#composer", "between you and m");
  await alice.ask({ type: "kick", room: "garden", user: "mina" });
  await mina.waitForSelector(".title:has-text('lobby')");
  await mina.keyboard.type("e only");
  await mina.keyboard.press("Enter");
  assert.equal(await mina.inputValue("#composer"), "");
  assert.deepEqual(await texts(mina), []);
}));

test("more unread than one page: one begins where they begin, and none is taken for read unseen", world(async ({ context, enter, daemon }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 20; i++) await alice.say("old " + i);
  const place = await context(phone);
  const mina = await enter(place, "mina");
  await hears(mina, "old 19");
  await readingIsKnown(mina, daemon);
  await mina.close();
  for (let i = 0; i < 100; i++) await alice.say("news " + i);
  for (let i = 0; i < 3; i++) {
    const page = await enter(place, "");
    await page.waitForSelector(".row:has-text('news 0')");
    await page.waitForSelector(".between.unread");
    await until(async () => (await page.title()).startsWith("("), "still unread");
    await page.close();
  }
}));

test("Back goes from room to room, and not into one that was left", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  for (const room of ["attic", "barn"]) await alice.ask({ type: "create", room });
  const mina = await person("mina");
  for (const room of ["attic", "barn"]) {
    await mina.click(`.rooms .line:has-text('${room}')`);
    await mina.waitForSelector(`.title:has-text('${room}')`);
  }
  for (const room of ["attic", "lobby"]) {
    await mina.goBack();
    await mina.waitForSelector(`.title:has-text('${room}')`);
    assert.ok(mina.url().endsWith("#" + room));
  }
  await mina.goForward();
  await mina.waitForSelector(".title:has-text('attic')");
  await mina.click(".title");
  await mina.click("dialog .line:has-text('Leave room')");
  await mina.waitForSelector(".title:has-text('barn'), .title:has-text('lobby')");
  await mina.goBack();
  await mina.goForward().catch(() => undefined);
  assert.ok(!(await mina.$(".title:has-text('attic')")));
}));

test("a message taller than the screen is folded until one wants to read it", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.say(Array.from({ length: 80 }, (_, i) => "line " + i).join("\n"));
  await alice.say("and a short one");
  const page = await person("mina", phone);
  await hears(page, "and a short one");
  const height = () => page.$eval(".row:has(.folded), .row:has([aria-expanded])", (row) => row.offsetHeight);
  await page.waitForSelector(".folded");
  assert.ok((await height()) < 844);
  await page.click(".row [aria-expanded=false]");
  await until(async () => (await height()) > 1500, "all of it");
  await page.click(".row [aria-expanded=true]");
  await until(async () => (await height()) < 844, "folded again");
}));

test("every message has its time; a group ends after twenty", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 25; i++) await alice.say("message " + i);
  const page = await person("mina", desk);
  await hears(page, "message 24");
  const rows = await page.$$eval(".log .row", (all) => all.map((row) => [row.classList.contains("first"), row.querySelectorAll("time").length]));
  assert.deepEqual(rows.map(([first]) => first), rows.map((_, i) => i % 20 === 0));
  assert.ok(rows.every(([, times]) => times === 1));
}));

test("all that somebody said is found by the name alone, page by page, each once", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  const bob = await speaker(daemon, "bob");
  for (let i = 0; i < 70; i++) await Promise.all([alice.say("alice " + i), bob.say("bob " + i)]);
  const page = await person("mina", desk);
  await page.click("[aria-label=Search]");
  await page.fill("dialog [name=from]", "@alice");
  await page.press("dialog [name=from]", "Enter");
  const found = () => page.$$eval(".results p", (all) => all.map((one) => one.textContent));
  for (const count of [30, 60, 70]) {
    await until(async () => (await found()).length === count, count + " found");
    if (count < 70) await page.click(".results .chip");
  }
  assert.deepEqual(await found(), Array.from({ length: 70 }, (_, i) => "alice " + (69 - i)));
  assert.ok(!(await page.$(".results .chip")));
}));

test("what was found is marked, without signs, and still there after one went to look at it", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.say("the **water meter** reads 40213");
  const page = await person("mina", desk);
  await page.click("[aria-label=Search]");
  await page.fill("dialog [name=query]", "WATER");
  await page.press("dialog [name=query]", "Enter");
  await page.waitForSelector(".results mark:text-is('water')");
  assert.equal(await page.textContent(".results p"), "the water meter reads 40213");
  await page.click(".results .line");
  await page.waitForSelector(".row.lit");
  await page.click("[aria-label=Search]");
  await page.waitForSelector(".results mark");
  assert.equal(await page.inputValue("dialog [name=query]"), "WATER");
}));

for (const [kind, options] of devicesOr("a desk"))
  test(`on ${kind} words are found in all one's rooms, each said where, and lead there; what was found stays`, world(async ({ person, daemon }) => {
    const alice = await speaker(daemon, "alice");
    for (const room of ["garden", "roof"]) await alice.ask({ type: "create", room });
    const page = await person("mina", options, "#garden");
    await page.evaluate(() => (location.hash = "roof"));
    await page.waitForSelector(".title:has-text('roof')");
    await alice.say("the red bucket is here", "garden");
    for (let i = 0; i < 90; i++) await alice.say("since then " + i, "garden");
    await alice.say("no red bucket here", "roof");
    await hears(page, "no red bucket here");
    await page.click(".room .top [aria-label=Search]");
    const look = async (count) => {
      await page.press("dialog [name=query]", "Enter");
      await until(async () => (await page.$$(".results .line")).length === count, count + " found");
    };
    await page.fill("dialog [name=query]", "red bucket");
    await look(1);
    await page.uncheck("dialog .choice:has-text('Only in #roof') input");
    await look(2);
    assert.deepEqual((await page.$$eval(".results time", (all) => all.map((one) => one.textContent.split(" ")[0]))).sort(), ["#garden", "#roof"]);
    await picture(page, "found-everywhere-" + options.viewport.width);
    await page.click(".results .line:has-text('#garden')");
    await page.waitForSelector(".title:has-text('garden')");
    await page.waitForSelector(".row.lit:has-text('the red bucket is here')");
    await page.click(".room .top [aria-label=Search]");
    await page.waitForSelector(".results .line:has-text('#garden')");
    assert.equal((await page.$$(".results .line")).length, 2);
    assert.equal(await page.inputValue("dialog [name=query]"), "red bucket");
    await page.click(".results .line:has-text('#roof')");
    await page.waitForSelector(".row.lit:has-text('no red bucket here')");
  }));
