import { render } from "preact";

render(<p>hearth</p>, document.getElementById("app")!);
