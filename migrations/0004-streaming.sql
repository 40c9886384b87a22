-- Streaming: what runs, what was recorded, what was cut. Client's tables: streams, recordings, clips, mosaics.

create table streams (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  status varchar(20) not null default 'STOPPED' check (status in ('STOPPED', 'STARTING', 'RUNNING', 'FAILED')),
  started_at timestamptz,
  stopped_at timestamptz,
  primary key (cidade_id, id),
  unique (cidade_id, camera_id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
select gt_guard('streams');

-- A continuous recording: wanted from started_at until stopped_at. Its bytes are its segments.
create table recordings (
  cidade_id uuid not null,
  id uuid not null,
  stream_id uuid not null,
  camera_id uuid not null,
  retention_days integer not null check (retention_days > 0),
  status varchar(20) not null default 'RECORDING' check (status in ('RECORDING', 'STOPPED')),
  started_at timestamptz not null default now(),
  stopped_at timestamptz,
  storage_path varchar(500),
  file_size_mb decimal(12, 2) not null default 0,
  duration_seconds integer not null default 0,
  primary key (cidade_id, id),
  foreign key (cidade_id, stream_id) references streams (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
-- At most one runs per camera.
create unique index recordings_running on recordings (cidade_id, camera_id) where status = 'RECORDING';
create index idx_recordings_stream on recordings (cidade_id, stream_id);
create index idx_recordings_stopped_at on recordings (cidade_id, stopped_at);
select gt_guard('recordings');

-- Written once by the agent, named by boot and sequence. Wall start, media duration and wall end are three facts.
create table recording_segments (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  recording_id uuid not null,
  -- Wall start. The day of the partition; stable under redelivery.
  captured_at timestamptz not null,
  wall_end timestamptz not null,
  media_duration_ms integer not null check (media_duration_ms >= 0),
  -- What the clock claimed when it lay outside the allowed window; captured_at is then the journal's time.
  camera_time timestamptz,
  clock_offset_ms integer not null default 0,
  agent_id uuid not null,
  boot_id uuid not null,
  sequence bigint not null check (sequence >= 0),
  codec text not null,
  width integer,
  height integer,
  bytes bigint not null check (bytes > 0),
  sha256 text not null,
  -- Where the bytes are: stored in the object store, or still (or for good) at the site.
  place text not null default 'store' check (place in ('store', 'site')),
  object_key text not null,
  object_offset bigint not null default 0,
  object_length bigint not null,
  -- [{offset, length, start_ms, duration_ms}]: one per GOP; start_ms counts from captured_at. init_length: bytes of ftyp+moov.
  init_length integer not null,
  fragments jsonb not null,
  hold_until timestamptz,
  created_at timestamptz not null default now(),
  primary key (cidade_id, camera_id, captured_at, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
) partition by range (captured_at);
create unique index recording_segments_once on recording_segments (cidade_id, camera_id, boot_id, sequence, captured_at);
create index recording_segments_held on recording_segments (cidade_id, captured_at) where hold_until is not null;
select gt_partition_by_day('recording_segments', 'captured_at');
select gt_guard('recording_segments');

-- One row: the installation's id was written into the store of the recordings. From then on a store without it is another store.
create table recording_stores (
  singleton boolean primary key default true check (singleton),
  marked_at timestamptz not null
);
select gt_guard_global('recording_stores', 'select, insert');

-- What a person lets the clean-up delete although it is more than it deletes by itself.
create table retention_releases (
  cidade_id uuid not null,
  id uuid not null,
  -- What was captured before this may go, as the plan says.
  captured_before timestamptz not null,
  released_by text not null,
  created_at timestamptz not null,
  primary key (cidade_id, id),
  foreign key (cidade_id) references cidades (id)
);
select gt_guard('retention_releases', 'cidade_id', 'select, insert');

-- Why there is nothing: known causes only, closed by the next segment.
create table gaps (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz,
  -- camera, uplink, agent, disk, policy, operator, clock
  cause text not null,
  detail text,
  created_at timestamptz not null default now(),
  primary key (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
create unique index gaps_once on gaps (cidade_id, camera_id, starts_at);
create index gaps_of_camera on gaps (cidade_id, camera_id, starts_at desc);
select gt_guard('gaps');

create table clips (
  cidade_id uuid not null,
  id uuid not null,
  recording_id uuid not null,
  camera_id uuid not null,
  nome varchar(200),
  -- Asked for; what was cut begins at the key frame at or before start_time and is stated beside it.
  start_time timestamptz not null,
  end_time timestamptz not null,
  actual_start timestamptz,
  actual_end timestamptz,
  status varchar(20) not null default 'PENDING' check (status in ('PENDING', 'CUTTING', 'READY', 'FAILED')),
  failure text,
  -- [{starts_at, ends_at, cause}] inside the clip
  gaps jsonb not null default '[]',
  storage_path varchar(500),
  thumbnail_path varchar(500),
  sha256 text,
  bytes bigint,
  file_size_mb decimal(12, 2) not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  ready_at timestamptz,
  check (end_time > start_time),
  primary key (cidade_id, id),
  foreign key (cidade_id, recording_id) references recordings (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
create index idx_clips_recording on clips (cidade_id, recording_id);
create index clips_recent on clips (cidade_id, created_at desc, id desc);
select gt_guard('clips');

create table mosaics (
  cidade_id uuid not null,
  id uuid not null,
  user_id uuid not null references users (id),
  name varchar(100) not null,
  layout varchar(20) not null default '2x2',
  camera_ids jsonb not null default '[]',
  created_at timestamptz not null default now(),
  primary key (cidade_id, id),
  foreign key (cidade_id) references cidades (id)
);
create index idx_mosaics_user on mosaics (cidade_id, user_id);
select gt_guard('mosaics');

-- What other contexts may know of recordings.
create view running_recordings with (security_invoker = true) as
  select cidade_id, camera_id, id as recording_id from recordings where status = 'RECORDING';
grant select on running_recordings to gt_app, gt_system;
