import { useState, type FormEvent } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { momentText } from "#console/ui/format.ts";
import { Action, Field, Sheet } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Secret } from "#console/ui/secret.tsx";
import { Problem } from "#console/ui/states.tsx";

export const NewAgentSheet = ({ onClose }: { onClose(): void }) => {
  const m = useMessages();
  const ask = useAsk();
  const client = useQueryClient();
  const { city } = useCity();
  const [nome, setNome] = useState("");
  const make = useMutation({
    mutationFn: () => ask("create-agent", { cidade_id: city.id, nome: nome.trim() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  const made = make.data;
  return (
    <Sheet title={made ? made.nome : m.agents.new} isOpen onClose={onClose} isFirm={made !== undefined}>
      {make.error ? <Problem error={make.error} /> : null}
      {made ? (
        <div className="form">
          <p>{m.agents.codeHint(momentText(m.locale, city.fuso_horario, Date.parse(made.enrolment_expires_at)))}</p>
          <Secret label={m.agents.code} value={made.enrolment_code} />
          <div className="actions">
            <Action onPress={onClose}>{m.common.close}</Action>
          </div>
        </div>
      ) : (
        <Form className="form" onSubmit={submit} data-testid="new-agent">
          <Field
            label={m.agents.name}
            hint={m.agents.nameHint}
            name="nome"
            value={nome}
            onChange={setNome}
            error={fieldProblems(m, make.error)["nome"]}
            minLength={2}
            maxLength={200}
            isRequired
            autoFocus
          />
          <Action kind="primary" type="submit" isBusy={make.isPending}>
            {m.agents.create}
          </Action>
        </Form>
      )}
    </Sheet>
  );
};
