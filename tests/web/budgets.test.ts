// The page's weight, as sent, in bytes after gzip.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const page = process.env.HEARTH_PAGE!;
const kib = 1024;
const files = readdirSync(page, { recursive: true }).map(String).filter((name) => name.endsWith(".gz"));
const size = (pattern: RegExp) => files.filter((name) => pattern.test(name)).reduce((sum, name) => sum + statSync(join(page, name)).size, 0);

const script = size(/\/app-/);
const style = size(/\/style-/);
const shell = size(/^index\.html|\/icon-/);
const dictionary = Math.max(size(/\/en-/), size(/\/ko-/));
/* A reader fetches one dictionary of the two. */
const later = Math.max(size(/\/later_en-/), size(/\/later_ko-/));
const lazy = later + size(/^assets\/(?!app-|en-|ko-|later_|install-|trust-).*\.js\.gz$/);
const later_style = size(/^assets\/later-.*\.css\.gz$/);
const trust = size(/trust[.-]/);
const all = size(/./);

const budgets: [string, number, number][] = [
  ["the script", script, 36 * kib],
  ["the style", style, 5 * kib],
  ["the document and its icon", shell, 2 * kib],
  ["the dictionary", dictionary, 2 * kib],
  ["the first load", script + style + shell + dictionary, 42 * kib],
  ["the parts fetched later", lazy, 60 * kib],
  ["their style", later_style, 4 * kib],
  ["the page /trust", trust, 12 * kib],
  ["the page on flash", all, 150 * kib],
];
for (const [name, bytes, most] of budgets)
  test(`${name}: ${bytes} of ${most} bytes`, () => {
    assert.ok(bytes > 0 && bytes <= most, `${bytes} > ${most}`);
  });

test("the document names no other origin and carries no script or style of its own", () => {
  const html = readFileSync(join(page, "index.html"), "utf8");
  assert.doesNotMatch(html, /https?:\/\/(?!www\.w3\.org)/);
  assert.doesNotMatch(html, /<style|<script(?![^>]*src)|style="|\son\w+="/);
});
