// A QR code: byte mode, error correction L, versions 1 to 10 (271 bytes), as ISO/IEC 18004 says.

/** Error correction words per block, and the number of data words of each block, by version. */
const versions: [number, number[]][] = [
  [7, [19]],
  [10, [34]],
  [15, [55]],
  [20, [80]],
  [26, [108]],
  [18, [68, 68]],
  [20, [78, 78]],
  [24, [97, 97]],
  [30, [116, 116]],
  [18, [68, 68, 69, 69]],
];
const aligned = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];

/** The field of 256 elements that Reed-Solomon codes live in. */
const power = new Uint8Array(512);
const exponent = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  power[i] = power[i + 255] = x;
  exponent[x] = i;
  x = (x << 1) ^ (x & 128 ? 0x11d : 0);
}

function times(a: number, b: number): number {
  return a && b ? power[exponent[a]! + exponent[b]!]! : 0;
}

function correction(data: number[], count: number): number[] {
  let generator = [1];
  for (let i = 0; i < count; i++) {
    const next = [...generator, 0];
    generator.forEach((g, j) => (next[j + 1]! ^= times(g, power[i]!)));
    generator = next;
  }
  const rest = [...data, ...new Array<number>(count).fill(0)];
  for (let i = 0; i < data.length; i++) {
    const factor = rest[i]!;
    generator.forEach((g, j) => (rest[i + j]! ^= times(g, factor)));
  }
  return rest.slice(data.length);
}

function dataWords(bytes: Uint8Array, version: number, capacity: number): number[] {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, capacity * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const words: number[] = [];
  for (let i = 0; i < bits.length; i += 8) words.push(parseInt(bits.slice(i, i + 8).join(""), 2));
  for (let pad = 0xec; words.length < capacity; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

function interleave(words: number[], [count, sizes]: [number, number[]]): number[] {
  let at = 0;
  const blocks = sizes.map((size) => words.slice(at, (at += size)));
  const checks = blocks.map((block) => correction(block, count));
  const result: number[] = [];
  const longest = Math.max(...sizes);
  for (let i = 0; i < longest; i++) for (const block of blocks) if (i < block.length) result.push(block[i]!);
  for (let i = 0; i < count; i++) for (const check of checks) result.push(check[i]!);
  return result;
}

type Grid = (boolean | null)[][];

function frame(version: number): Grid {
  const size = 17 + 4 * version;
  const grid: Grid = Array.from({ length: size }, () => new Array<boolean | null>(size).fill(null));
  const square = (cy: number, cx: number, radius: number, light: number) => {
    for (let y = -radius; y <= radius; y++)
      for (let x = -radius; x <= radius; x++) {
        const ring = Math.max(Math.abs(y), Math.abs(x));
        const row = grid[cy + y];
        if (row && cx + x >= 0 && cx + x < size) row[cx + x] = ring !== light && ring !== 4;
      }
  };
  for (let i = 0; i < size; i++) grid[6]![i] = grid[i]![6] = i % 2 === 0;
  square(3, 3, 4, 2);
  square(3, size - 4, 4, 2);
  square(size - 4, 3, 4, 2);
  const centres = aligned[version - 1]!;
  const last = centres.length - 1;
  centres.forEach((y, i) =>
    centres.forEach((x, j) => {
      if (!((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0))) square(y, x, 2, 1);
    }),
  );
  grid[size - 8]![8] = true;
  for (let i = 0; i < 9; i++) {
    grid[8]![i] ??= false;
    grid[i]![8] ??= false;
    if (i < 8) {
      grid[8]![size - 1 - i] ??= false;
      grid[size - 1 - i]![8] ??= false;
    }
  }
  if (version >= 7) versionBits(grid, version);
  return grid;
}

function remainder(value: number, divisor: number, bits: number): number {
  let rest = value << bits;
  for (let i = 31 - Math.clz32(rest); rest >> bits; i = 31 - Math.clz32(rest)) rest ^= divisor << (i - bits);
  return rest;
}

function versionBits(grid: Grid, version: number): void {
  const bits = (version << 12) | remainder(version, 0x1f25, 12);
  const size = grid.length;
  for (let i = 0; i < 18; i++) {
    const dark = ((bits >> i) & 1) === 1;
    grid[Math.floor(i / 3)]![size - 11 + (i % 3)] = dark;
    grid[size - 11 + (i % 3)]![Math.floor(i / 3)] = dark;
  }
}

function formatBits(grid: Grid, mask: number): void {
  const data = (1 << 3) | mask;
  const bits = ((data << 10) | remainder(data, 0x537, 10)) ^ 0x5412;
  const size = grid.length;
  for (let i = 0; i < 15; i++) {
    const dark = ((bits >> i) & 1) === 1;
    if (i < 6) grid[i]![8] = dark;
    else if (i < 8) grid[i + 1]![8] = dark;
    else grid[size - 15 + i]![8] = dark;
    if (i < 8) grid[8]![size - 1 - i] = dark;
    else if (i < 9) grid[8]![7] = dark;
    else grid[8]![14 - i] = dark;
  }
}

/** Words go up and down in columns of two, from the right, where the frame leaves room. */
function fill(grid: Grid, words: number[], mask: (y: number, x: number) => boolean): void {
  const size = grid.length;
  let bit = 0;
  let up = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (grid[y]![x] !== null) continue;
        const dark = ((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
        bit++;
        grid[y]![x] = (dark === 1) !== mask(y, x);
      }
    }
    up = !up;
  }
}

/** The dark cells, or null when the text is too long. The mask is always the first: every reader
 * takes any of them, the choice only helps under bad light. */
export function qr(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  const index = versions.findIndex(([, sizes], i) => {
    const capacity = sizes.reduce((sum, size) => sum + size, 0);
    return bytes.length + (i < 9 ? 2 : 3) <= capacity;
  });
  if (index < 0) return null;
  const shape = versions[index]!;
  const capacity = shape[1].reduce((sum, size) => sum + size, 0);
  const grid = frame(index + 1);
  fill(grid, interleave(dataWords(bytes, index + 1, capacity), shape), (y, x) => (y + x) % 2 === 0);
  formatBits(grid, 0);
  return grid as boolean[][];
}
