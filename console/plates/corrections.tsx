/** What people say that a read is. The read itself stays as it was. */
import { useId, useState, type FormEvent } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import { Check } from "lucide-react";
import type { PlateReadDetails } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { momentText } from "#console/ui/format.ts";
import { Action, Field, Toggle } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Problem } from "#console/ui/states.tsx";
import { plateNow, plateText } from "./plate.tsx";

export const Corrections = ({ read }: { read: PlateReadDetails }) => {
  const m = useMessages();
  const { city, cities } = useCity();
  const zone = (cities.find(({ id }) => id === read.cidade_id) ?? city).fuso_horario;
  const titleId = useId();
  if (read.corrections.length === 0) return null;
  const words = m.plates.correct;
  return (
    <section aria-labelledby={titleId} data-testid="corrections">
      <h3 id={titleId}>{words.history}</h3>
      <ul className="sources">
        {read.corrections.map(({ id, plate, reason, created_at, is_current }) => (
          <li key={id}>
            <span>{words.is(plate === null ? words.unreadable : plateText(plate), reason ?? "")}</span>
            <span className="dim">
              {words.by(momentText(m.locale, zone, Date.parse(created_at)))}
              {is_current ? "" : ` · ${words.replaced}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};

export const CorrectForm = ({ read }: { read: PlateReadDetails }) => {
  const m = useMessages();
  const words = m.plates.correct;
  const titleId = useId();
  const [plate, setPlate] = useState(plateNow(read) ?? "");
  const [reason, setReason] = useState("");
  const [isUnreadable, setUnreadable] = useState(false);
  const correct = useCorrect(read, { plate: isUnreadable ? null : plate.trim(), reason: reason.trim() }, () =>
    setReason(""),
  );
  const saved = plateNow(read);
  const fields = fieldProblems(m, correct.error);
  return (
    <Form
      className="form panel"
      aria-labelledby={titleId}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        correct.mutate();
      }}
      data-testid="correct-plate"
    >
      <h3 id={titleId}>{words.title}</h3>
      {correct.error ? <Problem error={correct.error} /> : null}
      <Field
        label={words.plate}
        hint={words.plateHint}
        name="plate"
        className="plate-field"
        mono
        value={plate}
        onChange={setPlate}
        error={fields["plate"]}
        isDisabled={isUnreadable}
        minLength={2}
        maxLength={12}
        autoComplete="off"
        spellCheck="false"
        isRequired
      />
      <Toggle label={words.unreadable} isOn={isUnreadable} onChange={setUnreadable} />
      <ReasonField value={reason} onChange={setReason} error={fields["reason"]} />
      <Action kind="primary" type="submit" isBusy={correct.isPending}>
        <Check size={16} aria-hidden="true" />
        {words.submit}
      </Action>
      <p className="dim small" aria-live="polite">
        {correct.isSuccess ? words.done(saved === null ? words.unreadable : plateText(saved)) : words.kept}
      </p>
    </Form>
  );
};

type ReasonProps = { value: string; onChange(value: string): void; error: string | undefined };

const ReasonField = (props: ReasonProps) => {
  const m = useMessages();
  return (
    <Field
      {...props}
      label={m.plates.correct.reason}
      name="reason"
      minLength={3}
      maxLength={500}
      autoComplete="off"
      isRequired
    />
  );
};

const useCorrect = ({ id }: PlateReadDetails, said: { plate: string | null; reason: string }, onSaved: () => void) => {
  const ask = useAsk();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask("correct-plate", { id, ...said }),
    onSuccess: async (now) => {
      client.setQueryData(["plate-read", id], now);
      onSaved();
      await client.invalidateQueries({ queryKey: ["plates"] });
    },
  });
};
