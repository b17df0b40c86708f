// The composer: what is kept of a draft, what completes itself, and changing what was said long ago.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, phone, say, speaker, until, world } from "./support.mjs";

after(closeBrowser);

const written = (page) => page.inputValue("#composer");

async function goRoom(page, room) {
  await page.click(`.rooms .line:has-text('${room}')`);
  await page.waitForSelector(`.title:has-text('${room}')`);
}

test("each room keeps its draft, over a reload too, until it is sent", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "garden" });
  const mina = await person("mina", desk);
  await mina.fill("#composer", "half a thought");
  await goRoom(mina, "garden");
  assert.equal(await written(mina), "");
  await mina.fill("#composer", "of roses");
  await goRoom(mina, "lobby");
  assert.equal(await written(mina), "half a thought");
  await mina.reload();
  await mina.waitForSelector(".title:has-text('lobby')");
  assert.equal(await written(mina), "half a thought");
  await mina.press("#composer", "Enter");
  await hears(mina, "half a thought");
  await goRoom(mina, "garden");
  assert.equal(await written(mina), "of roses");
  await mina.reload();
  await goRoom(mina, "lobby");
  assert.equal(await written(mina), "");
}));

test(":name becomes an emoji, by the keyboard", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await mina.type("#composer", "how nice :jo");
  await mina.waitForSelector(".choices [aria-selected=true]:has-text(':joy:')");
  await mina.press("#composer", "Enter");
  await until(async () => (await written(mina)) === "how nice 😂 ", "the emoji");
  await mina.type("#composer", ":파티");
  await mina.waitForSelector(".choices :text('🥳')");
  await mina.press("#composer", "Escape");
  await until(async () => !(await mina.$(".choices")), "Escape wants no emoji");
  await mina.press("#composer", "Enter");
  await hears(mina, "how nice 😂 :파티");
}));

test("@ finds who is here on a phone, though nobody has looked at the people", world(async ({ person }) => {
  const names = ["june", "junho"];
  const [june, junho] = [await person(names[0], desk), await person(names[1], desk)];
  const mina = await person("mina", phone);
  await mina.type("#composer", "@ju");
  await until(async () => (await mina.$$(".choices li")).length === 2, "two names");
  await mina.press("#composer", "ArrowDown");
  const second = await mina.textContent(".choices li:nth-child(2)[aria-selected=true]");
  await mina.press("#composer", "Tab");
  await until(async () => (await written(mina)) === second + " ", "the second name");
  await mina.type("#composer", "look");
  await mina.press("#composer", "Enter");
  const [called, other] = second === "@june" ? [june, junho] : [junho, june];
  await called.waitForSelector(".row.called");
  await hears(other, second + " look");
  assert.equal(await other.$(".row.called"), null);
}));

test("what was said long ago is changed where it stands", world(async ({ person, daemon, way }) => {
  const alice = await speaker(daemon, "alice");
  const mina = await person("mina", desk);
  await say(mina, "the meetign is at noon");
  await hears(mina, "the meetign is at noon");
  const seq = Number(await mina.getAttribute(".row >> nth=-1", "data-seq"));
  for (let i = 0; i < 400; i++) await alice.say("line " + i);
  await mina.goto(`${way.address}#lobby/${seq}`);
  await mina.reload();
  await mina.waitForSelector(".row.lit:has-text('meetign')");
  await mina.press(".row:has-text('meetign')", "Enter");
  await mina.click("dialog .line:text-is('Edit')");
  await until(async () => (await written(mina)) === "the meetign is at noon", "the old words");
  await say(mina, "the meeting is at one");
  await mina.waitForSelector(".row:has-text('the meeting is at one'):has-text('edited')");
  assert.ok(await mina.$(".row:has-text('line 0')"), "one stays where one is");
  assert.equal(await mina.$(".row:has-text('line 399')"), null);
  await until(async () => {
    const { messages } = await alice.ask({ type: "history", room: "lobby", after: seq - 1, limit: 1 });
    return messages[0].text === "the meeting is at one" && messages[0].edited;
  }, "the gateway knows");
}));
