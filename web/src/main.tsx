// The page starts: words, what was kept, the connection, the first drawing.
import { effect } from "@preact/signals";
import { options, render } from "preact";
import { announcement, chat, invited, narrow, onBack, startChat, wide } from "./app";
import { forgetSaid } from "./drafts";
import { recall } from "./memory";
import { tellOutside } from "./notify";
import { showSettings } from "./settings";
import { Main } from "./views/main";
import { chooseLanguage, language, loadWords, t } from "./words";

/** Bursts are gathered into one frame; a hidden page has no frames and uses a timer. */
options.debounceRendering = (draw) => {
  if (document.hidden) setTimeout(draw, 50);
  else requestAnimationFrame(draw);
};

function watchWidth(): void {
  for (const [width, query] of [[wide, "(min-width: 1024px)"], [narrow, "(max-width: 719.98px)"]] as const) {
    const media = matchMedia(query);
    const tell = () => (width.value = media.matches);
    media.addEventListener("change", tell);
    tell();
  }
}

/** As whoever one was last: the rooms are there before the connection is. */
function comeBack(): void {
  const { room: asked, invite } = invited();
  /* What an earlier page queued has to be known before its rooms are entered. */
  void chat.sender.load().then(() => {
    forgetSaid(chat.sender.items.peek());
    if (chat.me.value) chat.enter("", asked, invite);
  });
  if (!chat.me.value) return;
  for (const name of recall<string[]>("rooms", [])) chat.roomOf(name).wanted = true;
  const last = chat.known(asked || recall("room", ""));
  if (last) chat.show(last);
}

function watchWaking(): void {
  addEventListener("online", () => chat.connection.probe());
  addEventListener("pageshow", () => chat.connection.probe());
  addEventListener("popstate", onBack);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") chat.connection.probe();
  });
}

/** One sentence for all that was missed, since the log itself is silent then. */
function announceCatchUp(): void {
  effect(() => {
    const room = chat.current.value;
    const missed = room?.missed.value ?? 0;
    if (!missed) return;
    room!.missed.value = 0;
    announcement.value = t("pill", { n: missed });
    /* The same sentence twice is heard twice. */
    setTimeout(() => (announcement.value = ""), 5000);
  });
}

/** Over https the page can be installed; on a plain LAN nothing is offered. It is no part of the
 * first load, so it waits until the chat is there. */
function offerInstalling(): void {
  if (!isSecureContext || !chat.welcomed.value || document.querySelector("link[rel=manifest]")) return;
  const link = document.createElement("link");
  link.rel = "manifest";
  link.href = "/app.webmanifest";
  document.head.append(link);
}

async function start(): Promise<void> {
  showSettings();
  startChat();
  await loadWords(chooseLanguage(recall("language", ""), navigator.languages));
  document.documentElement.lang = language;
  watchWidth();
  comeBack();
  watchWaking();
  announceCatchUp();
  tellOutside();
  effect(offerInstalling);
  render(<Main />, document.getElementById("app")!);
}

/** Without its words there is no page; a failed import is only tried again by a new page. */
start().catch(() => setTimeout(() => location.reload(), 3000));

export * from "./shared";
