// Voice messages: from the button to where they are heard. The browser's microphone is one that beeps.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, closeBrowser, desk, hears, openMenu, phone, picture, say, shifted, speaker, until, watchShift, world } from "./support.mjs";

after(closeBrowser);

/** A place whose browser lets the page use the microphone. */
async function speaking({ context, enter, way }, options = desk, name = "mina") {
  const place = await context(options);
  await place.grantPermissions(["microphone"], { origin: way.address });
  /* What is heard from the microphone, and whether it is let go of. */
  await place.addInitScript(() => {
    const ask = MediaDevices.prototype.getUserMedia;
    window.tracks = [];
    MediaDevices.prototype.getUserMedia = async function (wanted) {
      const stream = await ask.call(this, wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });
  const page = await enter(place, name);
  await page.waitForSelector(".microphone");
  return page;
}

const sheet = "dialog[data-part=voice][open]";
const seconds = (page) => page.$eval(`${sheet} [role=timer]`, (one) => Number(/\d:(\d\d)/.exec(one.textContent)[1]));
const isListening = (page) => page.evaluate(() => window.tracks.some((track) => track.readyState === "live"));
const spoken = (page, least = 1) => until(async () => (await page.$(`${sheet} [role=timer]`)) && (await seconds(page)) >= least, `${least} s are said`);
const inTray = (page) => page.waitForSelector(".tray .details audio[src]");
const closed = (page) => until(async () => !(await page.$("dialog[open]")), "the sheet closes");

/** It can be heard: the browser reads it, and goes on in it. */
function plays(page, selector) {
  return page.$eval(selector, async (audio) => {
    await audio.play();
    await new Promise((resolve) => audio.addEventListener("timeupdate", () => audio.currentTime > 0.1 && resolve()));
    audio.pause();
    return audio.currentTime;
  });
}

async function stored(daemon) {
  const reader = await speaker(daemon, "reader" + Math.random().toString(36).slice(2, 8));
  const { messages } = await reader.ask({ type: "history", room: "lobby", limit: 100 });
  return messages.filter((message) => message.files);
}

test("said, listened to, sent, and heard by others; it is a file like any other", world(async (here) => {
  const mina = await speaking(here);
  const other = await here.context(phone);
  await watchShift(other);
  const jun = await here.enter(other, "jun");
  await mina.click(".microphone");
  await spoken(mina, 2);
  assert.ok(await isListening(mina));
  await axe(mina, "while one speaks");
  await picture(mina, "voice-desk");
  await mina.click(`${sheet} .chip:text-is('Done')`);
  await inTray(mina);
  assert.equal(await isListening(mina), false, "the microphone is let go of");
  await until(async () => !(await mina.$(".microphone")), "it makes way for what is to be sent");
  assert.ok((await plays(mina, ".tray audio")) > 0);
  await axe(mina, "before it is sent");
  await picture(mina, "voice-tray-desk");
  await mina.waitForSelector(".composer .main:focus");
  await mina.keyboard.press("Enter");
  const heard = ".row:not(.pending) .sound audio[src^='/files/']";
  for (const page of [mina, jun]) await page.waitForSelector(heard);
  const [, minutes, rest] = /^Voice message, (\d):(\d\d)$/.exec(await jun.getAttribute(heard, "aria-label"));
  const long = 60 * Number(minutes) + Number(rest);
  assert.ok(long >= 2, `${long} s`);
  assert.equal(await jun.getAttribute(heard, "preload"), "none");
  assert.ok((await plays(jun, heard)) > 0);
  await axe(jun, "in the log");
  await picture(jun, "voice-log-phone");
  const [{ files, text }] = await stored(here.daemon);
  assert.deepEqual([files[0].type, text ?? ""], ["audio/webm", ""]);
  assert.match(files[0].name, /^voice-\d-\d\d\.webm$/);
  assert.ok(files[0].size < 6000 * (long + 2), `${files[0].size} bytes in ${long} s`);
  await jun.reload();
  await jun.waitForSelector(heard);
  assert.ok((await shifted(jun)) <= 0.01, "nothing jumps");
  await openMenu(jun);
  await jun.waitForSelector("dialog .said:has-text('Voice message, ')");
  await mina.waitForSelector(".microphone");
  assert.deepEqual([...mina.errors, ...jun.errors, ...(await jun.evaluate(() => window.reports)), ...(await mina.evaluate(() => window.reports))], []);
}));

test("held down on a phone it ends with the finger; a tap, and another on Send, say it at once; Back loses nothing", world(async (here) => {
  const mina = await speaking(here, phone);
  const touch = await mina.context().newCDPSession(mina);
  const box = await (await mina.$(".microphone")).boundingBox();
  assert.ok(box.width >= 44 && box.height >= 44, "large enough for a finger");
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: box.x + 20, y: box.y + 20 }] });
  await spoken(mina, 1);
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await inTray(mina);
  await closed(mina);
  await picture(mina, "voice-tray-phone");
  await mina.click(".details .link:text-is('Take out')");
  await mina.tap(".microphone");
  await spoken(mina, 1);
  await picture(mina, "voice-phone");
  await mina.click(`${sheet} .main:text-is('Send')`);
  await mina.waitForSelector(".row:not(.pending) .sound audio");
  await mina.tap(".microphone");
  await spoken(mina, 1);
  await mina.goBack();
  await inTray(mina);
  assert.equal((await stored(here.daemon)).length, 1, "it waits to be sent");
  await mina.reload();
  await inTray(mina);
}));

test("what is thrown away is nowhere, and by keys alone one speaks, too", world(async (here) => {
  const mina = await speaking(here);
  await mina.focus(".microphone");
  await mina.keyboard.press("Enter");
  await mina.waitForSelector(`${sheet} .chip:focus`);
  await spoken(mina, 1);
  await mina.click(`${sheet} .danger:text-is('Discard')`);
  await closed(mina);
  assert.equal(await isListening(mina), false);
  await mina.waitForSelector(".microphone:focus");
  await until(async () => !(await mina.$(".tray")), "nothing is to be sent");
  await mina.keyboard.press("Enter");
  await spoken(mina, 1);
  await mina.keyboard.press("Escape");
  await inTray(mina);
}));

test("it ends by itself before it is too large for the gateway", world(async (here) => {
  const mina = await speaking(here);
  await mina.click(".microphone");
  await mina.waitForSelector(`${sheet} [role=timer]:has-text('/ 0:05')`);
  await inTray(mina);
  await mina.click(".composer .main");
  await mina.waitForSelector(".row:not(.pending) .sound audio");
  const [{ files }] = await stored(here.daemon);
  assert.ok(files[0].size <= 20000, `${files[0].size} bytes`);
}, "files.bytes=20000"));

test("said offline it waits, over a reload, and is said once", world(async (here) => {
  const mina = await speaking(here, phone);
  here.way.cut();
  await mina.waitForSelector(".bar:has-text('Your messages are kept')");
  await mina.tap(".microphone");
  await spoken(mina, 1);
  await mina.click(`${sheet} .main:text-is('Send')`);
  await mina.waitForSelector(".pending .mark:has-text('Waiting')");
  here.way.mend();
  await mina.reload();
  await mina.waitForSelector(".row:not(.pending) .sound audio");
  assert.equal((await stored(here.daemon)).length, 1);
}));

test("the button makes way for words, and is not there where nothing can be recorded or sent", world(async (here) => {
  const mina = await speaking(here);
  const widths = () => mina.$$eval(".write textarea, .write .main", (all) => all.map((one) => one.getBoundingClientRect().width));
  const before = await widths();
  await mina.fill("#composer", "words");
  await until(async () => !(await mina.$(".microphone")), "it makes way");
  assert.deepEqual(await widths(), before, "and nothing moves");
  await mina.fill("#composer", "");
  await mina.waitForSelector(".microphone");
  const plain = await here.context(desk);
  await plain.addInitScript(() => Object.defineProperty(window, "isSecureContext", { value: false }));
  const jun = await here.enter(plain, "jun");
  const allParts = (page) => until(() => page.evaluate(() => performance.getEntriesByType("resource").some((one) => /\/voice-/.test(one.name))), "all parts are there");
  await allParts(jun);
  await say(jun, "over plain http");
  await hears(jun, "over plain http");
  assert.ok(!(await jun.$(".microphone")));
}));

test("without permission it is said in words what can be done, and in Korean", world(async (here) => {
  const place = await here.context({ ...phone, locale: "ko-KR" });
  const mina = await here.enter(place, "민준");
  await mina.tap(".microphone");
  await mina.waitForSelector(`${sheet} [role=alert]:has-text('마이크를 쓸 수 없습니다')`);
  await picture(mina, "voice-denied-ko");
  await axe(mina, "denied");
  await mina.click(`${sheet} [aria-label='닫기']`);
  await closed(mina);
  await place.grantPermissions(["microphone"], { origin: here.way.address });
  await mina.tap(".microphone");
  await spoken(mina, 1);
  await picture(mina, "voice-ko");
  assert.doesNotMatch(await mina.textContent(`${sheet} .sheet`), /[a-z]/i);
  await mina.click(`${sheet} .main`);
  await mina.waitForSelector(".sound audio[aria-label^='음성 메시지, ']");
}));

test("the page may use the microphone and sound of its own, and nothing more", world(async ({ way }) => {
  const answer = await fetch(way.address);
  await answer.text(); /* a body that nobody reads keeps node busy when the gateway ends */
  const { headers } = answer;
  assert.equal(headers.get("permissions-policy"), "camera=(), geolocation=(), microphone=(self), payment=(), usb=()");
  assert.match(headers.get("content-security-policy"), /; media-src 'self' blob:; /);
  assert.match(headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/);
}));
