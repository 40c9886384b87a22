import { useState, type FormEvent } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Form } from "react-aria-components";
import { Radar } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, Field, Pick, Toggle } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Answer, Problem } from "#console/ui/states.tsx";
import { agentsQuery } from "./agents-query.ts";
import { NameAndPlace } from "./camera-fields.tsx";
import { ProbeResult } from "./probe-result.tsx";
import { useProbe } from "./use-probe.ts";

type Agent = { id: string; nome: string };

export const NewCameraPage = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const agents = useQuery(agentsQuery(ask, city.id));
  return (
    <Allowed permission="cameras.manage">
      <section className="page" aria-labelledby="new-camera-title">
        <header className="page-head">
          <h1 id="new-camera-title">{m.cameras.addTitle}</h1>
        </header>
        <Answer of={agents}>{({ items }) => <CameraForm agents={items.filter(({ is_active }) => is_active)} />}</Answer>
      </section>
    </Allowed>
  );
};

const CameraForm = ({ agents }: { agents: readonly Agent[] }) => {
  const m = useMessages();
  const { city } = useCity();
  const probing = useProbe();
  const [values, setValues] = useState({ nome: "", place: "", url: "", agent_id: agents[0]?.id ?? "", record: true });
  const [problem, setProblem] = useState<unknown>(null);
  const save = useSave(values, setProblem);
  const fields = fieldProblems(m, problem ?? probing.error);
  const address = values.url.trim();
  const subject = `${values.agent_id} ${address}`;
  const change = (name: "nome" | "place" | "url" | "agent_id", value: string): void => {
    setProblem(null);
    setValues((before) => ({ ...before, [name]: value }));
  };
  const agent = values.agent_id === "" ? {} : { agent_id: values.agent_id };
  const test = (): void => probing.start({ cidade_id: city.id, url_rtsp: address, ...agent }, subject);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <div className="new-camera">
      <Form className="panel" onSubmit={submit} data-testid="new-camera">
        {problem ? <Problem error={problem} /> : null}
        <NameAndPlace values={values} fields={fields} onChange={change} />
        <AddressField value={values.url} onChange={(url) => change("url", url)} error={fields["url_rtsp"]} />
        {agents.length > 1 ? (
          <Pick
            label={m.cameras.agent}
            hint={m.cameras.agentHint}
            value={values.agent_id}
            options={agents.map(({ id, nome }) => ({ value: id, label: nome }))}
            onChange={(id) => change("agent_id", id)}
          />
        ) : null}
        <Toggle
          label={m.cameras.record}
          isOn={values.record}
          onChange={(record) => setValues((before) => ({ ...before, record }))}
        />
        <div className="actions">
          <Action isBusy={probing.isBusy} isDisabled={address === "" || agents.length === 0} onPress={test}>
            <Radar size={16} aria-hidden="true" />
            {m.cameras.test}
          </Action>
          <Action kind="primary" type="submit" isBusy={save.isPending}>
            {m.cameras.save}
          </Action>
        </div>
      </Form>
      <section className="panel" aria-label={m.cameras.test}>
        {agents.length === 0 ? <NoAgent /> : <ProbeResult probing={probing} subject={subject} />}
      </section>
    </div>
  );
};

type Values = { nome: string; place: string; url: string; agent_id: string; record: boolean };

const useSave = (values: Values, onProblem: (error: unknown) => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { city } = useCity();
  return useMutation({
    mutationFn: () => {
      const { nome, place, url, agent_id, record } = values;
      const video = url.trim() === "" ? {} : { url_rtsp: url.trim(), ...(agent_id === "" ? {} : { agent_id }) };
      return ask("create-camera", {
        cidade_id: city.id,
        nome: nome.trim(),
        ...(place.trim() === "" ? {} : { localizacao: place.trim() }),
        ...video,
        record: record && url.trim() !== "",
      });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["cameras"] });
      await navigate({ to: "/cameras" });
    },
    onError: onProblem,
  });
};

const AddressField = ({
  value,
  onChange,
  error,
}: {
  value: string;
  onChange(value: string): void;
  error: string | undefined;
}) => {
  const m = useMessages();
  return (
    <Field
      label={m.cameras.address}
      hint={`${m.cameras.addressHint} ${m.cameras.addressOptional}`}
      name="url_rtsp"
      value={value}
      onChange={onChange}
      error={error}
      mono
      maxLength={500}
      autoComplete="off"
      spellCheck="false"
      inputMode="url"
      placeholder="rtsp://"
    />
  );
};

const NoAgent = () => {
  const m = useMessages();
  return (
    <div className="state">
      <strong>{m.cameras.noAgent}</strong>
      <p>{m.cameras.noAgentHint}</p>
      <Link to="/cameras" search={{ tab: "agents" }}>
        {m.cameras.toAgents}
      </Link>
    </div>
  );
};
