import { useState, type FormEvent } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import type { Camera } from "#functions/cidades/contract.ts";
import type { Api } from "#console/api.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Action, Field, Sheet, Toggle } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Problem } from "#console/ui/states.tsx";
import { NameAndPlace } from "./camera-fields.tsx";
import { ProbeResult } from "./probe-result.tsx";
import { useProbe } from "./use-probe.ts";

type Change = Api["update-camera"]["input"];

export const EditCameraSheet = ({ camera, onClose }: { camera: Camera; onClose(): void }) => {
  const m = useMessages();
  const [values, setValues] = useState<Values>({
    nome: camera.nome,
    place: camera.localizacao ?? "",
    url: "",
    is_active: camera.is_active,
  });
  const save = useSave(camera, values, onClose);
  const fields = fieldProblems(m, save.error);
  const change = (name: "nome" | "place" | "url", value: string): void =>
    setValues((before) => ({ ...before, [name]: value }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Sheet title={m.cameras.editOf(camera.nome)} isOpen onClose={onClose}>
      {save.error ? <Problem error={save.error} /> : null}
      <Form className="form" onSubmit={submit} data-testid="edit-camera">
        <NameAndPlace values={values} fields={fields} onChange={change} />
        <Field
          label={m.cameras.newAddress}
          hint={m.cameras.newAddressHint(camera.endereco_rtsp ?? m.cameras.noVideo)}
          name="url_rtsp"
          value={values.url}
          onChange={(url) => change("url", url)}
          error={fields["url_rtsp"]}
          mono
          maxLength={500}
          autoComplete="off"
          spellCheck="false"
        />
        <TestAddress camera={camera} url={values.url.trim()} />
        <div>
          <Toggle
            label={m.cameras.isActive}
            isOn={values.is_active}
            onChange={(is_active) => setValues((before) => ({ ...before, is_active }))}
          />
          {values.is_active ? null : <p className="field-hint">{m.cameras.inactiveHint}</p>}
        </div>
        <Action kind="primary" type="submit" isBusy={save.isPending}>
          {m.common.save}
        </Action>
      </Form>
    </Sheet>
  );
};

/** The new address where there is one, else the camera's own, whose password nobody has to know again. */
const TestAddress = ({ camera, url }: { camera: Camera; url: string }) => {
  const m = useMessages();
  const probing = useProbe();
  if (url === "" && camera.endereco_rtsp === null) return null;
  const subject = url === "" ? camera.id : url;
  const agent = camera.agent_id === null ? {} : { agent_id: camera.agent_id };
  const input = url === "" ? { camera_id: camera.id } : { url_rtsp: url, ...agent };
  return (
    <div className="form">
      <div className="actions">
        <Action
          isBusy={probing.isBusy}
          onPress={() => probing.start({ cidade_id: camera.cidade_id, ...input }, subject)}
        >
          {url === "" ? m.cameras.testOwn : m.cameras.test}
        </Action>
      </div>
      {probing.subject === null && !probing.isBusy && !probing.error ? null : (
        <ProbeResult probing={probing} subject={subject} />
      )}
    </div>
  );
};

type Values = { nome: string; place: string; url: string; is_active: boolean };

const useSave = (camera: Camera, values: Values, onSaved: () => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  return useMutation({
    // The version that was read: who changed it meanwhile is not overwritten.
    mutationFn: () => ask("update-camera", changeOf(camera, values), { if_match: camera.version }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["cameras"] });
      onSaved();
    },
  });
};

/** Only what differs: a change says what was meant. */
const changeOf = (camera: Camera, { nome, place, url, is_active }: Values): Change => ({
  id: camera.id,
  ...(nome.trim() === camera.nome ? {} : { nome: nome.trim() }),
  ...(place.trim() === (camera.localizacao ?? "") ? {} : { localizacao: place.trim() === "" ? null : place.trim() }),
  ...(url.trim() === "" ? {} : { url_rtsp: url.trim() }),
  ...(is_active === camera.is_active ? {} : { is_active }),
});
