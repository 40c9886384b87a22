import { useState } from "react";
import { Link } from "@tanstack/react-router";
import { KeyRound, Pencil } from "lucide-react";
import type { Camera } from "#functions/cidades/contract.ts";
import { TableBox } from "#console/ui/table-box.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useMay } from "#console/session/session-context.tsx";
import { IconAction } from "#console/ui/parts.tsx";
import { Mark } from "#console/ui/mark.tsx";
import { CameraKeySheet } from "./camera-key-sheet.tsx";
import { CameraStatusText, useCurrent } from "./camera-status.tsx";
import { EditCameraSheet } from "./edit-camera-sheet.tsx";
import { RecordingSwitch } from "./recording-switch.tsx";
import { keysAreFar } from "./video-advice.ts";

type Open = { sheet: "edit" | "key"; camera: Camera } | null;

export const CameraTable = ({ cameras }: { cameras: readonly Camera[] }) => {
  const m = useMessages();
  const may = useMay();
  const [open, setOpen] = useState<Open>(null);
  const isManager = may("cameras.manage");
  const close = (): void => setOpen(null);
  return (
    <>
      <TableBox label={m.cameras.title}>
        <thead>
          <tr>
            <th scope="col">{m.cameras.name}</th>
            <th scope="col">{m.cameras.status}</th>
            <th scope="col">{m.cameras.stream}</th>
            <th scope="col">{m.cameras.recording}</th>
            {isManager ? (
              <th scope="col">
                <span className="hidden-label">{m.cameras.actions}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {cameras.map((camera) => (
            <CameraRow
              key={camera.id}
              camera={camera}
              isManager={isManager}
              onOpen={(sheet) => setOpen({ sheet, camera })}
            />
          ))}
        </tbody>
      </TableBox>
      {open?.sheet === "edit" ? <EditCameraSheet camera={open.camera} onClose={close} /> : null}
      {open?.sheet === "key" ? <CameraKeySheet camera={open.camera} onClose={close} /> : null}
    </>
  );
};

type RowProps = { camera: Camera; isManager: boolean; onOpen(sheet: "edit" | "key"): void };

const CameraRow = ({ camera, isManager, onOpen }: RowProps) => {
  const m = useMessages();
  const current = useCurrent();
  // It has nothing that could be on air or not.
  const isPlatesOnly = camera.is_active && camera.endereco_rtsp === null;
  return (
    <tr data-testid="camera" data-camera-id={camera.id}>
      <th scope="row">
        <Link to="/cameras/$cameraId" params={{ cameraId: camera.id }}>
          {camera.nome}
        </Link>
        <div className="dim small">{camera.localizacao ?? ""}</div>
      </th>
      <td>
        {isPlatesOnly ? (
          <span className="dim">{m.cameras.noVideo}</span>
        ) : (
          <CameraStatusText current={current(camera)} />
        )}
      </td>
      <td>
        <Video camera={camera} />
      </td>
      <td className="nowrap">{camera.endereco_rtsp === null ? null : <RecordingSwitch camera={camera} />}</td>
      {isManager ? (
        <td className="end">
          <div className="actions">
            <IconAction label={`${m.cameras.key}: ${camera.nome}`} onPress={() => onOpen("key")}>
              <KeyRound size={16} />
            </IconAction>
            <IconAction label={m.cameras.editOf(camera.nome)} onPress={() => onOpen("edit")}>
              <Pencil size={16} />
            </IconAction>
          </div>
        </td>
      ) : null}
    </tr>
  );
};

const Video = ({ camera: { endereco_rtsp, stream } }: { camera: Camera }) => {
  const m = useMessages();
  if (endereco_rtsp === null) return null;
  if (stream === null) return <span className="dim mono small">{endereco_rtsp}</span>;
  const number = (value: number): string => value.toLocaleString(m.locale, { maximumFractionDigits: 1 });
  const { codec, width, height, fps, key_frame_seconds } = stream;
  const parts = [
    codec.toUpperCase(),
    m.cameras.size(width, height),
    ...(fps === null ? [] : [m.cameras.fps(number(fps))]),
  ];
  return (
    <>
      <span className="nowrap">{parts.join(" · ")}</span>
      <div className="small">
        {key_frame_seconds !== null && keysAreFar(key_frame_seconds) ? (
          <span title={m.cameras.longKeys}>
            <Mark kind="attention">{m.cameras.keyFrames(number(key_frame_seconds))}</Mark>
          </span>
        ) : (
          <span className="dim mono">{endereco_rtsp}</span>
        )}
      </div>
    </>
  );
};
