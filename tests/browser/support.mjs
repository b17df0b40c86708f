// What the browser tests share: a daemon, a way to it that can be cut, and people.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(join(process.env.HEARTH_BROWSER_MODULES, "here.js"));
const { chromium } = require("playwright-core");
const axeSource = require("axe-core").source;

const flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --use-fake-device-for-media-stream --js-flags=--expose-gc";
export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
export const desk = { viewport: { width: 1280, height: 800 } };

const devices = [["a desk", desk], ["a phone", phone]];

/** For a test that says the same of both: on the one that is named, and on both in the long run. */
export function devicesOr(named) {
  return process.env.HEARTH_LONG_TESTS ? devices : devices.filter(([kind]) => kind === named);
}

/** For everything that is waited for: only a hang reaches it, however busy the machine is. */
const deadline_ms = 120000;

/* The long run is over https. All gateways of a run have one authority, in this folder, and the browser trusts it. */
const authority = process.env.HEARTH_BROWSER_AUTHORITY;

export class Daemon {
  folder = mkdtempSync(join(tmpdir(), "hearth-browser-"));
  port = 0;
  /** Where pages come from: the port of https in the long run. */
  pages = 0;

  async start(...settings) {
    const set = {
      "listen.address": "127.0.0.1",
      "listen.port": 0,
      "storage.path": join(this.folder, "chat.db"),
      "admin.socket": join(this.folder, "socket"),
      "limits.exempt": "127.0.0.0/8",
      "log.level": "error",
    };
    /* A page that is being worked on, without building the daemon again. */
    if (process.env.HEARTH_PAGE_DIR) set["http.page_dir"] = process.env.HEARTH_PAGE_DIR;
    if (authority) Object.assign(set, this.secure());
    const options = Object.entries(set).map(([name, value]) => `${name}=${value}`);
    const args = [...options, ...settings].flatMap((one) => ["--set", one]);
    this.process = spawn(process.env.HEARTHD, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.port = this.pages = await this.ready();
    if (authority) this.pages = (await (await fetch(`http://127.0.0.1:${this.port}/api/v1/server`)).json()).tls.port;
    return this;
  }

  secure() {
    mkdirSync(join(this.folder, "tls"), { recursive: true });
    for (const file of ["ca.crt", "ca.key"]) cpSync(join(authority, file), join(this.folder, "tls", file));
    return { "tls.mode": "local_ca", "tls.port": 0 };
  }

  ready() {
    return new Promise((resolve, reject) => {
      let text = "";
      this.process.stderr.on("data", (data) => {
        text += data;
        const found = /ready http=\S*:(\d+)/.exec(text);
        if (found) resolve(Number(found[1]));
      });
      this.process.once("exit", (code) => reject(new Error(`hearthd ended (${code}): ${text}`)));
    });
  }

  async end(signal) {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
      await once(this.process, "exit");
    }
  }

  /** Dies at once, as in a power cut of the process; start() comes back with the same data. */
  kill() {
    return this.end("SIGKILL");
  }

  async stop() {
    await this.end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Stands between browser and daemon: can reset, stall and refuse. */
export class Way {
  pairs = new Set();
  stalled = false;
  closed = false;
  /** Everything takes so much longer, each way. */
  delay_ms = 0;

  /** Comes from an address of this machine: another device, as the daemon sees it. */
  constructor(daemon, localAddress = "127.0.0.1") {
    /* A test that fails leaves it open: no reason to wait. */
    this.server = net.createServer((near) => this.open(near, daemon, localAddress)).unref();
  }

  async listen() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.address = `${authority ? "https" : "http"}://127.0.0.1:${this.server.address().port}/`;
    return this;
  }

  open(near, daemon, localAddress) {
    if (this.closed) return near.resetAndDestroy();
    const far = net.connect({ port: daemon.pages, host: "127.0.0.1", localAddress });
    const pair = { near, far };
    this.pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (data) => this.stalled || this.later(() => to.write(data)));
      from.on("error", () => undefined);
      from.on("close", () => {
        this.pairs.delete(pair);
        this.later(() => to.destroy());
      });
    }
  }

  later(act) {
    if (this.delay_ms) setTimeout(act, this.delay_ms);
    else act();
  }

  reset() {
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Nothing gets through any more, and nobody is told. What was on its way is lost. */
  stall() {
    this.stalled = true;
  }

  /** No connection at all until open again. */
  cut() {
    this.closed = true;
    this.reset();
  }

  mend() {
    if (this.stalled) this.reset();
    this.stalled = this.closed = false;
  }

  close() {
    this.reset();
    this.server.close();
  }
}

let browser;

const launch = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags.split(" ") };
if (authority) launch.env = { ...process.env, HOME: authority };

/** Whoever's home it is installs an authority; what is launched with it trusts that. */
export function install(home, certificate) {
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  execFileSync("certutil", ["-d", "sql:" + store, "-N", "--empty-password"]);
  execFileSync("certutil", ["-d", "sql:" + store, "-A", "-t", "C,,", "-n", "hearth"], { input: certificate });
}

/** A browser of its own. */
export function launchFrom(home) {
  return chromium.launch({ ...launch, env: { ...process.env, HOME: home } });
}

export function launchServer() {
  return chromium.launchServer(launch);
}

/** The one that a run of ctest shares, if there is one. */
async function connect() {
  const file = process.env.HEARTH_BROWSER_SHARED;
  if (!file || !existsSync(file)) return undefined;
  return chromium.connect(readFileSync(file, "utf8").split("\n")[0]).catch(() => undefined);
}

export async function openBrowser() {
  browser ??= (await connect()) ?? (await chromium.launch(launch));
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** Runs a test with a daemon and a way of its own; people made in it go when it ends. */
export function world(body, ...settings) {
  return async (t) => {
    const daemon = await new Daemon().start(...settings);
    const way = await new Way(daemon).listen();
    const contexts = [];
    const here = {
      t,
      daemon,
      way,
      async context(options = desk) {
        const context = await (await openBrowser()).newContext({ locale: "en-US", ...options });
        context.setDefaultTimeout(deadline_ms);
        await context.addInitScript(() => {
          window.reports = [];
          addEventListener("securitypolicyviolation", (event) => window.reports.push(event.violatedDirective + " " + event.blockedURI));
        });
        contexts.push(context);
        return context;
      },
      async person(name, options, path = "") {
        const context = await here.context(options);
        return here.enter(context, name, path);
      },
      async enter(context, name, path = "") {
        const page = await context.newPage();
        page.errors = [];
        page.on("pageerror", (error) => page.errors.push(error.message));
        page.on("console", (message) => /Content Security|Trusted Type/i.test(message.text()) && page.errors.push(message.text()));
        await page.goto(way.address + path);
        if (name) {
          await page.fill("#name", name);
          await page.press("#name", "Enter");
        }
        await page.waitForSelector("#composer");
        await page.waitForSelector(".log[aria-busy=false]");
        return page;
      },
    };
    try {
      await body(here);
    } finally {
      await Promise.all(contexts.map((context) => context.close().catch(() => undefined)));
      way.close();
      await daemon.stop();
    }
  };
}

export async function say(page, text) {
  await page.fill("#composer", text);
  /* On a touch screen Enter is a new line. */
  const touch = await page.evaluate(() => matchMedia("(pointer: coarse)").matches);
  if (touch) await page.click(".composer .main");
  else await page.press("#composer", "Enter");
}

/** By the sheet for it; the page is in the room then. */
export async function createRoom(page, room, { isPrivate = false } = {}) {
  await page.click("[aria-label='Create a room']");
  await page.fill("dialog [name=room]", room);
  if (isPrivate) await page.check("dialog [value=private]");
  await page.press("dialog [name=room]", "Enter");
  await page.waitForSelector(`.title:has-text('${room}')`);
}

/** Somebody without a page: says many things quickly, over plain HTTP. With a token, and more, it may be a bridge. */
export async function speaker(daemon, name, { token, ...more } = {}) {
  const ask = async (frame, key) => {
    const headers = { "Content-Type": "application/json", ...(key ? { Authorization: "Bearer " + key } : {}) };
    const reply = await fetch(`http://127.0.0.1:${daemon.port}/api/v1/do`, { method: "POST", headers, body: JSON.stringify(frame) });
    return reply.json();
  };
  const session = token ?? (await ask({ type: "hello", name })).session;
  let count = 0;
  return {
    ask: (frame) => ask(frame, session),
    async say(text, room = "lobby") {
      const reply = await ask({ type: "send", room, text, nonce: `${name}-${count++}`, ...more }, session);
      if (reply.type !== "ack") throw new Error(JSON.stringify(reply));
      return reply;
    },
  };
}

/** Starts the gateway again, keeping only so many entries, until the others are gone; then as before. */
export async function prune(daemon, count) {
  await daemon.end("SIGTERM");
  await daemon.start("retention.room_entries=" + count);
  const reader = await speaker(daemon, "reader");
  await until(async () => {
    const { messages, more } = await reader.ask({ type: "history", room: "lobby", after: 0, limit: 200 });
    return messages.length === count && !more;
  }, `only ${count} are left`);
  await daemon.end("SIGTERM");
  await daemon.start();
}

/** One request of the administrator's. */
export function administrate(daemon, request) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json" };
    const to = { socketPath: daemon.folder + "/socket", path: "/admin/v1/do", method: "POST", headers };
    const sent = http.request(to, async (reply) => {
      const told = JSON.parse(await new Response(reply).text());
      if (told.type === "error") reject(new Error(JSON.stringify(told)));
      else resolve(told);
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(request));
  });
}

/** For whoever wants to look at what a test sees: HEARTH_PICTURES=folder. */
export async function picture(page, name) {
  const folder = process.env.HEARTH_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** The texts of the log, as they stand. */
export function texts(page) {
  return page.$$eval(".log .row .text", (rows) => rows.map((row) => row.textContent));
}

export function waiting(page) {
  return page.$$eval(".log .row.pending", (rows) => rows.length);
}

export function hears(page, text) {
  const stored = ".log .row:not(.pending) .text";
  const heard = () => page.$$eval(stored, (rows, text) => rows.some((row) => row.textContent === text), text);
  return until(heard, `hears ${text}`);
}

/** A row that is lit keeps data-was-lit: on a busy machine that may be over before anybody looks. */
export async function keepLit(place) {
  await place.addInitScript(() => {
    const look = (list) => list.forEach(({ target }) => target.classList.contains("lit") && (target.dataset.wasLit = ""));
    new MutationObserver(look).observe(document, { subtree: true, attributeFilter: ["class"] });
  });
  return place;
}

/** Adds up by how much a place's pages jump, from their first drawing on. */
export async function watchShift(place) {
  await place.addInitScript(() => {
    window.shift = 0;
    const add = (list) => list.getEntries().forEach((one) => (window.shift += one.value));
    new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
  });
}

export async function shifted(page) {
  return page.evaluate(() => window.shift);
}

/** Until check gives something true; the test's own timeout bounds it. */
export async function until(check, what, ms = deadline_ms) {
  const end = performance.now() + ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > end) throw new Error("never: " + what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The menu of a message, the newest if none is named. What listens for it comes after the first screen, and a row
 * that is just drawn anew hears nothing. */
export async function openMenu(page, { row = ".log .row >> nth=-1", by = () => page.press(row, "Enter") } = {}) {
  await until(async () => {
    await by();
    return page.waitForSelector("dialog .line", { timeout: 3000 }).catch(() => null);
  }, "the menu of a message");
}

/** axe finds nothing wrong with the page as it stands. */
export async function axe(page, what) {
  await page.evaluate(axeSource);
  /* What is still fading in has no colours of its own yet; a fire flickers for ever. */
  await page.evaluate(() => {
    const ending = document.getAnimations().filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
    return Promise.all(ending.map((one) => one.finished));
  });
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const broken = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
  assert.deepEqual(broken, [], what);
}
