import { useState } from "react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import type { Api } from "#console/api.ts";
import { useNow } from "#console/live/use-now.ts";
import { TableBox } from "#console/ui/table-box.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { Plate, plateText } from "#console/plates/plate.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { dayText } from "#console/ui/format.ts";
import { Mark } from "#console/ui/mark.tsx";
import { Action, IconAction, Sheet } from "#console/ui/parts.tsx";
import { Answer, Empty, Problem } from "#console/ui/states.tsx";
import { EntryForm } from "./entry-form.tsx";
import { PriorityMark } from "./priority.tsx";
import type { Watchlist } from "./watchlists-page.tsx";

type Entry = Api["list-watchlist-entries"]["output"]["items"][number];

export const WatchlistEntries = ({ list }: { list: Watchlist }) => {
  const m = useMessages();
  const ask = useAsk();
  const [said, setSaid] = useState("");
  const [leaving, setLeaving] = useState<Entry | null>(null);
  const entries = useInfiniteQuery({
    queryKey: ["watchlist-entries", list.id],
    queryFn: ({ signal, pageParam }) =>
      ask(
        "list-watchlist-entries",
        { cidade_id: list.cidade_id, watchlist_id: list.id, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  return (
    <section className="panel" aria-labelledby="list-title">
      <header className="panel-head">
        <h2 id="list-title">{list.nome}</h2>
        <PriorityMark priority={list.priority} />
      </header>
      <dl className="facts">
        <dt>{m.watchlists.basis}</dt>
        <dd>{list.legal_basis ?? m.watchlists.noBasis}</dd>
      </dl>
      {list.is_active ? (
        <EntryForm list={list} onAdded={(plate) => setSaid(m.watchlists.added(plateText(plate)))} />
      ) : null}
      <p className="dim" role="status">
        {said}
      </p>
      <Answer of={entries}>
        {({ pages }) => <EntryTable items={pages.flatMap(({ items }) => items)} onRemove={setLeaving} />}
      </Answer>
      {entries.hasNextPage ? (
        <Action isBusy={entries.isFetchingNextPage} onPress={() => void entries.fetchNextPage()}>
          {m.common.more}
        </Action>
      ) : null}
      {leaving ? (
        <RemoveSheet
          entry={leaving}
          onClose={() => setLeaving(null)}
          onRemoved={() => {
            setSaid(m.watchlists.removed(plateText(leaving.plate)));
            setLeaving(null);
          }}
        />
      ) : null}
    </section>
  );
};

const EntryTable = ({ items, onRemove }: { items: readonly Entry[]; onRemove(entry: Entry): void }) => {
  const m = useMessages();
  const now = useNow();
  const { city } = useCity();
  if (items.length === 0) return <Empty title={m.watchlists.noEntries} />;
  return (
    <TableBox label={m.watchlists.entries}>
      <thead>
        <tr>
          <th scope="col">{m.watchlists.plate}</th>
          <th scope="col">{m.watchlists.reason}</th>
          <th scope="col">{m.watchlists.expires}</th>
          <th scope="col">
            <span className="hidden-label">{m.watchlists.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((entry) => (
          <tr key={entry.id} data-testid="entry">
            <th scope="row">
              <Plate plate={entry.plate} />
            </th>
            <td>{entry.reason}</td>
            <td className="nowrap">
              {dayText(m.locale, city.fuso_horario, Date.parse(entry.expires_at))}{" "}
              {now !== null && Date.parse(entry.expires_at) <= now ? (
                <Mark kind="lost">{m.watchlists.expired}</Mark>
              ) : null}
            </td>
            <td className="end">
              <IconAction label={m.watchlists.removeOf(plateText(entry.plate))} onPress={() => onRemove(entry)}>
                <Trash2 size={16} />
              </IconAction>
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
};

const RemoveSheet = ({ entry, onClose, onRemoved }: { entry: Entry; onClose(): void; onRemoved(): void }) => {
  const m = useMessages();
  const ask = useAsk();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => ask("remove-watchlist-entry", { id: entry.id }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["watchlist-entries"] });
      onRemoved();
    },
  });
  return (
    <Sheet title={m.watchlists.removeTitle(plateText(entry.plate))} isOpen onClose={onClose}>
      <p>{m.watchlists.removeHint}</p>
      {remove.error ? <Problem error={remove.error} /> : null}
      <div className="actions">
        <Action kind="danger" isBusy={remove.isPending} onPress={() => remove.mutate()}>
          {m.watchlists.remove}
        </Action>
        <Action onPress={onClose}>{m.common.cancel}</Action>
      </div>
    </Sheet>
  );
};
