// Builds the page: node build.mjs [--source DIR] [--out DIR]
//
// Leaves in DIR: index.html, hashed files under assets/, and every file once more as FILE.gz, which
// is what the daemon embeds. manifest.txt lists them; web/CMakeLists.txt says how.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = option("source", dirname(fileURLToPath(import.meta.url)));

function option(name, otherwise) {
  const at = process.argv.indexOf("--" + name);
  return at < 0 ? otherwise : process.argv[at + 1];
}

const out = resolve(option("out", join(here, "dist")));
const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");


const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

/** Every file of the page: path -> { bytes, immutable }. */
const files = new Map();

function add(path, bytes, immutable) {
  files.set(path, { bytes: Buffer.from(bytes), immutable });
}

function addHashed(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const path = `assets/${name.replace(/(\.\w+)$/, `-${hash}$1`)}`;
  add(path, bytes, true);
  return path;
}

async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: { app: "src/main.tsx", style: "src/style.css" },
    outdir: out,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: ["es2020", "chrome90", "firefox90", "safari14"],
    jsx: "automatic",
    jsxImportSource: "preact",
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    legalComments: "none",
    charset: "utf8",
    nodePaths: [modules],
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const entries = {};
  for (const file of result.outputFiles) {
    add(file.path.slice(out.length + 1), file.contents, true);
  }
  for (const [path, made] of Object.entries(result.metafile.outputs)) {
    const output = path.slice(path.indexOf("assets/"));
    if (made.entryPoint) entries[made.entryPoint] = output;
  }
  return entries;
}

function page(entries, icon) {
  return readFileSync(join(here, "src/index.html"), "utf8")
    .replace("{{style}}", entries["src/style.css"])
    .replace("{{script}}", entries["src/main.tsx"])
    .replaceAll("{{icon}}", icon)
    .replace(/>\s+</g, "><")
    .trim();
}

function writeAll() {
  rmSync(out, { recursive: true, force: true });
  const lines = [];
  for (const path of [...files.keys()].sort()) {
    const { bytes, immutable } = files.get(path);
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), bytes);
    writeFileSync(join(out, path + ".gz"), gzipSync(bytes, { level: 9 }));
    const keep = immutable ? "immutable" : "revalidate";
    lines.push(`${path}\t${types[extname(path)]}\t${keep}\t${bytes.length}`);
  }
  writeFileSync(join(out, "manifest.txt"), lines.join("\n") + "\n");
}

const entries = await bundle();
const icon = addHashed("icon.svg", readFileSync(join(here, "static/icon.svg")));
add("index.html", page(entries, icon), false);
writeAll();
