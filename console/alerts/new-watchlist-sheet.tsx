import { useState, type FormEvent } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, Field, Pick, Sheet } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Problem } from "#console/ui/states.tsx";
import type { Priority } from "./priority.tsx";
import type { Watchlist } from "./watchlists-page.tsx";

const priorities: readonly Priority[] = ["critical", "attention", "info"];

export const NewWatchlistSheet = ({ onClose, onMade }: { onClose(): void; onMade(list: Watchlist): void }) => {
  const m = useMessages();
  const [nome, setNome] = useState("");
  const [basis, setBasis] = useState("");
  const [priority, setPriority] = useState<Priority>("attention");
  const make = useMake({ nome, basis, priority }, onMade);
  const fields = fieldProblems(m, make.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Sheet title={m.watchlists.new} isOpen onClose={onClose}>
      {make.error ? <Problem error={make.error} /> : null}
      <Form className="form" onSubmit={submit}>
        <Field
          label={m.watchlists.name}
          name="nome"
          value={nome}
          onChange={setNome}
          error={fields["nome"]}
          minLength={2}
          maxLength={200}
          isRequired
          autoFocus
        />
        <Field
          label={m.watchlists.legalBasis}
          name="legal_basis"
          value={basis}
          onChange={setBasis}
          error={fields["legal_basis"]}
          maxLength={500}
        />
        <Pick<Priority>
          label={m.watchlists.priority}
          value={priority}
          options={priorities.map((value) => ({ value, label: m.alerts.priorities[value] }))}
          onChange={setPriority}
        />
        <Action kind="primary" type="submit" isBusy={make.isPending}>
          {m.watchlists.create}
        </Action>
      </Form>
    </Sheet>
  );
};

type Values = { nome: string; basis: string; priority: Priority };

const useMake = ({ nome, basis, priority }: Values, onMade: (list: Watchlist) => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  const { city } = useCity();
  return useMutation({
    mutationFn: () =>
      ask("create-watchlist", {
        cidade_id: city.id,
        nome: nome.trim(),
        priority,
        ...(basis.trim() ? { legal_basis: basis.trim() } : {}),
      }),
    onSuccess: async (list) => {
      await client.invalidateQueries({ queryKey: ["watchlists"] });
      onMade(list);
    },
  });
};
