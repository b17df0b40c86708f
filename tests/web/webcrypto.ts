// Node 18 (Debian 12) has what browsers call crypto only in a module.
import { webcrypto } from "node:crypto";

(globalThis as { crypto?: unknown }).crypto ??= webcrypto;
