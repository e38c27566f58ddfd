// What the pages of the resident portal do besides: a phone may install them, and is told of each
// new sign-in.

import { installWorker } from "./js/install.js";
import { watchNotices } from "./js/notices.js";

installWorker();
watchNotices();
