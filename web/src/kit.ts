// What the parts that are fetched later share with the page: build.mjs points their imports here.
export { Fragment, jsx, jsxs } from "preact/jsx-runtime";
export { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
export { chat, close, dialog, goDirect, goRoom, linkTo, open, screen, theme, wide } from "./app";
export { day, time } from "./dates";
export { forgetDrafts, startEdit, startReply } from "./drafts";
export { givable, may, mayTo } from "./may";
export { remember } from "./memory";
export { fold, letter, mentions } from "./mention";
export { canNotify, loudness, setLoudness } from "./notify";
export { newNonce } from "./outbox";
export { isText } from "./sender";
export { Icon } from "./views/icon";
export { partFailed } from "./views/later";
export { nameClass } from "./views/name";
export { react } from "./views/row";
export { linkState } from "./views/status";
export { Refused } from "./wire";
export { language, languages, t, why } from "./words";
