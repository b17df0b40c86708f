// Builds the page: node build.mjs [--source DIR] [--out DIR]
//
// Leaves in DIR: index.html, hashed files under assets/, and every file once more as FILE.gz, which
// is what the daemon embeds. manifest.txt lists them; web/CMakeLists.txt says how.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
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
  ".txt": "text/plain; charset=utf-8",
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

const common = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2020", "chrome90", "firefox90", "safari14"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  charset: "utf8",
  nodePaths: [modules],
  metafile: true,
  write: false,
  logLevel: "warning",
};

/* The page is one script. What is fetched when it is asked for (lazy/, words/) takes everything it
 * shares with the page from that script's exports (shared.ts), so nothing is sent twice and the first
 * load is one request. Each names the other, so all carry one build's hash. */
const stamp = "@BUILD@";
const later = `address adopt ahead bar client commands complete dialog door elsewhere failed files invite inviting joining knocks known lasting
  looks may notification nowhere parts past people person personal sanctions search secure settings sheet sheets silent sound
  stream toolbar tools trouble voice ways you`;
const parts = [...later.split(/\s+/).map((name) => "lazy/" + name), "words/en", "words/ko", "words/later_en", "words/later_ko"];

function partOf(path) {
  if (!parts.some((part) => basename(part) === basename(path))) throw new Error(`${path} is fetched later, and not listed as a part`);
  return { path: `./${basename(path)}-${stamp}.js`, external: true };
}

const fetched = {
  name: "fetched",
  setup({ onResolve }) {
    onResolve({ filter: /\/(lazy|words)\/\w+$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? partOf(path) : null,
    );
  },
};

const shared = {
  name: "shared",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
      if (kind === "entry-point") return null;
      if (kind === "dynamic-import") return partOf(path);
      /* What several parts say is there once, and so is its state. */
      if (path.startsWith("./") && resolveDir.endsWith("lazy")) return parts.includes("lazy/" + basename(path)) ? partOf(path) : null;
      if (path.endsWith("/protocol.gen")) return null; /* of its tables each part has what it needs */
      return { path: `./app-${stamp}.js`, external: true, sideEffects: false };
    });
  },
};

/** A part that asks for what the page does not export would fail only when it is opened: fail now. */
function checkShared(app, lazy) {
  const exported = new Set(Object.values(app.metafile.outputs)[0].exports);
  for (const file of lazy.outputFiles) {
    for (const [, names] of file.text.matchAll(/import\s*\{([^}]*)\}\s*from\s*"\.\/app-/g)) {
      for (const name of names.split(",").map((one) => one.trim().split(" ")[0])) {
        if (!exported.has(name)) throw new Error(`shared.ts has to export ${name} for ${file.path}`);
      }
    }
  }
}

/** Members that TypeScript calls private and that nothing but "this." names: they may be called anything.
 * Only long ones, which no browser and no library has, and none that is also a property of some object. */
function privateNames() {
  const sources = readdirSync(join(here, "src"), { recursive: true }).map(String).filter((name) => /\.tsx?$/.test(name));
  const text = sources.map((name) => readFileSync(join(here, "src", name), "utf8")).join("\n");
  const names = [...text.matchAll(/\bprivate (?:readonly |async )?(\w{7,})/g)].map((found) => found[1]);
  return [...new Set(names)].filter((name) => !new RegExp(`(?<!\\bthis)\\.${name}\\b|[{,]\\s*${name}:`).test(text));
}

async function addStyle(name) {
  const style = await build({ ...common, entryPoints: { [name]: `src/${name}.css` } });
  return addHashed(name + ".css", style.outputFiles[0].contents);
}

async function bundle() {
  const mangleProps = new RegExp(`^(${privateNames().join("|")})$`);
  const define = { page_version: JSON.stringify(option("version", "")) };
  const app = await build({ ...common, define, mangleProps, entryPoints: { app: "src/main.tsx" }, plugins: [fetched] });
  const entryPoints = Object.fromEntries(parts.map((part) => [basename(part), `./src/${part}`]));
  const laterStyle = await addStyle("later");
  const laterDefine = { page_later_style: JSON.stringify("/" + laterStyle) };
  const lazy = await build({ ...common, define: laterDefine, entryPoints, plugins: [shared] });
  checkShared(app, lazy);
  addLicences([app, lazy]);
  const scripts = [...app.outputFiles, ...lazy.outputFiles];
  const hash = createHash("sha256");
  for (const file of scripts) hash.update(file.contents);
  const id = hash.digest("hex").slice(0, 10);
  for (const file of scripts) {
    add(`assets/${basename(file.path, ".js")}-${id}.js`, file.text.replaceAll(stamp, id), true);
  }
  return { script: `assets/app-${id}.js`, style: await addStyle("style") };
}

/** Whose work is in the bundle, and on what terms: what their licences want to be told. */
function addLicences(bundles) {
  const inputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const names = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean));
  const notices = [...names].sort().map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8").trim()}\n`;
  });
  const head = "The page of hearth is under the MIT licence. It contains:\n\n";
  add("licences.txt", head + notices.join("\n----\n\n"), false);
}

/** A document or manifest with the files' names filled in. */
function filled(path, names) {
  const text = readFileSync(join(here, path), "utf8");
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => names[name]).replace(/>\s+</g, "><").trim();
}

/** The page /trust, which stands alone. */
async function addTrust(names) {
  const script = await build({ ...common, entryPoints: { trust: "src/trust/trust.ts" } });
  const style = await build({ ...common, entryPoints: { trust: "src/trust/trust.css" } });
  const own = { script: addHashed("trust.js", script.outputFiles[0].contents), style: addHashed("trust.css", style.outputFiles[0].contents) };
  add("trust.html", filled("src/trust/trust.html", { ...names, ...own }), false);
}

/** What makes the page work offline (https only): it lists every file, so it is made last. */
async function addOffline(names) {
  const install = await build({ ...common, entryPoints: { install: "src/offline/install.ts" } });
  const script = addHashed("install.js", install.outputFiles[0].contents);
  add("install.html", filled("src/offline/install.html", { ...names, install: script }), false);
  add("app.webmanifest", filled("static/app.webmanifest", names), false);
  const kept = ["/", ...[...files.keys()].filter((path) => path.startsWith("assets/")).map((path) => "/" + path)];
  const id = createHash("sha256").update(kept.join()).digest("hex").slice(0, 10);
  const define = { page_files: JSON.stringify(kept), page_build: JSON.stringify(id) };
  const worker = await build({ ...common, define, entryPoints: { worker: "src/offline/worker.ts" }, format: "iife" });
  add("worker.js", worker.outputFiles[0].contents, false);
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
/* The document carries its icon: one request less. */
const drawn = "data:image/svg+xml," + encodeURIComponent(readFileSync(join(here, "static/icon.svg"), "utf8").trim());
add("index.html", filled("src/index.html", { ...entries, icon: drawn }), false);
await addOffline({ icon });
await addTrust({ icon });
writeAll();
