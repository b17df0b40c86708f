// authority.mjs FOLDER: an authority as a gateway makes it, in a home that trusts it: what the long run over https has for
// all its gateways and its browser.
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Daemon, install } from "./support.mjs";

const folder = process.argv[2];
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const daemon = await new Daemon().start("tls.mode=local_ca", "tls.port=0");
for (const file of ["ca.crt", "ca.key"]) cpSync(join(daemon.folder, "tls", file), join(folder, file));
await daemon.stop();
install(folder, readFileSync(join(folder, "ca.crt")));
