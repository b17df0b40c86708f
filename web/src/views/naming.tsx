// The first screen: a name, nothing else. When there are accounts, signing in has its place in this
// form: one more field, for those whose name the gateway says is an account's.
import { useState } from "preact/hooks";
import { chat, invited } from "../app";
import { isForgetful } from "../memory";
import { t, why } from "../words";

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
  return refusal.code === "name_invalid" ? t("nameInvalid") : why(refusal);
}

export function Naming() {
  /* A name may also be lost while one is in: then this screen says why. */
  const before = chat.refusal.peek() ? chat.wantedName : "";
  const [name, setName] = useState(before);
  const [tried, setTried] = useState(before);
  const { room } = invited();
  const busy = chat.link.value.is === "connecting";
  const enter = (wanted: string) => {
    setName(wanted);
    setTried(wanted || " ");
    if (wanted) chat.enter(wanted, room);
  };
  const wrong = tried === " " ? t("needed") : tried ? problem(tried) : "";
  const taken = chat.refusal.value?.code === "name_taken";
  return (
    <main class="naming">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter(new FormData(event.currentTarget).get("name")!.toString().trim());
        }}
      >
        <Flame />
        <h1>{room ? "# " + room : t("welcome", { server: "hearth" })}</h1>
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
      </form>
    </main>
  );
}

/** The icon once more: as an image it would be one more request. */
function Flame() {
  return (
    <svg class="flame" viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="14" />
      <path d="M32 9c3 9 15 14 15 28a15 15 0 0 1-30 0c0-7 4-11 7-15 1 4 3 6 5 7 1-8-1-13 3-20z" />
      <path d="M32 52a8 8 0 0 1-8-8c0-5 5-8 7-13 4 4 9 8 9 13a8 8 0 0 1-8 8z" />
    </svg>
  );
}
