/** The queue: what waits for somebody, and what somebody has taken. Works by keys alone. */
import { useState } from "react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Alert } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { plateText } from "#console/plates/plate.tsx";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, Toggle } from "#console/ui/parts.tsx";
import { shortcutsOn, useShortcuts } from "#console/ui/shortcuts.ts";
import { Answer, Empty, Problem } from "#console/ui/states.tsx";
import { useStore } from "#console/ui/store.ts";
import { Tabs } from "#console/ui/tabs.tsx";
import { AlertDetail } from "./alert-detail.tsx";
import { AlertRow, rowId } from "./alert-row.tsx";
import { doneAlertsQuery, newAlertsQuery } from "./alerts-query.ts";

type Search = { tab?: string; alert?: string };

export const AlertsPage = () => (
  <Allowed permission="alerts.view">
    <Alerts />
  </Allowed>
);

const Alerts = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const { tab } = useSearch({ strict: false }) as Search;
  const isDone = tab === "done";
  const waiting = useQuery(newAlertsQuery(ask, city.id));
  const count =
    waiting.data === undefined ? undefined : `${waiting.data.items.length}${waiting.data.next_cursor ? "+" : ""}`;
  const tabs = [
    { label: m.alerts.newTab, tab: undefined, count },
    { label: m.alerts.doneTab, tab: "done" },
  ];
  return (
    <section className="page" aria-labelledby="alerts-title">
      <header className="page-head">
        <h1 id="alerts-title">{m.alerts.title}</h1>
      </header>
      <Tabs to="/alerts" label={m.alerts.title} tabs={tabs} current={isDone ? "done" : undefined} />
      {isDone ? (
        <DoneAlerts />
      ) : (
        <Answer of={waiting}>
          {({ items }) => <Queue items={items} empty={m.alerts.empty} hint={m.alerts.emptyHint} />}
        </Answer>
      )}
    </section>
  );
};

const DoneAlerts = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const done = useInfiniteQuery(doneAlertsQuery(ask, city.id));
  return (
    <Answer of={done}>
      {({ pages }) => (
        <>
          <Queue items={pages.flatMap(({ items }) => items)} empty={m.alerts.emptyDone} />
          {done.hasNextPage ? (
            <Action isBusy={done.isFetchingNextPage} onPress={() => void done.fetchNextPage()}>
              {m.common.more}
            </Action>
          ) : null}
        </>
      )}
    </Answer>
  );
};

/** Says what was done: the alert itself has left the queue by then. */
const useAcknowledge = (onDone: (alert: Alert) => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (alert: Alert) => ask("acknowledge-alert", { id: alert.id }),
    onSuccess: (_, alert) => onDone(alert),
    onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }),
  });
};

const Queue = ({ items, empty, hint }: { items: readonly Alert[]; empty: string; hint?: string }) => {
  const m = useMessages();
  const ask = useAsk();
  const may = useMay();
  const navigate = useNavigate();
  const { alert: chosen } = useSearch({ strict: false }) as Search;
  const [said, setSaid] = useState("");
  const index = items.findIndex(({ id }) => id === chosen);
  // From a link of its own, or acknowledged by somebody else a moment ago: it is still shown.
  const apart = useQuery({
    queryKey: ["alerts", "one", chosen],
    queryFn: () => ask("read-alert", { id: chosen ?? "" }),
    enabled: chosen !== undefined && index < 0,
  });
  const selected = index >= 0 ? items[index] : chosen === undefined ? items[0] : apart.data;

  const choose = (id: string | undefined, replace = false): void =>
    void navigate({ to: "/alerts", search: (before) => ({ ...before, alert: id }), replace });
  const acknowledge = useAcknowledge((alert) => {
    setSaid(m.alerts.done(plateText(alert.plate)));
    const at = items.findIndex(({ id }) => id === alert.id);
    const next = items[at + 1] ?? items[at - 1];
    choose(next?.id, true);
    if (next) focusRow(next.id);
  });
  const move = (step: number) => (): void => {
    const at = items.findIndex(({ id }) => id === selected?.id);
    const next = items[Math.max(0, Math.min(items.length - 1, at + step))];
    if (!next) return;
    choose(next.id, true);
    focusRow(next.id);
  };
  useShortcuts({
    j: move(1),
    k: move(-1),
    a: () => {
      if (selected?.status === "new" && may("alerts.handle") && !acknowledge.isPending) acknowledge.mutate(selected);
    },
    v: () => {
      if (!selected || !may("recordings.view")) return;
      const { camera_id, captured_at } = selected.read;
      void navigate({ to: "/cameras/$cameraId", params: { cameraId: camera_id }, search: { at: captured_at } });
    },
  });
  return (
    <>
      <p className="hidden-label" role="status">
        {said}
      </p>
      {acknowledge.error ? <Problem error={acknowledge.error} /> : null}
      {items.length === 0 && !selected ? (
        <Empty title={empty} {...(hint ? { hint } : {})} />
      ) : (
        <>
          <KeyHelp />
          <div className="queue">
            <ul className="queue-list" aria-label={m.alerts.queue}>
              {items.map((alert) => (
                <li key={alert.id}>
                  <AlertRow alert={alert} isChosen={alert.id === selected?.id} />
                </li>
              ))}
            </ul>
            {selected ? (
              <AlertDetail
                alert={selected}
                isBusy={acknowledge.isPending}
                onAcknowledge={() => acknowledge.mutate(selected)}
              />
            ) : (
              <Empty title={m.alerts.choose} />
            )}
          </div>
        </>
      )}
    </>
  );
};

const focusRow = (id: string): void => document.getElementById(rowId(id))?.focus();

const KeyHelp = () => {
  const m = useMessages();
  const isOn = useStore(shortcutsOn);
  const keys = [
    ["J", m.alerts.keys.next],
    ["K", m.alerts.keys.previous],
    ["A", m.alerts.keys.acknowledge],
    ["V", m.alerts.keys.recording],
  ] as const;
  return (
    <div className="key-help">
      {isOn
        ? keys.map(([key, word]) => (
            <span key={key}>
              <kbd>{key}</kbd> {word}
            </span>
          ))
        : null}
      <Toggle label={m.common.shortcuts} isOn={isOn} onChange={(on) => shortcutsOn.set(on)} />
    </div>
  );
};
