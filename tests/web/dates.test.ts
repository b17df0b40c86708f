import assert from "node:assert/strict";
import { test } from "node:test";
import { day, dayOf } from "../../web/src/dates";
import en from "../../web/src/words/en";
import ko from "../../web/src/words/ko";
import { useWords } from "../../web/src/words";

const noon = new Date(2026, 10, 22, 12).getTime();
const hour = 3600000;

test("today, yesterday and before, in English and Korean", () => {
  useWords("en", en);
  assert.equal(day(noon, noon), "Today");
  assert.equal(day(noon - 24 * hour, noon), "Yesterday");
  assert.match(day(noon - 72 * hour, noon), /Thursday.*19/);
  assert.match(day(noon - 400 * 24 * hour, noon), /2025/);
  useWords("ko", ko);
  assert.equal(day(noon, noon), "오늘");
  assert.equal(day(noon - 24 * hour, noon), "어제");
});

test("a day ends at local midnight", () => {
  const midnight = new Date(2026, 10, 22).getTime();
  assert.notEqual(dayOf(midnight), dayOf(midnight - 1));
  assert.equal(dayOf(midnight), dayOf(midnight + 24 * hour - 1));
});
