// Where a clip comes from: the page says it all; only its bar is drawn here.

import { open } from "./people/page.js";

await open(async () => {});
