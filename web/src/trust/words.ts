// What the page /trust says. Each step of a system: a sentence, and the way through its settings, which is drawn.
export interface Step {
  text: string;
  /** What to tap, one after the other; the last one is what it is about. */
  way?: string[];
  /** The last one is a switch. */
  turn?: boolean;
}

export type System = "android" | "ios" | "windows" | "macos" | "linux" | "firefox";

export interface TrustWords {
  title: string;
  off: string;
  testing: string;
  trusted: string;
  go: string;
  already: string;
  untrusted: string;
  missing: Record<System, string>;
  files: string;
  fetch: string;
  onlyHere: string;
  again: string;
  others: string;
  scan: string;
  back: string;
  systems: Record<System, string>;
  steps: Record<System, Step[]>;
}

export const en: TrustWords = {
  title: "Secure connection",
  off: "This gateway speaks plain HTTP only. Whoever looks after it can switch TLS on: tls.mode.",
  testing: "Trying the secure connection…",
  trusted: "This device trusts this gateway.",
  go: "Go to the secure page",
  already: "You are on the secure page.",
  untrusted: "This device does not trust this gateway yet. Two or three steps, once:",
  missing: {
    android: "The certificate was fetched, but the connection is not trusted yet: step 2 is missing.",
    ios: "The certificate was fetched, but the connection is not trusted yet. Most often the last step is missing: the second switch.",
    windows: "The certificate was fetched, but the connection is not trusted yet: it may be in another store than the one for root authorities.",
    macos: "The certificate was fetched, but the connection is not trusted yet: “Always Trust” is missing.",
    linux: "The certificate was fetched, but the connection is not trusted yet: step 2 is missing, or the browser has to be started anew.",
    firefox: "The certificate was fetched, but Firefox does not trust it yet: it has a list of its own, and step 2 is missing.",
  },
  files: "The secure connection does not work from here. Its certificate is for another name than the one in the address bar, or it has expired.",
  fetch: "Fetch the certificate",
  onlyHere: "It can vouch for this gateway and other names at home only, never for a bank. Fetch it on a network that you trust.",
  again: "Test again",
  others: "Other systems",
  scan: "For another device: scan this.",
  back: "Back to the chat",
  systems: {
    android: "Android",
    ios: "iPhone and iPad",
    windows: "Windows",
    macos: "Mac",
    linux: "Linux (Chromium)",
    firefox: "Firefox on a computer",
  },
  steps: {
    android: [
      { text: "Fetch the certificate. Your phone keeps it among its downloads." },
      {
        text: "Open the settings, search for “CA certificate”, and choose the file. The warning is meant for strangers’ certificates.",
        way: ["Security", "Encryption and credentials", "Install a certificate", "CA certificate"],
      },
    ],
    ios: [
      { text: "Fetch the certificate in Safari and allow the profile to be downloaded." },
      { text: "Install the profile.", way: ["Settings", "Profile Downloaded", "Install"] },
      {
        text: "Turn on the second switch. Without it nothing has changed.",
        way: ["Settings", "General", "About", "Certificate Trust Settings", "hearth of …"],
        turn: true,
      },
    ],
    windows: [
      { text: "Fetch the certificate and open the file.", way: ["hearth-ca.crt", "Install Certificate…"] },
      {
        text: "Choose the store yourself; the automatic choice is the wrong one.",
        way: ["Current User", "Place all certificates in the following store", "Trusted Root Certification Authorities"],
      },
    ],
    macos: [
      { text: "Fetch the certificate and open the file: it is added to the keychain “login”." },
      { text: "Open it in Keychain Access and trust it.", way: ["hearth of …", "Trust", "When using this certificate", "Always Trust"] },
    ],
    linux: [
      { text: "Fetch the certificate." },
      {
        text: "Import it in Chrome or Chromium.",
        way: ["Settings", "Privacy and security", "Security", "Manage certificates", "Authorities: Import"],
      },
    ],
    firefox: [
      { text: "Fetch the certificate." },
      {
        text: "Import it in Firefox, and tick that it may identify websites.",
        way: ["Settings", "Privacy & Security", "View Certificates…", "Authorities: Import…"],
      },
    ],
  },
};

export const ko: TrustWords = {
  title: "안전한 연결",
  off: "이 대화방 상자는 암호화하지 않은 HTTP만 씁니다. 관리하는 사람이 tls.mode로 TLS를 켤 수 있습니다.",
  testing: "안전한 연결을 시험하는 중…",
  trusted: "이 기기는 이 상자를 신뢰합니다.",
  go: "안전한 페이지로 가기",
  already: "지금 안전한 페이지에 있습니다.",
  untrusted: "이 기기는 아직 이 상자를 신뢰하지 않습니다. 두세 단계만, 한 번만 하면 됩니다.",
  missing: {
    android: "인증서는 받았지만 아직 신뢰하지 않습니다. 2단계가 빠졌습니다.",
    ios: "인증서는 받았지만 아직 신뢰하지 않습니다. 대개 마지막 단계인 두 번째 스위치가 빠져 있습니다.",
    windows: "인증서는 받았지만 아직 신뢰하지 않습니다. ‘신뢰할 수 있는 루트 인증 기관’이 아닌 다른 저장소에 들어갔을 수 있습니다.",
    macos: "인증서는 받았지만 아직 신뢰하지 않습니다. ‘항상 신뢰’가 빠졌습니다.",
    linux: "인증서는 받았지만 아직 신뢰하지 않습니다. 2단계가 빠졌거나 브라우저를 다시 시작해야 합니다.",
    firefox: "인증서는 받았지만 Firefox가 아직 신뢰하지 않습니다. Firefox는 목록을 따로 두며, 2단계가 빠졌습니다.",
  },
  files: "여기서는 안전한 연결이 되지 않습니다. 인증서가 주소창의 이름이 아닌 다른 이름의 것이거나 기한이 지났습니다.",
  fetch: "인증서 받기",
  onlyHere: "이 인증서는 이 상자와 집 안의 이름만 보증할 수 있고, 은행 같은 곳은 보증하지 못합니다. 믿을 수 있는 네트워크에서 받으세요.",
  again: "다시 시험하기",
  others: "다른 시스템",
  scan: "다른 기기에서는 이것을 찍으세요.",
  back: "대화로 돌아가기",
  systems: {
    android: "안드로이드",
    ios: "아이폰과 아이패드",
    windows: "윈도우",
    macos: "맥",
    linux: "리눅스 (Chromium)",
    firefox: "컴퓨터의 Firefox",
  },
  steps: {
    android: [
      { text: "인증서를 받으세요. 휴대전화의 다운로드에 저장됩니다." },
      {
        text: "설정에서 ‘CA 인증서’를 찾아 파일을 고르세요. 경고는 모르는 사람의 인증서를 두고 하는 말입니다.",
        way: ["보안", "암호화 및 사용자 인증 정보", "인증서 설치", "CA 인증서"],
      },
    ],
    ios: [
      { text: "Safari에서 인증서를 받고 프로파일 다운로드를 허용하세요." },
      { text: "프로파일을 설치하세요.", way: ["설정", "프로파일이 다운로드됨", "설치"] },
      {
        text: "두 번째 스위치를 켜세요. 이것이 없으면 달라지는 것이 없습니다.",
        way: ["설정", "일반", "정보", "인증서 신뢰 설정", "hearth of …"],
        turn: true,
      },
    ],
    windows: [
      { text: "인증서를 받아 파일을 여세요.", way: ["hearth-ca.crt", "인증서 설치…"] },
      {
        text: "저장소를 직접 고르세요. 자동 선택은 맞지 않습니다.",
        way: ["현재 사용자", "모든 인증서를 다음 저장소에 저장", "신뢰할 수 있는 루트 인증 기관"],
      },
    ],
    macos: [
      { text: "인증서를 받아 파일을 여세요. ‘로그인’ 키체인에 들어갑니다." },
      { text: "키체인 접근에서 열어 신뢰하세요.", way: ["hearth of …", "신뢰", "이 인증서 사용 시", "항상 신뢰"] },
    ],
    linux: [
      { text: "인증서를 받으세요." },
      { text: "Chrome이나 Chromium에서 가져오세요.", way: ["설정", "개인 정보 보호 및 보안", "보안", "인증서 관리", "인증 기관: 가져오기"] },
    ],
    firefox: [
      { text: "인증서를 받으세요." },
      {
        text: "Firefox에서 가져오고, 웹사이트를 식별하는 데 쓰도록 표시하세요.",
        way: ["설정", "개인 정보 및 보안", "인증서 보기…", "인증 기관: 가져오기…"],
      },
    ],
  },
};
