import assert from "node:assert/strict";
import { test } from "node:test";
import { half } from "../../web/src/lazy/half";
import { mentions } from "../../web/src/mention";

test("a name is called by @, whatever its case or script", () => {
  for (const [text, name] of [["@mina hi", "mina"], ["hi @MINA!", "mina"], ["(@mina)", "mina"], ["@민준 봐요", "민준"], ["@민준님", "민준"]] as const)
    assert.ok(mentions(text, name), text);
});

test("what merely contains the name does not call", () => {
  for (const text of ["mina", "a@mina.org", "@minah", "@min", "@", ""]) assert.ok(!mentions(text, "mina"), text);
});

test("what is half written before the caret is found", () => {
  assert.equal(half("hi @mi", 6, "@"), "mi");
  assert.equal(half("hi @mi there", 6, "@"), "mi");
  assert.equal(half("a@mi", 4, "@"), null);
  assert.equal(half("hi :smi", 7, ":"), "smi");
  assert.equal(half("@a b", 4, "@"), null);
});
