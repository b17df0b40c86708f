import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { chooseLanguage, t, useLaterWords, useWords, type LaterWords, type Words } from "../../web/src/words";
import first_en from "../../web/src/words/en";
import first_ko from "../../web/src/words/ko";
import later_en from "../../web/src/words/later_en";
import later_ko from "../../web/src/words/later_ko";

type All = Words & LaterWords;
const en: All = { ...first_en, ...later_en };
const ko: All = { ...first_ko, ...later_ko };
const texts = (phrase: All[keyof All]): string[] => (typeof phrase === "string" ? [phrase] : (Object.values(phrase) as string[]));
const holes = (phrase: All[keyof All]) => [...new Set(texts(phrase).join(" ").match(/\{\w+\}/g) ?? [])].sort();
const keys = Object.keys(en) as (keyof All)[];

test("Korean has every key of English, and no other", () => {
  assert.deepEqual(Object.keys(first_ko).sort(), Object.keys(first_en).sort());
  assert.deepEqual(Object.keys(later_ko).sort(), Object.keys(later_en).sort());
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
    const phrase = en[key];
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
  const files = sources(source).filter((file) => !relative(source, file).startsWith("words/"));
  const codeOf = (some: string[]) => some.map((file) => readFileSync(file, "utf8")).join("\n");
  const code = codeOf(files);
  const unsaid = keys.filter((key) => !code.includes(`"${key}"`) && !/^link(Good|Weak|Lost)$/.test(key));
  assert.deepEqual(unsaid, []);
  const firstCode = codeOf(files.filter((file) => !file.includes("lazy/")));
  const said = firstCode.match(/\bt\([^;]*?\)/g)!.join("\n");
  const late = Object.keys(later_en).filter((key) => said.includes(`"${key}"`));
  assert.deepEqual(late, [], "the first drawing says what has not come yet");
});

test("numbers choose the plural and holes are filled", () => {
  useWords("en", first_en);
  assert.equal(t("pill", { n: 1 }), "1 new message");
  assert.equal(t("pill", { n: 1200 }), "1,200 new messages");
  assert.equal(t("typing", { a: "{b} <i>" }), "{b} <i> is typing…");
  useWords("ko", first_ko);
  useLaterWords(later_ko);
  assert.equal(t("copied"), "복사했습니다");
  assert.equal(t("pill", { n: 2 }), "새 메시지 2개");
});

test("the reader's language is chosen, else English", () => {
  assert.equal(chooseLanguage("", ["fr-FR", "ko-KR", "en"]), "ko");
  assert.equal(chooseLanguage("en", ["ko"]), "en");
  assert.equal(chooseLanguage("", ["fr"]), "en");
});
