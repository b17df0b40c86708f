// The composer: what is kept of a draft, what completes itself, and changing what was said long ago.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, phone, picture, say, speaker, until, world } from "./support.mjs";

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
  await mina.click(".composer .main");
  const [called, other] = second === "@june" ? [june, junho] : [junho, june];
  await called.waitForSelector(".row.called");
  await hears(other, second + " look");
  assert.ok(!(await other.$(".row.called")));
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
  assert.ok(!(await mina.$(".row:has-text('line 399')")));
  await until(async () => {
    const { messages } = await alice.ask({ type: "history", room: "lobby", after: seq - 1, limit: 1 });
    return messages[0].text === "the meeting is at one" && messages[0].edited;
  }, "the gateway knows");
}));

test("on a touch screen Enter is a new line and the button sends: code can be typed on a phone", world(async ({ person }) => {
  const mina = await person("mina", phone);
  for (const line of ["```", "let x = 1;", "```"]) {
    await mina.type("#composer", line);
    await mina.press("#composer", "Enter");
  }
  assert.equal(await written(mina), "```\nlet x = 1;\n```\n");
  await mina.click(".composer .main");
  await mina.waitForSelector(".log pre code:text-is('let x = 1;')");
  await mina.click(".top [aria-label^=Rooms]");
  await mina.click("[aria-label=Settings]");
  await mina.check("dialog [name=enter][value=send]");
  await mina.keyboard.press("Escape");
  await mina.waitForSelector("dialog[open]", { state: "detached" });
  await mina.goBack();
  await mina.waitForSelector(".panes.show-room");
  await mina.type("#composer", "as chosen");
  await mina.press("#composer", "Enter");
  await hears(mina, "as chosen");
}));

test("a name is completed from any of its parts", world(async ({ person, daemon }) => {
  for (const name of ["field-nurse", "nina", "김 민준"]) await (await speaker(daemon, name)).say("here");
  const mina = await person("mina", desk);
  await hears(mina, "here");
  for (const [typed, name] of [["@nurse", "@field-nurse"], ["@ina", "@nina"], ["@민준", "@김 민준"]]) {
    await mina.fill("#composer", "");
    await mina.type("#composer", typed);
    await mina.waitForSelector(`.choices li:has-text("${name}")`);
    await mina.press("#composer", "Enter");
    await until(async () => (await written(mina)) === name + " ", name);
  }
}));

test("commands do what they say, are listed while one types, and // sends a slash", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await mina.type("#composer", "/he");
  await mina.waitForSelector(".choices li:has-text('/help')");
  await mina.press("#composer", "Escape");
  await say(mina, "/join garden2");
  await mina.waitForSelector(".bar:has-text('garden2')");
  await say(mina, "/me waves");
  await mina.waitForSelector(".log em:text-is('mina waves')");
  await say(mina, "//me");
  await hears(mina, "/me");
  await say(mina, "/etc/hosts is a path");
  await hears(mina, "/etc/hosts is a path");
  await say(mina, "/wave hello");
  await mina.waitForSelector(".bar:has-text('/wave')");
  assert.equal(await written(mina), "/wave hello");
  await say(mina, "/help");
  await mina.waitForSelector("dialog[data-part=help][open] kbd:has-text('/msg')");
}));

test("what is too long may be sent in parts; characters are counted as they are shown", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const family = "👨‍👩‍👧‍👦";
  await mina.fill("#composer", family.repeat(100));
  assert.ok(!(await mina.$(".composer .note.wrong")));
  const sentence = "This sentence is said again and again. ";
  await mina.fill("#composer", sentence.repeat(60));
  await mina.waitForSelector(".composer .note.wrong:has-text('340 characters')");
  await mina.click(".composer .link:has-text('2 parts')");
  await until(async () => (await mina.$$(".log .row:not(.pending) .text")).length === 2, "both parts");
  const said = await mina.$$eval(".log .text", (all) => all.map((one) => one.textContent));
  assert.equal(said.join(" "), sentence.repeat(60).trim());
  assert.equal(await written(mina), "");
}));

test("keys typed with the focus in the log are written in the composer", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await say(mina, "one");
  await hears(mina, "one");
  await mina.focus(".log");
  await mina.keyboard.type("hello?");
  assert.equal(await written(mina), "hello?");
  await mina.focus(".log .row");
  await mina.keyboard.type(" you");
  assert.equal(await written(mina), "hello?you");
}));

test("a muted one knows before writing and for how long, and keeps what was being written", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "court" });
  const jun = await person("jun", phone, "#court");
  await jun.waitForSelector(".title:has-text('court')");
  await jun.fill("#composer", "half a thought");
  await alice.ask({ type: "mute", room: "court", user: "jun", seconds: 3600 });
  await jun.waitForSelector(".silent:has-text('write again in 60 minutes')");
  assert.ok(await jun.isDisabled("#composer"));
  assert.ok(await jun.isDisabled(".composer .main"));
  await picture(jun, "muted-phone");
  await jun.reload();
  await jun.waitForSelector(".silent:has-text('write again in')");
  await alice.ask({ type: "mute", room: "court", user: "jun", seconds: 0 });
  await until(async () => !(await jun.$(".silent")), "may write again");
  assert.equal(await written(jun), "half a thought");
  await alice.ask({ type: "mute", room: "court", user: "jun" });
  await jun.waitForSelector(".silent:has-text('You may read here')");
  assert.ok(!(await jun.$(".silent:has-text('again in')")));
}));

test("in slow mode the button counts until the next message", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "court" });
  const jun = await person("jun", desk, "#court");
  await jun.waitForSelector(".title:has-text('court')");
  await alice.ask({ type: "set", room: "court", slow_seconds: 900 });
  await until(async () => {
    await say(jun, "one more");
    return jun.$(".composer .main:disabled");
  }, "slow mode has come");
  assert.match(await jun.textContent(".composer .main"), /^1[45]:\d\d$/);
  await picture(jun, "slow-desk");
  await jun.fill("#composer", "too soon");
  await jun.press("#composer", "Enter");
  assert.equal(await written(jun), "too soon");
  await jun.reload();
  await jun.waitForSelector(".composer .main:disabled:has-text('14:')");
}, "limits.exempt=192.0.2.1/32"));

test("where one may only read stands a sentence, until one's role or the room changes", world(async ({ person, daemon }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "court" });
  await alice.ask({ type: "set", room: "court", speak: "moderator" });
  const jun = await person("mina", desk);
  await goRoom(jun, "court");
  await jun.waitForSelector(".silent:has-text('Only moderators write here')");
  assert.ok(!(await jun.$("#composer")));
  await picture(jun, "read-only-desk");
  await alice.ask({ type: "set", room: "court", speak: "member" });
  await jun.waitForSelector(".silent:has-text('Only members write here')");
  await alice.ask({ type: "role", room: "court", user: "mina", role: "member" });
  await say(jun, "thank you");
  await hears(jun, "thank you");
}));
