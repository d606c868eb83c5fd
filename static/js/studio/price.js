// What a clip costs and how long it takes here: the parts of the offer, added up.

/** GPU milliseconds that are held for one clip. */
export function priceOf(offer, { variant, size, seconds, operation, sources, strength }) {
  const { drawing_ms: drawingMs } = variantOf(offer, variant);
  const share = operation === "remix" ? strength : 1;
  const secondMs = drawingMs * share + size.encoding_ms;
  return Math.ceil(offer.start_ms + sources.filter(Boolean).length * offer.source_ms + seconds * secondMs);
}

/** Milliseconds until such a clip is drawn once it is its turn, from what was drawn here; or null. */
export function timeOf(offer, wish) {
  const { pace } = variantOf(offer, wish.variant);
  return pace === null ? null : pace * priceOf(offer, wish);
}

function variantOf(offer, name) {
  return offer.variants.find((variant) => variant.name === name);
}
