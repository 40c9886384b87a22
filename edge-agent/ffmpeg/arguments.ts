/** How FFmpeg is called. It reads our relay on loopback and nothing else; it decodes nothing. */

export const SEGMENT_SECONDS = 10;
const MOVFLAGS = "frag_keyframe+empty_moov+default_base_moof+frag_discont";

/**
 * Segments are cut at the first key frame at or after each mark of 10 s; each is a file of its own with a fragment per group of
 * pictures, written out (`flush_packets`) when the next begins, so that a killed writer loses one group. `frag_discont` and `copyts` keep the relay's
 * time in every file. Each finished file is named on standard output.
 */
export const recorderArguments = (relay_url: string, folder: string): string[] =>
  [
    ["-nostdin", "-hide_banner"],
    ["-loglevel", "error"],
    ["-protocol_whitelist", "rtsp,rtp,tcp"],
    ["-rtsp_transport", "tcp"],
    // One thread: FFmpeg would give a decoder that it only asks for the size one per core.
    ["-threads", "1", "-analyzeduration", "1500000"],
    ["-i", relay_url],
    ["-map", "0:v:0", "-c", "copy", "-copyts"],
    ["-f", "segment", "-segment_format", "mp4"],
    ["-segment_format_options", `movflags=${MOVFLAGS}:use_editlist=0:avoid_negative_ts=disabled:flush_packets=1`],
    ["-segment_time", String(SEGMENT_SECONDS)],
    ["-segment_list_type", "csv", "-segment_list", "pipe:1"],
    [`${folder}/%08d.mp4`],
  ].flat();

/** A line of the list → the number of the file that is finished; `null` for anything else. */
export const finishedNumber = (line: string): number | null => {
  const name = /^(?:.*\/)?(\d{8})\.mp4,/.exec(line)?.[1];
  return name === undefined ? null : Number(name);
};
