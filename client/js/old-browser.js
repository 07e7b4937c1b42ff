// @ts-check
// Only a browser without modules runs this script, which the page marks `nomodule`: such a browser can neither start Python
// nor read the scripts of sign-in. The build refuses here what is newer than the JavaScript of 2009, such as `const`.

/** @param {string} id */
function at(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

at("old-browser").hidden = false;
at("sign-in-form").hidden = true;
at("boot-status").hidden = true;
