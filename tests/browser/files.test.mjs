// Pictures and files: from where they come to where they are seen, over what a link and a reload do to them.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { axe, closeBrowser, desk, hears, phone, picture, say, shifted, speaker, until, watchShift, world } from "./support.mjs";

after(closeBrowser);

/** A picture as a camera makes it: drawn in the browser, of so many pixels, with noise that costs bytes. */
async function photo(page, width, height, { type = "image/jpeg", seed = 1, noise = 2000 } = {}) {
  const base64 = await page.evaluate(async ([width, height, type, seed, noise]) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    for (let i = 0; i < 9; i++) {
      context.fillStyle = `hsl(${seed * 67 + i * 9} 40% ${85 - i * 7}%)`;
      context.fillRect(0, (height * i) / 9, width, height / 9 + 1);
    }
    for (let i = 0; i < noise; i++) {
      context.fillStyle = `hsl(${(i * 137) % 360} 60% 50%)`;
      context.fillRect((i * 7919) % width, (i * 104729) % height, 7, 7);
    }
    return canvas.toDataURL(type, 0.95).split(",")[1];
  }, [width, height, type, seed, noise]);
  return Buffer.from(base64, "base64");
}

const file = (name, buffer, mimeType = "image/jpeg") => ({ name, buffer, mimeType });

/** Through the picker; on a phone the sheet asks where from. */
async function pick(page, files, source = 1) {
  const chooser = page.waitForEvent("filechooser");
  await page.click(".clip");
  if (await page.evaluate(() => matchMedia("(pointer: coarse)").matches)) await page.click(`dialog[data-part=attach] .line >> nth=${source}`);
  await (await chooser).setFiles(files);
}

/** As the browser gives it to the page: by "paste" or "drop". */
function give(page, kind, { name, buffer, mimeType }) {
  return page.evaluate(([kind, name, base64, type]) => {
    const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }) : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector("#composer").dispatchEvent(event);
  }, [kind, name, buffer.toString("base64"), mimeType]);
}

const ready = (page, count) => until(async () => (await page.$$(".thumb:not(.busy, .wrong)")).length === count, `${count} in the tray`);
/** The original is asked for, and is there: it has its own name again. */
async function asItIs(page, name) {
  await page.check(".details [type=checkbox]");
  await page.waitForSelector(`.details p:has-text('${name}')`);
  await ready(page, 1);
}

const sent = (page, count = 1) => until(async () => (await page.$$(".row:not(.pending) .file")).length === count, `${count} sent`);
const send = (page) => page.click(".composer .main");

/** Every picture in the log is there, none broken. */
function seen(page, count) {
  const there = () => page.$$eval(".row .picture img", (all) => all.filter((one) => one.complete && one.naturalWidth > 0).length);
  return until(async () => (await there()) === count, `${count} pictures are seen`);
}

/** What the gateway has: the messages with files. */
async function stored(daemon) {
  const reader = await speaker(daemon, "reader" + Math.random().toString(36).slice(2, 8));
  const { messages } = await reader.ask({ type: "history", room: "lobby", limit: 100 });
  return messages.filter((message) => message.files);
}

test("picked, pasted and dropped: four pictures go with one message, small, in their shapes, described", world(async ({ person, daemon }) => {
  const mina = await person("mina", desk);
  const jun = await person("jun", { ...desk, colorScheme: "dark" });
  await pick(mina, [file("IMG_1.jpg", await photo(mina, 3200, 2400)), file("tall.png", await photo(mina, 600, 1800, { type: "image/png", seed: 2 }), "image/png")]);
  await give(mina, "paste", file("image.png", await photo(mina, 1000, 500, { type: "image/png", seed: 3 }), "image/png"));
  await give(mina, "drop", file("dot.png", await photo(mina, 40, 40, { type: "image/png", seed: 4, noise: 3 }), "image/png"));
  await ready(mina, 4);
  await mina.fill(".details input[placeholder]", "Nine stripes");
  await picture(mina, "tray-desk");
  await axe(mina, "the tray");
  await mina.fill("#composer", "four of them");
  await send(mina);
  await sent(mina, 4);
  assert.ok(!(await mina.$(".tray")));
  await hears(jun, "four of them");
  await seen(jun, 4);
  await seen(mina, 4);
  await axe(jun, "pictures in the log");
  await picture(jun, "log-desk-dark");
  const [{ files }] = await stored(daemon);
  assert.deepEqual(files.map(({ width, height }) => [width, height]), [[1600, 1200], [533, 1600], [1000, 500], [40, 40]]);
  assert.deepEqual(files.map(({ type }) => type), ["image/webp", "image/webp", "image/png", "image/png"], "what would only grow stays");
  assert.deepEqual(files.map(({ alt }) => alt), ["Nine stripes", undefined, undefined, undefined]);
  assert.equal(await jun.getAttribute(".picture img >> nth=0", "alt"), "Nine stripes");
  const widths = await jun.$$eval(".picture img", (all) => all.map((one) => one.naturalWidth));
  assert.deepEqual(widths, [320, 107, 320, 40], "the small ones are drawn");
  assert.deepEqual([...mina.errors, ...jun.errors, ...(await jun.evaluate(() => window.reports))], []);
}));

test("the original goes when it is asked for, and only then", world(async ({ person, daemon }) => {
  const mina = await person("mina", phone);
  const camera = await photo(mina, 2000, 1500, { noise: 9000 });
  for (const original of [false, true]) {
    await pick(mina, [file("IMG_2.jpg", camera)]);
    await ready(mina, 1);
    if (original) await asItIs(mina, "IMG_2.jpg");
    if (original) await picture(mina, "original-phone");
    await send(mina);
    await sent(mina, original ? 2 : 1);
  }
  const [small, whole] = (await stored(daemon)).map(({ files }) => files[0]);
  assert.deepEqual([small.type, small.width, whole.type, whole.width], ["image/webp", 1600, "image/jpeg", 2000]);
  assert.ok(small.size < whole.size && whole.size > camera.length * 0.9, `${small.size} ${whole.size} ${camera.length}`);
  assert.ok(small.preview && whole.preview);
}));

test("on a phone the sheet asks whether camera, pictures or files", world(async ({ person }) => {
  const mina = await person("mina", phone);
  await mina.click(".clip");
  await mina.waitForSelector("dialog[data-part=attach][open] .line");
  await axe(mina, "where from");
  const chooser = mina.waitForEvent("filechooser");
  await mina.click("dialog .line:text-is('Take a picture')");
  const input = (await chooser).element();
  assert.deepEqual([await input.getAttribute("capture"), await input.getAttribute("accept")], ["environment", "image/*"]);
  assert.equal((await chooser).isMultiple(), false);
}));

test("what a browser cannot open is answered in words; nothing is sent until it is out or goes as it is", world(async ({ person, daemon }) => {
  const mina = await person("mina", desk);
  await pick(mina, [file("IMG_3.HEIC", Buffer.from("\0\0\0 ftypheic"), ""), file("broken.jpg", Buffer.from("no picture")), file("empty.txt", Buffer.alloc(0), "text/plain")]);
  await mina.waitForSelector(".details .wrong:has-text('HEIC')");
  await picture(mina, "heic-desk");
  await axe(mina, "an answer in words");
  assert.ok(await mina.isDisabled(".composer .main"));
  await mina.click(".thumb >> nth=1");
  await mina.waitForSelector(".details .wrong:has-text('cannot open this picture')");
  await mina.click(".details .link");
  await mina.click(".thumb >> nth=1");
  await mina.waitForSelector(".details .wrong:has-text('empty')");
  await mina.click(".details .link");
  await mina.check(".details [type=checkbox]");
  await ready(mina, 1);
  await send(mina);
  await mina.waitForSelector(".row:not(.pending) .file.other:has-text('IMG_3.HEIC')");
  const [{ files }] = await stored(daemon);
  assert.equal(files.length, 1);
}));

test("other files are a row with name, size and kind, and are saved under their name", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const jun = await person("jun", phone);
  const text = "minutes\n".repeat(500);
  await pick(mina, [file("회의록 1 & 2.txt", Buffer.from(text), "text/plain")]);
  await ready(mina, 1);
  await send(mina);
  const row = ".row:not(.pending) a.named:has-text('회의록 1 & 2.txt'):has-text('4 kB'):has-text('TXT')";
  await jun.waitForSelector(row + "[href]");
  await picture(jun, "file-phone");
  const [download] = await Promise.all([jun.waitForEvent("download"), jun.click(row)]);
  assert.equal(download.suggestedFilename(), "회의록 1 & 2.txt");
  const saved = join(mkdtempSync(join(tmpdir(), "hearth-saved-")), "it");
  await download.saveAs(saved); /* the browser is another process's */
  assert.equal(readFileSync(saved, "utf8"), text);
}));

test("a text that is too long becomes a file", world(async ({ person, daemon }) => {
  const mina = await person("mina", desk);
  await mina.fill("#composer", "A sentence again. ".repeat(200));
  await mina.click(".composer .link:text-is('Send as a file')");
  await ready(mina, 1);
  assert.equal(await mina.inputValue("#composer"), "");
  await send(mina);
  await sent(mina);
  const [{ files, text }] = await stored(daemon);
  assert.deepEqual([files[0].name, files[0].size, text ?? ""], ["message.txt", 3600, ""]);
}));

test("a picture said offline waits, is there after a reload, and is said once", world(async ({ person, daemon, way }) => {
  const mina = await person("mina", phone);
  await mina.waitForFunction(() => document.querySelector("link[href*=later]")?.sheet);
  await pick(mina, [file("IMG_4.jpg", await photo(mina, 1800, 1200))]);
  await ready(mina, 1);
  way.cut();
  await mina.waitForSelector(".bar:has-text('Your messages are kept')");
  await say(mina, "from the field");
  await mina.waitForSelector(".row.pending .picture img");
  await mina.waitForSelector(".pending .mark:has-text('Waiting')");
  await picture(mina, "waiting-phone");
  assert.deepEqual(await stored(daemon), []);
  way.mend();
  await mina.reload();
  await hears(mina, "from the field");
  await seen(mina, 1);
  const said = await stored(daemon);
  assert.deepEqual(said.map(({ text, files }) => [text, files.length]), [["from the field", 1]]);
}));

test("what is in the tray is there after a reload, with its description", world(async ({ person, daemon }) => {
  const mina = await person("mina", desk);
  await pick(mina, [file("IMG_5.jpg", await photo(mina, 900, 600))]);
  await ready(mina, 1);
  await mina.fill(".details input[placeholder]", "a field");
  await mina.reload();
  await ready(mina, 1);
  await mina.waitForSelector(".thumb img");
  assert.equal(await mina.inputValue(".details input[placeholder]"), "a field");
  await send(mina);
  await sent(mina);
  const [{ files }] = await stored(daemon);
  assert.equal(files[0].alt, "a field");
}));

/** The pieces of uploads: lets so many through, holds the others. */
async function holdPieces(context, through) {
  const held = { pieces: 0, begun: 0 };
  await context.route(/\/api\/v1\/(uploads|rooms\/lobby\/files)/, async (route) => {
    const { method, url } = { method: route.request().method(), url: route.request().url() };
    if (method === "POST" && url.includes("size=")) held.begun++;
    if (method !== "PATCH" || ++held.pieces <= through) return route.continue().catch(() => undefined);
    return undefined;
  });
  held.letGo = () => context.unrouteAll({ behavior: "ignoreErrors" });
  return held;
}

test("a reload in the middle of an upload goes on where it stood", world(async ({ context, enter, daemon }) => {
  const place = await context(desk);
  const mina = await enter(place, "mina");
  const held = await holdPieces(place, 2);
  await pick(mina, [file("long.bin", Buffer.alloc(900000, "hearth"), "application/octet-stream")]);
  await ready(mina, 1);
  await say(mina, "nine hundred");
  await until(() => held.pieces > 2, "in the middle");
  const share = await mina.getAttribute(".uploading progress", "value");
  assert.ok(share > 0 && share < 1, share);
  await picture(mina, "uploading-desk");
  await axe(mina, "under way");
  await held.letGo();
  let begun = 0;
  place.on("request", (request) => (begun += request.url().includes("size=") ? 1 : 0));
  await mina.reload();
  await hears(mina, "nine hundred");
  assert.equal(begun, 0, "the same upload goes on");
  const said = await stored(daemon);
  assert.deepEqual(said.map(({ text, files }) => [text, files[0].size]), [["nine hundred", 900000]]);
}));

test("a gateway that dies in the middle of an upload gets it all the same, once", world(async ({ context, enter, daemon }) => {
  const place = await context(desk);
  const mina = await enter(place, "mina");
  const held = await holdPieces(place, 2);
  await pick(mina, [file("long.bin", Buffer.alloc(900000, "hearth"), "application/octet-stream")]);
  await ready(mina, 1);
  await say(mina, "through a power cut");
  await until(() => held.pieces > 2, "in the middle");
  await daemon.kill();
  await held.letGo();
  await daemon.start();
  await hears(mina, "through a power cut");
  const said = await stored(daemon);
  assert.deepEqual(said.map(({ text, files }) => [text, files[0].size]), [["through a power cut", 900000]]);
}));

test("of two tabs one uploads; when it is closed the other one goes on, and it is said once", world(async ({ context, enter, daemon, way }) => {
  const place = await context(desk);
  const [mina, other] = [await enter(place, "mina"), await enter(place, "")];
  const held = await holdPieces(place, 1);
  await pick(mina, [file("IMG_6.jpg", await photo(mina, 1600, 1600, { noise: 30000 }))]);
  await ready(mina, 1);
  await asItIs(mina, "IMG_6.jpg");
  await say(mina, "shared");
  await until(() => held.pieces > 1, "in the middle");
  await other.waitForSelector(".row.pending .picture img");
  assert.equal(held.begun, 1, "one tab uploads");
  await mina.close();
  await held.letGo();
  await hears(other, "shared");
  await seen(other, 1);
  assert.equal((await stored(daemon)).length, 1);
}));

test("cancel ends an upload; a refusal says why and can be tried again", world(async ({ context, enter, daemon }) => {
  const place = await context(desk);
  const mina = await enter(place, "mina");
  const held = await holdPieces(place, 1);
  await pick(mina, [file("a.bin", Buffer.alloc(600000, "a"), "application/octet-stream")]);
  await ready(mina, 1);
  await send(mina);
  await until(() => held.pieces > 1, "in the middle");
  await mina.click(".uploading [aria-label='Cancel sending']");
  await until(async () => !(await mina.$(".row .file")), "it is gone");
  await held.letGo();
  await place.route(/\/lobby\/files/, (route) => route.fulfill({ status: 507, json: { error_code: "disk_quota", message: "", field: "files.room_bytes" } }));
  await pick(mina, [file("b.bin", Buffer.alloc(900, "b"), "application/octet-stream")]);
  await ready(mina, 1);
  await send(mina);
  await mina.waitForSelector(".mark.failed:has-text('space for files is full')");
  await axe(mina, "a refusal");
  await picture(mina, "refused-desk");
  await place.unrouteAll();
  await mina.click(".failed .link:text-is('Try again')");
  await sent(mina);
  assert.deepEqual((await stored(daemon)).map(({ files }) => files[0].name), ["b.bin"]);
}));

test("what is too large for this gateway is told before it is sent", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await pick(mina, [file("big.bin", Buffer.alloc(200000, "x"), "application/octet-stream")]);
  await mina.waitForSelector(".details .wrong:has-text('100 kB')");
  assert.ok(await mina.isDisabled(".composer .main"));
}, "files.bytes=100000"));

test("where the gateway takes no files none are offered, and nothing that is dropped opens over the chat", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await until(async () => !(await mina.$(".clip")), "no button");
  await give(mina, "drop", file("a.png", await photo(mina, 50, 50, { type: "image/png" }), "image/png"));
  await say(mina, "still here");
  await hears(mina, "still here");
  assert.ok(!(await mina.$(".tray")));
}, "files.enabled=false"));

async function three(page) {
  const made = await Promise.all([1, 2, 3].map(async (seed) => file(`IMG_${seed}.jpg`, await photo(page, 1200, 800, { seed }))));
  await pick(page, made);
  await ready(page, 3);
  await page.fill(".details input[placeholder]", "the first");
  await send(page);
  await sent(page, 3);
}

test("the viewer by keys: opens, goes on, is larger and smaller, saves, closes, and gives the focus back", world(async ({ person }) => {
  const mina = await person("mina", desk);
  await three(mina);
  await mina.focus(".picture >> nth=0");
  await mina.keyboard.press("Enter");
  await mina.waitForSelector("dialog[data-part=picture][open] .stage img[alt='the first']:visible");
  await axe(mina, "the viewer");
  await picture(mina, "viewer-desk");
  assert.match(await mina.textContent("dialog footer p"), /the first\s+1 of 3/);
  const place = () => mina.$eval(".stage img:not([hidden])", (one) => one.style.transform);
  await mina.keyboard.press("+");
  assert.match(await place(), /scale\(1\.5\)/);
  await mina.keyboard.press("0");
  assert.match(await place(), /scale\(1\)/);
  await mina.keyboard.press("ArrowRight");
  await mina.waitForSelector("dialog footer p:has-text('2 of 3')");
  await mina.keyboard.press("ArrowRight");
  await mina.keyboard.press("ArrowRight");
  await mina.waitForSelector("dialog footer p:has-text('3 of 3')");
  await mina.waitForSelector(".stage img:not(.small-one):visible");
  assert.equal(await mina.$eval(".stage img:not(.small-one)", (one) => one.naturalWidth), 1200, "the large one");
  await mina.focus("dialog [aria-label=Save]");
  const [download] = await Promise.all([mina.waitForEvent("download"), mina.keyboard.press("Enter")]);
  assert.equal(download.suggestedFilename(), "IMG_3.webp");
  await mina.keyboard.press("Escape");
  await until(async () => !(await mina.$("dialog[open]")), "closed");
  assert.ok(await mina.$(".picture:focus"), "the focus is where it was");
}));

test("the viewer by fingers: a swipe leads on, two fingers make it larger, Back closes it", world(async ({ person }) => {
  const mina = await person("mina", phone);
  await three(mina);
  await mina.click(".picture >> nth=0");
  await mina.waitForSelector(".stage img[alt='the first']:visible");
  await picture(mina, "viewer-phone");
  const touch = await mina.context().newCDPSession(mina);
  const fingers = (type, ...points) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  await fingers("touchStart", [300, 400]);
  for (const x of [250, 180, 120]) await fingers("touchMove", [x, 405]);
  await fingers("touchEnd");
  await mina.waitForSelector("dialog footer p:has-text('2 of 3')");
  await mina.waitForSelector(".stage img:not(.small-one):visible");
  await fingers("touchStart", [180, 400], [210, 400]);
  for (const by of [20, 40, 60]) await fingers("touchMove", [180 - by, 400], [210 + by, 400]);
  await fingers("touchEnd");
  const scale = await mina.$eval(".stage img:not([hidden])", (one) => Number(/scale\((.*)\)/.exec(one.style.transform)[1]));
  assert.ok(scale > 2, `${scale}`);
  await mina.goBack();
  await until(async () => !(await mina.$("dialog[open]")), "closed");
}));

/* Also over a link so slow that the page says that it connects. */
for (const delay_ms of [0, 400])
  test(`nothing jumps when pictures come, ${delay_ms} ms away: their boxes are there before them`, world(async ({ person, context, enter, way }) => {
    const mina = await person("mina", desk);
    await three(mina);
    await say(mina, "below them");
    for (const options of [phone, desk]) {
      const place = await context(options);
      await watchShift(place);
      way.delay_ms = 0;
      const page = await enter(place, "jun" + options.viewport.width);
      way.delay_ms = delay_ms;
      await page.reload();
      await hears(page, "below them");
      await seen(page, 3);
      const shift = await shifted(page);
      assert.ok(shift <= 0.01, `${shift}`);
    }
  }));

test("deleting a message takes its pictures along for everybody", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const jun = await person("jun", desk);
  await three(mina);
  await seen(jun, 3);
  const path = new URL(await jun.getAttribute(".picture img", "src"), jun.url());
  await mina.press(".row >> nth=-1", "Enter");
  await mina.click("dialog .line:text-is('Delete')");
  await mina.click("dialog .main");
  await jun.waitForSelector(".row .gone");
  assert.ok(!(await jun.$(".picture")));
  await until(async () => [404, 410].includes((await fetch(path)).status), "the bytes are gone");
}));

/** So much time passes at once, as far as the gateway knows. */
function pass(daemon, days) {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(daemon.folder, "socket"), method: "POST", path: `/test/clock/${days * 86400000}` });
    asked.on("response", (reply) => (reply.resume(), resolve(reply.statusCode)));
    asked.on("error", reject);
    asked.end();
  });
}

test("a picture that retention took says so: to whoever looks at it now, and where it was", world(async ({ person, daemon }) => {
  const mina = await person("mina", desk);
  await pick(mina, [file("IMG_7.jpg", await photo(mina, 900, 600))]);
  await ready(mina, 1);
  await say(mina, "the well");
  await sent(mina);
  await pass(daemon, 3);
  await until(async () => (await stored(daemon))[0].files[0].gone, "the bytes are gone");
  await mina.click(".picture");
  await mina.waitForSelector("dialog[data-part=picture] [role=alert]:has-text('No longer kept here')");
  await mina.reload();
  await mina.waitForSelector(".row:has-text('the well') .file.other:has-text('IMG_7.webp'):has-text('No longer kept here')");
  await picture(mina, "gone-desk");
}, "files.age_days=1"));

test("the first thing that is said to somebody may be a picture", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const jun = await person("jun", desk);
  await say(mina, "/msg jun");
  await mina.waitForSelector(".title:has-text('jun')");
  await pick(mina, [file("IMG_8.jpg", await photo(mina, 800, 600))]);
  await ready(mina, 1);
  await send(mina);
  await sent(mina);
  await jun.click(".rooms .line:has-text('mina')");
  await seen(jun, 1);
}));

test("words that were copied with a picture of themselves are pasted as words", world(async ({ person }) => {
  const mina = await person("mina", desk);
  const taken = await mina.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "a table");
    data.items.add(new File([new Uint8Array(9)], "table.png", { type: "image/png" }));
    return !document.querySelector("#composer").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  assert.equal(taken, false);
  assert.ok(!(await mina.$(".tray")));
}));

test("at 200 % and in Korean the tray and the log hold what they show", world(async ({ context, enter }) => {
  const place = await context({ viewport: { width: 320, height: 640 }, locale: "ko-KR", colorScheme: "dark" });
  await place.addInitScript(() => localStorage.setItem("hearth.size", '"largest"'));
  const mina = await enter(place, "민준");
  await pick(mina, [file("a.jpg", await photo(mina, 1600, 400)), file("회의록이라는 아주 긴 이름의 문서 파일 하나.txt", Buffer.from("x".repeat(5000)), "text/plain")]);
  await ready(mina, 2);
  await mina.waitForSelector("[placeholder='볼 수 없는 사람을 위한 설명']");
  await picture(mina, "tray-ko-200");
  await send(mina);
  await sent(mina, 2);
  await picture(mina, "log-ko-200");
  const wide = await mina.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 320, `${wide} px`);
}));
