// What the page costs: requests, bytes, processor time of the page's own thread, memory.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, desk, hears, phone, shifted, speaker, texts, until, watchShift, world } from "./support.mjs";

after(closeBrowser);

/* The bounds are for a quiet machine with the release build of Chromium; a shared one needs room. */
const slack = Number(process.env.HEARTH_SLACK ?? 3);

async function measured(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const value = (name) => metrics.find((one) => one.name === name).value;
    const ms = (name) => value(name) * 1000;
    const parts = { script: ms("ScriptDuration"), layout: ms("LayoutDuration"), style: ms("RecalcStyleDuration") };
    return { cpu_ms: ms("TaskDuration"), parts, heap: value("JSHeapUsedSize") };
  };
}

/** Runs in the page, so that nothing is counted but what the page does: until the rows have been painted. */
function goRoom({ room, rows }) {
  return new Promise((done) => {
    const drawn = () => document.querySelectorAll(".log .row").length === rows;
    const painted = () => requestAnimationFrame(() => requestAnimationFrame(done));
    const watch = new MutationObserver(() => drawn() && (watch.disconnect(), painted()));
    watch.observe(document.body, { childList: true, subtree: true });
    [...document.querySelectorAll(".rooms .line")].find((line) => line.textContent.includes(room)).click();
  });
}

test("at most 5 requests and 42 KiB before the WebSocket", world(async ({ context, way, t }) => {
  const page = await (await context(phone)).newPage();
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let requests = 0;
  let bytes = 0;
  session.on("Network.requestWillBeSent", ({ request }) => request.url.startsWith("http") && requests++);
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(way.address);
  await page.waitForSelector("#name");
  t.diagnostic(`requests ${requests}, bytes on the wire with headers ${bytes}`);
  assert.ok(requests <= 5, `${requests} requests`);
  assert.ok(bytes <= 42 * 1024 + requests * 900, `${bytes} bytes, headers included`);
}));

test("60 rows are drawn in 40 ms of processor time, a further one in 1 ms", world(async ({ person, daemon, t }) => {
  const alice = await speaker(daemon, "alice");
  await alice.ask({ type: "create", room: "full" });
  for (let i = 0; i < 60; i++) await alice.say(`message ${i} with **some** text and http://10.0.0.1/${i}`, "full");
  const page = await person("mina", desk);
  const look = await measured(page);
  const cost = async (room, rows) => {
    const start = await look();
    await page.evaluate(goRoom, { room, rows });
    return (await look()).cpu_ms - start.cpu_ms;
  };
  const first = await cost("full", 60);
  await cost("lobby", 0);
  const again = await cost("full", 60);
  const before = await look();
  const count = 200;
  for (let i = 0; i < count; i++) await alice.say("more " + i, "full");
  await hears(page, "more " + (count - 1));
  const end = await look();
  const sum = ({ script, layout, style }) => script + layout + style;
  const each = (sum(end.parts) - sum(before.parts)) / count;
  for (const part of Object.keys(end.parts)) t.diagnostic(`${part} ${((end.parts[part] - before.parts[part]) / count).toFixed(2)} ms an append`);
  t.diagnostic(`60 rows from the gateway ${first.toFixed(1)} ms, from memory ${again.toFixed(1)} ms; an append ${each.toFixed(2)} ms`);
  assert.ok(Math.min(first, again) <= 40 * slack);
  assert.ok(each <= 1 * slack, `${each} ms of script, style and layout`);
}));

test("the heap after 5,000 messages stays below 8 MiB", world(async ({ person, daemon, t }) => {
  const page = await person("mina", desk);
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 5000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => alice.say(`message ${i + k} with some more text to it`)));
  await until(async () => (await texts(page)).some((text) => text.startsWith("message 4999")), "the last one", 120000);
  await page.evaluate(() => window.gc());
  const { heap } = await (await measured(page))();
  const rows = (await texts(page)).length;
  t.diagnostic(`heap ${(heap / 1048576).toFixed(2)} MiB, ${rows} rows`);
  assert.ok(rows <= 300);
  assert.ok(heap <= 8 * 1048576, `${heap}`);
}));

test("nothing jumps while the chat opens", world(async ({ context, enter, daemon, t }) => {
  const alice = await speaker(daemon, "alice");
  for (let i = 0; i < 80; i++) await alice.say(`message ${i} with **some** text`);
  for (const options of [phone, desk]) {
    const place = await context(options);
    await watchShift(place);
    const page = await enter(place, "mina-" + options.viewport.width);
    await page.reload();
    await hears(page, "message 79 with some text");
    await page.waitForSelector(".log[aria-live=polite]");
    const shift = await shifted(page);
    t.diagnostic(`${options.viewport.width} px wide: shifted by ${shift.toFixed(4)}`);
    assert.ok(shift <= 0.01, `${shift}`);
  }
}));
