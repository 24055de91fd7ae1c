/** The app key of this browser: kept for the tab, or for the device when the person asked for that. */
import { useSyncExternalStore } from "react";

const NAME = "landfall.key";
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

export const session = {
  key(): string | null {
    return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
  },
  signIn(key: string, keep: boolean): void {
    (keep ? localStorage : sessionStorage).setItem(NAME, key);
    tell();
  },
  signOut(): void {
    sessionStorage.removeItem(NAME);
    localStorage.removeItem(NAME);
    tell();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** The key, following sign-in and sign-out. */
export function useKey(): string | null {
  return useSyncExternalStore(session.subscribe, session.key);
}
