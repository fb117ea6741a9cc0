// Everything a page needs from JavaScript. Without it every page still works; with it, it is faster and live.
import "./theme.js";
import "./dialogs.js";
import "./hold.js";
import "./keys.js";
import "./timers.js";
import "./guard.js";
import "./editing.js";
import "./arrivals.js";
import "./opened.js";
import "./requests.js";
import { connect } from "./live.js";

const address = document.body.dataset.liveUrl;
if (address) connect(address);
