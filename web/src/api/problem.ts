import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

/** An answer that says no, or no answer at all (`status` 0). Its `code` is what texts are chosen by. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem | undefined;
  /** Seconds after which it makes sense to ask again. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: string, problem?: Problem, retryAfter?: number) {
    super(problem?.detail ?? code);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** Nobody answered, or somebody in front of the service who can't reach it. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** What may go away by itself. */
  get isPassing(): boolean {
    return this.isAway || this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** Reads why an answer says no. */
export async function refusal(response: Response): Promise<Refusal> {
  const retryAfter = Number(response.headers.get("retry-after")) || undefined;
  const isProblem = response.headers.get("content-type")?.includes("json") ?? false;
  const problem = isProblem
    ? ((await response.json().catch(() => undefined)) as Problem | undefined)
    : undefined;
  return new Refusal(response.status, problem?.code ?? `status_${response.status}`, problem, retryAfter);
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Refusal ? error.code : undefined;
}
