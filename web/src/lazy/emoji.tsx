export function EmojiPicker(_: { what: import('../app').Open }) { return null; }
export function findEmoji(_: string): { emoji: string; name: string }[] { return []; }
