// One person on several devices, under a name that changes.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, phone, picture, say, until, world } from "./support.mjs";

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
