import { useEffect, useState } from "react";
import { useLink } from "./link-context.tsx";

/** The server's time, once a second; null until it is known. */
export const useNow = (): number | null => {
  const link = useLink();
  const [now, setNow] = useState(link.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(link.now()), 1000);
    return () => clearInterval(timer);
  }, [link]);
  return now;
};
