/** A camera's address: checked, split into what may be shown, sealed. */
import { AppError } from "#lib/errors.ts";
import type { Keys } from "#lib/secrets/keys.ts";

export type ShownAddress = { endereco_rtsp: string; has_credentials: boolean };

/**
 * Throws `invalid` with `camera.url_scheme` or `camera.url_form`. Never repeats the address: it may hold a password.
 * Which addresses may be dialled is the agent's business, at the moment it dials.
 */
export const readAddress = (url_rtsp: string): ShownAddress => {
  if (!/^rtsps?:\/\//i.test(url_rtsp))
    throw refused("camera.url_scheme", "A camera's address begins with rtsp:// or rtsps://");
  // Control characters and spaces end up in RTSP request lines.
  const form = refused("camera.url_form", "The camera's address cannot be read");
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\s\u0000-\u001f\u007f\\]/.test(url_rtsp) || !URL.canParse(url_rtsp)) throw form;
  const url = new URL(url_rtsp);
  if (url.hostname === "" || !/^[\w.:[\]-]+$/.test(url.hostname)) throw form;
  return {
    endereco_rtsp: `${url.hostname}:${url.port || defaultPort(url.protocol)}`,
    has_credentials: url.username !== "" || url.password !== "",
  };
};

const defaultPort = (protocol: string): string => (protocol === "rtsps:" ? "322" : "554");

const refused = (reason: string, message: string): AppError =>
  new AppError("invalid", message, { reason, errors: [{ path: "url_rtsp", code: reason }] });

type Row = { cidade_id: string; id: string };
const contextOf = (table: "cameras" | "camera_probes", { cidade_id, id }: Row): string =>
  `${table}/${cidade_id}/${id}/url_rtsp`;

export const sealAddress = (
  keys: Keys,
  table: "cameras" | "camera_probes",
  row: Row,
  url_rtsp: string,
): Promise<string> => keys.seal(url_rtsp, contextOf(table, row));

export const openAddress = (
  keys: Keys,
  table: "cameras" | "camera_probes",
  row: Row,
  sealed: string,
): Promise<string> => keys.open(sealed, contextOf(table, row));
