-- Plates read from frames: the looks of one passage become one read, which better looks and people correct under its id.

alter table lpr_events
  -- Not sure enough to be believed unseen, and nobody has looked at it yet.
  add column needs_review boolean not null default false,
  -- Of a frame: where the plate is in the picture, the probabilities of each position, how many looks it was.
  add column reading jsonb;
alter table kept_reads add column needs_review boolean not null default false, add column reading jsonb;
create index lpr_events_review on lpr_events (cidade_id, captured_at desc, id desc) where needs_review;
create index lpr_events_sighting on lpr_events (cidade_id, sighting_id, captured_at);

create or replace view plate_reads with (security_invoker = true) as
  select cidade_id, id, camera_id, plate, plate_raw, confidence, alternatives, source, source_event_id, reader_version, sighting_id,
    direction, vehicle, image_url, plate_image_url, image_problem, captured_at, received_at, camera_time, time_flag, clock_offset_ms,
    needs_review, reading
  from lpr_events
  union all
  select cidade_id, id, camera_id, plate, plate_raw, confidence, alternatives, source, source_event_id, reader_version, sighting_id,
    direction, vehicle, image_url, plate_image_url, image_problem, captured_at, received_at, camera_time, time_flag, clock_offset_ms,
    needs_review, reading
  from kept_reads;

-- Passages that may still go on. Its id is its read's. A row goes when nothing can be added any more.
create table plate_passages (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  -- Of the first look that came: the read's, and so the day that its row is in. Looks that come late do not change it.
  captured_at timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  looks integer not null,
  -- Looks at a parked vehicle: they say nothing new.
  suppressed integer not null default 0,
  -- 7 positions × 36 characters, float32, little endian: the sum over looks of weight × log probability.
  scores bytea not null,
  weight real not null,
  heaviest real not null,
  -- What the looks voted for: {old, mercosul} by weight, {TEXT: {looks, confidence}}
  votes jsonb not null,
  texts jsonb not null,
  -- Centre and width of the plate, as shares of the picture, and since when it is there.
  place jsonb not null,
  rests_since timestamptz not null,
  -- The look whose pictures are kept, and their keys in lpr-images.
  best jsonb not null,
  image_url varchar(500) not null,
  plate_image_url varchar(500) not null,
  reader_version text not null,
  -- What its read says; has_read false: there is none yet, because nothing could be read.
  plate varchar(8) collate "C",
  confidence real not null,
  has_read boolean not null,
  received_at timestamptz not null,
  primary key (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
create index plate_passages_camera on plate_passages (cidade_id, camera_id, last_at desc);
create index plate_passages_age on plate_passages (last_at);
select gt_guard('plate_passages');

-- One alert for an entry and a passage, whichever of its reads says so first.
alter table alerts add column sighting_id uuid;
update alerts a set sighting_id = coalesce(
  (select r.sighting_id from plate_reads r
    where r.cidade_id = a.cidade_id and r.captured_at = a.event_captured_at and r.id = a.event_id limit 1), a.event_id);
alter table alerts alter column sighting_id set not null;
alter table alerts add constraint alerts_sighting unique (cidade_id, sighting_id, entry_id);

-- What somebody says now; what was said before stays, and counts no more.
alter table lpr_corrections add column is_current boolean not null default true;
update lpr_corrections c set is_current = false where exists (
  select 1 from lpr_corrections later
   where later.cidade_id = c.cidade_id and later.event_id = c.event_id and (later.created_at, later.id) > (c.created_at, c.id));
create unique index lpr_corrections_current on lpr_corrections (cidade_id, event_id) where is_current;
create index lpr_corrections_plate on lpr_corrections (cidade_id, plate collate "C", event_captured_at desc, event_id desc)
  where is_current and plate is not null;

-- Who looks after alerts may say what a plate is.
update roles set permissions = permissions || '["plates.correct"]'::jsonb
 where permissions ? 'alerts.handle' and not permissions ? 'plates.correct';
