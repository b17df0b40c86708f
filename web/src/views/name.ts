// A person has one of eight colours, always the same one, whatever the name. Who is no user here has the name's;
// those whom a bridge brings are told apart by their names, too.
export function nameClass({ uid = "", name, via }: { uid?: string; name: string; via?: string }): string {
  const who = uid && !via ? uid : uid + name;
  let sum = 0;
  for (let i = 0; i < who.length; i++) sum = (sum * 31 + who.charCodeAt(i)) >>> 0;
  return "name n" + (sum % 8);
}
