-- Delivery: what is to be published, what was handled already, what waits in the work queues.

-- For the connector alone: no function sees these tables.
create function gt_guard_system(guarded text, privileges text) returns void language plpgsql as $$
begin
  execute format('alter table %I enable row level security', guarded);
  execute format('alter table %I force row level security', guarded);
  execute format('create policy system on %I to gt_system using (true) with check (true)', guarded);
  execute format('create policy owner on %I to gt_owner using (true) with check (true)', guarded);
  execute format('grant %s on %I to gt_system', privileges, guarded);
end $$;

-- Events of a transaction, until the relay has published them and for as long after as they may be replayed.
create table outbox (
  id uuid primary key,
  -- null: belongs to no city
  cidade_id uuid,
  source text not null default '/gt-vision',
  type text not null,
  version integer not null,
  subject text,
  partition_key text,
  correlation_id text not null,
  traceparent text,
  data jsonb not null,
  created_at timestamptz not null default now(),
  published_at timestamptz,
  -- Why the relay set it aside: nobody is bound to its type. Kept for a replay.
  refused text
) partition by range (id);
create index outbox_waiting on outbox (id) where published_at is null and refused is null;
alter table outbox enable row level security;
alter table outbox force row level security;
create policy write_city on outbox for insert to gt_app, gt_system
  with check (cidade_id is null or (select gt_all_cities()) or cidade_id = any ((select gt_cities())::uuid[]));
create policy relay_select on outbox for select to gt_system using (true);
create policy relay_update on outbox for update to gt_system using (true) with check (true);
create policy owner on outbox to gt_owner using (true) with check (true);
grant insert on outbox to gt_app, gt_system;
grant select, update on outbox to gt_system;
select gt_partition_by_uuid_day('outbox', 'id');

-- Which function has handled which message: written in the transaction of the effect.
create table inbox (
  id uuid not null,
  function text not null,
  cidade_id uuid,
  at timestamptz not null default now(),
  primary key (id, function)
) partition by range (id);
alter table inbox enable row level security;
alter table inbox force row level security;
create policy city on inbox to gt_app, gt_system
  using (cidade_id is null or (select gt_all_cities()) or cidade_id = any ((select gt_cities())::uuid[]))
  with check (cidade_id is null or (select gt_all_cities()) or cidade_id = any ((select gt_cities())::uuid[]));
create policy owner on inbox to gt_owner using (true) with check (true);
grant select, insert on inbox to gt_app, gt_system;
select gt_partition_by_uuid_day('inbox', 'id');

-- The answer to a request that carried an Idempotency-Key. `body` is text: jsonb would reorder its keys.
create table idempotency_keys (
  caller_id text not null,
  -- The cities of that caller, for whoever looks into a conflict.
  cidade_scope text not null default '',
  key text not null,
  function text not null,
  request_hash text not null,
  status integer,
  body text,
  created_at timestamptz not null default now(),
  primary key (caller_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
select gt_guard_global('idempotency_keys', 'select, insert, update');
grant delete on idempotency_keys to gt_system;

-- Work queues of the one-machine broker. A row leaves when it is done.
create table work (
  -- The order of publishing.
  id bigint generated always as identity primary key,
  queue text not null,
  -- The partition key where the queue keeps order, otherwise null.
  lane text,
  event_id uuid not null,
  event jsonb not null,
  -- Tries that failed. Parking and lost holders do not count.
  attempts integer not null default 0,
  -- Times in a row that a holder went away without a word.
  lapses integer not null default 0,
  -- Grows with every hand-out: whoever settles with an old one is refused.
  token bigint not null default 0,
  state text not null default 'waiting' check (state in ('waiting', 'held', 'parked')),
  -- True: an earlier message of its lane is still there.
  blocked boolean not null default false,
  -- When it is due; while it is held, when the hold lapses.
  run_at timestamptz not null,
  reason text,
  published_at timestamptz not null,
  -- A second publishing of what still waits changes nothing.
  unique (queue, event_id)
) with (
  -- The head of the queue is where rows die: it must be swept often.
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_analyze_scale_factor = 0.05, fillfactor = 80
);
-- In the order of the claim's `order by`: with another one claims fell to 17 a second at 200 000 waiting rows.
create index work_due on work (queue, run_at, id) where not blocked;
create index work_lanes on work (queue, lane, id) where lane is not null;
select gt_guard_system('work', 'select, insert, update, delete');

create table dead_letters (
  id uuid primary key default gen_random_uuid(),
  queue text not null,
  lane text,
  event_id uuid not null,
  event jsonb not null,
  attempts integer not null,
  reason text not null,
  published_at timestamptz not null,
  died_at timestamptz not null
);
create index dead_letters_queue on dead_letters (queue, died_at desc, id);
select gt_guard_system('dead_letters', 'select, insert, update, delete');

-- Who inserts the row runs it: once, however many replicas look at the clock.
create table scheduled_runs (
  function text not null,
  planned_for timestamptz not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  -- null: succeeded, or not finished
  fault text,
  primary key (function, planned_for)
);
select gt_guard_system('scheduled_runs', 'select, insert, update, delete');
