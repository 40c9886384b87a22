/** The city that all screens are about; it stands in the URL as `city`. */
import { createContext, useContext, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { City } from "#functions/cidades/contract.ts";
import { useAsk } from "#console/session/session-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { Empty, Loading, Problem } from "./states.tsx";

type Value = { city: City; cities: readonly City[]; choose(id: string): void };
const CityContext = createContext<Value | null>(null);

export const CityProvider = ({ children }: { children: ReactNode }) => {
  const m = useMessages();
  const ask = useAsk();
  const navigate = useNavigate();
  const { city: wanted } = useSearch({ strict: false }) as { city?: string };
  const cities = useQuery({ queryKey: ["cities"], queryFn: () => ask("list-cities", { limit: 200 }) });
  if (cities.data === undefined) {
    return cities.error ? <Problem error={cities.error} onRetry={() => void cities.refetch()} /> : <Loading />;
  }
  const active = cities.data.items.filter(({ is_active }) => is_active);
  const city = active.find(({ id }) => id === wanted) ?? active[0];
  if (!city) return <Empty title={m.nav.city} hint={m.common.none} />;
  const choose = (id: string): void => void navigate({ to: "/", search: { city: id } });
  return <CityContext value={{ city, cities: active, choose }}>{children}</CityContext>;
};

export const useCity = (): Value => {
  const value = useContext(CityContext);
  if (!value) throw new Error("Outside of CityProvider");
  return value;
};
