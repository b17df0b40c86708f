import assert from "node:assert/strict";
import { test } from "node:test";
import { isEmojiOnly, linkEnd, markdown } from "../../web/src/markdown";

/** <strong>x</strong> as text, to compare; elements exist only as objects. */
function draw(node: any): string {
  if (Array.isArray(node)) return node.map(draw).join("");
  if (node === null || node === undefined || typeof node !== "object") return String(node ?? "");
  const { children, ...props } = node.props;
  const shown = Object.keys(props).filter((key) => ["href", "class", "start"].includes(key)).map((key) => ` ${key}=${props[key]}`).join("");
  return `<${node.type}${shown}>${draw(children)}</${node.type}>`;
}
const plain = (text: string) => draw(markdown(text, "mina"));
const inner = (text: string) => plain(text).replace(/^<p>|<\/p>$/g, "");

const cases: [string, string][] = [
  ["hi", "hi"],
  ["**bold** x", "<strong>bold</strong> x"],
  ["*it* and _it_", "<em>it</em> and <em>it</em>"],
  ["**a *b* c**", "<strong>a <em>b</em> c</strong>"],
  ["~~no~~", "<s>no</s>"],
  ["`a*b*`", "<code>a*b*</code>"],
  ["``a`b``", "<code>a`b</code>"],
  ["2*3*4 snake_case_name", "2*3*4 snake_case_name"],
  ["* alone", "<ul><li>alone</li></ul>"],
  ["a * b * c", "a * b * c"],
  ["**", "**"],
  ["****", "****"],
  ["[x](javascript:alert(1))", "[x](javascript:alert(1))"],
  ["javascript:alert(1)", "javascript:alert(1)"],
  ["<b>x</b>", "<b>x</b>"],
  ["@mina hi", "<span class=mention me>@mina</span> hi"],
  ["@jun hi", "<span class=mention>@jun</span> hi"],
  ["a@mina.org", "a@mina.org"],
  ["@민준님 봐요", "<span class=mention>@민준님</span> 봐요"],
];
for (const [text, wanted] of cases) test(`inline: ${text}`, () => assert.equal(inner(text), wanted));

test("links: http and https only, without the sentence's punctuation", () => {
  assert.equal(inner("see http://a.b/c."), "see <a href=http://a.b/c>http://a.b/c</a>.");
  assert.equal(inner("(https://a.b/c_(d))"), "(<a href=https://a.b/c_(d)>https://a.b/c_(d)</a>)");
  assert.equal(inner("ftp://a.b"), "ftp://a.b");
  assert.equal("http://a.b".length, linkEnd("http://a.b?!"));
  assert.equal(inner("**http://a.b**"), "<strong><a href=http://a.b>http://a.b</a></strong>");
});

test("blocks: code, quotes, lists", () => {
  assert.equal(plain("a\n```\nx *y*\n```\nb"), "<p>a</p><pre><code>x *y*</code></pre><p>b</p>");
  assert.equal(plain("> a\n> **b**"), "<blockquote><p>a\n<strong>b</strong></p></blockquote>");
  assert.equal(plain("- a\n- b"), "<ul><li>a</li><li>b</li></ul>");
  assert.equal(plain("3. a\n4. b"), "<ol start=3><li>a</li><li>b</li></ol>");
  assert.equal(plain("```\nopen"), "<p>```\nopen</p>");
});

test("depth is bounded, and length costs no more than its square root's worth of patience", () => {
  assert.ok(plain(">".repeat(2000) + "x").length > 0);
  const started = process.cpuUsage().user;
  for (const text of ["*".repeat(4096), "_a".repeat(2000), "`".repeat(4096), "**a ".repeat(1000), "http://".repeat(500), "@".repeat(4096), "~~a".repeat(1300)]) plain(text);
  assert.ok(process.cpuUsage().user - started < 3e6);
});

test("one to three emoji are large, words are not", () => {
  for (const text of ["👍", "❤️", "😀 😀", "👨‍👩‍👧", "👍🏽"]) assert.ok(isEmojiOnly(text), text);
  for (const text of ["a", "👍 ok", "12", "😀😀😀😀", ""]) assert.ok(!isEmojiOnly(text), text);
});
