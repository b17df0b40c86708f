// About 150 emoji with the words they are found by, English and Korean.
import { useState } from "preact/hooks";
import { close, type Open } from "../app";
import { t } from "../words";
import { Title } from "./sheet";

const table =
  "😀grin 웃음|😄smile 미소|😁beam 활짝|😂joy 눈물웃음|🤣rofl 폭소|😊blush 수줍|🙂slight 살짝|🙃upside 거꾸로|😉wink 윙크|😍heart_eyes 반함|🥰love 사랑|😘kiss 뽀뽀|😋yum 맛있|😎cool 멋짐|🤩star 반짝|🥳party 파티|🤗hug 포옹|🤔think 생각|🤨doubt 의심|😐neutral 무표정|🙄eyeroll 눈굴림|😏smirk 씨익|😅sweat 진땀|😴sleep 잠|🥱yawn 하품|😪tired 피곤|🤒sick 아픔|🤕hurt 다침|🤧sneeze 재채기|🥵hot 더움|🥶cold 추움|😵dizzy 어질|🤯mind_blown 충격|😮wow 놀람|😱scream 비명|😳flushed 당황|🥺plead 애원|😢cry 울음|😭sob 엉엉|😞sad 슬픔|😔pensive 시무룩|😟worried 걱정|😤huff 흥|😠angry 화남|😡rage 분노|🤐zip 비밀|🤫shh 쉿|🤝handshake 악수|👍thumbsup 좋아|👎thumbsdown 싫어|👌ok 오케이|✌️victory 브이|🤞fingers 행운|👏clap 박수|🙌hooray 만세|🙏pray 부탁|💪strong 힘|👋wave 안녕|✋hand 손|🤙call 전화해|👉right 오른쪽|👈left 왼쪽|👆up 위|👇down 아래|👀eyes 눈|🧠brain 뇌|❤️heart 하트|🧡orange_heart 주황하트|💛yellow_heart 노랑하트|💚green_heart 초록하트|💙blue_heart 파랑하트|💜purple_heart 보라하트|🖤black_heart 검정하트|💔broken 이별|💯hundred 백점|💥boom 쾅|✨sparkles 반짝이|🔥fire 불|⭐star2 별|🌈rainbow 무지개|☀️sun 해|🌙moon 달|☁️cloud 구름|🌧️rain 비|⛈️storm 폭풍|❄️snow 눈송이|🌊wave2 파도|🌱sprout 새싹|🌸flower 꽃|🌲tree 나무|🐶dog 강아지|🐱cat 고양이|🐰rabbit 토끼|🐻bear 곰|🐼panda 판다|🐯tiger 호랑이|🐔chicken 닭|🐟fish 물고기|🐝bee 벌|🦋butterfly 나비|🍎apple 사과|🍉watermelon 수박|🍓strawberry 딸기|🍚rice 밥|🍜noodles 라면|🍞bread 빵|🍕pizza 피자|🍔burger 버거|🍗meat 치킨|🍰cake 케이크|🍫chocolate 초콜릿|☕coffee 커피|🍵tea 차|🍺beer 맥주|🥂cheers 건배|⚽soccer 축구|🏀basketball 농구|🎮game 게임|🎵music 음악|🎉tada 축하|🎁gift 선물|🎂birthday 생일|🏆trophy 트로피|🚗car 차|🚌bus 버스|🚲bike 자전거|✈️plane 비행기|🚀rocket 로켓|🏠home 집|🏥hospital 병원|🏫school 학교|⏰alarm 알람|⌛wait 기다려|📅calendar 달력|📌pin 핀|📎clip 클립|📷camera 사진|💻computer 컴퓨터|📱phone 휴대폰|🔋battery 배터리|🔌plug 전원|📡antenna 안테나|💡idea 아이디어|🔧wrench 수리|🔒lock 잠금|🔑key 열쇠|💰money 돈|✅check 완료|❌x 엑스|❗bang 느낌표|❓question 물음표|⚠️warning 주의|🚫no 금지|🆗okay 오케|🆕new 새로움|➕plus 더하기|🙋raise 저요|🙆yes 그래|🙅nope 아니|🤷shrug 글쎄|🤦facepalm 이런";

interface Named {
  emoji: string;
  name: string;
  words: string;
}

const all: Named[] = table.split("|").map((entry) => {
  const letters = /^([^a-z]+)(\S+) (.*)$/.exec(entry)!;
  return { emoji: letters[1]!, name: `:${letters[2]}:`, words: `${letters[2]} ${letters[3]}` };
});

/** Those whose words begin with it first, then those that contain it. */
export function findEmoji(word: string): Named[] {
  const wanted = word.toLowerCase();
  const begins = (one: Named) => one.words.split(" ").some((part) => part.startsWith(wanted));
  const found = all.filter((one) => one.words.includes(wanted));
  return found.sort((a, b) => Number(begins(b)) - Number(begins(a)));
}

export function EmojiPicker({ what }: { what: Open }) {
  const [query, setQuery] = useState("");
  const shown = query ? findEmoji(query) : all;
  const take = (emoji: string) => {
    close();
    what.pick?.(emoji);
  };
  return (
    <>
      <Title text={t("emoji")} />
      <input
        type="search"
        autofocus={matchMedia("(hover: hover)").matches}
        aria-label={t("search")}
        placeholder={t("search")}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          const { value } = event.currentTarget;
          const first = value && findEmoji(value)[0];
          if (event.key === "Enter" && !event.isComposing && first) take(first.emoji);
        }}
      />
      <div class="emojis">
        {shown.map((one) => (
          <button key={one.emoji} aria-label={one.words} title={one.name} onClick={() => take(one.emoji)}>
            {one.emoji}
          </button>
        ))}
      </div>
    </>
  );
}
