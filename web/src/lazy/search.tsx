export function Search(_: { what: import('../app').Open }) { return null; }
