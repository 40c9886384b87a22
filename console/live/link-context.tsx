/** The console's one socket, for all screens, and what its notifications make stale. */
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { Notification } from "#lib/wire/console.ts";
import { isApiError } from "#console/call.ts";
import { useSession, type Ask } from "#console/session/session-context.tsx";
import { createLink, type Link } from "./link.ts";
import { startMediaHost } from "./media-hosts.ts";
import { createRefresher } from "./refresher.ts";

const LinkContext = createContext<Link | null>(null);

export const LinkProvider = ({ children }: { children: ReactNode }) => {
  const { store, ask } = useSession();
  const client = useQueryClient();
  const [link] = useState(() => createPageLink(ask, () => void store.refresh()));
  useEffect(() => {
    link.start();
    // An answer that is on its way may be older than what was just said: it is given up.
    const refresh = createRefresher((key) => client.invalidateQueries({ queryKey: [key] }));
    const stop = link.onNotification((notification) => staleBy(notification).forEach(refresh));
    return () => {
      stop();
      link.stop();
    };
  }, [link, client]);
  return <LinkContext value={link}>{children}</LinkContext>;
};

const createPageLink = (ask: Ask, onEnded: () => void): Link =>
  createLink({
    host: startMediaHost,
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/console/socket`,
    ticket: async () => (await ask("open-socket", {})).ticket,
    liveToken: async (camera_id) => (await ask("open-stream", { camera_id, action: "live" })).token,
    onEnded,
    isForbidden: (error) => isApiError(error) && [403, 404].includes(error.problem.status),
    monotonic: () => performance.now(),
    station: () => Date.now(),
    random: () => Math.random(),
  });

const stale: Record<Notification["event"], readonly string[]> = {
  "alert.triggered": ["alerts"],
  "alert.acknowledged": ["alerts"],
  "lpr.detected": ["plates"],
  "lpr.corrected": ["plates", "plate-read"],
  "clip.ready": ["clips"],
  "clip.failed": ["clips"],
  "camera.changed": ["cameras"],
  "recording.started": ["cameras", "timeline"],
  "recording.stopped": ["cameras", "timeline"],
  "camera.probed": ["probes"],
};

/** `null`: the socket is new, and anything may have happened before. */
const staleBy = (notification: Notification | null): readonly string[] =>
  notification ? stale[notification.event] : [...new Set(Object.values(stale).flat())];

export const useLink = (): Link => {
  const link = useContext(LinkContext);
  if (!link) throw new Error("Outside of LinkProvider");
  return link;
};
