/** `/first-access#<secret>` and `/new-password#<secret>`: opened by a one-time link, which reading does not use up. */
import { useEffect, useState, type FormEvent } from "react";
import { Form } from "react-aria-components";
import { useNavigate } from "@tanstack/react-router";
import type { Api } from "#console/api.ts";
import { call, isApiError } from "#console/call.ts";
import { useMessages } from "#console/messages/language.tsx";
import { momentText } from "#console/ui/format.ts";
import { Action, Field } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Loading, Problem } from "#console/ui/states.tsx";
import { useSession } from "./session-context.tsx";
import { Gate, PasswordField } from "./sign-in-page.tsx";

const SHORTEST = 15;
type Link = Api["check-link"]["output"];
type Checked =
  | { kind: "asking" }
  | { kind: "missing" }
  | { kind: "failed"; error: unknown }
  | { kind: "ready"; link: Link };

export const LinkPage = () => {
  const m = useMessages();
  // Read once. It stays in the address bar until it is used, so that a reload does not lose it.
  const [secret] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [checked, setChecked] = useState<Checked>({ kind: secret.length < 20 ? "missing" : "asking" });
  useEffect(() => {
    if (secret.length < 20) return;
    let isHere = true;
    call("check-link", { secret }).then(
      (link) => isHere && setChecked({ kind: "ready", link }),
      (error: unknown) => isHere && setChecked({ kind: "failed", error }),
    );
    return () => {
      isHere = false;
    };
  }, [secret]);
  if (checked.kind === "ready") return <LinkForm secret={secret} link={checked.link} />;
  return (
    <Gate title={m.session.firstTitle}>
      {checked.kind === "asking" ? <Loading /> : null}
      {checked.kind === "missing" ? (
        <p className="notice" role="alert">
          <strong>{m.session.noSecret}.</strong> {m.session.noSecretHint}
        </p>
      ) : null}
      {checked.kind === "failed" ? <Problem error={checked.error} /> : null}
      {checked.kind === "asking" ? null : (
        <>
          <p className="dim">{m.session.another}</p>
          <a href="/">{m.session.toSignIn}</a>
        </>
      )}
    </Gate>
  );
};

const LinkForm = ({ secret, link }: { secret: string; link: Link }) => {
  const m = useMessages();
  const { store } = useSession();
  const navigate = useNavigate();
  const [values, setValues] = useState<Values>({ nome: "", email: "", password: "", repeated: "" });
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const fields = fieldProblems(m, error);
  const left = SHORTEST - values.password.length;
  const differs = values.repeated !== "" && values.repeated !== values.password;
  const isReset = link.kind === "password_reset";

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (left > 0 || values.repeated !== values.password) return;
    setBusy(true);
    setError(null);
    try {
      const { nome, email, password } = values;
      store.accept(await call("accept-link", { secret, nome: nome.trim(), email: email.trim(), password }));
      await navigate({ to: "/", replace: true });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const title = {
    first_administrator: m.session.firstTitle,
    invitation: m.session.inviteTitle,
    password_reset: m.session.resetTitle,
  };
  const hint = {
    first_administrator: m.session.firstHint,
    invitation: m.session.inviteHint,
    password_reset: m.session.resetHint,
  };
  const hasFields = isApiError(error) && Object.keys(fields).length > 0 && error.problem.reason === undefined;
  return (
    <Gate title={title[link.kind]}>
      <p className="dim">{hint[link.kind]}</p>
      <p className="dim small">{m.session.expires(momentText(m.locale, zone(), Date.parse(link.expires_at)))}</p>
      {error && !hasFields ? <Problem error={error} /> : null}
      <Form className="form" onSubmit={(event) => void submit(event)} data-testid="first-access">
        <LinkFields values={values} fields={fields} left={left} differs={differs} onChange={setValues} />
        <Action kind="primary" type="submit" isBusy={isBusy} isDisabled={left > 0 || differs}>
          {isReset ? m.session.set : m.session.create}
        </Action>
      </Form>
    </Gate>
  );
};

type Values = { nome: string; email: string; password: string; repeated: string };
type FieldsProps = {
  values: Values;
  fields: Record<string, string>;
  left: number;
  differs: boolean;
  onChange(values: Values): void;
};

const LinkFields = ({ values, fields, left, differs, onChange }: FieldsProps) => {
  const m = useMessages();
  const change = (name: keyof Values) => (value: string) => onChange({ ...values, [name]: value });
  return (
    <>
      <Field
        label={m.session.name}
        name="nome"
        autoComplete="name"
        value={values.nome}
        onChange={change("nome")}
        error={fields["nome"]}
        isRequired
        autoFocus
      />
      <Field
        label={m.session.email}
        name="email"
        type="email"
        autoComplete="username"
        value={values.email}
        onChange={change("email")}
        error={fields["email"]}
        isRequired
      />
      <PasswordField
        label={m.session.password}
        name="password"
        autoComplete="new-password"
        value={values.password}
        onChange={change("password")}
        error={fields["password"]}
        hint={
          <>
            {m.session.passwordHint} <strong>{values.password === "" ? "" : m.session.passwordLeft(left)}</strong>
          </>
        }
      />
      <PasswordField
        label={m.session.repeat}
        name="repeated"
        autoComplete="new-password"
        value={values.repeated}
        onChange={change("repeated")}
        error={differs ? m.session.differs : undefined}
      />
    </>
  );
};

/** Before a city is known there is only the workstation's own zone. */
const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
