import assert from "node:assert/strict";
import { test } from "node:test";
import { linkEnd } from "../../web/src/links";
import { isEmojiOnly, markdown } from "../../web/src/markdown";
import { Names } from "../../web/src/mention";

/** <strong>x</strong> as text, to compare; elements exist only as objects. */
function draw(node: any): string {
  if (Array.isArray(node)) return node.map(draw).join("");
  if (node === null || node === undefined || typeof node !== "object") return String(node ?? "");
  const { children, ...props } = node.props;
  const shown = Object.keys(props).filter((key) => ["href", "class", "start"].includes(key)).map((key) => ` ${key}=${props[key]}`).join("");
  return `<${node.type}${shown}>${draw(children)}</${node.type}>`;
}
const names = new Names(["mina", "jun", "민준"]);
const plain = (text: string) => draw(markdown(text, names, "mina"));
/** What a reader sees. */
const shown = (node: any): string =>
  Array.isArray(node) ? node.map(shown).join("") : node !== null && typeof node === "object" ? shown(node.props.children) : String(node ?? "");
const inner = (text: string) => plain(text).replace(/^<p>|<\/p>$/g, "");

const cases: [string, string][] = [
  ["hi", "hi"],
  ["**bold** x", "<strong>bold</strong> x"],
  ["*it* and _it_", "<em>it</em> and <em>it</em>"],
  ["**a *bit* c**", "<strong>a <em>bit</em> c</strong>"],
  ["공지:**중요**합니다", "공지:<strong>중요</strong>합니다"],
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
  ["@민준님 봐요", "<span class=mention>@민준</span>님 봐요"],
  ["@nobody hi", "@nobody hi"],
];
for (const [text, wanted] of cases) test(`inline: ${text}`, () => assert.equal(inner(text), wanted));

/* Where a reader would say that the link ends. */
const links: [string, string][] = [
  ["見て http://a.b/c。次", "http://a.b/c"],
  ["（http://a.b/c）", "http://a.b/c"],
  ["「http://a.b/c」と", "http://a.b/c"],
  ["http://a.b/c，还有", "http://a.b/c"],
  ["http://a.b/c、次", "http://a.b/c"],
  ["[http://a.b/c]", "http://a.b/c"],
  ["“http://a.b/c”", "http://a.b/c"],
  ["‘http://a.b/c’라고", "http://a.b/c"],
  ["'http://a.b/c'라고", "http://a.b/c"],
  ["„http://a.b/c“", "http://a.b/c"],
  ["«http://a.b/c»", "http://a.b/c"],
  ["http://a.b/c…", "http://a.b/c"],
  ["http://a.b/c؟ نعم", "http://a.b/c"],
  ["http://a.b/c। और", "http://a.b/c"],
  ["http://a.b/c።", "http://a.b/c"],
  ["http://a.b/c։", "http://a.b/c"],
  ["http://a.b/c—that one", "http://a.b/c"],
  ["http://a.b/c👍", "http://a.b/c"],
  ["(http://a.b/c)에서", "http://a.b/c"],
  ["http://a.b/Hobson's_choice", "http://a.b/Hobson's_choice"],
  ["'http://a.b/Hobson's_choice'", "http://a.b/Hobson's_choice"],
  ["http://a.b/L’Été", "http://a.b/L’Été"],
  ["http://a.b/Bose–Einstein", "http://a.b/Bose–Einstein"],
  ["http://a.b/スター・ウォーズ", "http://a.b/スター・ウォーズ"],
  ["(http://a.b/c_(d))", "http://a.b/c_(d)"],
  ["http://[fe80::1]:8080/x", "http://[fe80::1]:8080/x"],
  ["http://ja.b/wiki/日本語", "http://ja.b/wiki/日本語"],
  ["http://ko.b/wiki/서울", "http://ko.b/wiki/서울"],
  ["봐: http://a.b/c에서 만나", "http://a.b/c"],
  ["http://a.b/c는 어때", "http://a.b/c"],
  ["http://10.0.0.1/에서", "http://10.0.0.1/"],
  ["http://a.b/cを見て", "http://a.b/c"],
  ["见http://a.b/c。", "http://a.b/c"],
  ["see http://a.b/c.", "http://a.b/c"],
  ["http://a.b/c?!", "http://a.b/c"],
  ["Https://a.b/x", "Https://a.b/x"],
  ["HTTP://A.B/X", "HTTP://A.B/X"],
  ["http://a.b/_x_/y*z", "http://a.b/_x_/y*z"],
];
for (const [text, wanted] of links)
  test(`link: ${text}`, () => {
    const start = text.search(/https?:/i);
    assert.equal(text.slice(start, linkEnd(text, start)), wanted);
    assert.ok(plain(text).includes(`>${wanted}</a>`), plain(text));
  });

test("what is no http or https address is no link", () => {
  for (const text of ["ftp://a.b", "javascript:alert(1)", "xhttps://a.b", "http://", "https://."]) assert.doesNotMatch(plain(text), /<a/, text);
  assert.equal(inner("**http://a.b**"), "<strong><a href=http://a.b>http://a.b</a></strong>");
});

test("blocks: code, quotes, lists", () => {
  assert.equal(plain("a\n```\nx *y*\n```\nb"), "<p>a</p><pre><code>x *y*</code></pre><p>b</p>");
  assert.equal(plain("```js\nx\n```"), "<pre><small>js</small><code>x</code></pre>");
  assert.equal(plain("``` look here\nx``` then"), "<pre><code>look here\nx</code></pre><p>then</p>");
  assert.equal(plain("> a\n> **b**"), "<blockquote><p>a\n<strong>b</strong></p></blockquote>");
  assert.equal(plain("> @mina\n@jun"), "<blockquote><p>@mina</p></blockquote><p><span class=mention>@jun</span></p>");
  assert.equal(plain("- a\n- b"), "<ul><li>a</li><li>b</li></ul>");
  assert.equal(plain("```\nopen"), "<p>```\nopen</p>");
});

/* Paths, globs, identifiers, faces, sums, numbers of lists: nobody meant any of it as markup. */
const typed = [
  "3. a\n7. b\n1) c", "*.c, *.h", "rm a/*/b/*", "src/**/*.ts and src/**/*.js", "(*_*)", "(*^o^*)", "(*ﾟ∀ﾟ*)", ">_< hm >_<", ">.<", ">o<", ">:(",
  "^_^ -_- T_T o_o", "__init__ and __name__", "_foo_bar_", "안녕~~반가워~~", "2*3*4 and 2 * 3 * 4", "f(*a, *b)", "int *a; char *b;", "**kwargs and **more",
  "x.*y.*", "~/a ~/b", "~~~", "C:\\a\\*b\\*c", "/** doc **/", "-1 degree", "- - -", "* * *", ">> a", ">>> x = 1", ">5", "a_b_c", "`", "``", "``` ```", "```\n```", "5 *3* 2",
];
for (const text of typed) test(`as typed: ${text}`, () => assert.equal(plain(text), `<p>${text}</p>`));

/** A small generator, the same every time. */
function dice(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

const pieces = [
  "a", "B", "ß", "é", "e\u0301", "가", "나다", "日本", "カ", "ひ", "Ж", "ع", "ह", "ไ", "👍", "👩🏽‍🚀", "🇰🇷", "1️⃣", "™", "7", "42", " ", "  ", "\n", "\t", "*", "**", "***", "_", "__", "~", "~~", "`", "``", "```", "\n```", ">", "> ", "\n> ", "- ", "\n- ", "\n* ", "• ",
  "1. ", "\n2) ", "@", "@mina", "@민준님", "http://a.b/", "Https://x.y", ".", ",", "!", "?", "'", "\"", "(", ")", "[", "]", "{", "}", "<", "/", "\\", "|", "#", "&amp;", "。", "、", "「", "」", "…", "«", "—", "؟", "\u200d", "\ufe0f", "\u200b",
];

test("whatever is typed is shown: only recognised markup and blank space may go", () => {
  const roll = dice(7);
  for (let round = 0; round < 20000; round++) {
    const text = Array.from({ length: 1 + roll(24) }, () => pieces[roll(pieces.length)]).join("");
    const seen = shown(markdown(text, names, "mina"));
    let at = 0;
    let gone = "";
    for (const sign of text) {
      if (seen.startsWith(sign, at)) at += sign.length;
      else gone += sign;
    }
    assert.equal(at, seen.length, `shown what was not typed: ${JSON.stringify({ text, seen })}`);
    assert.match(gone, /^[*_~`>•\s-]*$/u, JSON.stringify({ text, seen, gone }));
    if (!/[*_~`>•-]/u.test(text)) assert.equal(seen, text, "without a sign nothing goes");
  }
});

test("depth is bounded, and length costs no more than its square root's worth of patience", () => {
  assert.ok(plain(">".repeat(2000) + "x").length > 0);
  const started = process.cpuUsage().user;
  for (const text of ["*".repeat(4096), "_a".repeat(2000), "`".repeat(4096), "**a ".repeat(1000), "http://".repeat(500), "@".repeat(4096), "~~a".repeat(1300)]) plain(text);
  assert.ok(process.cpuUsage().user - started < 3e6);
});

test("one to three emoji are large, words are not", () => {
  const large = ["👍", "❤️", "😀 😀", "👨‍👩‍👧", "👍🏽", "🇰🇷", "1️⃣", "#️⃣", "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}", "👨‍👩‍👧‍👦 🇰🇷", "👩🏽‍🚀", "🏳️‍🌈", "🏴‍☠️", "✌🏽", "❤️‍🔥"];
  for (const text of large) assert.ok(isEmojiOnly(text), text);
  const usual = ["a", "👍 ok", "12", "😀😀😀😀", "", "™", "© ®", "123", "#", "*", "🇰", "🇰🇷🇰🇷🇰🇷🇰🇷", "→", "♪", "☎", "‼"];
  for (const text of usual) assert.ok(!isEmojiOnly(text), text);
});
