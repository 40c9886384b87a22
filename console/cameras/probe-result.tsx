/** What the agent found at an address, in the words of who stands on the ladder: what is wrong, and what to do. */
import { CircleCheck, TriangleAlert } from "lucide-react";
import type { Probe } from "#functions/cidades/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { bitRateText } from "#console/ui/format.ts";
import { Problem } from "#console/ui/states.tsx";
import type { Probing } from "./use-probe.ts";
import { isPlayableEverywhere, keysAreFar } from "./video-advice.ts";

type Found = NonNullable<Probe["found"]>;

export const ProbeResult = ({ probing, subject }: { probing: Probing; subject: string }) => {
  const m = useMessages();
  const { probe, isBusy, error } = probing;
  if (error) return <Problem error={error} />;
  return (
    <div
      className="probe"
      aria-live="polite"
      data-testid="probe"
      data-status={isBusy ? "pending" : (probe?.status ?? "none")}
    >
      {isBusy ? <p className="dim">{m.cameras.testing}</p> : null}
      {!isBusy && probe === null ? <p className="dim">{m.cameras.testFirst}</p> : null}
      {!isBusy && probe !== null ? (
        <>
          {probing.subject === subject ? null : <p className="notice notice-attention">{m.cameras.testOther}</p>}
          <Outcome probe={probe} />
        </>
      ) : null}
    </div>
  );
};

const Outcome = ({ probe }: { probe: Probe }) => {
  const m = useMessages();
  if (probe.status === "ok") {
    return (
      <>
        <p className="notice">
          <CircleCheck size={18} aria-hidden="true" />
          <span>
            <strong>{m.cameras.testOk}.</strong> {m.cameras.testOkHint}
          </span>
        </p>
        {probe.found ? <FoundVideo found={probe.found} /> : null}
      </>
    );
  }
  const { cause } = probe;
  return (
    <div className="problem">
      <TriangleAlert size={18} aria-hidden="true" />
      <div>
        <p>
          <strong>{probe.status === "timeout" ? m.cameras.testTimeout : m.cameras.testFailed}</strong>
        </p>
        {cause === null ? null : (
          <p className="cause" data-testid="probe-cause">
            {m.causes[cause]}. {m.cameras.advice[cause]}
          </p>
        )}
        {probe.found ? <FoundVideo found={probe.found} /> : null}
      </div>
    </div>
  );
};

const FoundVideo = ({ found }: { found: Found }) => {
  const m = useMessages();
  const { codec, width, height, fps, key_frame_seconds, bits_per_second, audio_codec } = found;
  const number = (value: number): string => value.toLocaleString(m.locale, { maximumFractionDigits: 1 });
  const rows: [string, string][] = [
    [m.cameras.found.codec, codec.toUpperCase()],
    [m.cameras.found.size, width === null || height === null ? m.cameras.unknown : m.cameras.size(width, height)],
    [m.cameras.found.fps, fps === null ? m.cameras.unknown : number(fps)],
    [
      m.cameras.found.keys,
      key_frame_seconds === null ? m.cameras.unknown : m.cameras.seconds(number(key_frame_seconds)),
    ],
    [m.cameras.found.bits, bits_per_second === null ? m.cameras.unknown : bitRateText(m.locale, bits_per_second)],
    [m.cameras.found.audio, audio_codec === null ? m.cameras.noAudio : audio_codec.toUpperCase()],
  ];
  return (
    <>
      <dl className="facts">
        {rows.map(([term, value]) => (
          <div key={term} className="facts-row">
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {keysAreFar(key_frame_seconds) ? <Warning text={m.cameras.longKeys} /> : null}
      {isPlayableEverywhere(codec) ? null : <Warning text={m.cameras.h265} />}
    </>
  );
};

const Warning = ({ text }: { text: string }) => (
  <p className="notice notice-attention">
    <TriangleAlert size={18} aria-hidden="true" />
    {text}
  </p>
);
