// Pictures and files: one part, since what it knows of them is shared by all that is here.
export { attach, begin, forgetUnsaid, Sources } from "./attach";
export { File } from "./attached";
export { PictureView } from "./picture";
export { take, Tray } from "./tray";
export { upload, uploadAgain } from "./upload";
