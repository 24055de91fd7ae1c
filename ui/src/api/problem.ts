/** What the server said when it refused, with what to do. */
export interface Fault {
  path: string;
  wrong: string;
  fix: string;
}

export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  readonly faults: Fault[];

  constructor(status: number, code: string, message: string, field?: string, faults: Fault[] = []) {
    super(message);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
    this.field = field;
    this.faults = faults;
  }
}

interface Own {
  error?: {
    code?: string;
    message?: string;
    field?: string | null;
    faults?: Fault[];
    /** What a launch gate asks for. */
    missing?: { requirement: string; lacks?: Fault[] }[];
  };
  errors?: { detail?: string }[];
  meta?: { error?: string };
}

/** Reads a refusal of Landfall's own API or of the App API; anything else becomes a plain sentence. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const read = (typeof body === "object" && body !== null ? body : {}) as Own;
  if (read.error?.message) {
    const { code, message, field, faults, missing } = read.error;
    const lacks = (missing ?? []).flatMap((one) => one.lacks ?? []);
    return new ApiProblem(status, code ?? "unknown", message, field ?? undefined, [...(faults ?? []), ...lacks]);
  }
  const detail = read.errors?.[0]?.detail ?? read.meta?.error;
  return new ApiProblem(status, "unknown", detail ?? `the server answered ${status} without saying why`);
}
