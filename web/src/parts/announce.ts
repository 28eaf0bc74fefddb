/** Says things to people who don't see the page change. */
type Urgency = "polite" | "assertive";

const regions = new Map<Urgency, HTMLElement>();

function region(urgency: Urgency): HTMLElement {
  const known = regions.get(urgency);
  if (known) return known;
  const made = document.createElement("div");
  made.className = "hidden-text";
  made.setAttribute("aria-live", urgency);
  made.setAttribute("role", urgency === "polite" ? "status" : "alert");
  document.body.append(made);
  regions.set(urgency, made);
  return made;
}

/** Makes the regions: only what changes in a region that is there already is read out. */
export function prepareAnnouncements() {
  region("polite");
  region("assertive");
}

export function announce(text: string, urgency: Urgency = "polite") {
  const to = region(urgency);
  // The same text twice is no change; a line of its own makes it one.
  const line = document.createElement("p");
  line.textContent = text;
  to.replaceChildren(line);
}
