/** One of a few, all in view. */
import { FieldError, Label, Radio, RadioGroup } from "react-aria-components";

type Props<T extends string> = {
  label: string;
  name: string;
  value: T | null;
  options: readonly { value: T; label: string }[];
  onChange(value: T): void;
  error?: string | undefined;
};

export const Chips = <T extends string>({ label, name, value, options, onChange, error }: Props<T>) => (
  <RadioGroup
    className="chips"
    name={name}
    value={value}
    onChange={(chosen) => onChange(chosen as T)}
    isInvalid={error !== undefined}
    isRequired
    validationBehavior="aria"
  >
    <Label className="field-label">{label}</Label>
    <div>
      {options.map((option) => (
        <Radio key={option.value} value={option.value} className="chip">
          {option.label}
        </Radio>
      ))}
    </div>
    <FieldError className="field-error">{error}</FieldError>
  </RadioGroup>
);
