import { useMemo, useState } from "react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { purposeCodes, type PurposeCode } from "#lib/wire/purposes.ts";
import type { Api } from "#console/api.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { fromLocal } from "#console/timeline/days.ts";
import { useCity } from "#console/ui/city.tsx";
import { Action } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Empty, Loading, Problem } from "#console/ui/states.tsx";
import { ReadCard } from "./read-card.tsx";
import { SearchForm, type SearchErrors, type SearchValues } from "./search-form.tsx";

type Asked = Omit<Api["search-plates"]["input"], "cursor">;
type InAddress = Partial<Record<"plate" | "purpose" | "reference" | "from" | "to" | "camera" | "everywhere", string>>;

export const PlateSearch = () => {
  const m = useMessages();
  const navigate = useNavigate();
  const { city, cities } = useCity();
  // The address fills the form and asks nothing by itself: each search is somebody's act, with a purpose of their own.
  const inAddress = useSearch({ strict: false }) as InAddress;
  const [values, setValues] = useState(() => fromAddress(inAddress));
  const [missing, setMissing] = useState<SearchErrors>({});
  const [asked, setAsked] = useState<{ query: Asked; turn: number } | null>(null);
  const found = useFound(asked);

  const submit = (): void => {
    const wrong: SearchErrors = {
      ...(values.purpose === null ? { purpose: m.plates.form.choosePurpose } : {}),
      ...(values.plate.replaceAll(/[^\p{L}\d]/gu, "").length < 2 ? { plate: m.plates.form.needPlate } : {}),
    };
    setMissing(wrong);
    if (Object.keys(wrong).length > 0 || values.purpose === null) return;
    void navigate({ to: "/plates", search: (before) => ({ ...before, ...toAddress(values) }), replace: true });
    const cidade_ids = values.everywhere ? cities.slice(0, MOST_CITIES).map(({ id }) => id) : [city.id];
    setAsked({ query: queryOf(values, values.purpose, cidade_ids, city.fuso_horario), turn: (asked?.turn ?? 0) + 1 });
  };
  // The same object while it is the same refusal: a new one leads the focus to what is wrong.
  const refused = useMemo(() => fieldProblems(m, found.error) as SearchErrors, [m, found.error]);
  return (
    <div className="search">
      <SearchForm
        values={values}
        errors={Object.keys(missing).length > 0 ? missing : refused}
        isBusy={found.isFetching}
        onChange={setValues}
        onSubmit={submit}
      />
      <Results found={found} wasAsked={asked !== null} />
    </div>
  );
};
/** What one search takes. */
const MOST_CITIES = 50;

/** Runs when it is asked and never by itself: each answer is an entry of the audit trail. */
const useFound = (asked: { query: Asked; turn: number } | null) => {
  const ask = useAsk();
  return useInfiniteQuery({
    queryKey: ["plate-search", asked],
    queryFn: ({ signal, pageParam }) =>
      ask(
        "search-plates",
        { ...(asked as { query: Asked }).query, ...(pageParam ? { cursor: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
};

const Results = ({ found, wasAsked }: { found: ReturnType<typeof useFound>; wasAsked: boolean }) => {
  const m = useMessages();
  if (found.error) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  if (!wasAsked) return <Empty title={m.plates.idle} />;
  if (!found.data) return <Loading />;
  const items = found.data.pages.flatMap((page) => page.items);
  return (
    <section className="form" aria-label={m.plates.searchTab} aria-busy={found.isFetching}>
      <h2 aria-live="polite" data-testid="found">
        {items.length === 0 ? m.plates.nothing : m.plates.results(items.length, found.hasNextPage)}
      </h2>
      {items.length === 0 ? <p className="dim">{m.plates.nothingHint}</p> : null}
      <ul className="reads">
        {items.map((read) => (
          <ReadCard key={read.id} read={read} withDay />
        ))}
      </ul>
      {found.hasNextPage ? (
        <div className="actions">
          <Action isBusy={found.isFetchingNextPage} onPress={() => void found.fetchNextPage()}>
            {m.common.more}
          </Action>
        </div>
      ) : null}
    </section>
  );
};

const fromAddress = (inAddress: InAddress): SearchValues => ({
  purpose: purposeCodes.find((code) => code === inAddress.purpose) ?? null,
  reference: inAddress.reference ?? "",
  plate: inAddress.plate ?? "",
  from: inAddress.from ?? "",
  to: inAddress.to ?? "",
  camera: inAddress.camera ?? "",
  everywhere: inAddress.everywhere === "yes",
});

const toAddress = ({ purpose, everywhere, ...texts }: SearchValues): InAddress =>
  Object.fromEntries(
    Object.entries({ ...texts, purpose, everywhere: everywhere ? "yes" : "" }).map(([name, value]) => [
      name,
      value || undefined,
    ]),
  );

const queryOf = (values: SearchValues, purpose: PurposeCode, cidade_ids: string[], zone: string): Asked => {
  const { reference, plate, from, to, camera } = values;
  const moment = (text: string): string => new Date(fromLocal(text, zone)).toISOString();
  return {
    cidade_ids,
    plate: plate.trim(),
    purpose,
    ...(reference.trim() ? { purpose_reference: reference.trim() } : {}),
    ...(from ? { from: moment(from) } : {}),
    ...(to ? { to: moment(to) } : {}),
    ...(camera ? { camera_id: camera } : {}),
  };
};
