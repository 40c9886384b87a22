/** Errors → RFC 9457 problem documents. Nothing of what went wrong inside is told outside. */
import type { AppError, ErrorCode } from "#lib/errors.ts";

export const statusOf: Record<ErrorCode, number> = {
  malformed: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  too_many: 429,
  internal: 500,
  final: 500,
  unavailable: 503,
};

export type Problem = {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  reason?: string;
  params?: Record<string, string | number | boolean>;
  errors?: readonly { path: string; code: string }[];
  correlation_id: string;
};

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

export const problemOf = (error: AppError, correlation_id: string): Problem => ({
  type: `urn:gt-vision:problem:${error.code}`,
  title: error.code === "internal" ? "Something went wrong on our side" : error.message,
  status: statusOf[error.code],
  code: error.code,
  ...(error.reason === undefined ? {} : { reason: error.reason }),
  ...(Object.keys(error.params).length === 0 ? {} : { params: error.params }),
  ...(error.errors.length === 0 ? {} : { errors: error.errors }),
  correlation_id,
});
