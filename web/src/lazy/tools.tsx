export function MessageMenu(_: { what: import('../app').Open }) { return null; }
export function PersonMenu(_: { what: import('../app').Open }) { return null; }
export function RoomSheet(_: { what: import('../app').Open }) { return null; }
export function CreateRoom(_: { what: import('../app').Open }) { return null; }
