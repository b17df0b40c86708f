// The code is read back by the rules of ISO/IEC 18004, from the cells alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { qr } from "../../web/src/lazy/qr";

const blocks: Record<number, number[]> = { 1: [19], 2: [34], 3: [55], 4: [80], 5: [108], 6: [68, 68], 7: [78, 78], 8: [97, 97], 9: [116, 116], 10: [68, 68, 69, 69] };
const centres: Record<number, number[]> = { 1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34], 7: [6, 22, 38], 8: [6, 24, 42], 9: [6, 26, 46], 10: [6, 28, 50] };

function isFunction(size: number, version: number, y: number, x: number): boolean {
  const finder = (y < 9 && x < 9) || (y < 9 && x >= size - 8) || (y >= size - 8 && x < 9);
  const about = version >= 7 && ((y < 6 && x >= size - 11) || (x < 6 && y >= size - 11));
  const list = centres[version]!;
  const aligned = list.some((cy) => list.some((cx) => {
    const corner = (cy === 6 && cx === 6) || (cy === 6 && cx === list.at(-1)) || (cx === 6 && cy === list.at(-1));
    return !corner && Math.abs(y - cy) <= 2 && Math.abs(x - cx) <= 2;
  }));
  return finder || about || aligned || y === 6 || x === 6;
}

function read(cells: boolean[][]): string {
  const size = cells.length;
  const version = (size - 17) / 4;
  let format = 0;
  for (const [y, x] of [[8, 0], [8, 1], [8, 2], [8, 3], [8, 4], [8, 5], [8, 7], [8, 8], [7, 8], [5, 8], [4, 8], [3, 8], [2, 8], [1, 8], [0, 8]] as const)
    format = (format << 1) | Number(cells[y]![x]);
  assert.equal((format ^ 0x5412) >> 10, 0b01000, "level L, mask 0");
  const bits: number[] = [];
  let up = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) if (!isFunction(size, version, y, x)) bits.push(Number(cells[y]![x] !== ((y + x) % 2 === 0)));
    }
    up = !up;
  }
  const words: number[] = [];
  for (let i = 0; i + 8 <= bits.length; i += 8) words.push(parseInt(bits.slice(i, i + 8).join(""), 2));
  const sizes = blocks[version]!;
  const parts: number[][] = sizes.map(() => []);
  let at = 0;
  for (let i = 0; i < Math.max(...sizes); i++) sizes.forEach((count, b) => { if (i < count) parts[b]!.push(words[at++]!); });
  const data = parts.flat().map((word) => word.toString(2).padStart(8, "0")).join("");
  assert.equal(data.slice(0, 4), "0100", "byte mode");
  const wide = version < 10 ? 8 : 16;
  const length = parseInt(data.slice(4, 4 + wide), 2);
  const bytes = Array.from({ length }, (_, i) => parseInt(data.slice(4 + wide + i * 8, 12 + wide + i * 8), 2));
  return new TextDecoder().decode(new Uint8Array(bytes));
}

for (const text of ["http://10.0.0.1/#lobby", "a", "http://chat.lan:8080/#" + encodeURIComponent("의료-상담"), "x".repeat(100), "y".repeat(150), "z".repeat(200), "w".repeat(271)])
  test(`${text.slice(0, 30)} (${text.length}) can be read back`, () => {
    assert.equal(read(qr(text)!), text);
  });

test("the three finders and the dark module are in their places", () => {
  const cells = qr("http://10.0.0.1/#lobby")!;
  const size = cells.length;
  for (const [y, x] of [[0, 0], [0, size - 7], [size - 7, 0]] as const) {
    assert.deepEqual(cells[y]!.slice(x, x + 7), new Array(7).fill(true));
    assert.equal(cells[y + 1]![x + 1], false);
    assert.equal(cells[y + 3]![x + 3], true);
  }
  assert.equal(cells[size - 8]![8], true);
});

test("a text that is too long has no code", () => assert.equal(qr("x".repeat(272)), null));
