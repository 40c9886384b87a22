import { useState, type FormEvent } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import { Plus } from "lucide-react";
import { useLink } from "#console/live/link-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { dayOf, fromLocal, shiftDay } from "#console/timeline/days.ts";
import { useCity } from "#console/ui/city.tsx";
import { Action, Field, MomentField } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Problem } from "#console/ui/states.tsx";
import type { Watchlist } from "./watchlists-page.tsx";

const USUAL_DAYS = 30;

export const EntryForm = ({ list, onAdded }: { list: Watchlist; onAdded(plate: string): void }) => {
  const m = useMessages();
  const link = useLink();
  const { fuso_horario: zone } = useCity().city;
  const usual = (): string => shiftDay(dayOf(link.now() ?? Date.now(), zone), USUAL_DAYS);
  const [values, setValues] = useState<Values>(() => ({ plate: "", reason: "", day: usual() }));
  const add = useAdd(list, values, zone, (plate) => {
    setValues({ plate: "", reason: "", day: usual() });
    onAdded(plate);
  });
  const fields = fieldProblems(m, add.error);
  const change = (name: keyof Values) => (value: string) => setValues({ ...values, [name]: value });
  return (
    <Form
      className="form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        add.mutate();
      }}
      data-testid="new-entry"
    >
      {add.error ? <Problem error={add.error} /> : null}
      <div className="form-row">
        <PlateField value={values.plate} onChange={change("plate")} error={fields["plate"]} />
        <Field
          label={m.watchlists.reason}
          name="reason"
          value={values.reason}
          onChange={change("reason")}
          error={fields["reason"]}
          minLength={3}
          maxLength={500}
          isRequired
        />
        <MomentField
          label={m.watchlists.expires}
          type="date"
          value={values.day}
          onChange={change("day")}
          error={fields["expires_at"]}
          isRequired
        />
      </div>
      <Action kind="primary" type="submit" isBusy={add.isPending}>
        <Plus size={16} aria-hidden="true" />
        {m.watchlists.addEntry}
      </Action>
    </Form>
  );
};

type PlateFieldProps = { value: string; onChange(value: string): void; error: string | undefined };

const PlateField = (props: PlateFieldProps) => {
  const m = useMessages();
  return (
    <Field
      {...props}
      label={m.watchlists.plate}
      hint={m.watchlists.plateHint}
      name="plate"
      className="plate-field"
      mono
      minLength={7}
      maxLength={8}
      autoComplete="off"
      isRequired
    />
  );
};

type Values = { plate: string; reason: string; day: string };

const useAdd = (list: Watchlist, values: Values, zone: string, onAdded: (plate: string) => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      ask("create-watchlist-entry", {
        watchlist_id: list.id,
        cidade_id: list.cidade_id,
        plate: values.plate.trim(),
        reason: values.reason.trim(),
        // The day that is named still counts, to its end.
        expires_at: new Date(fromLocal(`${values.day}T23:59:59`, zone)).toISOString(),
      }),
    onSuccess: async ({ plate }) => {
      await client.invalidateQueries({ queryKey: ["watchlist-entries", list.id] });
      onAdded(plate);
    },
  });
};
