// Fields of dialogs that take more than a line, or a yes.

import { h } from "../studio/dom.js";

export function area(label, attributes) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), h("textarea", attributes));
}

export function check(label, attributes) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", ...attributes }), label);
}

/** A choice of `options`: pairs of value and words. */
export function choice(label, name, options) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), h("select", { name }, ...options.map(([value, words]) => h("option", { value }, words))));
}
