/** Every function of the system, by context and name. A new one is its folder, its import and one line here. */
import type { Catalogue } from "#lib/function/define.ts";
import { acceptLink } from "./admin/accept-link/function.ts";
import { checkLink } from "./admin/check-link/function.ts";
import { createRole } from "./admin/create-role/function.ts";
import { createUser } from "./admin/create-user/function.ts";
import { deleteEndedSessions } from "./admin/delete-ended-sessions/function.ts";
import { forgetAnswers } from "./admin/forget-answers/function.ts";
import { listAudit } from "./admin/list-audit/function.ts";
import { listRoles } from "./admin/list-roles/function.ts";
import { listUsers } from "./admin/list-users/function.ts";
import { openSocket } from "./admin/open-socket/function.ts";
import { readJwks } from "./admin/read-jwks/function.ts";
import { refreshSession } from "./admin/refresh-session/function.ts";
import { signIn } from "./admin/sign-in/function.ts";
import { signOut } from "./admin/sign-out/function.ts";
import { updateUser } from "./admin/update-user/function.ts";
import { createAgent } from "./cidades/create-agent/function.ts";
import { createCamera } from "./cidades/create-camera/function.ts";
import { createCameraKey } from "./cidades/create-camera-key/function.ts";
import { createCity } from "./cidades/create-city/function.ts";
import { enrolAgent } from "./cidades/enrol-agent/function.ts";
import { expireProbes } from "./cidades/expire-probes/function.ts";
import { hintCameraCreated } from "./cidades/hint-camera-created/function.ts";
import { hintCameraDeleted } from "./cidades/hint-camera-deleted/function.ts";
import { hintCameraUpdated } from "./cidades/hint-camera-updated/function.ts";
import { hintProbeRequested } from "./cidades/hint-probe-requested/function.ts";
import { hintRecordingStarted } from "./cidades/hint-recording-started/function.ts";
import { hintRecordingStopped } from "./cidades/hint-recording-stopped/function.ts";
import { listAgents } from "./cidades/list-agents/function.ts";
import { listCameras } from "./cidades/list-cameras/function.ts";
import { listCities } from "./cidades/list-cities/function.ts";
import { notifyCameraProbed } from "./cidades/notify-camera-probed/function.ts";
import { notifyCameraUpdated } from "./cidades/notify-camera-updated/function.ts";
import { notifyStreamHealth } from "./cidades/notify-stream-health/function.ts";
import { readCamera } from "./cidades/read-camera/function.ts";
import { readCity } from "./cidades/read-city/function.ts";
import { readDesiredState } from "./cidades/read-desired-state/function.ts";
import { readProbe } from "./cidades/read-probe/function.ts";
import { reportCameraStates } from "./cidades/report-camera-states/function.ts";
import { reportProbe } from "./cidades/report-probe/function.ts";
import { requestProbe } from "./cidades/request-probe/function.ts";
import { takeProbe } from "./cidades/take-probe/function.ts";
import { updateCamera } from "./cidades/update-camera/function.ts";
import { updateCity } from "./cidades/update-city/function.ts";
import { createClip } from "./streaming/create-clip/function.ts";
import { cutClip } from "./streaming/cut-clip/function.ts";
import { deleteExpiredRecordings } from "./streaming/delete-expired-recordings/function.ts";
import { downloadClip } from "./streaming/download-clip/function.ts";
import { keepLastFrame } from "./streaming/keep-last-frame/function.ts";
import { keepPartitions } from "./streaming/keep-partitions/function.ts";
import { listClips } from "./streaming/list-clips/function.ts";
import { listSegments } from "./streaming/list-segments/function.ts";
import { notifyClipFailed } from "./streaming/notify-clip-failed/function.ts";
import { notifyClipReady } from "./streaming/notify-clip-ready/function.ts";
import { notifyRecordingStarted } from "./streaming/notify-recording-started/function.ts";
import { notifyRecordingStopped } from "./streaming/notify-recording-stopped/function.ts";
import { openStream } from "./streaming/open-stream/function.ts";
import { readClip } from "./streaming/read-clip/function.ts";
import { readLastFrame } from "./streaming/read-last-frame/function.ts";
import { readTimeline } from "./streaming/read-timeline/function.ts";
import { recordNewCamera } from "./streaming/record-new-camera/function.ts";
import { releaseRetention } from "./streaming/release-retention/function.ts";
import { reportGaps } from "./streaming/report-gaps/function.ts";
import { reportSegments } from "./streaming/report-segments/function.ts";
import { requestUploads } from "./streaming/request-uploads/function.ts";
import { startRecording } from "./streaming/start-recording/function.ts";
import { stopRecording } from "./streaming/stop-recording/function.ts";
import { acknowledgeAlert } from "./ai/acknowledge-alert/function.ts";
import { closePassages } from "./ai/close-passages/function.ts";
import { correctPlate } from "./ai/correct-plate/function.ts";
import { countVehicles } from "./ai/count-vehicles/function.ts";
import { createWatchlistEntry } from "./ai/create-watchlist-entry/function.ts";
import { createWatchlist } from "./ai/create-watchlist/function.ts";
import { deleteExpiredReads } from "./ai/delete-expired-reads/function.ts";
import { listAlerts } from "./ai/list-alerts/function.ts";
import { listPlates } from "./ai/list-plates/function.ts";
import { listWatchlistEntries } from "./ai/list-watchlist-entries/function.ts";
import { listWatchlists } from "./ai/list-watchlists/function.ts";
import { matchCorrectedPlate } from "./ai/match-corrected-plate/function.ts";
import { matchPlate } from "./ai/match-plate/function.ts";
import { notifyAlertAcknowledged } from "./ai/notify-alert-acknowledged/function.ts";
import { notifyAlertTriggered } from "./ai/notify-alert-triggered/function.ts";
import { notifyPlateCorrected } from "./ai/notify-plate-corrected/function.ts";
import { notifyPlateDetected } from "./ai/notify-plate-detected/function.ts";
import { parseLprEvent } from "./ai/parse-lpr-event/function.ts";
import { readAlert } from "./ai/read-alert/function.ts";
import { readPlate } from "./ai/read-plate/function.ts";
import { readPlates } from "./ai/read-plates/function.ts";
import { receiveLprEvent } from "./ai/receive-lpr-event/function.ts";
import { receiveSiteLooks } from "./ai/receive-site-looks/function.ts";
import { removeWatchlistEntry } from "./ai/remove-watchlist-entry/function.ts";
import { searchPlates } from "./ai/search-plates/function.ts";

export const catalogue = {
  admin: {
    "accept-link": acceptLink,
    "check-link": checkLink,
    "create-role": createRole,
    "create-user": createUser,
    "delete-ended-sessions": deleteEndedSessions,
    "forget-answers": forgetAnswers,
    "list-audit": listAudit,
    "list-roles": listRoles,
    "list-users": listUsers,
    "open-socket": openSocket,
    "read-jwks": readJwks,
    "refresh-session": refreshSession,
    "sign-in": signIn,
    "sign-out": signOut,
    "update-user": updateUser,
  },
  cidades: {
    "create-agent": createAgent,
    "create-camera": createCamera,
    "create-camera-key": createCameraKey,
    "create-city": createCity,
    "enrol-agent": enrolAgent,
    "expire-probes": expireProbes,
    "hint-camera-created": hintCameraCreated,
    "hint-camera-deleted": hintCameraDeleted,
    "hint-camera-updated": hintCameraUpdated,
    "hint-probe-requested": hintProbeRequested,
    "hint-recording-started": hintRecordingStarted,
    "hint-recording-stopped": hintRecordingStopped,
    "list-agents": listAgents,
    "list-cameras": listCameras,
    "list-cities": listCities,
    "notify-camera-probed": notifyCameraProbed,
    "notify-camera-updated": notifyCameraUpdated,
    "notify-stream-health": notifyStreamHealth,
    "read-camera": readCamera,
    "read-city": readCity,
    "read-desired-state": readDesiredState,
    "read-probe": readProbe,
    "report-camera-states": reportCameraStates,
    "report-probe": reportProbe,
    "request-probe": requestProbe,
    "take-probe": takeProbe,
    "update-camera": updateCamera,
    "update-city": updateCity,
  },
  streaming: {
    "create-clip": createClip,
    "cut-clip": cutClip,
    "delete-expired-recordings": deleteExpiredRecordings,
    "download-clip": downloadClip,
    "keep-last-frame": keepLastFrame,
    "keep-partitions": keepPartitions,
    "list-clips": listClips,
    "list-segments": listSegments,
    "notify-clip-failed": notifyClipFailed,
    "notify-clip-ready": notifyClipReady,
    "notify-recording-started": notifyRecordingStarted,
    "notify-recording-stopped": notifyRecordingStopped,
    "open-stream": openStream,
    "read-clip": readClip,
    "read-last-frame": readLastFrame,
    "read-timeline": readTimeline,
    "record-new-camera": recordNewCamera,
    "release-retention": releaseRetention,
    "report-gaps": reportGaps,
    "report-segments": reportSegments,
    "request-uploads": requestUploads,
    "start-recording": startRecording,
    "stop-recording": stopRecording,
  },
  ai: {
    "acknowledge-alert": acknowledgeAlert,
    "close-passages": closePassages,
    "correct-plate": correctPlate,
    "count-vehicles": countVehicles,
    "create-watchlist": createWatchlist,
    "create-watchlist-entry": createWatchlistEntry,
    "delete-expired-reads": deleteExpiredReads,
    "list-alerts": listAlerts,
    "list-plates": listPlates,
    "list-watchlist-entries": listWatchlistEntries,
    "list-watchlists": listWatchlists,
    "match-corrected-plate": matchCorrectedPlate,
    "match-plate": matchPlate,
    "notify-alert-acknowledged": notifyAlertAcknowledged,
    "notify-alert-triggered": notifyAlertTriggered,
    "notify-plate-corrected": notifyPlateCorrected,
    "notify-plate-detected": notifyPlateDetected,
    "parse-lpr-event": parseLprEvent,
    "read-alert": readAlert,
    "read-plate": readPlate,
    "read-plates": readPlates,
    "receive-lpr-event": receiveLprEvent,
    "receive-site-looks": receiveSiteLooks,
    "remove-watchlist-entry": removeWatchlistEntry,
    "search-plates": searchPlates,
  },
} satisfies Catalogue;
