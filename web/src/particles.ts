// What Korean and Japanese hang on to a name or an address without a space.

/* Case and topic, copula, titles; several may follow each other (민준님에게는). */
const korean =
  "선생님|선배님|선배|언니|오빠|누나|형|님|씨|군|양|쌤|에게서|한테서|에게|한테|에서|께서|께|이랑|랑|하고|까지|부터|보다|처럼|만큼|마다|조차|밖에|이라도|라도|이라고|라고|이라는|라는|이라서|라서|이라면|라면|입니다|인데|이에요|이예요|예요|에요|이네요|네요|이요|요|으로|로|더러|보고|이나|나|이야|야|이여|여|아|이|가|은|는|을|를|의|에|와|과|도|만|들|네";
const japanese = "さん|ちゃん|くん|さま|せんせい|たち|から|まで|より|です|だよ|だね|って|は|が|を|に|へ|と|の|も|や|で|か|ね|よ";

/* Laughter and tears (ㅋㅋ, ㅠㅠ) belong to no name. */
const korean_run = new RegExp(`^(?:[ㄱ-ㅣ]|(?:${korean})+(?![가-힣]))`);
const korean_end = new RegExp(`(?:${korean})+$`);
const japanese_start = new RegExp(`^(?:${japanese}|君|様|氏|殿|先生|先輩)`);

/** Whether what follows a name that ends in the same script only hangs on to it. */
export function isParticle(text: string): boolean {
  return korean_run.test(text) || japanese_start.test(text);
}

const ascii_only = /^[\x21-\x7e]+$/;
/** Behind a letter or digit of a path, or behind the host's bare slash. */
const may_end = /[a-z0-9]$|^\w+:\/\/[^/]+\/$/i;

/** Where the address ends that has particles behind it. An address of another script stays whole:
 * only what directly follows ASCII is cut off. */
export function withoutParticles(link: string): number {
  const kana = link.search(/[ぁ-ゖ]/);
  const hangul = korean_end.exec(link)?.index ?? -1;
  for (const at of [kana, hangul]) {
    const head = link.slice(0, at);
    if (at > 0 && ascii_only.test(head) && may_end.test(head)) return at;
  }
  return link.length;
}
