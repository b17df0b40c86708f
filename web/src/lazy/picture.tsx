// A picture as large as the window, one after another: by keys, by swiping, with a mouse; larger by pinching,
// by a double press, the wheel, + and -.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { close, type Open } from "../app";
import { day, time } from "../dates";
import type { FileLine } from "../files";
import type { Row } from "../log";
import type { Room } from "../room";
import { Icon } from "../views/icon";
import { t } from "../words";
import { isShown, useFile } from "./access";
import { Zoom } from "./zoom";

interface Seen {
  row: Row;
  file: FileLine;
}

/** What the room shows now, in order. A film stands among the pictures. */
function all(room: Room): Seen[] {
  const shows = (file: FileLine) => file.id && (isShown(file) || (file.type.startsWith("video/") && !file.gone));
  return room.view.value.rows.flatMap((row) => (row.files ?? []).filter(shows).map((file) => ({ row, file })));
}

function Shown({ room, file, step }: { room: Room; file: FileLine; step(by: number): void }) {
  const stage = useRef<HTMLDivElement>(null);
  const { path, state, again, onError } = useFile(room, file.id, file.name);
  const [there, set] = useState(false);
  const small = useFile(room, file.preview ?? "", file.name).path;
  useLayoutEffect(() => {
    const zoom = new Zoom(stage.current!, { step, close });
    return () => zoom.end();
  }, []);
  if (file.type.startsWith("video/")) {
    return <div ref={stage}>{path && <video controls autoplay playsInline src={path} onError={onError} />}</div>;
  }
  return (
    <div ref={stage} class="stage" aria-busy={!there}>
      {!there && small && <img class="small-one" src={small} alt="" style={{ aspectRatio: `${file.width}/${file.height}` }} />}
      {path && <img src={path} alt={file.alt || t("noAlt")} draggable={false} onLoad={() => set(true)} onError={onError} hidden={!there} />}
      {state !== "well" && (
        <p role="alert">
          {t(state === "gone" ? "fileGone" : "notLoaded")}{" "}
          {state === "failed" && (
            <button class="link" onClick={again}>
              {t("again")}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

export function PictureView({ what }: { what: Open }) {
  const room = what.room!;
  const seen = all(room);
  const [id, show] = useState(what.name!);
  const at = Math.max(0, seen.findIndex(({ file }) => file.id === id));
  const here = seen[at];
  const step = (by: number) => {
    const other = all(room)[all(room).findIndex(({ file }) => file.id === now.current) + by];
    if (other) show(other.file.id);
  };
  const now = useRef(id);
  now.current = id;
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }[event.key];
      if (by && !(event.target instanceof HTMLVideoElement)) step(document.dir === "rtl" && event.key.startsWith("Arrow") ? -by : by);
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  if (!here) return <p>{t("fileGone")}</p>;
  return <Frame room={room} seen={here} at={at} count={seen.length} step={step} />;
}

function Whose({ row }: { row: Row }) {
  return (
    <h1 id="sheet">
      <bdi>{row.from}</bdi>{" "}
      {!row.unset && (
        <time class="small">
          {day(row.ts, Date.now())} {time(row.ts)}
        </time>
      )}
    </h1>
  );
}

function Frame({ room, seen: { row, file }, at, count, step }: { room: Room; seen: Seen; at: number; count: number; step(by: number): void }) {
  const { path } = useFile(room, file.id, file.name);
  const place = t("pictureOf", { n: at + 1, count });
  return (
    <>
      <header>
        <Whose row={row} />
        <a class="plain" href={path || undefined} download={file.name} aria-label={t("saveFile")} title={t("saveFile")}>
          <Icon name="down" />
        </a>
        <button type="button" class="plain" autofocus aria-label={t("close")} title={t("close")} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <Shown key={file.id} room={room} file={file} step={step} />
      <footer>
        <button type="button" class="plain" disabled={!at} aria-label={t("pictureBefore")} onClick={() => step(-1)}>
          <Icon name="back" />
        </button>
        <p role="status">
          {file.alt && <span dir="auto">{file.alt}</span>} <span class="small">{count > 1 && place}</span>
        </p>
        <button type="button" class="plain turned" disabled={at + 1 >= count} aria-label={t("pictureAfter")} onClick={() => step(1)}>
          <Icon name="back" />
        </button>
      </footer>
    </>
  );
}
