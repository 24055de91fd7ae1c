/** What is told to people who do not look at the picture, and where their focus goes. */

const listeners = new Set<(text: string) => void>();

/** Tells it to everybody who listens: the editor shows it to screen readers. */
export function announce(text: string): void {
  for (const listener of listeners) listener(text);
}

export function onAnnounce(listener: (text: string) => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Puts the focus on what the picture shows under an id, once it is drawn. */
export function showSpot(holder: ParentNode, id: string): void {
  requestAnimationFrame(() => requestAnimationFrame(() => holder.querySelector<HTMLElement>(`[data-edit="${CSS.escape(id)}"]`)?.focus()));
}
