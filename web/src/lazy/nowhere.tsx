// In no room: what there is to choose from.
import { chat, open } from "../app";
import { t } from "../words";
import { Hearth } from "../views/hearth";
import { Line, sorted } from "../views/rooms";
import { Status } from "../views/status";

const offered_rooms = 8;

export function NoRoom() {
  const rooms = sorted(chat.rooms.value).slice(0, offered_rooms);
  return (
    <main class="room none">
      <Status />
      <div class="hollow">
        <Hearth />
        <h1>{t("chooseRoom")}</h1>
        <p class="muted">{t("chooseRoomHint")}</p>
        <ul>
          {rooms.map((room) => (
            <Line key={room.name} room={room} />
          ))}
        </ul>
        {chat.mayCreate.value && (
          <button class="main" onClick={() => open({ part: "create" })}>
            {t("create")}
          </button>
        )}
      </div>
    </main>
  );
}
