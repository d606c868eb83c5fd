// Line icons on a 24 × 24 grid, drawn in the colour of the text beside them.

const PATHS = {
  door: '<path d="M6 20.5V5.5A2.5 2.5 0 0 1 8.5 3h7A2.5 2.5 0 0 1 18 5.5v15"/><path d="M6 3.9l7 2.6v14.4l-7 .6Z" fill="currentColor" stroke="none"/><path d="M3 20.5h18"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>',
  moon: '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z"/>',
  screen: '<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M9 20h6M12 16.5V20"/>',
  chevron: '<path d="m7 10 5 5 5-5"/>',
  out: '<path d="M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15.5 16l4-4-4-4M19.5 12H10"/>',
  wide: '<rect x="3" y="7" width="18" height="10" rx="2"/>',
  tall: '<rect x="7" y="3" width="10" height="18" rx="2"/>',
  square: '<rect x="5" y="5" width="14" height="14" rx="2"/>',
  dice: '<rect x="4" y="4" width="16" height="16" rx="3.5"/><path d="M8.5 8.5h.01M15.5 8.5h.01M12 12h.01M8.5 15.5h.01M15.5 15.5h.01" stroke-width="2.4"/>',
  hourglass: '<path d="M7 3h10M7 21h10M8 3v3.5c0 2.5 4 3.5 4 5.5s-4 3-4 5.5V21M16 3v3.5c0 2.5-4 3.5-4 5.5s4 3 4 5.5V21"/>',
  pencil: '<path d="M4 20l1-4.5L16.5 4a2 2 0 0 1 2.8 0l.7.7a2 2 0 0 1 0 2.8L8.5 19 4 20Z"/>',
  stop: '<circle cx="12" cy="12" r="9"/><path d="M9 9h6v6H9z"/>',
  alert: '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5M12 16.2h.01" stroke-width="2"/>',
  check: '<path d="m4.5 12.5 5 5 10-11"/>',
  cross: '<path d="M6 6l12 12M18 6 6 18"/>',
  download: '<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14"/>',
  reuse: '<path d="M4 9a5 5 0 0 1 5-5h10M16 1l3 3-3 3M20 15a5 5 0 0 1-5 5H5M8 23l-3-3 3-3"/>',
  copy: '<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2"/><path d="M15.5 8.5V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.5a2 2 0 0 0 2 2h2.5"/>',
  picture: '<rect x="3.5" y="4.5" width="17" height="15" rx="2.5"/><circle cx="9" cy="10" r="1.6"/><path d="m4 17 5-4 3.5 2.5L16 12l4.5 4"/>',
  scenes: '<rect x="3.5" y="4" width="17" height="6" rx="1.8"/><path d="M3.5 14.5h9M3.5 19h9M18 13.5v6M15 16.5h6"/>',
  sliders: '<path d="M4 7.5h9M19 7.5h1M4 16.5h1M11 16.5h9"/><circle cx="16" cy="7.5" r="2.5"/><circle cx="8" cy="16.5" r="2.5"/>',
  dots: '<path d="M5.5 12h.01M12 12h.01M18.5 12h.01" stroke-width="2.6"/>',
  extend: '<rect x="3" y="6" width="9" height="12" rx="2"/><path d="M15.5 12H21M18 9l3 3-3 3"/>',
  extend_back: '<rect x="12" y="6" width="9" height="12" rx="2"/><path d="M8.5 12H3M6 9l-3 3 3 3"/>',
  loop: '<path d="M17.5 7.5a4.5 4.5 0 0 1 0 9c-4.5 0-6.5-9-11-9a4.5 4.5 0 0 0 0 9c4.5 0 6.5-9 11-9Z"/>',
  remix: '<path d="M12 3.5l1.9 5.1L19 10.5l-5.1 1.9L12 17.5l-1.9-5.1L5 10.5l5.1-1.9ZM18.5 16v4M16.5 18h4"/>',
  blend: '<circle cx="9" cy="12" r="5.8"/><circle cx="15" cy="12" r="5.8"/>',
  up: '<path d="M12 19V5.5M6.5 11 12 5.5 17.5 11"/>',
  down: '<path d="M12 5v13.5M6.5 13l5.5 5.5 5.5-5.5"/>',
  plus: '<path d="M12 5.5v13M5.5 12h13"/>',
};

/** An <svg> of ours; decoration only, so screen readers pass it over. */
export function icon(name) {
  const template = document.createElement("template");
  template.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`;
  return template.content.firstElementChild;
}
