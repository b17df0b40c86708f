// One person on several devices, under a name that changes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { closeBrowser, desk, hears, openMenu, phone, picture, say, speaker, until, Way, world } from "./support.mjs";

after(closeBrowser);

async function openYou(page, item) {
  if (!(await page.isVisible("[aria-label=Settings]"))) await page.click(".top [aria-label^=Rooms]");
  await page.click("[aria-label=Settings]");
  await page.click("dialog .line:text-is('You and your devices')");
  await page.waitForSelector("dialog[data-part=self] h1");
  if (item) await page.click(`dialog .line:text-is('${item}')`);
}

async function isIn(page) {
  await page.waitForSelector("#composer");
  await page.waitForSelector(".log[aria-busy=false]");
}

/** The other device comes in as the same person, by an offer. */
async function letIn(page, other, way) {
  await openYou(page, "Use on another device");
  const address = await page.inputValue("dialog input");
  await other.goto(way.address + address.slice(address.indexOf("#")));
  await page.click("dialog .main:text-is('Let it in')");
  await isIn(other);
  await page.keyboard.press("Escape");
}

const writes = (page, text) => until(async () => (await page.inputValue("#composer")) === text, `is writing ${text}`);

const nameHere = (page) => page.evaluate(() => JSON.parse(localStorage.getItem("hearth.me")).name);

test("a phone comes in as the one on the desk, by code and digits", world(async ({ person, context, way }) => {
  const mina = await person("mina", desk);
  await say(mina, "from the desk");
  const mobile = await (await context(phone)).newPage();
  await mobile.goto(way.address);
  await picture(mobile, "naming-phone");
  await mobile.click("text=I am here on another device");
  await mobile.waitForSelector(".code-text >> nth=1");
  await picture(mobile, "claim-phone");
  const [code, digits] = await mobile.$$eval(".code-text", (all) => all.map((one) => one.textContent));
  await openYou(mina, "Let a device in");
  await mina.fill("dialog [name=code]", code);
  await picture(mina, "approve-desk");
  await mina.press("dialog [name=code]", "Enter");
  await mina.waitForSelector("dialog [name=digits]");
  await picture(mina, "digits-desk");
  await mina.fill("dialog [name=digits]", digits);
  await mina.press("dialog [name=digits]", "Enter");
  await isIn(mobile);
  assert.equal(await nameHere(mobile), "mina");
  await hears(mobile, "from the desk");
  await mina.click("dialog .line:text-is('Your devices')");
  await mina.waitForSelector("dialog .row-of >> nth=1");
  await picture(mina, "devices-desk");
  await mina.click("dialog .chip.danger");
  await mobile.waitForSelector("#name");
}, ));

test("a phone that scans an offer asks on the desk before it comes in", world(async ({ person, context, way }) => {
  const mina = await person("mina", desk);
  await openYou(mina, "Use on another device");
  const address = await mina.inputValue("dialog input");
  await picture(mina, "offer-desk");
  const mobile = await (await context(phone)).newPage();
  await mobile.goto(way.address + address.slice(address.indexOf("#")));
  await mina.waitForSelector("dialog .main:text-is('Let it in')");
  await picture(mobile, "join-phone");
  await picture(mina, "asks-desk");
  await mina.click("dialog .main:text-is('Let it in')");
  await isIn(mobile);
  assert.equal(await nameHere(mobile), "mina");
}));

test("a name changes on every device, and for those who see it", world(async ({ person }) => {
  const mina = await person("mina", phone);
  const jun = await person("jun", desk);
  await openYou(mina, "Change your name");
  await picture(mina, "name-phone");
  await mina.fill("dialog [name=name]", "Mina Park");
  await mina.press("dialog [name=name]", "Enter");
  await until(async () => (await nameHere(mina)) === "Mina Park", "the page knows the name");
  await jun.waitForSelector(".people:has-text('Mina Park')");
  await mina.reload();
  await isIn(mina);
  assert.equal(await nameHere(mina), "Mina Park");
}));

test("whoever has lost all devices comes back by the recovery code", world(async ({ person, context, way }) => {
  const mina = await person("mina", { ...phone, locale: "ko-KR" });
  await mina.click(".top .plain >> nth=0");
  await mina.click("[aria-label='설정']");
  await mina.click("dialog .line:text-is('나와 내 기기')");
  await picture(mina, "you-phone-ko");
  await mina.click("dialog .line:text-is('복구 코드')");
  await picture(mina, "recovery-phone-ko");
  await mina.click("dialog .main");
  const code = await mina.textContent("dialog .code-text");
  const other = await (await context(desk)).newPage();
  await other.goto(way.address);
  await other.click("text=I am here on another device");
  await other.click("text=I have a recovery code");
  await other.fill("[name=recovery]", code);
  await picture(other, "recover-desk");
  await other.press("[name=recovery]", "Enter");
  await isIn(other);
  assert.equal(await nameHere(other), "mina");
}));

test("laptop and phone are one person: what one has read or begun to write, the other has", world(async (here) => {
  const { person, context, way, daemon } = here;
  const laptop = await person("mina", desk);
  const mobile = await (await context(phone)).newPage();
  await letIn(laptop, mobile, way);
  const jun = await speaker(daemon, "jun");
  for (const room of ["kitchen", "garden"]) await jun.ask({ type: "create", room, topic: "" });
  for (const page of [laptop, mobile]) {
    await page.goto(way.address + "#kitchen");
    await page.waitForSelector(".title:has-text('kitchen')");
    await page.goto(way.address + "#lobby");
    await page.waitForSelector(".title:has-text('lobby')");
  }
  for (let i = 0; i < 5; i++) await jun.say("soup " + i, "kitchen");
  await laptop.waitForSelector(".rooms .line:has-text('kitchen') .badge:has-text('5')");
  await mobile.waitForSelector(".top .badge:text-is('5')");
  await mobile.fill("#composer", "half a thought");
  await writes(laptop, "half a thought");
  await laptop.type("#composer", ", and the rest");
  await writes(mobile, "half a thought, and the rest");
  await laptop.click(".rooms .line:has-text('kitchen')");
  await hears(laptop, "soup 4");
  await until(async () => !(await mobile.$(".top .badge")), "the phone knows that it was read");
  await mobile.reload();
  await isIn(mobile);
  assert.ok(!(await mobile.$(".top .badge")));
  assert.equal(await mobile.inputValue("#composer"), "half a thought, and the rest");
  await laptop.click(".rooms .line:has-text('lobby')");
  await say(mobile, "said on the phone");
  await hears(laptop, "said on the phone");
  await writes(laptop, "");
  await laptop.press("#composer", "ArrowUp");
  assert.equal(await laptop.inputValue("#composer"), "said on the phone", "one's own, wherever it was written");
}));

test("words that another device has not seen are asked about: put together, or thrown away", world(async (here) => {
  const { person, context, daemon } = here;
  const laptop = await person("mina", desk);
  const mobile = await (await context(phone)).newPage();
  const road = await new Way(daemon).listen();
  await letIn(laptop, mobile, road);
  const apart = async (text, other) => {
    road.cut();
    await mobile.fill("#composer", text);
    await laptop.fill("#composer", other);
    await until(() => laptop.evaluate((text) => localStorage.getItem("hearth.standing")?.includes(text), other), "it is told");
    road.mend();
    await mobile.waitForSelector(`.bar:has-text('“${other}”')`);
    await writes(mobile, text);
  };
  await apart("from the phone", "from the laptop");
  await picture(mobile, "draft-elsewhere-phone");
  await mobile.click(".bar button:text-is('Put it here, too')");
  for (const page of [mobile, laptop]) await writes(page, "from the laptop\nfrom the phone");
  await apart("there on the phone", "there on the laptop");
  await mobile.click(".bar button:text-is('Throw it away')");
  for (const page of [mobile, laptop]) await writes(page, "there on the phone");
  await say(mobile, "there on the phone");
  await hears(laptop, "there on the phone");
  await writes(laptop, "");
  road.close();
}));

test("a phone whose data was cleared comes back by the recovery code: name, rooms, words, and what was read", world(async (here) => {
  const { person, context, way, daemon } = here;
  const mobile = await person("mina", phone);
  await say(mobile, "mine");
  const jun = await speaker(daemon, "jun");
  await jun.say("read by mina");
  await hears(mobile, "read by mina");
  await mobile.waitForTimeout(1600); /* the marker is told after a while of reading */
  await openYou(mobile, "Recovery code");
  await mobile.click("dialog .main");
  const code = await mobile.textContent("dialog .code-text");
  await mobile.context().clearCookies();
  await mobile.evaluate(async () => {
    localStorage.clear();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  });
  const again = await (await context(phone)).newPage();
  await again.goto(way.address);
  await again.click("text=I am here on another device");
  await again.click("text=I have a recovery code");
  await again.fill("[name=recovery]", code);
  await again.press("[name=recovery]", "Enter");
  await isIn(again);
  await hears(again, "mine");
  assert.equal(await nameHere(again), "mina");
  assert.ok(!(await again.$(".between.unread")), "nothing is new to whoever has read it");
  await again.press(".log .row:has-text('mine')", "Enter");
  await again.waitForSelector("dialog .line:text-is('Edit')");
}));

test("what one said under an older name is still one's own, and grouped and coloured as one person", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const jun = await person("jun", desk);
  await say(mina, "before");
  await hears(jun, "before");
  await mina.hover(".log .row:has-text('before')");
  await mina.click(".toolbar button:has-text('👍')");
  await openYou(mina, "Change your name");
  await mina.fill("dialog [name=name]", "Mina Park");
  await mina.press("dialog [name=name]", "Enter");
  await until(async () => (await nameHere(mina)) === "Mina Park", "the page knows the name");
  await mina.keyboard.press("Escape");
  await say(mina, "after");
  await hears(jun, "after");
  const colours = await jun.$$eval(".log .head .name", (names) => names.map((one) => [one.textContent, one.className]));
  assert.deepEqual(colours.map(([name]) => name), ["mina", "Mina Park"]);
  assert.equal(colours[0][1], colours[1][1]);
  await mina.press(".log .row:has-text('before')", "Enter");
  await mina.waitForSelector("dialog .line:text-is('Edit')");
  await mina.keyboard.press("Escape");
  await mina.waitForSelector(".row .chip[aria-pressed=true][title='Mina Park']");
  await jun.waitForSelector(".row .chip[aria-pressed=false][title='Mina Park']");
  await mina.reload();
  await mina.click(".row .chip[aria-pressed=true]");
  await until(async () => !(await jun.$(".row .chip")), "the reaction is taken away");
}));

test("the words of somebody blocked are folded, call nobody, and come back", world(async ({ person, daemon }) => {
  const mina = await person("mina", phone);
  const jun = await speaker(daemon, "jun");
  await jun.say("loud words");
  await hears(mina, "loud words");
  await openMenu(mina);
  await mina.click("dialog .line:text-is('About jun')");
  await mina.click("dialog .line:text-is('Block')");
  await mina.waitForSelector(".row .link:has-text('From somebody you blocked')");
  assert.ok(!(await mina.$(".row .text")));
  await picture(mina, "blocked-phone");
  await mina.reload();
  await mina.waitForSelector(".row .link:has-text('From somebody you blocked')");
  await mina.click(".row .link");
  await hears(mina, "loud words");
  await openYou(mina, "Blocked people");
  await mina.click("dialog .chip:text-is('Unblock')");
  await jun.say("softer");
  await hears(mina, "softer");
}));

test("a phone comes in as the first administrator by the link that hearthctl setup shows", world(async ({ daemon, context, way }) => {
  await daemon.end("SIGTERM");
  await daemon.start("listen.port=" + daemon.port);
  const config = `${daemon.folder}/hearth.conf`;
  writeFileSync(config, `listen = { port = ${daemon.port}; };`);
  const words = ["--socket", `${daemon.folder}/socket`, "setup", "-c", config, "--admin", "boss", "--newcomers", "closed"];
  const { stdout } = await promisify(execFile)(join(dirname(process.env.HEARTHD), "hearthctl"), words);
  const code = /opens this, .*(#move\/\S+)/.exec(stdout)[1];
  const mobile = await (await context(phone)).newPage();
  await mobile.goto(way.address + code);
  await isIn(mobile);
  assert.equal(await nameHere(mobile), "boss");
  assert.ok(!mobile.url().includes("move"), "the code stays nowhere");
  await mobile.click(".top [aria-label^=Rooms]");
  await mobile.click("[aria-label=Settings]");
  await mobile.click("dialog .line:text-is('The door')");
  await mobile.waitForSelector("dialog .choice:has-text('Closed')");
  await picture(mobile, "administrator-phone");
}));

test("one moves to another address as the same person, after all that waits was sent", world(async (here) => {
  const { person, daemon, way, t } = here;
  const other = await new Way(daemon).listen();
  t.after(() => other.close());
  const mina = await person("mina", phone, "#lobby");
  await openYou(mina, "Move to another address");
  await picture(mina, "move-phone");
  await mina.fill("dialog [name=address]", "not an address");
  await mina.click("dialog .main");
  await mina.waitForSelector("dialog .wrong");
  way.stall();
  await mina.evaluate(() => document.querySelector("dialog").close());
  await mina.goBack().catch(() => undefined);
  await mina.waitForSelector("#composer:visible");
  await say(mina, "on its way");
  await openYou(mina, "Move to another address");
  await mina.waitForSelector("dialog :text('is being sent first')");
  assert.ok(await mina.isDisabled("dialog .main"));
  way.mend();
  await mina.waitForSelector("dialog .main:not([disabled])");
  await mina.fill("dialog [name=address]", other.address);
  await mina.click("dialog .main");
  await mina.waitForURL(other.address + "**");
  await isIn(mina);
  assert.equal(await nameHere(mina), "mina");
  await hears(mina, "on its way");
  assert.equal(new URL(mina.url()).hash, "#lobby");
}));

test("with a name and a password one comes in on any device; a new one signs the others out", world(async ({ person, context, way }) => {
  const mina = await person("mina", phone);
  await openYou(mina, "Password");
  await picture(mina, "password-phone");
  await mina.fill("dialog [name=new]", "correct horse");
  await mina.press("dialog [name=new]", "Enter");
  await mina.waitForSelector("dialog h1:text-is('mina')");
  const laptop = await (await context({ ...desk, locale: "ko-KR" })).newPage();
  await laptop.goto(way.address);
  await laptop.fill("#name", "mina");
  await laptop.press("#name", "Enter");
  await laptop.click("text=내 이름이에요");
  await laptop.fill("[name=password]", "wrong battery");
  await laptop.press("[name=password]", "Enter");
  await laptop.waitForSelector(".wrong:has-text('맞지 않습니다')");
  await picture(laptop, "sign-in-desk-ko");
  await laptop.fill("[name=password]", "correct horse");
  await laptop.press("[name=password]", "Enter");
  await isIn(laptop);
  assert.equal(await nameHere(laptop), "mina");
  await mina.waitForSelector(".bar:has-text('A device was let in as you')");
  await mina.click("dialog .line:text-is('Password')");
  await mina.fill("dialog [name=old]", "correct horse");
  await mina.fill("dialog [name=new]", "battery staple");
  await mina.press("dialog [name=new]", "Enter");
  await laptop.waitForSelector("#name");
  await mina.waitForSelector("dialog h1:text-is('mina')");
}));
