// One chromium for all files of a run: `shared.mjs start FILE` leaves it running, with its address in
// FILE, `shared.mjs stop FILE` ends it. It also ends with the ctest that started it.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launchServer } from "./support.mjs";

const [action, file, owner] = process.argv.slice(2);

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function serve() {
  const server = await launchServer();
  writeFileSync(file + ".new", `${server.wsEndpoint()}\n${process.pid}\n`);
  renameSync(file + ".new", file);
  const end = () => server.close().then(() => process.exit());
  process.on("SIGTERM", end);
  setInterval(() => isAlive(Number(owner)) || end(), 2000);
}

async function start() {
  rmSync(file, { force: true });
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "serve", file, String(process.ppid)], { detached: true, stdio: "ignore" });
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error("the browser does not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.unref();
}

function stop() {
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[1]);
  rmSync(file);
  if (isAlive(pid)) process.kill(pid, "SIGTERM");
}

await { serve, start, stop }[action]();
