/** Which alert of the queue is looked at, and what is done with it, by hand or by key. */
import { useEffect, useState } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Alert } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { plateText } from "#console/plates/plate.tsx";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useShortcuts } from "#console/ui/shortcuts.ts";

export const rowId = (id: string): string => `alert-${id}`;
const focusRow = (id: string): void => document.getElementById(rowId(id))?.focus();

export const useQueue = (listed: readonly Alert[]) => {
  const m = useMessages();
  const may = useMay();
  const navigate = useNavigate();
  const [said, setSaid] = useState("");
  // The list is asked again after an acknowledgement; until it comes, what was acknowledged must not be chosen once more.
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const items = listed.filter(({ id }) => !done.has(id));
  const selected = useSelected(items);
  const place = items.findIndex(({ id }) => id === selected?.id);
  const choose = (next: Alert | undefined): void => {
    void navigate({ to: "/alerts", search: (before) => ({ ...before, alert: next?.id }), replace: true });
    if (next) focusRow(next.id);
  };
  const acknowledge = useAcknowledge((alert) => {
    setSaid(m.alerts.done(plateText(alert.plate)));
    setDone((before) => new Set(before).add(alert.id));
    const at = items.findIndex(({ id }) => id === alert.id);
    choose(items[at + 1] ?? items[at - 1]);
  });
  const isBusy = acknowledge.isPending && acknowledge.variables.id === selected?.id;
  const take = (): void => {
    if (selected?.status === "new" && may("alerts.handle") && !isBusy) acknowledge.mutate(selected);
  };
  useShortcuts({
    j: () => choose(items[Math.min(items.length - 1, place + 1)]),
    k: () => choose(items[Math.max(0, place - 1)]),
    a: take,
    v: () => {
      if (!selected || !may("recordings.view")) return;
      const { camera_id, captured_at } = selected.read;
      void navigate({ to: "/cameras/$cameraId", params: { cameraId: camera_id }, search: { at: captured_at } });
    },
  });
  return { items, selected, said, take, isBusy, error: acknowledge.error };
};

/**
 * Fixed as soon as one is shown: if the first of the list were meant, a newer alert would take its place under the hand that is
 * about to acknowledge it.
 */
const useSelected = (items: readonly Alert[]): Alert | undefined => {
  const ask = useAsk();
  const navigate = useNavigate();
  const { alert: chosen } = useSearch({ strict: false }) as { alert?: string };
  const listed = items.find(({ id }) => id === chosen);
  // From a link of its own, or acknowledged by somebody else a moment ago: it is still shown.
  const apart = useQuery({
    queryKey: ["alerts", "one", chosen],
    queryFn: ({ signal }) => ask("read-alert", { id: chosen ?? "" }, { signal }),
    enabled: chosen !== undefined && listed === undefined,
  });
  const first = items[0];
  useEffect(() => {
    if (chosen !== undefined || first === undefined) return;
    void navigate({ to: "/alerts", search: (before) => ({ ...before, alert: first.id }), replace: true });
  }, [chosen, first, navigate]);
  return chosen === undefined ? first : (listed ?? apart.data);
};

const useAcknowledge = (onDone: (alert: Alert) => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (alert: Alert) => ask("acknowledge-alert", { id: alert.id }),
    onSuccess: (_, alert) => onDone(alert),
    onSettled: () => void client.invalidateQueries({ queryKey: ["alerts"] }),
  });
};
