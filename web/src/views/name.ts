// A name has one of eight colours, always the same one.
export function nameClass(name: string): string {
  let sum = 0;
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) >>> 0;
  return "name n" + (sum % 8);
}
