import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { chooseLanguage, t, useWords, type Words } from "../../web/src/words";
import en from "../../web/src/words/en";
import ko from "../../web/src/words/ko";

const texts = (phrase: Words[keyof Words]): string[] => (typeof phrase === "string" ? [phrase] : (Object.values(phrase) as string[]));
const holes = (phrase: Words[keyof Words]) => [...new Set(texts(phrase).join(" ").match(/\{\w+\}/g) ?? [])].sort();
const keys = Object.keys(en) as (keyof Words)[];

test("Korean has every key of English, and no other", () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
});

test("no phrase is empty, and both languages fill the same holes", () => {
  for (const key of keys) {
    for (const text of [...texts(en[key]), ...texts(ko[key])]) assert.ok(text.trim(), key);
    assert.deepEqual(holes(ko[key]), holes(en[key]), key);
  }
});

test("Korean is Korean", () => {
  for (const key of keys) if (holes(en[key]).length === 0) assert.match(texts(ko[key]).join(), /[가-힣]/, key);
});

test("English plurals have one and other", () => {
  for (const key of keys) {
    const phrase = (en as Words)[key];
    if (typeof phrase !== "string") assert.ok(phrase.one && phrase.other, key);
  }
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? sources(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

test("every phrase is said somewhere", () => {
  const source = join(process.env.HEARTH_ROOT!, "web/src");
  const code = sources(source)
    .filter((file) => !relative(source, file).startsWith("words/"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  const unsaid = keys.filter((key) => !code.includes(`"${key}"`) && !/^link(Good|Weak|Lost)$/.test(key));
  assert.deepEqual(unsaid, []);
});

test("numbers choose the plural and holes are filled", () => {
  useWords("en", en);
  assert.equal(t("pill", { n: 1 }), "1 new message");
  assert.equal(t("pill", { n: 1200 }), "1,200 new messages");
  assert.equal(t("typing", { a: "{b} <i>" }), "{b} <i> is typing…");
  useWords("ko", ko);
  assert.equal(t("pill", { n: 2 }), "새 메시지 2개");
});

test("the reader's language is chosen, else English", () => {
  assert.equal(chooseLanguage("", ["fr-FR", "ko-KR", "en"]), "ko");
  assert.equal(chooseLanguage("en", ["ko"]), "en");
  assert.equal(chooseLanguage("", ["fr"]), "en");
});
