// The page /trust: finds out whether this device trusts the gateway's certificate by using it, and says what is
// missing. A page of its own, so the chat carries nothing of it; it needs no connection to the chat.
import { qr } from "../lazy/qr";
import { isTrusting, placeBefore, secureAddress, secureOf, type Secure } from "../lazy/secure";
import { recall, remember } from "../memory";
import { en, ko, type Step, type System, type TrustWords } from "./words";

const wanted = recall("language", "") || navigator.language;
const korean = wanted.toLowerCase().startsWith("ko");
const words: TrustWords = korean ? ko : en;
const page = document.getElementById("trust")!;

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name, text: string, set: Partial<HTMLElementTagNameMap[Name]> = {}, ...inside: Node[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), set);
  if (text) made.append(text);
  made.append(...inside);
  return made;
}

function systemHere(): System {
  const agent = navigator.userAgent;
  const isTablet = /Macintosh/.test(agent) && navigator.maxTouchPoints > 1;
  if (/Android/.test(agent)) return "android";
  if (/iPhone|iPad|iPod/.test(agent) || isTablet) return "ios";
  if (/Firefox/.test(agent)) return "firefox";
  if (/Windows/.test(agent)) return "windows";
  return /Macintosh/.test(agent) ? "macos" : "linux";
}

// ---- pictures

function draw(name: string, set: Record<string, string | number>, text = ""): SVGElement {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(set)) drawn.setAttribute(key, String(value));
  if (text) drawn.append(text);
  return drawn;
}

const row = 34, width = 300;

/** The rows of the settings that one taps, as steps down; the last is filled, and may have a switch. */
function picture({ way = [], turn }: Step): SVGElement {
  const height = way.length * row + 12;
  const drawn = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": way.join(" › "), class: "way" });
  drawn.append(draw("rect", { x: 1, y: 1, width: width - 2, height: height - 2, rx: 12, class: "screen" }));
  way.forEach((name, at) => {
    const y = 6 + at * row, x = 10 + at * 8, last = at === way.length - 1;
    drawn.append(draw("rect", { x: x - 4, y: y + 2, width: width - x - 2, height: row - 4, rx: 8, class: last ? "here" : "row" }));
    drawn.append(draw("text", { x: x + 6, y: y + 22, class: last ? "here" : "row" }, name));
    const end = width - 22;
    if (last && turn) {
      drawn.append(draw("rect", { x: end - 22, y: y + 8, width: 32, height: 18, rx: 9, class: "switch" }));
      drawn.append(draw("circle", { cx: end + 1, cy: y + 17, r: 7, class: "knob" }));
    } else if (!last) {
      drawn.append(draw("path", { d: `M${end} ${y + 12}l5 5l-5 5`, class: "arrow" }));
    }
  });
  return drawn;
}

function code(address: string): SVGElement | null {
  const cells = qr(address);
  if (!cells) return null;
  const size = cells.length + 8;
  const path = cells.flatMap((line, y) => line.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  const drawn = draw("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": address, class: "code" });
  drawn.append(draw("rect", { width: size, height: size, fill: "#fff" }), draw("path", { d: path, fill: "#000" }));
  return drawn;
}

// ---- what is said

function stepsOf(system: System): HTMLOListElement {
  const steps = words.steps[system].map((step) => {
    const item = make("li", step.text);
    if (step.way) item.append(picture(step));
    return item;
  });
  return make("ol", "", {}, ...steps);
}

function others(here: System): HTMLDetailsElement {
  const rest = (Object.keys(words.systems) as System[]).filter((system) => system !== here);
  const parts = rest.map((system) => make("details", "", {}, make("summary", words.systems[system]), stepsOf(system)));
  return make("details", "", {}, make("summary", words.others), ...parts);
}

function certificate(): HTMLAnchorElement {
  const link = make("a", words.fetch, { href: "/ca.crt", className: "primary" });
  link.addEventListener("click", () => {
    remember("fetched", 1);
    setTimeout(() => void test(), 4000);
  });
  return link;
}

function again(): HTMLButtonElement {
  const button = make("button", words.again, { type: "button" });
  button.addEventListener("click", () => void test());
  return button;
}

function howTo(): Node[] {
  const here = systemHere();
  const said = recall("fetched", 0) ? words.missing[here] : words.untrusted;
  const scanned = code(location.origin + "/trust");
  return [
    make("p", said, { className: "lead" }),
    certificate(),
    make("p", words.onlyHere, { className: "muted small" }),
    make("h2", words.systems[here]),
    stepsOf(here),
    again(),
    others(here),
    ...(scanned ? [make("p", words.scan, { className: "muted small" }), scanned] : []),
  ];
}

/** Whoever is somebody here moves there as that one: the chat sends what waits, and makes the code for it. */
function goes(secure: Secure): HTMLAnchorElement {
  const isSomebody = recall("me", null) !== null;
  const link = make("a", words.go, { href: isSomebody ? "/" : secureAddress(secure), className: "primary" });
  link.addEventListener("click", () => isSomebody && remember("goSecure", 1));
  return link;
}

function trusted(secure: Secure): Node[] {
  return [
    make("p", words.trusted, { className: "lead" }),
    goes(secure),
  ];
}

function show(...parts: Node[]): void {
  page.replaceChildren(make("h1", words.title), ...parts, make("p", "", {}, make("a", words.back, { href: "/" })));
}

// ---- the test

/** Goes on to where one was, over https if that works. */
async function pass(place: string): Promise<void> {
  const secure = await secureOf();
  const trusts = secure !== undefined && (await isTrusting(secure));
  remember("trusts", trusts ? 1 : 0);
  location.replace(trusts ? secureAddress(secure, place) : place);
}

async function test(): Promise<void> {
  const secure = await secureOf();
  if (!secure) return show(make("p", words.off));
  const warning = secure.warning ? [make("p", secure.warning, { className: "problem" })] : [];
  if (location.protocol === "https:") return show(make("p", words.already, { className: "lead" }), ...warning);
  if (!page.firstChild) show(make("p", words.testing));
  const trusts = await isTrusting(secure);
  remember("trusts", trusts ? 1 : 0);
  if (trusts) show(...trusted(secure), ...warning);
  else if (secure.mode === "local_ca") show(...howTo(), ...warning);
  else show(make("p", words.files, { className: "lead" }), ...warning, again());
}

const theme = recall<string>("theme", "auto");
const isDark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset.theme = isDark ? "dark" : "light";
document.title = words.title;
document.documentElement.lang = korean ? "ko" : "en";
const place = placeBefore();
if (place) {
  void pass(place);
} else {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void test());
  void test();
}
