import { useMutation } from "@tanstack/react-query";
import type { Camera } from "#functions/cidades/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Action, Sheet } from "#console/ui/parts.tsx";
import { Secret } from "#console/ui/secret.tsx";
import { Problem } from "#console/ui/states.tsx";

export const CameraKeySheet = ({ camera, onClose }: { camera: Camera; onClose(): void }) => {
  const m = useMessages();
  const ask = useAsk();
  const make = useMutation({ mutationFn: () => ask("create-camera-key", { id: camera.id }) });
  return (
    <Sheet title={m.cameras.keyTitle} isOpen onClose={onClose} isFirm={make.data !== undefined}>
      <p>
        <strong>{camera.nome}</strong>
      </p>
      <p>{m.cameras.keyHint}</p>
      {make.error ? <Problem error={make.error} /> : null}
      {make.data ? (
        <Secret label={m.cameras.keyTitle} value={make.data.key} />
      ) : (
        <div className="actions">
          <Action kind="primary" isBusy={make.isPending} onPress={() => make.mutate()}>
            {m.cameras.keyMake}
          </Action>
        </div>
      )}
    </Sheet>
  );
};
