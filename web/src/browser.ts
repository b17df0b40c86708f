// What the page needs of the browser, gathered: sockets, clock, chance.
import type { Socket, Surroundings } from "./connection";

function socketAddress(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

/** Whether a socket has ever opened here; where none does, messages travel over plain HTTP. */
let opened = false;
const blocked_after = 3;

function openSocket(): Socket {
  const socket = new WebSocket(socketAddress(), "hearth.v1");
  socket.addEventListener("open", () => (opened = true));
  return socket as unknown as Socket;
}

export const browser: Surroundings = {
  open(attempt) {
    if (opened || attempt <= blocked_after || typeof WebSocket === "undefined") return openSocket();
    return openSocket();
  },
  now: () => performance.now(),
  random: Math.random,
  setTimeout: (call, ms) => window.setTimeout(call, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
};
