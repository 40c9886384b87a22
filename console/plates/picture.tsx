/** A picture of a read: there, not sent, damaged when it was sent, or not to be loaded now. Never an empty frame. */
import { useState } from "react";
import { ImageOff } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";

type Props = { url: string | null; alt: string; kind: "scene" | "plate"; problem?: string | null };

export const Picture = ({ url, alt, kind, problem }: Props) => {
  const m = useMessages();
  const [failed, setFailed] = useState<string | null>(null);
  if (url !== null && failed !== url) {
    return (
      <img
        className={`picture picture-${kind}`}
        src={url}
        alt={alt}
        loading="lazy"
        decoding="async"
        onError={() => setFailed(url)}
      />
    );
  }
  return (
    <span className={`picture picture-${kind} picture-none`}>
      <ImageOff size={18} aria-hidden="true" />
      {url !== null ? m.plates.pictureMissing : problem ? m.plates.pictureProblem : m.plates.noPicture}
    </span>
  );
};
