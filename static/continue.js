// Sends the page's one form; without script its button does.
"use strict";
document.querySelector("form[data-continues]").requestSubmit();
