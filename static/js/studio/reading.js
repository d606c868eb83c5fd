// What the model understood of a prompt, and which words it did not, as a few short rows.

const MOVES = { still: "rests", right: "moves right", left: "moves left" };
const STRANGE_MAX = 4;

/** Rows of { text, title, strange }; none where there is no reading yet. */
export function readingRows(reading) {
  if (!reading) return [];
  const scenes = reading.spans ?? [reading];
  const rows = scenes.flatMap((scene, i) => {
    const said = values(scene.understood);
    if (scenes.length === 1) return said.map(([title, text]) => ({ text, title }));
    const words = said.map(([, text]) => text).join(" · ") || "nothing in particular";
    return [{ text: `${i + 1} · ${words}`, title: `Scene ${i + 1}` }];
  });
  const strange = reading.unknown ?? [];
  if (!strange.length) return rows;
  const some = strange.slice(0, STRANGE_MAX).map((word) => `“${word}”`).join(", ");
  const text = `not understood: ${some}${strange.length > STRANGE_MAX ? " …" : ""}`;
  return [...rows, { text, title: strange.join(", "), strange: true }];
}

/** [attribute, value] of what was said; a second subject and its colour are one. */
function values({ second, second_colour: colour, ...first }) {
  const rows = Object.entries(first).map(([name, value]) => [name, name === "motion" ? MOVES[value] ?? `${value}s` : String(value)]);
  const other = [colour, second].filter(Boolean).join(" ");
  return other ? [...rows, ["second subject", `with ${other}`]] : rows;
}
