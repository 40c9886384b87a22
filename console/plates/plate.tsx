import type { PlateRead } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";

/** As it stands on the vehicle: the old layout has a dash. */
export const plateText = (plate: string): string =>
  /^[A-Z]{3}\d{4}$/.test(plate) ? `${plate.slice(0, 3)}-${plate.slice(3)}` : plate;

export const Plate = ({ plate }: { plate: string | null }) => {
  const m = useMessages();
  return plate === null ? (
    <span className="plate plate-unread">{m.plates.unread}</span>
  ) : (
    <span className="plate">{plateText(plate)}</span>
  );
};

/** What it is taken for now: what a person said last, else what was read. */
export const plateNow = ({ plate, correction }: Pick<PlateRead, "plate" | "correction">): string | null =>
  correction === null ? plate : correction.plate;

export const nameOf = (unread: string, read: Pick<PlateRead, "plate" | "correction">): string => {
  const plate = plateNow(read);
  return plate === null ? unread : plateText(plate);
};
