// The first screen: a name, nothing else. When there are accounts, signing in has its place in this
// form: one more field, for those whose name the gateway says is an account's.
import { useEffect, useState } from "preact/hooks";
import { broughtCode, chat, invited } from "../app";
import { isForgetful, remember } from "../memory";
import { language, languages, t, why, type Language } from "../words";
import { Hearth } from "./hearth";
import { useLater } from "./later";

const forgetful = isForgetful();

const base_characters = 24;
const suggested = 3;

/** Free-looking names near one that is taken: mina -> mina-2, mina-3, mina-4; mina-2 -> mina-3 and on. */
function namesNear(name: string): string[] {
  const found = /^(.*?)-(\d{1,4})$/.exec(name);
  const base = [...(found?.[1] ?? name)].slice(0, base_characters).join("");
  const next = Number(found?.[2] ?? 1) + 1;
  return Array.from({ length: suggested }, (_, i) => `${base}-${next + i}`);
}

function problem(name: string): string {
  const refusal = chat.refusal.value;
  if (!refusal) return "";
  if (refusal.code === "name_taken") return t("nameTaken", { name: namesNear(name)[0]! });
  if (refusal.code === "name_invalid") return t("nameInvalid");
  /* What an administrator has to set is told as the gateway tells it. */
  return refusal.code === "forbidden" ? refusal.message : why(refusal);
}

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
  const { room } = invited();
  const code = broughtCode();
  const [joins, join] = useState(!!code);
  const joining = useLater(joins, () => import("../lazy/joining"));
  useEffect(askName, []);
  const busy = chat.link.value.is === "connecting";
  const enter = (wanted: string) => {
    setName(wanted);
    setTried(wanted || " ");
    if (wanted) chat.enter(wanted, room);
  };
  const wrong = tried === " " ? t("needed") : tried ? problem(tried) : "";
  const taken = chat.refusal.value?.code === "name_taken";
  if (joins && joining) {
    return (
      <main class="naming">
        <joining.Joining code={code} back={() => join(false)} />
      </main>
    );
  }
  return (
    <main class="naming">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter(new FormData(event.currentTarget).get("name")!.toString().trim());
        }}
      >
        <Hearth />
        <h1>{t("welcome", { server: chat.serverName.value })}</h1>
        <p class="lead">{room ? t("toRoom", { room: "# " + room }) : t("lobbyOf")}</p>
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
        <p id="name-wrong" class="wrong" role="alert">
          {wrong}
        </p>
        {taken && tried && (
          <div class="chips">
            {namesNear(tried).map((near) => (
              <button type="button" class="chip" onClick={() => enter(near)}>
                {near}
              </button>
            ))}
          </div>
        )}
        <button class="main" disabled={busy}>
          {busy ? t("connecting") : t("enter")}
        </button>
        {chat.link.value.is === "waiting" && (
          <p role="status" class="muted">
            {t("lost")} {t("lostNow")}
          </p>
        )}
        <button type="button" class="link" onClick={() => join(true)}>
          {t("haveName")}
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
