/** What went wrong, in the reader's language. */
import { isApiError } from "#console/call.ts";
import type { Messages } from "#console/messages/pt-br.ts";

export type Wording = { text: string; correlation_id: string | null };

export const wordProblem = (m: Messages, error: unknown): Wording => {
  if (!isApiError(error)) return { text: wordOf(m, "internal", {}), correlation_id: null };
  const { code, reason, params, retry_after_seconds, correlation_id } = error.problem;
  const values = { ...(retry_after_seconds === undefined ? {} : { seconds: retry_after_seconds }), ...params };
  const sentence = reason === undefined ? undefined : m.problems.reasons[reason];
  const text =
    sentence === undefined ? wordOf(m, code, values) : typeof sentence === "string" ? sentence : sentence(values);
  return { text, correlation_id: correlation_id === "" ? null : correlation_id };
};

const wordOf = (m: Messages, code: string, values: Record<string, string | number | boolean>): string => {
  const sentence = m.problems.codes[code] ?? m.problems.codes["internal"] ?? code;
  return typeof sentence === "string" ? sentence : sentence(values);
};

/** By the name of the field: what stands beside it. */
export const fieldProblems = (m: Messages, error: unknown): Record<string, string> => {
  if (!isApiError(error)) return {};
  return Object.fromEntries(
    (error.problem.errors ?? []).map(({ path, code }) => {
      const reason = m.problems.reasons[code];
      return [path, m.problems.fields[code] ?? (typeof reason === "string" ? reason : m.problems.field)];
    }),
  );
};
