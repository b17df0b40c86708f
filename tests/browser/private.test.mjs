// Private rooms: several people are let in at once, and what becomes of those present is asked before a room is closed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, closeBrowser, createRoom, desk, devicesOr, hears, phone, picture, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

const pressed = (page) => page.$$eval("dialog .chip[aria-pressed=true]", (all) => all.map((one) => one.textContent));

/** On a phone the rooms are a screen of their own; the room that is made is shown then. */
async function makeRoom(page, options, name, more) {
  if (options === phone) await page.click(".top [aria-label^=Rooms]");
  await createRoom(page, name, more);
}

async function goRoom(page, options, name) {
  if (options === phone) await page.click(".top [aria-label^=Rooms]");
  await page.click(`.rooms .line:has-text('${name}')`);
  await page.waitForSelector(`.title:has-text('${name}')`);
}

for (const [kind, options] of [["a desk", desk], ["a phone", phone]])
  test(`on ${kind} several are invited from a list at once, and it is said whom`, world(async ({ person }) => {
    const mina = await person("mina", options);
    const [ara, jun, nari] = await Promise.all(["ara", "jun", "nari"].map((name) => person(name, desk)));
    await makeRoom(mina, options, "den", { isPrivate: true });
    await say(mina, "among ourselves");
    await mina.click(".title");
    for (const name of ["ara", "jun", "nari"]) await mina.waitForSelector(`dialog .chips .chip:text-is('${name}')`);
    assert.ok(!(await mina.$("dialog .chips .chip:text-is('mina')")), "one is in already");
    assert.ok(await mina.isDisabled("dialog .main:has-text('Invite')"), "nobody is chosen yet");
    await mina.click("dialog .chips .chip:text-is('ara')");
    await mina.fill("dialog [name=user]", "JU");
    await until(async () => !(await mina.$("dialog .chips .chip:text-is('nari')")), "only those of this name, and whom one has chosen");
    await mina.click("dialog .chips .chip:text-is('jun')");
    await mina.fill("dialog [name=user]", "");
    await until(async () => (await pressed(mina)).join() === "ara,jun", "both are chosen");
    await picture(mina, "invite-several-" + options.viewport.width);
    await axe(mina, "several are chosen");
    await mina.click("dialog .main:text-is('Invite 2 people')");
    await mina.waitForSelector("dialog [role=status]:text-is('Invited: ara, jun')");
    await until(async () => (await pressed(mina)).length === 0, "nobody is chosen any more");
    for (const page of [ara, jun]) {
      await page.click(".bar:has-text('mina invited you to #den') button:text-is('Show')");
      await hears(page, "among ourselves");
    }
    assert.ok(!(await nari.$(".rooms .line:has-text('den')")));
    assert.ok(!(await nari.$(".bar")));
    await mina.fill("dialog [name=user]", "nobody");
    await mina.click("dialog .main:has-text('Invite')");
    await mina.waitForSelector("dialog [role=alert]:has-text('nobody')");
    assert.equal(await mina.inputValue("dialog [name=user]"), "nobody", "to be put right");
  }));

for (const [kind, options] of devicesOr("a phone"))
  test(`on ${kind} whoever closes a room is asked about the guests: nobody leaves unasked, and those made members stay`, world(async ({ person }) => {
    const mina = await person("mina", options);
    await makeRoom(mina, options, "court");
    const [ara, jun] = [await person("ara", desk, "#court"), await person("jun", phone, "#court")];
    for (const page of [ara, jun]) await page.waitForSelector(".title:has-text('court')");
    const ask = async () => {
      await mina.click(".title");
      await mina.click("dialog .line:text-is('Make the room private')");
      await mina.waitForSelector("dialog [role=alertdialog]:has-text('There are 2 guests here who would have to leave.')");
    };
    await ask();
    await picture(mina, "make-private-" + options.viewport.width);
    await axe(mina, "what becomes of the guests");
    await mina.click("dialog [role=alertdialog] .line:text-is('Cancel')");
    await mina.waitForSelector("dialog .line:text-is('Make the room private')");
    await mina.keyboard.press("Escape");
    await until(async () => !(await mina.$("dialog[open]")), "the sheet closes");
    await ask();
    await mina.click("dialog [role=alertdialog] .line:text-is('Make them members, so that they stay')");
    await until(async () => !(await mina.$("dialog[open]")), "it is done");
    for (const page of [ara, jun]) {
      await say(page, "still here");
      await hears(page, "still here");
      assert.ok(!(await page.$(".bar")));
    }
    await mina.click(".title");
    await mina.waitForSelector("dialog .line:text-is('Make the room public')");
  }));

for (const [kind, options] of devicesOr("a desk"))
  test(`on ${kind} the guests of a room that is closed are let go when that is chosen, and told so`, world(async ({ person }) => {
    const mina = await person("mina", options);
    await makeRoom(mina, options, "court");
    const jun = await person("jun", phone, "#court");
    await jun.waitForSelector(".title:has-text('court')");
    await mina.click(".title");
    await mina.click("dialog .line:text-is('Make the room private')");
    await mina.waitForSelector("dialog [role=alertdialog]:has-text('There is 1 guest here')");
    await mina.click("dialog [role=alertdialog] .line:text-is('Let them go')");
    await jun.waitForSelector(".bar:has-text('private')");
    await jun.waitForSelector(".title:has-text('lobby')");
    await until(async () => !(await mina.$("dialog[open]")), "it is done");
    await say(mina, "alone");
    await hears(mina, "alone");
  }));

for (const [kind, options] of devicesOr("a phone"))
  test(`on ${kind} a room where nobody else is becomes private without a question of leaving`, world(async ({ person, daemon }) => {
    const mina = await person("mina", options);
    await makeRoom(mina, options, "court");
    await mina.click(".title");
    await mina.click("dialog .line:text-is('Make the room private')");
    await mina.waitForSelector("dialog [role=alertdialog]:has-text('Nobody here would have to leave')");
    assert.ok(!(await mina.$("dialog .line:text-is('Let them go')")));
    await mina.click("dialog [role=alertdialog] .line:text-is('Make the room private')");
    await until(async () => !(await mina.$("dialog[open]")), "it is done");
    const { rooms } = await (await speaker(daemon, "stranger")).ask({ type: "rooms" });
    assert.deepEqual(rooms.map(({ name }) => name), ["lobby"]);
    await goRoom(mina, options, "lobby");
  }));

for (const [kind, options] of devicesOr("a desk"))
  test(`on ${kind} no room is offered to be made where only the administrator makes them`, world(async ({ person }) => {
    const mina = await person("mina", options);
    if (options === phone) await mina.click(".top [aria-label^=Rooms]");
    await mina.waitForSelector(".rooms [aria-label=Settings]:visible");
    assert.ok(!(await mina.$("[aria-label='Create a room']")));
  }, "rooms.create=administrator"));
