/** Which camera's passages are shown; it stands in the address, for all tabs of the page. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { camerasQuery } from "#console/cameras/cameras-query.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Pick } from "#console/ui/parts.tsx";

export const CameraPick = ({ value }: { value: string | undefined }) => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const navigate = useNavigate();
  const cameras = useQuery(camerasQuery(ask, city.id));
  const options = (cameras.data?.items ?? []).map(({ id, nome }) => ({ value: id, label: nome }));
  return (
    <Pick
      label={m.plates.filterCamera}
      value={value ?? ""}
      options={[{ value: "", label: m.plates.everyCamera }, ...options]}
      onChange={(id) =>
        void navigate({ to: "/plates", search: (before) => ({ ...before, camera: id === "" ? undefined : id }) })
      }
    />
  );
};
