import assert from "node:assert/strict";
import { test } from "node:test";
import { half } from "../../web/src/lazy/half";
import { calls } from "../../web/src/markup";
import { fold, Names } from "../../web/src/mention";

const known = ["mina", "mina-2", "민준", "민준이", "김 민준", "太郎", "さくら", "タロウ", "小明", "Жанна", "Ünal", "🐱", "👩‍🚀", "client-7", "Alice Smith", "عمر", "Straße"];
const names = new Names(known);
const called = (text: string) => known.filter((name) => calls(text, names, name));

const cases: [string, string[]][] = [
  ["@mina hi", ["mina"]],
  ["hi @MINA!", ["mina"]],
  ["(@mina)", ["mina"]],
  ["@ｍｉｎａ", ["mina"]],
  ["@mina-2 hi", ["mina-2"]],
  ["@mina-3 hi", ["mina"]],
  ["@minah", []],
  ["@mina2", []],
  ["@mina_x", []],
  ["@mina_", ["mina"]],
  ["@mina님", ["mina"]],
  ["@mina에게 물어봐", ["mina"]],
  ["@minaさん", ["mina"]],
  ["안녕@mina", ["mina"]],
  ["a@mina.org", []],
  ["é@mina", []],
  ["@민준", ["민준"]],
  ["@민준님에게는", ["민준"]],
  ["@민준이", ["민준이"]],
  ["@민준이가", ["민준이"]],
  ["@민준한테서", ["민준"]],
  ["@민준ㅋㅋ", ["민준"]],
  ["@민준호", []],
  ["@민준\u1112\u1169", []],
  ["@김 민준 씨", ["김 민준"]],
  ["@太郎さん見て", ["太郎"]],
  ["@太郎は", ["太郎"]],
  ["@太郎丸", []],
  ["@さくらちゃんも", ["さくら"]],
  ["@さくらんぼ", []],
  ["@タロウくん", ["タロウ"]],
  ["@小明你好", []],
  ["@小明, 你好", ["小明"]],
  ["@жанна!", ["Жанна"]],
  ["@ÜNAL", ["Ünal"]],
  ["@🐱 hi", ["🐱"]],
  ["@🐱\ufe0f", ["🐱"]],
  ["@👩‍🚀!", ["👩‍🚀"]],
  ["@👩", []],
  ["@client-7: yes", ["client-7"]],
  ["@client-71", []],
  ["@alice smith, look", ["Alice Smith"]],
  ["@عمر؟", ["عمر"]],
  ["@STRASSE", ["Straße"]],
  ["`@mina`", []],
  ["``a ` @mina``", []],
  ["`@mina", ["mina"]],
  ["```\n@mina\n```", []],
  ["```js\n@mina\n```\n@민준", ["민준"]],
  ["```\n@mina", ["mina"]],
  ["http://social.example/@mina", []],
  ["Https://a.b/@mina, @민준", ["민준"]],
  ["> @mina\nso?", []],
  [">@mina", []],
  ["> x\n@mina", ["mina"]],
  ["**@mina** and _see @민준_", ["mina", "민준"]],
  ["- @mina", ["mina"]],
  ["mina", []],
  ["@", []],
  ["", []],
];
for (const [text, wanted] of cases) test(`calls: ${text}`, () => assert.deepEqual(called(text), wanted));

test("names are folded as the gateway folds them", () => {
  for (const [one, other] of [["ΣΊΣΥΦΟΣ", "σίσυφος"], ["Straße", "STRASSE"], ["ẞ", "ss"], ["ﬁ", "FI"], ["İ", "i̇"], ["Ｋ", "k"], ["e\u0301", "É"], ["👩‍🚀", "👩🚀"]] as const) assert.equal(fold(one), fold(other));
  assert.notEqual(fold("ı"), fold("i"));
});

/** A small generator, the same every time. */
function dice(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

test("in plain words of any script, whoever is named with a sign behind the name is called, and nobody else", () => {
  const roll = dice(11);
  const words = ["and", "그리고", "見て", "и", "٣", "😀", "5", "—", "e\u0301t"];
  const ends = [" ", ", ", "! ", "? ", ") ", "。", "、", "\n", ": "];
  for (let round = 0; round < 3000; round++) {
    const wanted = new Set<string>();
    let text = "";
    for (let i = 1 + roll(6); i > 0; i--) {
      const name = known[roll(known.length)]!;
      if (roll(2)) text += words[roll(words.length)] + " ";
      else {
        wanted.add(name);
        text += `@${roll(2) ? name : name.toUpperCase()}${ends[roll(ends.length)]}`;
      }
    }
    assert.deepEqual(new Set(called(text)), wanted, JSON.stringify(text));
    for (const hidden of [`\`\`\`\n${text}\n\`\`\``, "> " + text.replaceAll("\n", "\n> ")]) assert.deepEqual(called(hidden), [], hidden);
  }
});

test("what is half written before the caret is found", () => {
  assert.equal(half("hi @mi", 6, "@"), "mi");
  assert.equal(half("hi @mi there", 6, "@"), "mi");
  assert.equal(half("a@mi", 4, "@"), null);
  assert.equal(half("hi :smi", 7, ":"), "smi");
  assert.equal(half("@a b", 4, "@"), null);
});
