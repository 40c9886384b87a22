-- AI: plate reads and what follows from them. Client's table: lpr_events.

-- What a camera posted, as it came, in the transaction that answered it. Parsed by a queue function, then deleted.
create table raw_posts (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  -- Which parser reads it, e.g. gt-vision-json; other makers' forms come as other words.
  form text not null,
  content_type text not null,
  body bytea not null,
  received_at timestamptz not null,
  address text,
  correlation_id text not null,
  primary key (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
select gt_guard('raw_posts');

create table lpr_events (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  -- Normalised, 7 characters; null: a passage whose plate could not be read.
  plate varchar(8) collate "C",
  -- What the source wrote.
  plate_raw text,
  confidence real check (confidence between 0 and 1),
  -- [{plate, confidence}] or per position; null where the source gives none.
  alternatives jsonb,
  -- camera, frame, manual
  source text not null check (source in ('camera', 'frame', 'manual')),
  -- The source's own id of this read, so that its retry is the same event.
  source_event_id text,
  reader_version text,
  -- Reads of the same passage share it.
  sighting_id uuid not null,
  direction text check (direction in ('approaching', 'departing')),
  -- {type, colour, make, model}, each with the source's word
  vehicle jsonb,
  -- Object keys in lpr-images; null with image_problem saying why (none, truncated, unsupported, too_large).
  image_url varchar(500),
  plate_image_url varchar(500),
  image_problem text,
  -- Corrected time the rules go by; camera_time is what the camera claimed when it differed beyond belief.
  captured_at timestamptz not null,
  received_at timestamptz not null,
  camera_time timestamptz,
  time_flag text check (time_flag in ('too_old', 'in_future')),
  clock_offset_ms integer,
  -- The client's name for captured_at.
  detected_at timestamptz generated always as (captured_at) stored,
  primary key (cidade_id, captured_at, id)
) partition by range (captured_at);
create index lpr_events_city on lpr_events (cidade_id, captured_at desc, id desc);
create index lpr_events_camera on lpr_events (cidade_id, camera_id, captured_at desc, id desc);
create index lpr_events_plate on lpr_events (cidade_id, plate collate "C", captured_at desc, id desc);
create index lpr_events_by_id on lpr_events (id);
select gt_partition_by_day('lpr_events', 'captured_at');
select gt_guard('lpr_events');

-- Row-level security lets no index serve `like`: a wildcard search goes through equality on these keys instead.
-- One row per event and masked form: positions of the plate as `1A|2B` pairs are too many, so the key is
-- (position, two neighbouring characters): `0AB`, `1BC`, … six per plate.
create table lpr_plate_keys (
  cidade_id uuid not null,
  key varchar(3) collate "C" not null,
  captured_at timestamptz not null,
  event_id uuid not null,
  primary key (cidade_id, key, captured_at, event_id)
) partition by range (captured_at);
select gt_partition_by_day('lpr_plate_keys', 'captured_at');
select gt_guard('lpr_plate_keys');

-- The original read stays; what a person says it is, is a record of its own.
create table lpr_corrections (
  cidade_id uuid not null,
  id uuid not null,
  event_id uuid not null,
  event_captured_at timestamptz not null,
  plate varchar(8) collate "C",
  reason text,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (cidade_id, id)
);
create index lpr_corrections_event on lpr_corrections (cidade_id, event_id);
select gt_guard('lpr_corrections');

create table watchlists (
  cidade_id uuid not null,
  id uuid not null,
  nome varchar(200) not null,
  owner_id text not null,
  legal_basis text,
  priority text not null default 'attention' check (priority in ('critical', 'attention', 'info')),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  primary key (cidade_id, id),
  unique (cidade_id, nome),
  foreign key (cidade_id) references cidades (id)
);
select gt_guard('watchlists');

create table watchlist_entries (
  cidade_id uuid not null,
  id uuid not null,
  watchlist_id uuid not null,
  plate varchar(8) collate "C" not null,
  reason text not null,
  expires_at timestamptz not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  primary key (cidade_id, id),
  foreign key (cidade_id, watchlist_id) references watchlists (cidade_id, id)
);
create index watchlist_entries_plate on watchlist_entries (cidade_id, plate) where removed_at is null;
select gt_guard('watchlist_entries');

create table alerts (
  cidade_id uuid not null,
  id uuid not null,
  entry_id uuid not null,
  watchlist_id uuid not null,
  event_id uuid not null,
  event_captured_at timestamptz not null,
  camera_id uuid not null,
  plate varchar(8) collate "C" not null,
  priority text not null,
  reason text not null,
  status text not null default 'new' check (status in ('new', 'acknowledged')),
  created_at timestamptz not null default now(),
  acknowledged_at timestamptz,
  acknowledged_by text,
  version integer not null default 1,
  primary key (cidade_id, id),
  unique (cidade_id, event_id, entry_id),
  foreign key (cidade_id, entry_id) references watchlist_entries (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
create index alerts_recent on alerts (cidade_id, created_at desc, id desc);
create index alerts_new on alerts (cidade_id, created_at) where status = 'new';
select gt_guard('alerts');
