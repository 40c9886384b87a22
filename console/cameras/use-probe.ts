/** One look at an address by the agent that would dial it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Probe } from "#functions/cidades/contract.ts";
import type { Api } from "#console/api.ts";
import { useAsk } from "#console/session/session-context.tsx";

const LOOK_MS = 1000;

export type Probing = {
  probe: Probe | null;
  /** What was looked at, as the caller named it: an answer about another address must not be taken for this one's. */
  subject: string | null;
  isBusy: boolean;
  error: unknown;
  start(input: Api["request-probe"]["input"], subject: string): void;
};

export const useProbe = (): Probing => {
  const ask = useAsk();
  const [asked, setAsked] = useState<{ probe: Probe; subject: string } | null>(null);
  const request = useMutation({
    mutationFn: ({ input }: { input: Api["request-probe"]["input"]; subject: string }) => ask("request-probe", input),
    onSuccess: (probe, { subject }) => setAsked({ probe, subject }),
  });
  const id = asked?.probe.id ?? "";
  // `camera.probed` makes it stale at once; looking is for a console that hears nothing meanwhile.
  const answer = useQuery({
    queryKey: ["probes", id],
    queryFn: ({ signal }) => ask("read-probe", { id }, { signal }),
    enabled: asked !== null,
    refetchInterval: ({ state }) => (state.data === undefined || state.data.status === "pending" ? LOOK_MS : false),
  });
  const probe = answer.data ?? asked?.probe ?? null;
  return {
    probe: request.isPending ? null : probe,
    subject: asked?.subject ?? null,
    isBusy: request.isPending || probe?.status === "pending",
    error: request.error ?? answer.error,
    start: (input, subject) => request.mutate({ input, subject }),
  };
};
