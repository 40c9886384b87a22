/** A person gets no password from us: the link that is shown once lets them choose their own. */
import { useState, type FormEvent } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import type { Api } from "#console/api.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk, useSession } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { momentText } from "#console/ui/format.ts";
import { Action, Field, Pick, Sheet } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Secret } from "#console/ui/secret.tsx";
import { Answer, Problem } from "#console/ui/states.tsx";
import { useStore } from "#console/ui/store.ts";
import { linkPath } from "#functions/admin/contract.ts";
import { rolesQuery } from "./roles-query.ts";

type Role = Api["list-roles"]["output"]["items"][number];
type Made = Api["create-user"]["output"];

export const NewUserSheet = ({ onClose }: { onClose(): void }) => {
  const m = useMessages();
  const [made, setMade] = useState<Made | null>(null);
  const roles = useQuery(rolesQuery(useAsk()));
  return (
    <Sheet title={made ? m.admin.created(made.nome) : m.admin.add} isOpen onClose={onClose} isFirm={made !== null}>
      {made ? (
        <FirstLink made={made} onClose={onClose} />
      ) : (
        <Answer of={roles}>{({ items }) => <UserForm roles={items} onMade={setMade} />}</Answer>
      )}
    </Sheet>
  );
};

const FirstLink = ({ made, onClose }: { made: Made; onClose(): void }) => {
  const m = useMessages();
  const { city } = useCity();
  if (made.link === null) return null;
  return (
    <div className="form">
      <p>{m.admin.linkHint(momentText(m.locale, city.fuso_horario, Date.parse(made.link.expires_at)))}</p>
      <Secret label={m.admin.link} value={location.origin + linkPath("first-access", made.link.secret)} />
      <div className="actions">
        <Action onPress={onClose}>{m.common.close}</Action>
      </div>
    </div>
  );
};

const UserForm = ({ roles, onMade }: { roles: readonly Role[]; onMade(made: Made): void }) => {
  const m = useMessages();
  const { city } = useCity();
  const scopes = useScopes();
  const [values, setValues] = useState<Values>({ nome: "", email: "", role_id: roles[0]?.id ?? "", scope: city.id });
  const make = useMake(values, onMade);
  const fields = fieldProblems(m, make.error);
  const change = (name: keyof typeof values) => (value: string) =>
    setValues((before) => ({ ...before, [name]: value }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Form className="form" onSubmit={submit} data-testid="new-user">
      {make.error ? <Problem error={make.error} /> : null}
      <Field
        label={m.admin.name}
        name="nome"
        value={values.nome}
        onChange={change("nome")}
        error={fields["nome"]}
        minLength={2}
        maxLength={200}
        autoComplete="off"
        isRequired
        autoFocus
      />
      <Field
        label={m.admin.email}
        name="email"
        type="email"
        value={values.email}
        onChange={change("email")}
        error={fields["email"]}
        autoComplete="off"
        isRequired
      />
      <Pick
        label={m.admin.role}
        value={values.role_id}
        options={roles.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={change("role_id")}
      />
      <Pick label={m.admin.scope} value={values.scope} options={scopes} onChange={change("scope")} />
      <Action kind="primary" type="submit" isBusy={make.isPending}>
        {m.admin.create}
      </Action>
    </Form>
  );
};

type Values = { nome: string; email: string; role_id: string; scope: string };

const useMake = (values: Values, onMade: (made: Made) => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      ask("create-user", {
        nome: values.nome.trim(),
        email: values.email.trim(),
        roles: [{ role_id: values.role_id, cidade_id: values.scope === "" ? null : values.scope }],
      }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ["users"] });
      onMade(made);
    },
  });
};

/** Every city only for who has them all: nobody gives what they do not hold. */
const useScopes = (): { value: string; label: string }[] => {
  const m = useMessages();
  const { cities } = useCity();
  const state = useStore(useSession().store.state);
  const hasAll = state.kind === "in" && state.session.cities === "all";
  const named = cities.map(({ id, nome, estado }) => ({ value: id, label: `${nome} · ${estado}` }));
  return hasAll ? [...named, { value: "", label: m.admin.everywhere }] : named;
};
