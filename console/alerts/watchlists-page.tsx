/** Lists of plates that somebody waits for, each entry with its reason and its end. */
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Api } from "#console/api.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action } from "#console/ui/parts.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { StateLink } from "#console/ui/state-link.tsx";
import { NewWatchlistSheet } from "./new-watchlist-sheet.tsx";
import { PriorityMark } from "./priority.tsx";
import { WatchlistEntries } from "./watchlist-entries.tsx";

export type Watchlist = Api["list-watchlists"]["output"]["items"][number];

export const WatchlistsPage = () => (
  <Allowed permission="watchlists.manage">
    <Watchlists />
  </Allowed>
);

const Watchlists = () => {
  const m = useMessages();
  const ask = useAsk();
  const navigate = useNavigate();
  const { city } = useCity();
  const { list: chosen } = useSearch({ strict: false }) as { list?: string };
  const [isMaking, setMaking] = useState(false);
  const lists = useQuery({
    queryKey: ["watchlists", city.id],
    queryFn: ({ signal }) => ask("list-watchlists", { cidade_id: city.id, limit: 200 }, { signal }),
  });
  const make = (
    <Action kind="primary" onPress={() => setMaking(true)}>
      <Plus size={16} aria-hidden="true" />
      {m.watchlists.new}
    </Action>
  );
  return (
    <section className="page" aria-labelledby="watchlists-title">
      <header className="page-head">
        <h1 id="watchlists-title">{m.watchlists.title}</h1>
        {lists.data && lists.data.items.length > 0 ? make : null}
      </header>
      <Answer of={lists}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={m.watchlists.empty} hint={m.watchlists.emptyHint}>
              {make}
            </Empty>
          ) : (
            <ListsAndEntries items={items} chosen={items.find(({ id }) => id === chosen) ?? items[0]} />
          )
        }
      </Answer>
      {isMaking ? (
        <NewWatchlistSheet
          onClose={() => setMaking(false)}
          onMade={({ id }) => {
            setMaking(false);
            void navigate({ to: "/watchlists", search: (before) => ({ ...before, list: id }) });
          }}
        />
      ) : null}
    </section>
  );
};

const ListsAndEntries = ({ items, chosen }: { items: readonly Watchlist[]; chosen: Watchlist | undefined }) => {
  const m = useMessages();
  return (
    <div className="lists">
      <nav aria-label={m.watchlists.choose}>
        <ul className="queue-list">
          {items.map((list) => (
            <li key={list.id}>
              <StateLink
                to="/watchlists"
                search={(before) => ({ ...before, list: list.id })}
                className="list-row"
                current={list.id === chosen?.id ? "page" : undefined}
              >
                <span>{list.nome}</span>
                {list.is_active ? (
                  <PriorityMark priority={list.priority} />
                ) : (
                  <span className="dim">{m.watchlists.inactive}</span>
                )}
              </StateLink>
            </li>
          ))}
        </ul>
      </nav>
      {chosen ? <WatchlistEntries key={chosen.id} list={chosen} /> : null}
    </div>
  );
};
