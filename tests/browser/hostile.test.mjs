// Text only ever becomes text: 300 hostile messages and names leave no script, no style, no
// navigation, no report of the content security policy.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, speaker, texts, until, world } from "./support.mjs";

after(closeBrowser);

const seeds = [
  "<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "<svg onload=window.pwned=1>",
  "<iframe src=javascript:window.pwned=1>", "javascript:window.pwned=1", "[x](javascript:window.pwned=1)",
  "http://a\"onmouseover=window.pwned=1//", "https://x/'><script>window.pwned=1</script>", "<style>*{display:none}</style>",
  "<a href=javascript:window.pwned=1>x</a>", "**<b onclick=window.pwned=1>**", "`<script>`", "```\n<script>window.pwned=1</script>\n```",
  "> <img src=x onerror=window.pwned=1>", "- <svg/onload=window.pwned=1>", "@<script>", "{{constructor.constructor('window.pwned=1')()}}",
  "${window.pwned=1}", "data:text/html,<script>window.pwned=1</script>", "<meta http-equiv=refresh content=0;url=//x>",
  "<base href=//x>", "<form action=//x><button>", "<object data=//x>", "<link rel=stylesheet href=//x>", "\u202e<txet desrever>", "\u0000",
  "<math><mtext></form><mglyph><style></math><img src onerror=window.pwned=1>", "&lt;script&gt;", "%3Cscript%3E", "\"><script>window.pwned=1</script>",
  "__proto__", "constructor", "*".repeat(500), "_".repeat(500), "`".repeat(499), ">".repeat(300), "@".repeat(300), "http://" + "a".repeat(900),
  "Z̸̧a̷͝l̵g̶o̴".repeat(40), "👨‍👩‍👧‍👦".repeat(60), "<!--", "]]>", "<![CDATA[", "<plaintext>", "<xmp>", "<noscript><p title=\"</noscript><img src=x onerror=window.pwned=1>\">",
];
const wraps = [(x) => x, (x) => `**${x}**`, (x) => `> ${x}`, (x) => `- ${x}\n- b`, (x) => `https://e.org/${x}`, (x) => `@${x} \`${x}\``, (x) => `_${x}_ ~~${x}~~`];
const hostile = wraps.flatMap((wrap) => seeds.map(wrap)).filter((text) => !text.includes("\u0000")).slice(0, 300);

test(`${hostile.length} hostile texts are only texts`, world(async ({ person, daemon }) => {
  assert.equal(hostile.length, 300);
  const page = await person("mina");
  const address = page.url();
  const eve = await speaker(daemon, "eve");
  for (const text of hostile) await eve.ask({ type: "send", room: "lobby", text, nonce: "h" + hostile.indexOf(text) + Math.random() });
  await eve.say("the end");
  await until(async () => (await texts(page)).includes("the end"), "all are told");
  await page.$$eval(".row", (rows) => rows.forEach((row) => row.scrollIntoView()));
  const found = await page.evaluate(() => ({
    pwned: window.pwned,
    reports: window.reports,
    elements: [...new Set([...document.querySelectorAll(".row *")].map((one) => one.localName))].sort(),
    handlers: [...document.querySelectorAll(".row *")].flatMap((one) => [...one.attributes]).filter((one) => /^on|^style$|^srcdoc$/.test(one.name)).length,
    links: [...document.querySelectorAll(".row a")].filter((one) => !/^https?:$/.test(one.protocol) || one.rel !== "noopener noreferrer nofollow").length,
  }));
  assert.equal(found.pwned, undefined);
  assert.deepEqual(found.reports, []);
  assert.equal(found.handlers, 0);
  assert.equal(found.links, 0);
  const allowed = new Set(["a", "bdi", "blockquote", "button", "code", "div", "em", "li", "ol", "p", "path", "pre", "s", "span", "strong", "svg", "time", "ul"]);
  assert.deepEqual(found.elements.filter((name) => !allowed.has(name)), []);
  assert.equal(page.url(), address);
  assert.deepEqual(page.errors, []);
}));

test("hostile names, rooms and topics are only texts too", world(async ({ person, daemon }) => {
  const page = await person("mina");
  for (const [i, seed] of seeds.entries()) {
    const name = seed.slice(0, 20).replace(/[\s\u0000]/g, "") + i;
    const eve = await speaker(daemon, name).catch(() => null);
    if (!eve) continue;
    await eve.ask({ type: "send", room: "lobby", text: "I am " + i, nonce: "n" + i });
    await eve.ask({ type: "create", room: name, topic: seed });
  }
  await (await speaker(daemon, "last")).say("the end");
  await until(async () => (await texts(page)).includes("the end"), "all are told");
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual(await page.evaluate(() => window.reports), []);
  assert.deepEqual(page.errors, []);
}));

test("the page's policy is the strict one, with no Trusted Types at all", world(async ({ way }) => {
  const page = await fetch(way.address, { headers: { Connection: "close" } });
  await page.text(); /* an answer left unread keeps this process waiting */
  const policy = page.headers.get("content-security-policy");
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"])
    assert.ok(policy.includes(part), part);
  assert.doesNotMatch(policy, /unsafe/);
}));
