/** JSON that somebody types. */

/** Reads JSON; what is wrong with it is told in words. */
export function parsed(text: string): { value?: Record<string, unknown>; wrong?: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { wrong: "a definition is an object: { … }" };
    return { value: value as Record<string, unknown> };
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}
