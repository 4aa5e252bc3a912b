// Loads the page again in half a second.
"use strict";

setTimeout(() => location.reload(), 500);
