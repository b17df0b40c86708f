// Why one does not come in under a name, and what helps.
import { chat } from "../app";
import { Refused } from "../wire";
import { t, why } from "../words";

const base_characters = 24;
const suggested = 3;

/** Free-looking names near one that is taken: mina -> mina-2, mina-3, mina-4; mina-2 -> mina-3 and on. */
function namesNear(name: string): string[] {
  const found = /^(.*?)-(\d{1,4})$/.exec(name);
  const base = [...(found?.[1] ?? name)].slice(0, base_characters).join("");
  const next = Number(found?.[2] ?? 1) + 1;
  return Array.from({ length: suggested }, (_, i) => `${base}-${next + i}`);
}

function words(refusal: Refused, tried: string): string {
  if (refusal.code === "name_taken") return t("nameTaken", { name: namesNear(tried)[0]! });
  if (refusal.code === "name_invalid") return t("nameInvalid");
  if (refusal.field === "invite") return t(chat.invite ? "inviteSpent" : "inviteNeeded");
  /* How long a ban lasts, and why one is not let in, the gateway alone knows. */
  return refusal.code === "banned" || refusal.code === "forbidden" ? refusal.message : why(refusal);
}

export function Trouble({ tried, enter, mine }: { tried: string; enter(name: string): void; mine(): void }) {
  const refusal = chat.refusal.value;
  if (!refusal) return <p class="wrong">{t("needed")}</p>;
  const reason = /^Banned from this gateway: (.*)/.exec(chat.connection.farewell)?.[1];
  const stays = refusal.code === "banned" || refusal.code === "forbidden";
  return (
    <>
      <p class="wrong">{words(refusal, tried)}</p>
      {refusal.code === "banned" && reason && <p class="wrong">{t("because", { text: reason })}</p>}
      {refusal.code === "name_taken" && (
        <div class="chips">
          {namesNear(tried).map((near) => (
            <button type="button" class="chip" onClick={() => enter(near)}>
              {near}
            </button>
          ))}
          <button type="button" class="chip" onClick={mine}>
            {t("itIsMine")}
          </button>
        </div>
      )}
      {refusal.field === "invite" && (
        <label>
          {t("inviteCode")}
          <input name="invite" autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={200} />
        </label>
      )}
      {stays && refusal.field !== "invite" && (
        <button type="button" class="chip" onClick={() => location.reload()}>
          {t("askAgain")}
        </button>
      )}
    </>
  );
}
