// The page /trust in a browser that trusts the board's authority, and in one that does not.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { axe, closeBrowser, Daemon, desk, install, launchFrom, openBrowser, phone } from "./support.mjs";

after(closeBrowser);

async function secured(...settings) {
  const daemon = await new Daemon().start("tls.mode=local_ca", "tls.port=0", ...settings);
  daemon.tls = (await (await fetch(`http://127.0.0.1:${daemon.port}/api/v1/server`)).json()).tls.port;
  return daemon;
}

async function open(daemon, options, place = "/trust") {
  const context = await (await openBrowser()).newContext({ locale: "en-US", ...options });
  context.setDefaultTimeout(60000);
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.message));
  page.on("console", (message) => /Content Security|Trusted Type/i.test(message.text()) && page.errors.push(message.text()));
  await page.goto(`http://127.0.0.1:${daemon.port}${place}`);
  return page;
}

test("a device that does not trust the gateway is told how, and what is missing once it has the certificate", async () => {
  const daemon = await secured();
  const page = await open(daemon, { ...phone, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)" });
  await page.waitForSelector("text=does not trust this gateway yet");
  assert.equal(await page.getAttribute("a.primary", "href"), "/ca.crt");
  assert.match(await page.textContent("#trust > ol"), /second switch/);
  assert.equal(await page.$$eval("#trust > ol svg .switch", (all) => all.length), 1);
  await page.evaluate(() => localStorage.setItem("hearth.fetched", "1"));
  await page.click("button");
  await page.waitForSelector("text=Most often the last step is missing");
  await page.context().close();
  await daemon.stop();
});

test("it says so in Korean, without violations, and can be read by everybody", async () => {
  const daemon = await secured();
  const page = await open(daemon, { ...desk, locale: "ko-KR", bypassCSP: false });
  await page.waitForSelector("text=아직 이 상자를 신뢰하지 않습니다");
  assert.equal(await page.getAttribute("html", "lang"), "ko");
  assert.deepEqual(page.errors, []);
  await page.context().close();
  const seen = await open(daemon, { ...desk, bypassCSP: true });
  await seen.waitForSelector("ol");
  await axe(seen, "the page /trust");
  await seen.context().close();
  await daemon.stop();
});

test("a device that trusts it goes to the secure page, later by itself where the gateway wishes that", async () => {
  const daemon = await secured("tls.redirect=true");
  const browser = await openTrusting(daemon);
  try {
    const context = await browser.newContext({ locale: "en-US", ...desk });
    context.setDefaultTimeout(60000);
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${daemon.port}/trust`);
    await page.waitForSelector("text=This device trusts this gateway");
    assert.equal(await page.getAttribute("a.primary", "href"), `https://127.0.0.1:${daemon.tls}/`);
    await page.goto(`http://127.0.0.1:${daemon.port}/#lobby`);
    await page.fill("#name", "mina");
    await page.press("#name", "Enter");
    await page.waitForURL(`https://127.0.0.1:${daemon.tls}/#lobby`);
    await page.waitForSelector("#composer");
    assert.ok(await page.evaluate(() => isSecureContext));
    assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("hearth.me")).name), "mina", "the same person");
  } finally {
    await browser.close();
    await daemon.stop();
  }
});

test("where it does not work any more, one is back on the plain page and stays there", async () => {
  const daemon = await secured("tls.redirect=true");
  const page = await open(daemon, desk, "/#lobby");
  try {
    await page.evaluate(() => localStorage.setItem("hearth.trusts", "1")); /* it did once */
    await page.fill("#name", "mina");
    await page.press("#name", "Enter");
    await page.waitForFunction(() => localStorage.getItem("hearth.trusts") === "0");
    await page.waitForSelector("#composer");
    assert.equal(page.url(), `http://127.0.0.1:${daemon.port}/#lobby`);
  } finally {
    await page.context().close();
    await daemon.stop();
  }
});

test("/trust leads to no other place than this gateway", async () => {
  const daemon = await secured();
  for (const place of ["//example.org/", "https://example.org/", "javascript:alert(1)"]) {
    const page = await open(daemon, desk, "/trust#" + encodeURIComponent(place));
    await page.waitForSelector("text=does not trust this gateway yet");
    await page.context().close();
  }
  await daemon.stop();
});

/** A browser of its own, whose owner has installed the gateway's authority. */
async function openTrusting(daemon) {
  const home = mkdtempSync(path.join(tmpdir(), "hearth-trusting-"));
  install(home, Buffer.from(await (await fetch(`http://127.0.0.1:${daemon.port}/ca.crt`)).arrayBuffer()));
  const browser = await launchFrom(home);
  browser.on("disconnected", () => rmSync(home, { recursive: true, force: true }));
  return browser;
}
