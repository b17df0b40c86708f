// The door, and who is kept out: newcomers who wait, links that let in, bans, and what a moderator undoes.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { administrate, closeBrowser, createRoom, desk, hears, openMenu, phone, picture, say, speaker, texts, until, Way, world } from "./support.mjs";

after(closeBrowser);

/* Whoever is exempt from limits is from bans, too. */
const nobody_exempt = "limits.exempt=192.0.2.1";

/** Somebody with a say in the gateway. */
async function moderator({ person, daemon }, options, name = "mod") {
  const page = await person(name, options);
  await administrate(daemon, { type: "user", user: name, role: "moderator" });
  await page.reload();
  await page.waitForSelector(".log[aria-busy=false]");
  return page;
}

/** A page on another device; nothing has been typed there yet. */
async function stranger({ context, way }, options = desk, path = "") {
  const page = await (await context(options)).newPage();
  await page.goto(way.address + path);
  await page.waitForSelector("#name");
  return page;
}

async function enterAs(page, name) {
  await page.fill("#name", name);
  await page.press("#name", "Enter");
}

async function openDoor(page) {
  if (!(await page.isVisible("[aria-label=Settings]"))) await page.click(".top [aria-label^=Rooms]");
  await page.click("[aria-label=Settings]");
  await page.click("dialog .line:text-is('The door')");
  await page.waitForSelector("dialog[data-part=door] .choice");
}

async function setDoor(page, mode) {
  await openDoor(page);
  await page.click(`dialog .choice:has-text('${mode}')`);
  await page.waitForSelector(`dialog .choice:has-text('${mode}') input:checked`);
}

test("a newcomer waits, says who it is, and gets in without doing anything", world(async (here) => {
  const mod = await moderator(here);
  await say(mod, "good morning");
  await setDoor(mod, "Ask");
  await picture(mod, "door-desk");
  await mod.keyboard.press("Escape");
  const mobile = await stranger(here, phone);
  await enterAs(mobile, "ara");
  await mobile.waitForSelector(".silent:has-text('You wait at the door')");
  await hears(mobile, "good morning");
  assert.ok(!(await mobile.$("#composer")));
  await picture(mobile, "waiting-phone");
  await mod.waitForSelector(".bar:has-text('ara asks to be let in')");
  await mobile.fill(".silent input", "It is me, from 3b");
  await mobile.press(".silent input", "Enter");
  await mod.waitForSelector(".bar:has-text('It is me, from 3b')");
  await mod.waitForSelector(".people .knock:has-text('ara')");
  await picture(mod, "knock-desk");
  await mod.click(".bar button:text-is('Let in')");
  await mobile.waitForSelector("#composer");
  await say(mobile, "thanks");
  await hears(mod, "thanks");
  await until(async () => !(await mod.$(".knock")), "nobody waits any more");
}));

test("whoever is turned away hears it and does not knock again unasked", world(async (here) => {
  const mod = await moderator(here);
  await setDoor(mod, "Ask");
  await mod.keyboard.press("Escape");
  const other = await stranger(here);
  await enterAs(other, "ara");
  await mod.click(".bar button:text-is('Turn away')");
  await other.waitForSelector(".wrong:has-text('Nobody let you in')");
  const { knocks } = await administrate(here.daemon, { type: "knocks" });
  assert.deepEqual(knocks, []);
  await other.click("text=Ask again");
  await mod.waitForSelector(".knock:has-text('ara')");
}));

/** So many who knock from where the page is, without pages of their own. */
function crowd(page, count, name) {
  return page.evaluate(([count, name]) => {
    window.inside = 0;
    window.crowd = Array.from({ length: count }, (_, i) => {
      const socket = new WebSocket(location.href.replace(/^http/, "ws") + "ws", "hearth.v1");
      socket.onopen = () => socket.send(JSON.stringify({ type: "hello", name: `${name} ${i + 1}` }));
      socket.onmessage = ({ data }) => (window.inside += JSON.parse(data).type === "admitted");
      return socket;
    });
  }, [count, name]);
}

/* They share the school's address, which the administrator named. */
test("a class of 30 comes in behind the door with one tap on the list, and so many are turned away", world(async (here) => {
  const mod = await moderator(here, phone, "teacher");
  await setDoor(mod, "Ask");
  const way = await new Way(here.daemon, "127.0.0.2").listen();
  here.t.after(() => way.close());
  const mobile = await (await here.context(phone)).newPage();
  await mobile.goto(way.address);
  await crowd(mobile, 29, "pupil");
  await enterAs(mobile, "pupil 30");
  await mobile.waitForSelector(".silent");
  await until(async () => (await mod.$$("dialog .knock")).length === 30, "all wait");
  await picture(mod, "class-phone");
  await mod.click("dialog .chip:text-is('Let all in')");
  await mobile.waitForSelector("#composer");
  await until(() => mobile.evaluate(() => window.inside === 29), "all are in");
  await mod.waitForSelector("dialog .knock", { state: "detached" });
  await mobile.evaluate(() => window.crowd.forEach((socket) => socket.close()));
  await say(mobile, "here");
  const other = await stranger(here);
  await crowd(other, 5, "stranger");
  await until(async () => (await mod.$$("dialog .knock")).length === 5, "they wait");
  await mod.click("dialog .chip:text-is('Turn all away')");
  await until(() => other.evaluate(() => window.crowd.every((socket) => socket.readyState === WebSocket.CLOSED)), "all are gone");
  await mod.goBack();
  await hears(mod, "here");
}));

test("a link lets a newcomer in where nobody else gets in, and once only", world(async (here) => {
  const mod = await moderator(here);
  await setDoor(mod, "By invitation");
  const uninvited = await stranger(here, { ...phone, locale: "ko-KR" });
  await enterAs(uninvited, "ara");
  await uninvited.waitForSelector(".wrong:has-text('초대가 필요합니다')");
  await picture(uninvited, "uninvited-phone-ko");
  await mod.click("dialog .line:text-is('Make an invite link')");
  await picture(mod, "link-form-desk");
  await mod.click("dialog .main:text-is('Make an invite link')");
  const address = await until(async () => mod.inputValue("dialog input[readonly]").catch(() => ""), "the address is shown");
  await mod.waitForSelector("dialog svg.code");
  await mod.waitForSelector("dialog .row-of:has-text('1 use')");
  await picture(mod, "link-desk");
  const path = address.slice(address.indexOf("#"));
  const guest = await stranger(here, phone, path);
  await guest.waitForSelector(".lead:has-text('You are invited')");
  await enterAs(guest, "jun");
  await guest.waitForSelector("#composer");
  assert.ok(!guest.url().includes("invite"), "the code is no longer in the address");
  await guest.reload();
  await guest.waitForSelector("#composer");
  await uninvited.fill("[name=invite]", address);
  await uninvited.click(".naming .main");
  await uninvited.waitForSelector(".wrong:has-text('다 쓰였거나')");
}));

test("a link leads into a private room, also whoever is here already", world(async (here) => {
  const mina = await here.person("mina");
  await createRoom(mina, "den & co", { isPrivate: true });
  await say(mina, "among ourselves");
  await mina.click(".people .chip:text-is('Invite')");
  await mina.fill("dialog [name=uses]", "2");
  await mina.click("dialog form:has([name=uses]) .main");
  const address = await until(async () => mina.inputValue("dialog input[readonly]").catch(() => ""), "the address is shown");
  const path = address.slice(address.indexOf("#"));
  const fresh = await here.person("ara", desk, path);
  await hears(fresh, "among ourselves");
  const known = await here.person("jun");
  const begun = known.waitForEvent("load");
  await known.goto(here.way.address + path);
  await begun;
  await hears(known, "among ourselves");
}));

test("an evader on the same device is kept out by a ban that reaches it, and stopped by the door", world(async (here) => {
  const mod = await moderator(here);
  const way = await new Way(here.daemon, "127.0.0.9").listen();
  here.t.after(() => way.close());
  const from = async (name) => {
    const page = await (await here.context(phone)).newPage();
    await page.goto(way.address);
    await enterAs(page, name);
    return page;
  };
  const spam = await from("spammer");
  await spam.waitForSelector("#composer");
  for (let i = 0; i < 5; i++) await say(spam, "buy " + i);
  await hears(mod, "buy 4");
  await openMenu(mod);
  await mod.click("dialog .line:text-is('Ban')");
  await mod.click("dialog .choice:has-text('Last hour')");
  await mod.click("dialog .choice:has-text('Everywhere')");
  await mod.click("dialog .choice:has-text('Their device')");
  await mod.fill("dialog [name=reason]", "advertising");
  await picture(mod, "ban-desk");
  await mod.click("dialog .main");
  await mod.waitForSelector("dialog :text('5 messages were removed')");
  await mod.waitForSelector("dialog :text('The address it came from is kept out')");
  await picture(mod, "banned-desk");
  assert.deepEqual((await texts(mod)).filter((text) => text.startsWith("buy")), []);
  await spam.waitForSelector(".wrong:has-text('You are banned from this gateway for 60 minutes')");
  await spam.waitForSelector(".wrong:has-text('advertising')");
  await picture(spam, "banned-phone");
  /* Another browser of the same device: no key, no name in common. */
  const again = await from("somebody");
  await again.waitForSelector(".wrong:has-text('You are banned')");
  await mod.click("dialog .chip:text-is('Ask newcomers at the door, for a day')");
  await mod.waitForSelector("dialog [role=status]:text-matches('Ask: for 24 hours more, until .*Then: Open')");
  await picture(mod, "asked-for-a-day-desk");
  await mod.click("dialog .main");
  const elsewhere = await stranger(here, phone);
  await enterAs(elsewhere, "yet another");
  await elsewhere.waitForSelector(".silent:has-text('You wait at the door')");
  await mod.click(".bar button:text-is('Turn away')");
  await mod.click(".people .line:has-text('spammer')");
  await mod.waitForSelector("dialog .row-of:has-text('banned')");
  await picture(mod, "banned-person-desk");
  for (const lift of await mod.$$("dialog [aria-label^=Lift]")) await lift.click();
  await until(async () => !(await mod.$("dialog [aria-label^=Lift]")), "lifted");
  await spam.click("text=Ask again");
  await spam.waitForSelector(".log");
}, nobody_exempt));

test("a moderator removes 200 messages of one, in the room and then everywhere, and others stay", world(async (here) => {
  const mod = await moderator(here, phone);
  const [spam, good] = [await speaker(here.daemon, "spammer"), await speaker(here.daemon, "good")];
  await good.ask({ type: "create", room: "den" }); /* where somebody owns a room, a moderator is below them */
  await good.say("before");
  for (let i = 0; i < 150; i++) await spam.say("buy " + i);
  for (let i = 0; i < 50; i++) await spam.say("buy " + i, "den");
  await good.say("after");
  await hears(mod, "after");
  const erase = async (where, told) => {
    await mod.press(".log .row:has-text('" + where + "')", "Enter");
    await mod.click("dialog .line:text-is('About spammer')");
    await mod.click("dialog .line:text-is('Remove what they said')");
    if (where === "seen") await mod.click("dialog .choice:has-text('Everywhere')");
    await mod.click("dialog .choice:has-text('All of it')");
    await picture(mod, `erase-${where === "seen" ? "everywhere-" : ""}phone`);
    await mod.click("dialog .main");
    await mod.waitForSelector(`dialog :text('${told} were removed')`);
    await mod.click("dialog .main");
  };
  await erase("buy 149", "150 messages");
  await spam.say("seen");
  await hears(mod, "seen");
  await erase("seen", "51 messages");
  await hears(mod, "before");
  const late = await here.person("late");
  assert.deepEqual((await texts(late)).filter((text) => /buy|seen/.test(text)), []);
  assert.ok((await texts(late)).includes("after"));
  const { messages } = await good.ask({ type: "history", room: "den", limit: 200 });
  assert.deepEqual(messages.filter((one) => one.text), []);
}));

test("a report reaches a moderator and leads to the message; whoever is muted shows as such", world(async (here) => {
  const mod = await moderator(here);
  const bad = await here.person("bad");
  await say(bad, "rude words");
  const jun = await here.person("jun", phone);
  await hears(jun, "rude words");
  await openMenu(jun);
  await jun.click("dialog .line:text-is('Report')");
  await jun.fill("dialog [name=reason]", "this hurts");
  await picture(jun, "report-phone");
  await jun.click("dialog .main");
  await mod.click(".bar:has-text('jun reports a message in #lobby'):has-text('this hurts') button:text-is('Show')");
  await mod.waitForSelector(".row.lit:has-text('rude words')");
  await mod.click(".people .line:has-text('bad')");
  await mod.click("dialog .line:text-is('Mute')");
  await mod.click("dialog .main");
  await bad.waitForSelector(".silent:has-text('not write')");
  await mod.waitForSelector(".people .line:has-text('bad'):has-text('muted')");
  await mod.click(".people .line:has-text('bad')");
  await mod.click("dialog [aria-label='Lift: bad']");
  await bad.waitForSelector("#composer:not([disabled])");
  await mod.keyboard.press("Escape");
  await mod.click(".title");
  await mod.click("dialog .line:text-is('What moderators did')");
  await mod.waitForSelector("dialog li:has-text('jun reported a message'):has-text('this hurts')");
  await mod.waitForSelector("dialog li:has-text('mod muted bad')");
  await picture(mod, "audit-desk");
  await mod.click("dialog li:has-text('this hurts') .link");
  await mod.waitForSelector(".row.lit:has-text('rude words')");
}));

test("one person behind a bridge is muted, let speak again and put out; the others and the bridge go on", world(async (here) => {
  const mod = await moderator(here);
  const { token } = await administrate(here.daemon, { type: "token", name: "irc", role: "bridge", rooms: ["lobby"] });
  const behind = (as) => speaker(here.daemon, as, { token, as, via: "irc" });
  const [ada, bob] = [await behind("Ada"), await behind("Bob")];
  const about = async (words, item) => {
    await mod.press(`.log .row:has-text('${words}')`, "Enter");
    await mod.click("dialog .line:text-is('About Ada')");
    if (item) await mod.click(`dialog .line:text-is('${item}')`);
  };
  await ada.say("buy this");
  await bob.say("good morning");
  await hears(mod, "good morning");
  await about("buy this", "Mute");
  await picture(mod, "mute-behind-desk");
  await mod.click("dialog .main");
  await mod.waitForSelector("dialog", { state: "hidden" });
  await assert.rejects(ada.say("buy that"), /muted/);
  await bob.say("still here");
  await hears(mod, "still here");
  await mod.click(".title");
  await mod.waitForSelector("dialog .row-of:has-text('Ada'):has-text('(irc)'):has-text('muted')");
  await picture(mod, "muted-behind-desk");
  await mod.keyboard.press("Escape");
  await about("buy this");
  await mod.click("dialog [aria-label='Lift: Ada']");
  await until(async () => !(await mod.$("dialog [aria-label^=Lift]")), "lifted");
  await mod.keyboard.press("Escape");
  await ada.say("sorry");
  await hears(mod, "sorry");
  await about("sorry", "Ban");
  await mod.click("dialog .main");
  await mod.click("dialog .main:text-is('Close')");
  await assert.rejects(ada.say("buy those"), /banned/);
  await bob.say("and on");
  await hears(mod, "and on");
}, nobody_exempt));
