// What the page says of its own accord, one sentence at a time: put out of a room, told something, and what
// may be done about it.
import { chat } from "../app";
import type { Notice } from "../chat";
import { t, why } from "../words";
import { Icon } from "../views/icon";

function words(notice: Notice): string {
  if (notice.key === "text") return notice.text!;
  const room = notice.room!.startsWith("@") ? notice.room! : "#" + notice.room;
  if (notice.error) return t("refused", { room, text: why(notice.error) });
  const text = t(notice.key, { room });
  return notice.text ? `${text} ${t("because", { text: notice.text })}` : text;
}

function Said({ notice }: { notice: Notice }) {
  return (
    <div class="bar">
      <p>{words(notice)}</p>
      {notice.acts?.map(({ words, does }) => (
        <button key={words} onClick={() => (does(), chat.hush(notice))}>
          {t(words)}
        </button>
      ))}
      <button class="plain" aria-label={t("dismiss")} onClick={() => chat.hush(notice)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Nothing is lost by it: what is written and what waits is kept. */
function Outdated() {
  return (
    <div class="bar">
      <p>{t("newVersion")}</p>
      <button onClick={() => location.reload()}>{t("reload")}</button>
    </div>
  );
}

export function Bar({ notice }: { notice?: Notice }) {
  return notice ? <Said notice={notice} /> : <Outdated />;
}
