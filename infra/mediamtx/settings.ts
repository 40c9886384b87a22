/**
 * MediaMTX's file for a camera site, for the two versions that we know: they call the same things by other names and refuse
 * names that they do not know. Paths are not in it: they come by the control API, from the database.
 */
import { Document } from "yaml";

export const versions = ["1.5", "1.20"] as const;
export type MediamtxVersion = (typeof versions)[number];

/** The gateway's route; whoever deploys another gateway changes it here and in `MEDIA_URL`'s agent alike. */
const AUTH_URL = "http://127.0.0.1:8080/media/authorise";

export const mediamtxFile = (version: MediamtxVersion): string => `infra/mediamtx/mediamtx-${version}.yml`;

export const mediamtxText = (version: MediamtxVersion): string => {
  // It reads YAML 1.1, where a plain `no` is no word.
  const document = new Document({ ...common, ...(version === "1.5" ? asOf15 : asOf120) }, { schema: "yaml-1.1" });
  document.commentBefore = [
    ` MediaMTX ${version}, beside an agent. Made by \`npm run derive\` from infra/mediamtx/settings.ts: change it there.`,
    " Viewers come through a proxy with TLS: only what must be reached by them listens elsewhere than on loopback.",
  ].join("\n");
  return document.toString({ lineWidth: 120 });
};

/** Names that both know. */
const common = {
  logLevel: "info",
  logDestinations: ["stdout"],
  readTimeout: "10s",
  writeTimeout: "10s",
  writeQueueSize: 512,
  // Who reaches it reads every camera's password.
  api: true,
  apiAddress: "127.0.0.1:9997",
  metrics: true,
  metricsAddress: "127.0.0.1:9998",
  pprof: false,
  // Recordings are ours: their index is in the database, their bytes in the object store.
  playback: false,
  rtsp: true,
  rtspAddress: "127.0.0.1:8554",
  rtmp: false,
  srt: false,
  hls: true,
  hlsAddress: "127.0.0.1:8888",
  hlsAlwaysRemux: false,
  hlsVariant: "lowLatency",
  hlsSegmentCount: 7,
  hlsSegmentDuration: "1s",
  // Below it players stumble.
  hlsPartDuration: "200ms",
  webrtc: true,
  webrtcAddress: "127.0.0.1:8889",
  webrtcLocalUDPAddress: ":8189",
  pathDefaults: {
    sourceOnDemand: true,
    sourceOnDemandStartTimeout: "10s",
    sourceOnDemandCloseAfter: "10s",
    rtspTransport: "tcp",
    record: false,
    overridePublisher: false,
  },
  // No `all_others`: what nobody added is not there, and nobody publishes.
  paths: {},
};

const asOf15 = {
  externalAuthenticationURL: AUTH_URL,
  protocols: ["tcp"],
  encryption: "no",
  authMethods: ["basic"],
};

const asOf120 = {
  authMethod: "http",
  authHTTPAddress: AUTH_URL,
  // On loopback, and without readers to ask about.
  authHTTPExclude: [{ action: "api" }, { action: "metrics" }, { action: "pprof" }],
  rtspTransports: ["tcp"],
  rtspEncryption: "no",
  rtspAuthMethods: ["basic"],
  // It would listen on every address.
  moq: false,
};
