export function Switcher(_: { what: import('../app').Open }) { return null; }
export function Settings(_: { what: import('../app').Open }) { return null; }
export function Help(_: { what: import('../app').Open }) { return null; }
export function LinkSheet(_: { what: import('../app').Open }) { return null; }
