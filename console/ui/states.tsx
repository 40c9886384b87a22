/** What a place shows while there is nothing else to show in it. */
import type { ReactNode } from "react";
import { CircleAlert, Inbox } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";
import { Action } from "./parts.tsx";
import { wordProblem } from "./problem-words.ts";

export const Loading = () => {
  const m = useMessages();
  return (
    <p className="state" role="status" data-testid="loading">
      {m.common.loading}
    </p>
  );
};

export const Empty = ({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) => (
  <div className="state" data-testid="empty">
    <Inbox size={28} aria-hidden="true" />
    <strong>{title}</strong>
    {hint ? <p>{hint}</p> : null}
    {children}
  </div>
);

export const Problem = ({ error, onRetry }: { error: unknown; onRetry?: () => void }) => {
  const m = useMessages();
  const { text, correlation_id } = wordProblem(m, error);
  return (
    <div className="problem" role="alert" data-testid="problem">
      <CircleAlert size={18} aria-hidden="true" />
      <div>
        <p>{text}</p>
        {correlation_id ? <p className="dim small">{m.common.correlation(correlation_id)}</p> : null}
      </div>
      {onRetry ? <Action onPress={onRetry}>{m.common.retry}</Action> : null}
    </div>
  );
};

type Asked<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch(): unknown };

/** Loading, failed or there. Data that are there stay while a newer answer fails, with the failure above them. */
export const Answer = <T,>({ of, children }: { of: Asked<T>; children: (data: T) => ReactNode }) => (
  <>
    {of.error ? <Problem error={of.error} onRetry={() => void of.refetch()} /> : null}
    {of.data !== undefined ? children(of.data) : of.isPending && !of.error ? <Loading /> : null}
  </>
);
