// Runs one test file of the page's modules: node run.mjs --modules DIR --page DIR FILE.test.ts
// or checks the types of the page and of these tests: node run.mjs --modules DIR --page DIR --types
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const option = (name) => process.argv[process.argv.indexOf("--" + name) + 1];
const modules = option("modules");
const require = createRequire(join(modules, "here.js"));
const folder = mkdtempSync(join(tmpdir(), "hearth-web-"));

function run(...args) {
  const result = spawnSync(process.execPath, args, {
    stdio: "inherit",
    env: { ...process.env, HEARTH_PAGE: option("page"), HEARTH_ROOT: root, TZ: "Asia/Seoul" },
  });
  return result.status ?? 1;
}

function types() {
  const config = join(folder, "tsconfig.json");
  const paths = { "*": [join(modules, "*")] };
  const compilerOptions = { baseUrl: folder, paths };
  writeFileSync(config, JSON.stringify({ extends: join(root, "web/tsconfig.json"), compilerOptions, include: [join(root, "web/src")] }));
  return run(require.resolve("typescript/bin/tsc"), "--noEmit", "-p", config);
}

function test(file) {
  const { buildSync } = require("esbuild");
  const outfile = join(folder, "test.mjs");
  buildSync({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    nodePaths: [modules],
    logLevel: "warning",
  });
  return run("--test", outfile);
}

try {
  const last = process.argv[process.argv.length - 1];
  process.exitCode = last === "--types" ? types() : test(last);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
