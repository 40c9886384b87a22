/** The queue: what waits for somebody, and what somebody has taken. Works by keys alone. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { Alert } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, Toggle } from "#console/ui/parts.tsx";
import { shortcutsOn } from "#console/ui/shortcuts.ts";
import { Answer, Empty, Problem } from "#console/ui/states.tsx";
import { useStore } from "#console/ui/store.ts";
import { Tabs } from "#console/ui/tabs.tsx";
import { AlertDetail } from "./alert-detail.tsx";
import { AlertRow } from "./alert-row.tsx";
import { doneAlertsQuery, newAlertsQuery } from "./alerts-query.ts";
import { useQueue } from "./use-queue.ts";

export const AlertsPage = () => (
  <Allowed permission="alerts.view">
    <Alerts />
  </Allowed>
);

const Alerts = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
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
          {({ items }) => <Queue listed={items} empty={m.alerts.empty} hint={m.alerts.emptyHint} />}
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
          <Queue listed={pages.flatMap(({ items }) => items)} empty={m.alerts.emptyDone} />
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

type QueueProps = { listed: readonly Alert[]; empty: string; hint?: string };

const Queue = ({ listed, empty, hint }: QueueProps) => {
  const m = useMessages();
  const { items, selected, said, take, isBusy, error } = useQueue(listed);
  return (
    <>
      {/* The alert itself has left the queue by then. */}
      <p className="hidden-label" role="status">
        {said}
      </p>
      {error ? <Problem error={error} /> : null}
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
              <AlertDetail alert={selected} isBusy={isBusy} onAcknowledge={take} />
            ) : (
              <Empty title={m.alerts.choose} />
            )}
          </div>
        </>
      )}
    </>
  );
};

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
