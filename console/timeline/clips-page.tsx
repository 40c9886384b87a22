import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { camerasQuery } from "#console/cameras/cameras-query.ts";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Pick } from "#console/ui/parts.tsx";
import { ClipList } from "./clip-list.tsx";

export const ClipsPage = () => {
  const m = useMessages();
  return (
    <section className="page" aria-labelledby="clips-title">
      <Allowed permission="recordings.view">
        <Clips title={m.clips.title} />
      </Allowed>
    </section>
  );
};

const Clips = ({ title }: { title: string }) => {
  const m = useMessages();
  const { city } = useCity();
  const may = useMay();
  const navigate = useNavigate();
  const { camera } = useSearch({ strict: false }) as { camera?: string };
  const cameras = useQuery({ ...camerasQuery(useAsk(), city.id), enabled: may("cameras.view") });
  const known = cameras.data?.items ?? [];
  return (
    <>
      <header className="page-head">
        <h1 id="clips-title">{title}</h1>
        {known.length > 1 ? (
          <Pick
            label={m.clips.camera}
            value={camera ?? ""}
            options={[{ value: "", label: m.common.all }, ...known.map(({ id, nome }) => ({ value: id, label: nome }))]}
            onChange={(id) =>
              void navigate({ to: "/clips", search: (before) => ({ ...before, camera: id === "" ? undefined : id }) })
            }
          />
        ) : null}
      </header>
      <ClipList
        cidade_id={city.id}
        camera_id={camera}
        zone={city.fuso_horario}
        heading="h2"
        emptyHint={m.clips.emptyHint}
        nameOf={(id) => known.find((one) => one.id === id)?.nome ?? null}
      />
    </>
  );
};
