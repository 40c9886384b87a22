/** What is asked, and why: without a purpose there is no search. */
import { useEffect, useRef, type FormEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import { Search } from "lucide-react";
import { needsReference, purposeCodes, type PurposeCode } from "#lib/wire/purposes.ts";
import { camerasQuery } from "#console/cameras/cameras-query.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Chips } from "#console/ui/chips.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, Field, MomentField, Pick, Toggle } from "#console/ui/parts.tsx";
import { readMask } from "./masks.ts";

/** As typed; times are local ones of the city, `YYYY-MM-DDTHH:MM`. */
export type SearchValues = {
  purpose: PurposeCode | null;
  reference: string;
  plate: string;
  from: string;
  to: string;
  camera: string;
  everywhere: boolean;
};
export type SearchErrors = Partial<Record<"purpose" | "purpose_reference" | "plate" | "from" | "to", string>>;

type Props = {
  values: SearchValues;
  errors: SearchErrors;
  isBusy: boolean;
  onChange(values: SearchValues): void;
  onSubmit(): void;
};

export const SearchForm = ({ values, errors, isBusy, onChange, onSubmit }: Props) => {
  const m = useMessages();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input')?.focus();
  }, [errors]);
  const set =
    <K extends keyof SearchValues>(name: K) =>
    (value: SearchValues[K]): void =>
      onChange({ ...values, [name]: value });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Form ref={form} className="panel search-form" onSubmit={submit} data-testid="plate-search">
      <Chips<PurposeCode>
        label={m.plates.form.purpose}
        name="purpose"
        value={values.purpose}
        options={purposeCodes.map((value) => ({ value, label: m.plates.purposes[value] }))}
        onChange={set("purpose")}
        error={errors.purpose}
      />
      {values.purpose !== null && needsReference[values.purpose] ? (
        <Field
          label={m.plates.form.reference}
          hint={m.plates.form.referenceNeeded}
          name="reference"
          value={values.reference}
          onChange={set("reference")}
          error={errors.purpose_reference}
          maxLength={100}
          autoComplete="off"
        />
      ) : null}
      <PlateField value={values.plate} onChange={set("plate")} error={errors.plate} />
      <Period values={values} errors={errors} onChange={onChange} />
      <Where values={values} onChange={onChange} />
      <Action kind="primary" type="submit" isBusy={isBusy}>
        <Search size={16} aria-hidden="true" />
        {m.plates.form.submit}
      </Action>
      <p className="dim small">{m.plates.form.audited}</p>
    </Form>
  );
};

const Period = ({ values, errors, onChange }: Omit<Props, "isBusy" | "onSubmit">) => {
  const m = useMessages();
  return (
    <div className="form-row">
      <MomentField
        label={m.plates.form.from}
        type="datetime-local"
        value={values.from}
        onChange={(from) => onChange({ ...values, from })}
        error={errors.from}
      />
      <MomentField
        label={m.plates.form.to}
        type="datetime-local"
        value={values.to}
        onChange={(to) => onChange({ ...values, to })}
        error={errors.to}
      />
    </div>
  );
};

const PlateField = ({
  value,
  onChange,
  error,
}: {
  value: string;
  onChange(value: string): void;
  error: string | undefined;
}) => {
  const m = useMessages();
  const mask = readMask(value);
  return (
    <div className="form">
      <Field
        label={m.plates.form.plate}
        hint={m.plates.form.plateHint}
        name="plate"
        value={value}
        onChange={onChange}
        error={error}
        mono
        className="plate-field"
        maxLength={12}
        autoComplete="off"
        spellCheck="false"
      />
      <p className="mask" aria-live="polite" data-testid="mask">
        {mask ? m.plates.form.kinds[mask.kind](mask.shown) : ""}
      </p>
    </div>
  );
};

const Where = ({ values, onChange }: { values: SearchValues; onChange(values: SearchValues): void }) => {
  const m = useMessages();
  const ask = useAsk();
  const { city, cities } = useCity();
  const cameras = useQuery(camerasQuery(ask, city.id));
  const options = (cameras.data?.items ?? []).map(({ id, nome }) => ({ value: id, label: nome }));
  return (
    <>
      {values.everywhere ? null : (
        <Pick
          label={m.plates.filterCamera}
          value={values.camera}
          options={[{ value: "", label: m.plates.everyCamera }, ...options]}
          onChange={(camera) => onChange({ ...values, camera })}
        />
      )}
      {cities.length > 1 ? (
        <Toggle
          label={m.plates.form.everyCity}
          isOn={values.everywhere}
          onChange={(everywhere) => onChange({ ...values, everywhere, camera: "" })}
        />
      ) : null}
    </>
  );
};
