// Building pages out of elements, never out of strings: a prompt is text and stays text.

/** h("button", { class: "quiet", onclick: f }, "Stop") → the element. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put `text` into `element` only where it differs, so that screen readers are told once. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
