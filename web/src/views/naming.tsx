// The first screen: a name, nothing else; and the ways for whoever has one here already.
import { useEffect, useState } from "preact/hooks";
import { broughtCode, chat, invited } from "../app";
import { isForgetful, remember } from "../memory";
import { language, languages, t, type Language } from "../words";
import { Hearth } from "./hearth";
import { useLater } from "./later";

const forgetful = isForgetful();
/** Tried without a name. */
const nameless = " ";

/** Where one is, before one has said who one is. */
function askName(): void {
  fetch("/api/v1/server").then(
    async (reply) => reply.ok && (chat.serverName.value = (await reply.json()).name),
    () => undefined,
  );
}

function speak(chosen: Language): void {
  remember("language", chosen);
  location.reload();
}

export function Naming() {
  /* A name may also be lost while one is in: then this screen says why. */
  const before = chat.refusal.peek() ? chat.wantedName : "";
  const [name, setName] = useState(before);
  const [tried, setTried] = useState(before);
  const { room, invite } = invited();
  const code = broughtCode();
  const [joins, join] = useState<"" | "device" | "password">(code && "device");
  const joining = useLater(joins, () => import("../lazy/joining"));
  const wrong = tried && (tried === nameless || chat.refusal.value !== null);
  const trouble = useLater(wrong, () => import("../lazy/trouble"));
  useEffect(askName, []);
  const busy = chat.link.value.is === "connecting";
  const enter = (wanted: string, code = invite) => {
    setName(wanted);
    setTried(wanted || nameless);
    if (wanted) chat.enter(wanted, room, code);
  };
  if (joins && joining) {
    return (
      <main class="naming">
        <joining.Joining code={code} name={joins === "password" ? name : undefined} back={() => join("")} />
      </main>
    );
  }
  return (
    <main class="naming">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const data = new FormData(event.currentTarget);
          /* As it was told, or the whole address that it came in. */
          enter(`${data.get("name")}`.trim(), `${data.get("invite") ?? invite}`.replace(/.*\//, ""));
        }}
      >
        <Hearth />
        <h1>{t("welcome", { server: chat.serverName.value })}</h1>
        <p class="lead">{room ? t("toRoom", { room: "# " + room }) : t(invite ? "youAreInvited" : "lobbyOf")}</p>
        <label for="name">{t("askName")}</label>
        <input
          id="name"
          name="name"
          autocomplete="nickname"
          autofocus
          maxLength={64}
          enterkeyhint="go"
          aria-describedby="name-hint name-wrong"
          aria-invalid={wrong ? "true" : undefined}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <p id="name-hint" class="muted">
          {t("askNameHint")}
        </p>
        {forgetful && <p class="note">{t("captive", { address: location.origin })}</p>}
        <div id="name-wrong" role="alert">
          {wrong && trouble && <trouble.Trouble tried={tried} enter={enter} mine={() => join("password")} />}
        </div>
        <button class="main" disabled={busy}>
          {busy ? t("connecting") : t("enter")}
        </button>
        {chat.link.value.is === "waiting" && (
          <p role="status" class="muted">
            {t("lost")} {t("lostNow")}
          </p>
        )}
        <button type="button" class="link" onClick={() => join("device")}>
          {t("haveName")}
        </button>
        <button type="button" class="link" onClick={() => join("password")}>
          {t("signIn")}
        </button>
      </form>
      <p class="tongues">
        {(Object.keys(languages) as Language[]).map((one) => (
          <button class="link" lang={one} aria-pressed={one === language} onClick={() => speak(one)}>
            {languages[one]}
          </button>
        ))}
      </p>
    </main>
  );
}
