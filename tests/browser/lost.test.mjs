// Never loses a word: every way a connection can die, times what one is doing meanwhile. Each
// message is stored once, shown once, in the same order everywhere, and nothing is pending for ever.
// HEARTH_MATRIX=all runs every cell (tests/browser/matrix), otherwise a few of them.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, createRoom, desk, hears, phone, say, speaker, texts, until, waiting, world } from "./support.mjs";

after(closeBrowser);

const ways = {
  reset: {
    break: async ({ way }) => way.cut(),
    mend: async ({ way }) => way.mend(),
  },
  SIGKILL: {
    break: async ({ daemon }) => daemon.kill(),
    mend: async ({ daemon }) => daemon.start(),
  },
  "silent stall": {
    break: async ({ way }) => way.stall(),
    mend: async ({ way, page }) => {
      /* The page finds it by itself: by its heartbeat, or when somebody looks at it. */
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await until(() => page.$(".bar"), "the stall is noticed");
      way.mend();
    },
  },
  "offline for an hour": {
    break: async ({ way, page }) => {
      await page.clock.install();
      way.cut();
    },
    mend: async ({ way, page }) => {
      await page.clock.fastForward("01:00:00");
      way.mend();
      await page.clock.fastForward(6000);
    },
  },
  reload: {
    break: async ({ way }) => way.cut(),
    mend: async ({ way, page }) => {
      way.mend();
      await page.reload();
      await page.waitForSelector("#composer");
    },
  },
  "two tabs": {
    break: async (here) => {
      here.other = await here.page.context().newPage();
      await here.other.goto(here.way.address);
      await here.other.waitForSelector(".log[aria-busy=false]");
      here.way.cut();
    },
    mend: async ({ way }) => way.mend(),
  },
};

const doings = {
  sending: {
    before: async () => undefined,
    during: async ({ page }) => {
      for (const text of ["queued 1", "queued 2", "queued 3"]) await say(page, text);
    },
    own: ["queued 1", "queued 2", "queued 3"],
  },
  receiving: { before: async () => undefined, during: async () => undefined, own: [] },
  "scrolled up": {
    before: async ({ page }) => page.$eval(".log", (log) => (log.scrollTop = 0)),
    during: async () => undefined,
    own: [],
    after: async ({ page }) => (await page.$(".pill")) && page.click(".pill"),
  },
  "in another room": {
    before: async ({ page }) => {
      await createRoom(page, "elsewhere");
    },
    during: async () => undefined,
    own: [],
    after: async ({ page }) => page.click(".rooms .line:has-text('lobby')"),
  },
};

const few = new Set(["reset sending", "SIGKILL sending", "silent stall sending", "reload sending", "two tabs sending", "reset scrolled up", "SIGKILL receiving", "offline for an hour sending", "reset in another room"]);

async function stored(daemon) {
  const jun = await speaker(daemon, "reader");
  const reply = await jun.ask({ type: "history", room: "lobby", limit: 200 });
  return reply.messages.map((message) => message.text);
}

/** Speaks past the way that is cut, when the daemon lives. */
async function meanwhile(here, text) {
  await here.jun.say(text);
}

async function cell(here, breaking, doing) {
  here.jun = await speaker(here.daemon, "jun");
  for (let i = 0; i < 40; i++) await here.jun.say("before " + i);
  here.page = await here.person("mina", desk);
  await hears(here.page, "before 39");
  await doing.before(here);
  await breaking.break(here);
  await doing.during(here);
  const alive = here.daemon.process.exitCode === null && here.daemon.process.signalCode === null;
  if (alive) await meanwhile(here, "missed");
  await breaking.mend(here);
  if (!alive) await meanwhile(here, "missed");
  await doing.after?.(here);
  for (const text of [...doing.own, "missed"]) await hears(here.page, text);
  await until(async () => (await waiting(here.page)) === 0, "nothing pending");
  await meanwhile(here, "after");
  await hears(here.page, "after");
  const kept = await stored(here.daemon);
  assert.equal(new Set(kept).size, kept.length, "stored once");
  assert.deepEqual(kept.filter((text) => text.startsWith("queued")), doing.own, "in the order it was said");
  const shown = await texts(here.page);
  assert.deepEqual(shown.slice(-20), kept.slice(-20), "shown as stored");
  if (here.other) {
    await here.other.click(".rooms .line:has-text('lobby')");
    await hears(here.other, "after");
    assert.deepEqual((await texts(here.other)).slice(-20), kept.slice(-20), "both tabs agree");
    assert.equal(await waiting(here.other), 0);
  }
  assert.deepEqual(here.page.errors.filter((text) => !/Failed to load/.test(text)), []);
}

for (const [way, breaking] of Object.entries(ways))
  for (const [what, doing] of Object.entries(doings))
    if (process.env.HEARTH_MATRIX === "all" || few.has(`${way} ${what}`))
      test(`${way}, ${what}`, world((here) => cell(here, breaking, doing)));

test("what is said offline is kept in the database of the browser, and says so", world(async ({ person, way }) => {
  const mina = await person("mina", phone);
  way.cut();
  await say(mina, "patience");
  await mina.waitForSelector(".pending .mark:has-text('Waiting')");
  await mina.waitForSelector(".bar:has-text('Your messages are kept')");
  const kept = await mina.evaluate(async () => {
    const open = indexedDB.open("hearth");
    await new Promise((done) => (open.onsuccess = done));
    const all = open.result.transaction("outbox").objectStore("outbox").getAll();
    await new Promise((done) => (all.onsuccess = done));
    return all.result.map((item) => item.text);
  });
  assert.deepEqual(kept, ["patience"]);
  way.mend();
  await mina.click(".bar button").catch(() => undefined);
  await hears(mina, "patience");
}));

test("without IndexedDB the queue is kept all the same", world(async ({ context, enter, way }) => {
  const place = await context();
  await place.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
  const mina = await enter(place, "mina");
  way.cut();
  await say(mina, "patience");
  await mina.waitForSelector(".pending .mark");
  way.mend();
  await mina.reload();
  await hears(mina, "patience");
}));

test("where WebSocket is blocked the chat goes over an event stream", world(async ({ context, enter, person }) => {
  const place = await context(phone);
  await place.addInitScript(() => {
    window.WebSocket = class {
      constructor() {
        throw new Error("blocked");
      }
    };
  });
  const mina = await enter(place, "mina");
  const jun = await person("jun");
  await say(jun, "can you hear me?");
  await hears(mina, "can you hear me?");
  await say(mina, "yes, by other means");
  await hears(jun, "yes, by other means");
}));

test("over event streams, too, one is in many rooms", world(async ({ context, enter, daemon }) => {
  const alice = await speaker(daemon, "alice");
  const rooms = Array.from({ length: 8 }, (_, i) => "room-" + i);
  for (const room of rooms) await alice.ask({ type: "create", room });
  const place = await context(desk);
  await place.addInitScript((names) => {
    delete window.WebSocket;
    localStorage.setItem("hearth.rooms", JSON.stringify(names));
  }, ["lobby", ...rooms]);
  const streams = [];
  place.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname.endsWith("/stream")) streams.push([pathname, searchParams.getAll("room").length]);
  });
  const mina = await enter(place, "mina");
  for (const room of ["room-7", "room-0", "lobby", "room-3"]) {
    await mina.click(`.rooms .line:has-text('${room}')`);
    await mina.waitForSelector(`.title:has-text('${room}')`);
    await say(mina, "in " + room);
    await hears(mina, "in " + room);
    await alice.say("heard in " + room, room);
    await hears(mina, "heard in " + room);
  }
  assert.ok(streams.every(([path, count]) => path === "/api/v1/stream" && count <= 8), JSON.stringify(streams));
  await until(() => streams.some(([, count]) => count === 8), "one stream for as many as it takes");
}));

test("kept for offline use, the page opens without the gateway, and what is said then is sent later", world(async ({ person, way }) => {
  const mina = await person("mina");
  await mina.goto(way.address + "install.html");
  await mina.waitForSelector("#composer");
  way.cut();
  await mina.reload();
  await mina.waitForSelector("#composer");
  await say(mina, "from the cellar");
  await mina.waitForSelector(".pending .mark:has-text('Waiting')");
  await mina.reload();
  await mina.waitForSelector(".pending:has-text('from the cellar')");
  way.mend();
  await hears(mina, "from the cellar");
  assert.deepEqual(await mina.evaluate(() => window.reports), []);
}));
