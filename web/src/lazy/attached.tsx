// A file in the log, drawn into the box that was there for it: a picture, something to hear, or a name.
import { chat, open } from "../app";
import type { FileLine, OwnFile } from "../files";
import type { Row } from "../log";
import type { Room } from "../room";
import { Icon } from "../views/icon";
import { t } from "../words";
import { isShown, useFile } from "./access";
import { addressOf, keyOf } from "./blobs";
import { sizeOf } from "./reasons";
import { progress, takeBack } from "./upload";

interface Props {
  room: Room;
  row: Row;
  file: FileLine;
}

/** Without a small picture of it, one this large is fetched when somebody asks. */
const unasked_bytes_max = 600000;

/** How much of it is on the gateway, and thinking better of it. */
function Uploading({ row, file }: { row: Row; file: OwnFile }) {
  const item = chat.sender.items.value.find(({ nonce }) => nonce === row.nonce);
  if (!item || item.failed) return null;
  const share = file.id ? 1 : (progress.value.get(file.key) ?? 0);
  return (
    <span class="uploading">
      <progress max={1} value={share} aria-label={t("uploading", { name: file.name })} />
      {!item.tried && (
        <button class="plain" aria-label={t("takeBack")} title={t("takeBack")} onClick={() => takeBack(chat, item)}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}

function Sorry({ text, act }: { text: string; act?: () => void }) {
  return (
    <span class="sorry muted small">
      {text}
      {act && (
        <button class="link" onClick={act}>
          {t("again")}
        </button>
      )}
    </span>
  );
}

function Picture({ room, row, file }: Props) {
  const key = (file as Partial<OwnFile>).key ?? keyOf(file.id);
  const local = key ? addressOf(key) : "";
  const { path, state, again, onError } = useFile(room, local ? "" : file.id, file.name, file.preview);
  if (!local && state === "gone") return <Sorry text={t("fileGone")} />;
  if (!local && state === "failed") return <Sorry text={t("notLoaded")} act={again} />;
  const from = local || path;
  const look = () => open({ part: "picture", room, seq: row.seq, name: file.id });
  const large = !local && !file.preview && file.size > unasked_bytes_max;
  return (
    <button class="picture" disabled={!file.id} aria-label={file.alt ? undefined : t("pictureBy", { name: row.from })} onClick={look}>
      {large ? t("showPicture", { size: sizeOf(file.size) }) : from && <img src={from} alt={file.alt ?? ""} loading="lazy" decoding="async" onError={onError} />}
    </button>
  );
}

/** A voice message says how long it is, which its bytes do not. */
function Sound({ file: { name, alt }, path }: { file: FileLine; path: string }) {
  const long = /\d+:\d\d$/.exec(alt ?? "");
  return (
    <span class="sound">
      <audio controls preload="none" src={path} title={alt ?? name} aria-label={alt ?? name} />
      {long && <span class="muted small">{long[0]}</span>}
    </span>
  );
}

function Kept({ room, row, file }: Props) {
  const { path } = useFile(room, file.id, file.name);
  const what = (
    <span class="what">
      <bdi>{file.name}</bdi>
      <span class="muted small">
        {sizeOf(file.size)} · {kindOf(file)}
      </span>
    </span>
  );
  if (file.type.startsWith("audio/") && path) return <Sound file={file} path={path} />;
  if (file.type.startsWith("video/")) {
    return (
      <button class="named" onClick={() => open({ part: "picture", room, seq: row.seq, name: file.id })}>
        <span aria-hidden="true">▶</span>
        {what}
      </button>
    );
  }
  return (
    <a class="named" href={path || undefined} download={file.name} target="_blank" rel="noopener">
      <Icon name="down" />
      {what}
    </a>
  );
}

/** PDF, ZIP; what the gateway does not know by its bytes, by the end of its name. */
function kindOf({ name, type }: FileLine): string {
  const ending = /\.(\w{1,5})$/.exec(name)?.[1];
  return (ending ?? type.split("/")[1] ?? "").toUpperCase();
}

/** What is still only here, and is no picture. */
function Waiting({ file }: { file: FileLine }) {
  return (
    <span class="named">
      <span class="what">
        <bdi>{file.name}</bdi>
        <span class="muted small">{sizeOf(file.size)}</span>
      </span>
    </span>
  );
}

function Gone({ file }: { file: FileLine }) {
  return (
    <span class="named muted">
      <span class="what">
        <bdi>{file.alt || file.name}</bdi>
        <span class="small">{t("fileGone")}</span>
      </span>
    </span>
  );
}

export function File({ room, row, file }: Props) {
  if (file.gone) return <Gone file={file} />;
  const Drawn = isShown(file) ? Picture : file.id ? Kept : Waiting;
  return (
    <>
      <Drawn room={room} row={row} file={file} />
      {"key" in file && <Uploading row={row} file={file as OwnFile} />}
    </>
  );
}
