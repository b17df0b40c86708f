export function Invite(_: { what: import('../app').Open }) { return null; }
