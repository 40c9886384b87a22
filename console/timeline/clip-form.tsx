/** A range of time becomes a clip. Every way to choose it has a twin: drag, keys, buttons, typed times. */
import { useRef, useState, type FormEvent, type RefObject } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { durationText } from "#console/ui/format.ts";
import { Action, Field, MomentField } from "#console/ui/parts.tsx";
import { Problem } from "#console/ui/states.tsx";
import { fromLocal, localText } from "./days.ts";
import type { Span } from "./geometry.ts";

type Props = {
  camera_id: string;
  zone: string;
  range: Span | null;
  now: number;
  /** The key X leads here. */
  button: RefObject<HTMLButtonElement | null>;
  onRange(range: Span | null): void;
  onMark(edge: "from" | "to"): void;
};

const LONGEST_MS = 3_600_000;

export const ClipForm = ({ camera_id, zone, range, now, button, onRange, onMark }: Props) => {
  const m = useMessages();
  const [nome, setNome] = useState("");
  const { typed, type } = useTyped(range, zone, onRange);
  const create = useCreate(camera_id, nome.trim());
  const wrong = wrongIn(range, typed, now);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!range || wrong) return;
    await create.mutateAsync(range);
    setNome("");
    onRange(null);
  };
  return (
    <form
      className="form clip-form"
      data-testid="clip-form"
      onSubmit={(event) => void submit(event).catch(() => undefined)}
    >
      <Edge
        label={m.clips.from}
        sign="I"
        value={typed.from}
        onChange={(from) => type({ ...typed, from })}
        onMark={() => onMark("from")}
      />
      <Edge
        label={m.clips.to}
        sign="O"
        value={typed.to}
        error={wrong ? m.clips.wrong[wrong] : undefined}
        onChange={(to) => type({ ...typed, to })}
        onMark={() => onMark("to")}
      />
      <Field label={m.clips.name} value={nome} onChange={setNome} maxLength={200} />
      <div className="actions">
        <Action
          ref={button}
          kind="primary"
          type="submit"
          isDisabled={range === null || wrong !== null || create.isPending}
        >
          {m.clips.create}
        </Action>
        {range ? (
          <Action kind="quiet" onPress={() => onRange(null)}>
            {m.clips.clear}
          </Action>
        ) : null}
        <span className="dim" data-testid="clip-length">
          {range ? m.clips.duration(durationText(range.to - range.from)) : m.clips.choose}
        </span>
      </div>
      <p role="status" className={create.isSuccess && range === null ? "notice" : "hidden-label"}>
        {create.isSuccess && range === null ? m.clips.created : ""}
      </p>
      {create.error ? <Problem error={create.error} /> : null}
    </form>
  );
};

type EdgeProps = {
  label: string;
  sign: string;
  value: string;
  error?: string | undefined;
  onChange(value: string): void;
  onMark(): void;
};

const Edge = ({ label, sign, value, error, onChange, onMark }: EdgeProps) => {
  const m = useMessages();
  return (
    <div className="clip-edge">
      <MomentField label={label} type="datetime-local" value={value} error={error} onChange={onChange} />
      <Action onPress={onMark} aria-label={`${m.clips.mark}: ${label}`}>
        {m.clips.mark} <kbd aria-hidden="true">{sign}</kbd>
      </Action>
    </div>
  );
};

type Typed = { from: string; to: string };

/** What stands in the two fields: the range, or what somebody typed since that is none. */
const useTyped = (range: Span | null, zone: string, onRange: Props["onRange"]) => {
  const [draft, setDraft] = useState<{ of: Span | null; typed: Typed } | null>(null);
  const told = range ? { from: localText(range.from, zone), to: localText(range.to, zone) } : { from: "", to: "" };
  const type = (typed: Typed): void => {
    const [from, to] = [fromLocal(typed.from, zone), fromLocal(typed.to, zone)];
    setDraft(from < to ? null : { of: range, typed });
    if (from < to) onRange({ from, to });
  };
  return { typed: draft && draft.of === range ? draft.typed : told, type };
};

const wrongIn = (range: Span | null, typed: Typed, now: number): "order" | "long" | "future" | null => {
  if (typed.from !== "" && typed.to !== "" && typed.from >= typed.to) return "order";
  if (!range) return null;
  if (range.to - range.from > LONGEST_MS) return "long";
  return range.to > now ? "future" : null;
};

const useCreate = (camera_id: string, nome: string) => {
  const ask = useAsk();
  const client = useQueryClient();
  const sent = useRef({ what: "", key: "" });
  return useMutation({
    mutationFn: ({ from, to }: Span) => {
      const times = { start_time: new Date(from).toISOString(), end_time: new Date(to).toISOString() };
      const clip = { camera_id, ...times, ...(nome ? { nome } : {}) };
      const what = JSON.stringify(clip);
      // The same thing asked for again after a failure is the same clip.
      if (sent.current.what !== what) sent.current = { what, key: crypto.randomUUID() };
      return ask("create-clip", clip, { idempotency_key: sent.current.key });
    },
    onSuccess: () => {
      sent.current = { what: "", key: "" };
      return client.invalidateQueries({ queryKey: ["clips"] });
    },
  });
};
