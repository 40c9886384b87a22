import { useSearch } from "@tanstack/react-router";
import { useMessages } from "#console/messages/language.tsx";
import { useMay } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { Tabs } from "#console/ui/tabs.tsx";
import { LivePlates } from "./live-plates.tsx";
import { PlateSearch } from "./plate-search.tsx";
import { ReadSheet } from "./read-sheet.tsx";
import { VehicleCounts } from "./vehicle-counts.tsx";

export const PlatesPage = () => {
  const m = useMessages();
  const may = useMay();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  const shown = tab === "vehicles" || (tab === "search" && may("plates.search")) ? tab : undefined;
  const tabs = [
    { label: m.plates.liveTab, tab: undefined },
    { label: m.plates.vehiclesTab, tab: "vehicles" },
    ...(may("plates.search") ? [{ label: m.plates.searchTab, tab: "search" }] : []),
  ];
  return (
    <Allowed permission="plates.view">
      <section className="page" aria-labelledby="plates-title">
        <header className="page-head">
          <h1 id="plates-title">{m.plates.title}</h1>
        </header>
        <Tabs to="/plates" label={m.plates.title} tabs={tabs} current={shown} />
        {shown === "search" ? <PlateSearch /> : shown === "vehicles" ? <VehicleCounts /> : <LivePlates />}
        <ReadSheet />
      </section>
    </Allowed>
  );
};
