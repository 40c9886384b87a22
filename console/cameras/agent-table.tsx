/** The programs beside the cameras: enrolled once with a code, heard of since. */
import { useQuery } from "@tanstack/react-query";
import type { Agent } from "#functions/cidades/contract.ts";
import { useNow } from "#console/live/use-now.ts";
import { TableBox } from "#console/ui/table-box.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { durationText, momentText } from "#console/ui/format.ts";
import { Mark } from "#console/ui/mark.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { agentsQuery } from "./agents-query.ts";
import { agentState } from "./agent-state.ts";

export const AgentTable = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const agents = useQuery(agentsQuery(ask, city.id));
  return (
    <Answer of={agents}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={m.agents.empty} hint={m.agents.emptyHint} />
        ) : (
          <TableBox label={m.agents.title}>
            <thead>
              <tr>
                <th scope="col">{m.agents.name}</th>
                <th scope="col">{m.agents.state}</th>
                <th scope="col">{m.agents.seen}</th>
                <th scope="col">{m.agents.version}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((agent) => (
                <AgentRow key={agent.id} agent={agent} />
              ))}
            </tbody>
          </TableBox>
        )
      }
    </Answer>
  );
};

const marks = { inactive: "lost", waiting: "attention", connected: "normal", away: "critical" } as const;

const AgentRow = ({ agent }: { agent: Agent }) => {
  const m = useMessages();
  const now = useNow();
  const { city } = useCity();
  const seen = agent.last_seen_at === null ? null : Date.parse(agent.last_seen_at);
  const state = now === null ? null : agentState(agent, now);
  return (
    <tr data-testid="agent">
      <th scope="row">
        <strong>{agent.nome}</strong>
      </th>
      <td>{state === null ? null : <Mark kind={marks[state]}>{m.agents[state]}</Mark>}</td>
      <td>
        {seen === null ? m.agents.never : momentText(m.locale, city.fuso_horario, seen)}
        {seen === null || now === null ? null : (
          <div className="dim small">{m.alerts.age(durationText(now - seen))}</div>
        )}
      </td>
      <td>{agent.program_version ?? ""}</td>
    </tr>
  );
};
