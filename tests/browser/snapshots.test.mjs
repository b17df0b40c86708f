// The main screens as pictures. Each is held against the one kept in snapshots/; the comparison is
// made in chromium itself. What is seen now is kept by
// HEARTH_SNAPSHOTS=write ctest --preset dev -R browser.snapshots
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { closeBrowser, desk, hears, openBrowser, openMenu, phone, say, speaker, until, world } from "./support.mjs";

const kept = join(dirname(fileURLToPath(import.meta.url)), "snapshots");
const seen = join(process.env.HEARTH_BROWSER_MODULES, "../snapshots");
const writing = process.env.HEARTH_SNAPSHOTS === "write";

/* A pixel may differ so much in each colour (edges of letters do), and so many pixels by more. */
const tolerance = 16;
const share_max = 0.002;

/* It is always noon, so that a time is as wide as any other and no day ends meanwhile. */
const hours = new Date().getUTCHours() - 12;
const still = { reducedMotion: "reduce", deviceScaleFactor: 1, timezoneId: `Etc/GMT${hours < 0 ? hours : "+" + hours}` };
const small = { ...phone, ...still };
const large = { ...desk, ...still };
/* Times pass, how strong the link is depends on how busy the machine is, more fonts may be
 * installed, who one is, which chooses the colour of a name, is random, and the microphone comes when nobody waits. */
const calm = `
  * { caret-color: transparent !important }
  .name { color: inherit !important }
  code { font-family: "DejaVu Sans Mono", monospace !important }
  time { visibility: hidden }
  .microphone { visibility: hidden }
  .sign:not(.lost) { visibility: hidden }
  .bar [aria-hidden] { display: none }`;

after(closeBrowser);
before(() => mkdirSync(writing ? kept : seen, { recursive: true }));

/** Runs in the browser: how many pixels differ, and a picture of which. */
async function compare([got, want, tolerance]) {
  const load = async (base64) => {
    const picture = new Image();
    picture.src = "data:image/png;base64," + base64;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    return { canvas, context, pixels: context.getImageData(0, 0, picture.width, picture.height) };
  };
  const [one, other] = [await load(got), await load(want)];
  const { width, height } = one.canvas;
  if (other.canvas.width !== width || other.canvas.height !== height) return { share: 1, diff: got };
  const [a, b] = [one.pixels.data, other.pixels.data];
  let count = 0;
  for (let i = 0; i < a.length; i += 4) {
    const far = Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2]));
    if (far > tolerance) count++;
    a.set(far > tolerance ? [255, 0, 0] : [0, 1, 2].map((k) => 170 + a[i + k] / 3), i);
  }
  one.context.putImageData(one.pixels, 0, 0);
  return { share: count / (width * height), diff: one.canvas.toDataURL("image/png").split(",")[1] };
}

async function differing(got, want) {
  const page = await (await openBrowser()).newPage();
  try {
    return await page.evaluate(compare, [got.toString("base64"), want.toString("base64"), tolerance]);
  } finally {
    await page.close();
  }
}

/** What stands on the page looks as it is kept under this name. */
async function looks(page, name) {
  await page.evaluate((calm) => {
    /* The page's policy forbids a style element, not a sheet made by script. */
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(calm);
    document.adoptedStyleSheets = [sheet];
  }, calm);
  const got = await page.screenshot({ animations: "disabled" });
  const file = join(kept, name + ".png");
  if (writing) return writeFileSync(file, got);
  assert.ok(existsSync(file), `${file} is missing: HEARTH_SNAPSHOTS=write writes it`);
  const want = readFileSync(file);
  const { share, diff } = await differing(got, want);
  if (share <= share_max) return;
  const pictures = { got, want, diff: Buffer.from(diff, "base64") };
  for (const [which, picture] of Object.entries(pictures)) writeFileSync(join(seen, `${name}.${which}.png`), picture);
  assert.fail(`${name}: ${(share * 100).toFixed(2)} % of the pixels differ, see ${join(seen, name)}.{got,want,diff}.png`);
}

const rooms = ["lobby", "logistics", "의료"];

/** A room with some of everything; the fonts are those of tests/packages. */
async function lively(daemon) {
  const [alice, bob] = [await speaker(daemon, "alice"), await speaker(daemon, "민준")];
  for (const room of rooms.slice(1)) await alice.ask({ type: "create", room, topic: "" });
  await alice.say("Good morning! The hotspot in the hall is up, see http://10.0.0.1/notes");
  await alice.say("Battery at **82 %**\n- kitchen: fine\n- garden: *leaks*");
  const { seq } = await bob.say("좋은 아침입니다. `systemctl restart hostapd`");
  await alice.ask({ type: "react", room: "lobby", target: seq, emoji: "👍", on: true });
  await alice.ask({ type: "send", room: "lobby", text: "@mina can you check the meter?", nonce: "r", reply_to: seq });
  await bob.say("> it reads 40213\n고마워요! 🙏");
  return alice;
}

async function inRoom({ context, enter, daemon }, options) {
  const alice = await lively(daemon);
  const place = await context(options);
  await place.addInitScript((rooms) => localStorage.setItem("hearth.rooms", JSON.stringify(rooms)), rooms);
  const page = await enter(place, "mina");
  await hears(page, "@mina can you check the meter?");
  for (const text of ["Truck at noon", "Two pallets"]) await alice.say(text, "logistics");
  await alice.say("@mina please call", "의료");
  await alice.ask({ type: "direct", to: "mina", text: "are you there?", nonce: "d" });
  await until(async () => (await page.$$(".rooms .badge")).length === 3, "what is new is counted");
  await page.waitForSelector(".log[aria-live=polite]");
  return page;
}

test("the name", world(async ({ context, way }) => {
  const page = await (await context(small)).newPage();
  await page.goto(way.address);
  await page.waitForSelector("#name:focus");
  await looks(page, "name-phone");
}));

for (const colorScheme of ["light", "dark"])
  test(`the room on a phone, ${colorScheme}`, world(async (here) => {
    await looks(await inRoom(here, { ...small, colorScheme }), `room-phone-${colorScheme}`);
  }));

test("the room on a desk", world(async (here) => {
  const page = await inRoom(here, large);
  await page.waitForSelector(".people .line");
  await looks(page, "room-desk");
}));

test("the rooms on a phone", world(async (here) => {
  const page = await inRoom(here, small);
  await page.click(".top [aria-label^=Rooms]");
  await looks(page, "rooms-phone");
}));

test("the menu of a message", world(async (here) => {
  const page = await inRoom(here, small);
  await openMenu(page);
  await page.waitForSelector("dialog[data-part=message][open] .sheet");
  await looks(page, "menu-phone");
}));

test("what a search has found", world(async (here) => {
  const page = await inRoom(here, large);
  await page.click("[aria-label=Search]");
  await page.fill("dialog [name=query]", "the");
  await page.press("dialog [name=query]", "Enter");
  await page.waitForSelector(".results .line");
  await looks(page, "search-desk");
}));

test("no connection, and a message that waits for it", world(async (here) => {
  const page = await inRoom(here, small);
  here.way.cut();
  await say(page, "on my way");
  await page.waitForSelector(".bar");
  await page.waitForSelector(".pending .mark:has-text('Waiting')");
  await looks(page, "lost-phone");
}));
