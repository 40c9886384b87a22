import { useState, type FormEvent, type ReactNode } from "react";
import { Form } from "react-aria-components";
import { Eye, EyeOff } from "lucide-react";
import { call } from "#console/call.ts";
import { useMessages, useLanguage } from "#console/messages/language.tsx";
import { Action, Field, IconAction } from "#console/ui/parts.tsx";
import { Problem } from "#console/ui/states.tsx";
import { useSession } from "./session-context.tsx";

/** The page around who is not signed in yet. */
export const Gate = ({ title, children }: { title: string; children: ReactNode }) => {
  const { m, language, choose } = useLanguage();
  return (
    <main className="gate">
      <section className="gate-card" aria-labelledby="gate-title">
        <p className="brand">
          <img src="/icon.svg" alt="" width={28} height={28} /> {m.session.product}
        </p>
        <h1 id="gate-title">{title}</h1>
        {children}
      </section>
      <Action kind="quiet" onPress={() => choose(language === "en" ? "pt-BR" : "en")}>
        {m.language.other}
      </Action>
    </main>
  );
};

export const PasswordField = (props: {
  label: string;
  value: string;
  onChange(value: string): void;
  autoComplete: "current-password" | "new-password";
  hint?: ReactNode;
  error?: string | undefined;
  name: string;
}) => {
  const m = useMessages();
  const [isShown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={isShown ? "text" : "password"}
      isRequired
      after={
        <IconAction label={isShown ? m.session.hide : m.session.show} onPress={() => setShown(!isShown)}>
          {isShown ? <EyeOff size={18} /> : <Eye size={18} />}
        </IconAction>
      }
    />
  );
};

export const SignInPage = ({ reason }: { reason: "none" | "ended" | "signed_out" }) => {
  const m = useMessages();
  const { store } = useSession();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      store.accept(await call("sign-in", { email: email.trim(), password }));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Gate title={m.session.title}>
      {reason === "none" ? null : (
        <p className="notice" role="status">
          {reason === "ended" ? m.session.ended : m.session.signedOut}
        </p>
      )}
      {error ? <Problem error={error} /> : null}
      <Form className="form" onSubmit={(event) => void submit(event)} data-testid="sign-in">
        <Field
          label={m.session.email}
          name="email"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          isRequired
          autoFocus
        />
        <PasswordField
          label={m.session.password}
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
        />
        <Action kind="primary" type="submit" isBusy={isBusy}>
          {m.session.submit}
        </Action>
      </Form>
    </Gate>
  );
};
