// What is told of files in words.
import { language, type Key } from "../words";

/** Why a file was refused, by the field that the gateway names; "lost" and "files" are this page's own. */
export const fileReasons: Record<string, Key> = {
  "files.bytes": "fileTooLarge",
  "files.user_bytes": "quotaUser",
  "files.room_bytes": "quotaRoom",
  "files.disk_bytes": "quotaDisk",
  "files.enabled": "filesOff",
  body: "fileEmpty",
  location: "placeKept",
  files: "filesSwept",
  lost: "fileLost",
};

const units = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** 2.4 MB, as the reader's language writes it. */
export function sizeOf(bytes: number): string {
  const step = Math.min(3, Math.max(0, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1000))));
  const options = { style: "unit", unit: units[step], maximumFractionDigits: step > 1 ? 1 : 0 } as Intl.NumberFormatOptions;
  return (bytes / 1000 ** step).toLocaleString(language, options);
}
