/** The few parts that all screens are made of. Focus, keys and names for screen readers come from react-aria. */
import { useId, type ReactNode, type Ref } from "react";
import {
  Button,
  Dialog,
  FieldError,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  Switch,
  Text,
  TextField,
  type ButtonProps,
  type TextFieldProps,
} from "react-aria-components";
import { X } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";

type Kind = "primary" | "plain" | "quiet" | "danger";

type ActionProps = Omit<ButtonProps, "className" | "isPending"> & {
  kind?: Kind;
  className?: string;
  ref?: Ref<HTMLButtonElement>;
  /** What it began is under way. It keeps the focus, which a disabled button loses, and a dialog its Escape with it. */
  isBusy?: boolean;
};

export const Action = ({ kind = "plain", className, isBusy = false, type, onPress, ...props }: ActionProps) => (
  <Button
    {...props}
    {...(isBusy
      ? { type: "button", "aria-disabled": true }
      : { ...(type ? { type } : {}), ...(onPress ? { onPress } : {}) })}
    className={`action action-${kind} ${isBusy ? "action-busy" : ""} ${className ?? ""}`}
  />
);

/** Only an icon is seen; `label` is what is read and shown on hover. */
export const IconAction = ({
  label,
  children,
  ...props
}: Omit<ButtonProps, "className" | "children"> & { label: string; children: ReactNode }) => (
  <span title={label}>
    <Button {...props} aria-label={label} className="action action-quiet action-icon">
      {children}
    </Button>
  </span>
);

type FieldProps = Omit<TextFieldProps, "children" | "className"> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  mono?: boolean;
  className?: string;
  after?: ReactNode;
};

export const Field = ({ label, hint, error, placeholder, mono, after, className = "", ...props }: FieldProps) => (
  <TextField
    {...props}
    className={`field ${className}`}
    isInvalid={error !== undefined}
    // What the server refused is sent again after a change: the browser must not hold it back.
    validationBehavior={error === undefined ? "native" : "aria"}
  >
    <Label className="field-label">{label}</Label>
    <span className="field-row">
      <Input className={mono ? "input mono" : "input"} placeholder={placeholder ?? ""} />
      {after}
    </span>
    {hint ? (
      <Text slot="description" className="field-hint">
        {hint}
      </Text>
    ) : null}
    <FieldError className="field-error">{error}</FieldError>
  </TextField>
);

type PickProps<T extends string> = {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  onChange(value: T): void;
  hint?: string;
  error?: string | undefined;
  isRequired?: boolean;
  hideLabel?: boolean;
  name?: string;
};

/** The platform's own list: it speaks every assistive technology already. */
export const Pick = <T extends string>(props: PickProps<T>) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={props.hideLabel ? "hidden-label" : "field-label"}>
        {props.label}
      </label>
      <select
        id={id}
        className="input"
        name={props.name}
        value={props.value}
        required={props.isRequired ?? false}
        aria-invalid={props.error !== undefined}
        aria-describedby={props.error || props.hint ? `${id}-more` : undefined}
        onChange={(event) => props.onChange(event.target.value as T)}
      >
        {props.options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {props.error || props.hint ? (
        <span id={`${id}-more`} className={props.error ? "field-error" : "field-hint"}>
          {props.error ?? props.hint}
        </span>
      ) : null}
    </div>
  );
};

/** Date and time, as the platform asks for them. */
export const MomentField = (props: {
  label: string;
  type: "date" | "datetime-local";
  value: string;
  onChange(value: string): void;
  isRequired?: boolean;
  error?: string | undefined;
}) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {props.label}
      </label>
      <input
        id={id}
        className="input"
        type={props.type}
        step={1}
        value={props.value}
        required={props.isRequired ?? false}
        aria-invalid={props.error !== undefined}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {props.error ? <span className="field-error">{props.error}</span> : null}
    </div>
  );
};

export const Toggle = ({ label, isOn, onChange }: { label: string; isOn: boolean; onChange(on: boolean): void }) => (
  <Switch className="toggle" isSelected={isOn} onChange={onChange}>
    <span className="toggle-track" aria-hidden="true" />
    {label}
  </Switch>
);

type SheetProps = {
  title: string;
  isOpen: boolean;
  onClose(): void;
  children: ReactNode;
  wide?: boolean;
  /** Shows what is shown once: only its own buttons close it. */
  isFirm?: boolean;
};

/** A dialog over the page. Escape and a click outside close it. */
export const Sheet = ({ title, isOpen, onClose, children, wide = false, isFirm = false }: SheetProps) => {
  const m = useMessages();
  return (
    <ModalOverlay
      className="overlay"
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={!isFirm}
      isKeyboardDismissDisabled={isFirm}
    >
      <Modal className={wide ? "sheet sheet-wide" : "sheet"}>
        <Dialog className="sheet-body">
          <header className="sheet-head">
            <Heading slot="title">{title}</Heading>
            <IconAction label={m.common.close} onPress={onClose}>
              <X size={18} />
            </IconAction>
          </header>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
};
