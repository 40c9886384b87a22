/** What this context knows of a camera: the directory that cidades publishes. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";

export type KnownCamera = {
  cidade_id: string;
  camera_id: string;
  agent_id: string | null;
  nome: string;
  is_active: boolean;
  plano_retencao_dias: number;
};

export const knownCamera = async (sql: TransactionSql, camera_id: string): Promise<KnownCamera> => {
  const [camera] = await sql<KnownCamera[]>`
    select cidade_id, camera_id, agent_id, nome, is_active, plano_retencao_dias from camera_directory where camera_id = ${camera_id}`;
  if (!camera) throw new AppError("not_found", "No such camera", { reason: "camera.unknown" });
  return camera;
};
