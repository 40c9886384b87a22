/** One camera: live at the right end of its day's timeline, and any instant of it. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Camera } from "#functions/cidades/contract.ts";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Mark } from "#console/ui/mark.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { useRecordingSign } from "#console/live/recording-sign.ts";
import { Tile } from "#console/live/tile.tsx";
import { CameraTimeline } from "./camera-timeline.tsx";

export const CameraPage = () => {
  const m = useMessages();
  const ask = useAsk();
  const may = useMay();
  const { cameraId } = useParams({ strict: false });
  const isOpen = may("cameras.view") && (may("live.view") || may("recordings.view"));
  const camera = useQuery({
    queryKey: ["cameras", "one", cameraId],
    queryFn: ({ signal }) => ask("read-camera", { id: cameraId ?? "" }, { signal }),
    refetchInterval: 15_000,
    enabled: isOpen,
  });
  if (!isOpen) return <Empty title={m.common.noPermission} hint={m.common.noPermissionHint} />;
  return (
    <section className="page page-camera">
      <Answer of={camera}>{(found) => <CameraView key={found.id} camera={found} />}</Answer>
    </section>
  );
};

const CameraView = ({ camera }: { camera: Camera }) => {
  const m = useMessages();
  const may = useMay();
  const { city, cities } = useCity();
  const zone = (cities.find(({ id }) => id === camera.cidade_id) ?? city).fuso_horario;
  return (
    <>
      <header className="page-head">
        <h1>{camera.nome}</h1>
        {camera.localizacao ? <p className="dim">{camera.localizacao}</p> : null}
        <RecordingWord camera={camera} />
      </header>
      {camera.endereco_rtsp === null ? (
        <Empty title={m.problems.reasons["camera.no_address"] as string} />
      ) : may("recordings.view") ? (
        <CameraTimeline camera={camera} zone={zone} />
      ) : (
        <div className="stage-box">
          <Tile camera={camera} isLink={false} />
        </div>
      )}
    </>
  );
};

const RecordingWord = ({ camera }: { camera: Camera }) => {
  const m = useMessages();
  const sign = useRecordingSign(camera);
  if (sign === "recording") return <Mark kind="normal">{m.live.recording}</Mark>;
  return <Mark kind={sign === "off" || sign === "unconfirmed" ? "lost" : "attention"}>{m.live.recordings[sign]}</Mark>;
};
