import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Camera } from "#functions/cidades/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action } from "#console/ui/parts.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { Tabs } from "#console/ui/tabs.tsx";
import { AgentTable } from "./agent-table.tsx";
import { useCurrent } from "./camera-status.tsx";
import { CameraTable } from "./camera-table.tsx";
import { camerasQuery } from "./cameras-query.ts";
import { NewAgentSheet } from "./new-agent-sheet.tsx";

export const CamerasPage = () => (
  <Allowed permission="cameras.view">
    <CamerasAndAgents />
  </Allowed>
);

const CamerasAndAgents = () => {
  const m = useMessages();
  const may = useMay();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  const [isMaking, setMaking] = useState(false);
  const isAgents = tab === "agents";
  const tabs = [
    { label: m.cameras.tab, tab: undefined },
    { label: m.cameras.agentsTab, tab: "agents" },
  ];
  return (
    <section className="page" aria-labelledby="cameras-title">
      <header className="page-head">
        <h1 id="cameras-title">{m.cameras.title}</h1>
        {isAgents && may("agents.manage") ? (
          <Action kind="primary" onPress={() => setMaking(true)}>
            <Plus size={16} aria-hidden="true" />
            {m.agents.new}
          </Action>
        ) : null}
        {!isAgents && may("cameras.manage") ? <AddCamera /> : null}
      </header>
      <Tabs to="/cameras" label={m.cameras.title} tabs={tabs} current={isAgents ? "agents" : undefined} />
      {isAgents ? <AgentTable /> : <Cameras />}
      {isMaking ? <NewAgentSheet onClose={() => setMaking(false)} /> : null}
    </section>
  );
};

const Cameras = () => {
  const m = useMessages();
  const ask = useAsk();
  const may = useMay();
  const { city } = useCity();
  const cameras = useQuery(camerasQuery(ask, city.id));
  return (
    <Answer of={cameras}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={m.cameras.empty} hint={m.cameras.emptyHint}>
            {may("cameras.manage") ? <AddCamera /> : null}
          </Empty>
        ) : (
          <>
            <Counts cameras={items} />
            <CameraTable cameras={items} />
          </>
        )
      }
    </Answer>
  );
};

const AddCamera = () => {
  const m = useMessages();
  return (
    <Link to="/cameras/new" className="action action-primary">
      <Plus size={16} aria-hidden="true" />
      {m.cameras.add}
    </Link>
  );
};

const Counts = ({ cameras }: { cameras: readonly Camera[] }) => {
  const m = useMessages();
  const current = useCurrent();
  const well = cameras.filter((camera) => current(camera).status === "ONLINE").length;
  return <p className="dim">{m.cameras.counts(cameras.length, well)}</p>;
};
