/** What the log can be filtered by; each is a parameter of the API, of the address, and of the command line. */

/** Dimensions that are offered with counts. */
export const FACETS = [
  "status", "journey", "step", "channel", "platform", "app_version", "reason", "provider", "permission", "token_age",
] as const;

export const FILTERS = [
  "range", "q", "person", "has", "lacks", ...FACETS, "variant", "app", "os_version", "sdk_version", "device_model",
  "receipt_capable", "outcome", "name_step", "name_delay", "name_intent",
] as const;

export type FilterName = (typeof FILTERS)[number];
export type Filters = Partial<Record<FilterName | "tail" | "columns", string>>;

export const LABELS: Record<string, string> = {
  range: "When", q: "Text", person: "Person", has: "Has", lacks: "Lacks", status: "Status", journey: "Journey",
  step: "Step", channel: "Channel", platform: "Platform", app_version: "App version", reason: "Reason",
  provider: "Provider", permission: "Permission", token_age: "Age of token", variant: "Variant", app: "App",
  os_version: "System version", sdk_version: "SDK version", device_model: "Device", outcome: "Outcome",
  receipt_capable: "Can report receipts", name_step: "Step by name", name_delay: "Delay by name",
  name_intent: "Intent by name",
};

/** Only what filters deliveries. */
export function filtersOf(search: Filters): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of FILTERS) {
    const value = search[name];
    if (value) kept[name] = value;
  }
  kept["range"] ??= "7d";
  return kept;
}

/** A value of a comma-separated filter put in, or taken out when it is in. */
export function toggled(current: string | undefined, value: string): string | undefined {
  const values = (current ?? "").split(",").filter(Boolean);
  const next = values.includes(value) ? values.filter((known) => known !== value) : [...values, value];
  return next.length > 0 ? next.join(",") : undefined;
}

/** Hours for short ranges, days for long ones. */
export function bucketOf(range: string): "hour" | "day" {
  return /^(\d+h|today|yesterday|[12]d|\d{4}-\d\d-\d\d)$/.test(range) ? "hour" : "day";
}
