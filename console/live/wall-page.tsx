import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Camera } from "#functions/cidades/contract.ts";
import { camerasQuery } from "#console/cameras/cameras-query.ts";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useCity } from "#console/ui/city.tsx";
import { IconAction, Pick } from "#console/ui/parts.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { Tile } from "./tile.tsx";

const TILES_PER_PAGE = 16;
const choices = ["auto", "1", "2", "3", "4"] as const;
type Columns = (typeof choices)[number];

export const WallPage = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const navigate = useNavigate();
  const { columns: stated } = useSearch({ strict: false }) as { columns?: string };
  const columns: Columns = choices.find((choice) => choice === stated) ?? "auto";
  const cameras = useQuery(camerasQuery(ask, city.id));
  return (
    <section className="page page-wall" aria-labelledby="wall-title">
      <header className="page-head">
        <h1 id="wall-title">{m.live.title}</h1>
        <Pick
          label={m.live.columns}
          value={columns}
          options={choices.map((value) => ({ value, label: value === "auto" ? m.live.auto : value }))}
          onChange={(value) =>
            void navigate({
              to: "/",
              search: (before) => ({ ...before, columns: value === "auto" ? undefined : value }),
            })
          }
        />
      </header>
      <Answer of={cameras}>{({ items }) => <Wall cameras={items.filter(isShown)} columns={columns} />}</Answer>
    </section>
  );
};

const isShown = ({ is_active, endereco_rtsp }: Camera): boolean => is_active && endereco_rtsp !== null;

const Wall = ({ cameras, columns }: { cameras: readonly Camera[]; columns: Columns }) => {
  const m = useMessages();
  const may = useMay();
  const [page, setPage] = useState(0);
  if (cameras.length === 0) {
    return (
      <Empty title={m.live.empty} hint={m.live.emptyHint}>
        {may("cameras.manage") ? (
          <Link to="/cameras/new" className="action action-primary">
            {m.cameras.add}
          </Link>
        ) : null}
      </Empty>
    );
  }
  const pages = Math.ceil(cameras.length / TILES_PER_PAGE);
  const current = Math.min(page, pages - 1);
  const tiles = cameras.slice(current * TILES_PER_PAGE, (current + 1) * TILES_PER_PAGE);
  const across = columns === "auto" ? Math.ceil(Math.sqrt(tiles.length)) : Number(columns);
  return (
    <>
      <div className="wall" style={{ "--columns": across } as object}>
        {tiles.map((camera) => (
          <Tile key={camera.id} camera={camera} />
        ))}
      </div>
      {pages > 1 ? <Pages page={current} pages={pages} onChange={setPage} /> : null}
    </>
  );
};

const Pages = ({ page, pages, onChange }: { page: number; pages: number; onChange(page: number): void }) => {
  const m = useMessages();
  return (
    <nav className="pages" aria-label={m.live.page(page + 1, pages)}>
      <IconAction label={m.live.previous} isDisabled={page === 0} onPress={() => onChange(page - 1)}>
        <ChevronLeft size={18} />
      </IconAction>
      <span>{m.live.page(page + 1, pages)}</span>
      <IconAction label={m.live.next} isDisabled={page === pages - 1} onPress={() => onChange(page + 1)}>
        <ChevronRight size={18} />
      </IconAction>
    </nav>
  );
};
