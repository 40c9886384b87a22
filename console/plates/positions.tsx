/** How much the read believes in each character: what an operator looks at when a plate is in doubt. */
import type { Reading } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";

export const Positions = ({ positions }: { positions: Reading["positions"] }) => {
  const m = useMessages();
  const ranks = Array.from({ length: Math.max(...positions.map((likeliest) => likeliest.length)) }, (_, rank) => rank);
  return (
    <table className="positions" data-testid="positions">
      <caption>
        {m.plates.positions.title}
        <span className="dim small">{m.plates.positions.hint}</span>
      </caption>
      <thead>
        <tr>
          {positions.map((_, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- a position is its index
            <th key={at} scope="col" className="dim small">
              {m.plates.positions.position(at + 1)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ranks.map((rank) => (
          <tr key={rank}>
            {positions.map((likeliest, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- a position is its index
              <td key={at}>
                <Character of={likeliest[rank]} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Character = ({ of }: { of: Reading["positions"][number][number] | undefined }) => {
  if (!of) return null;
  const percent = Math.round(of.probability * 100);
  return (
    <span className="position">
      <span className="plate">{of.character}</span>
      <span className="position-bar" aria-hidden="true">
        <span style={{ inlineSize: `${percent}%` }} />
      </span>
      <span className="small">{percent} %</span>
    </span>
  );
};
