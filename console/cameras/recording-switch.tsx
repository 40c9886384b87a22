import { useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Camera } from "#functions/cidades/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { Mark } from "#console/ui/mark.tsx";
import { Action, Sheet } from "#console/ui/parts.tsx";
import { Problem } from "#console/ui/states.tsx";

/** Starting is one press; stopping is asked again, because what is not recorded is lost. */
export const RecordingSwitch = ({ camera }: { camera: Camera }) => {
  const m = useMessages();
  const ask = useAsk();
  const may = useMay();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const turn = useMutation({
    mutationFn: (on: boolean) => ask(on ? "start-recording" : "stop-recording", { camera_id: camera.id }),
    onSuccess: () => setAsking(false),
    onSettled: () => client.invalidateQueries({ queryKey: ["cameras"] }),
  });
  const label = camera.recording ? m.cameras.stopOf(camera.nome) : m.cameras.startOf(camera.nome);
  return (
    <span className="recording-switch">
      {camera.recording ? <span>{m.cameras.on}</span> : <Mark kind="attention">{m.cameras.off}</Mark>}
      {may("recordings.manage") && camera.is_active ? (
        <Action
          aria-label={label}
          isBusy={turn.isPending}
          onPress={() => (camera.recording ? setAsking(true) : turn.mutate(true))}
        >
          {camera.recording ? m.cameras.stop : m.cameras.start}
        </Action>
      ) : null}
      {turn.error && !isAsking ? <Problem error={turn.error} /> : null}
      <Sheet title={m.cameras.stopTitle} isOpen={isAsking} onClose={() => setAsking(false)}>
        <p>{m.cameras.stopHint(camera.nome)}</p>
        {turn.error ? <Problem error={turn.error} /> : null}
        <div className="actions">
          <Action kind="danger" isBusy={turn.isPending} onPress={() => turn.mutate(false)}>
            {m.cameras.stopConfirm}
          </Action>
          <Action onPress={() => setAsking(false)}>{m.common.cancel}</Action>
        </div>
      </Sheet>
    </span>
  );
};
