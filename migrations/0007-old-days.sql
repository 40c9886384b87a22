-- What has an end: days that go by their age, the audit trail by months, and reads that outlive their city's plan as evidence.

-- Null: rows are deleted by the plan of their city, and a day goes when nothing is left of it.
alter table partitioned_tables add column kept_days integer check (kept_days > 0);
alter table partitioned_tables drop constraint partitioned_tables_kind_check;
alter table partitioned_tables add constraint partitioned_tables_kind_check check (kind in ('day', 'uuid_day', 'month'));
-- A message older than the inbox remembers is refused (lib/function/inbox.ts): it must remember for longer than that.
alter table partitioned_tables add constraint partitioned_tables_inbox check (name <> 'inbox' or kept_days > 30);
-- Shorter than any law asks for is a slip of the pen.
alter table partitioned_tables add constraint partitioned_tables_audit check (name <> 'audit_log' or kept_days >= 180);

update partitioned_tables set kept_days = 1 where name = 'outbox';
update partitioned_tables set kept_days = 31 where name = 'inbox';

-- By months: five years of days are 1827 partitions, whose locks (each with its indexes) are more than a server keeps room for.
alter table audit_log rename to audit_log_by_day;
alter index audit_log_pkey rename to audit_log_by_day_pkey;
alter index audit_log_city rename to audit_log_by_day_city;
alter index audit_log_actor rename to audit_log_by_day_actor;
create table audit_log (like audit_log_by_day including constraints including defaults, primary key (id, at))
  partition by range (at);
create index audit_log_city on audit_log (cidade_id, at desc, id desc);
create index audit_log_actor on audit_log (actor_id, at desc);
select gt_guard('audit_log', 'cidade_id', 'select, insert');
-- Five years: claims against a public body lapse after that time (Decreto 20.910/1932).
update partitioned_tables set kind = 'month', kept_days = 1827 where name = 'audit_log';

-- The partitions there are, oldest first: [from_day, to_day).
create function gt_partitions_of(parent_name text) returns table (name text, from_day date, to_day date)
  language sql stable set search_path = public, pg_temp as $$
  select c.relname::text, first_day, case length(digits) when 6 then (first_day + interval '1 month')::date else first_day + 1 end
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_class p on p.oid = i.inhparent,
    substring(c.relname from '_(\d{6}|\d{8})$') digits,
    to_date(rpad(digits, 8, '01'), 'YYYYMMDD') first_day
   where p.relname = parent_name and p.relnamespace = 'public'::regnamespace and digits is not null
   order by first_day
$$;

create or replace function gt_partition_days(parent_name text) returns table (day date) language sql stable
  security definer set search_path = public, pg_temp as $$ select from_day from gt_partitions_of(parent_name) $$;

create or replace function gt_make_partitions(from_day date, to_day date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  parent record; first_day date; next_day date; partition text; made integer := 0; low text; high text;
begin
  for parent in select * from partitioned_tables loop
    for first_day in
      select distinct case parent.kind when 'month' then date_trunc('month', day)::date else day::date end
        from generate_series(from_day, to_day, interval '1 day') day order by 1
    loop
      partition := format('%s_%s', parent.name, to_char(first_day, case parent.kind when 'month' then 'YYYYMM' else 'YYYYMMDD' end));
      continue when to_regclass(quote_ident(partition)) is not null;
      next_day := case parent.kind when 'month' then (first_day + interval '1 month')::date else first_day + 1 end;
      if parent.kind = 'uuid_day' then
        low := gt_first_uuid_of(first_day)::text;
        high := gt_first_uuid_of(next_day)::text;
      else
        low := to_char(first_day, 'YYYY-MM-DD') || ' 00:00:00+00';
        high := to_char(next_day, 'YYYY-MM-DD') || ' 00:00:00+00';
      end if;
      execute format('create table %I partition of %I for values from (%L) to (%L)', partition, parent.name, low, high);
      made := made + 1;
    end loop;
  end loop;
  return made;
end $$;

do $$
declare
  oldest date := (select min(at at time zone 'UTC')::date from audit_log_by_day);
begin
  if oldest is not null then
    perform gt_make_partitions(oldest, (now() at time zone 'UTC')::date);
    insert into audit_log select * from audit_log_by_day;
  end if;
end $$;
drop table audit_log_by_day;

-- Unasked, whatever they hold: for the owner's own hand, never for a program.
create or replace function gt_drop_partitions(parent_name text, before_day date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child record; dropped integer := 0;
begin
  if not exists (select 1 from partitioned_tables where name = parent_name) then
    raise exception 'no partitioned table %', parent_name;
  end if;
  for child in select * from gt_partitions_of(parent_name) where to_day <= before_day loop
    execute format('drop table %I', child.name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke execute on function gt_drop_partitions(text, date) from gt_system;

-- Of what goes by its age alone the oldest partition that ends before a day; null: there is none. One a call, so that no
-- writer waits for long.
create function gt_drop_oldest_partition(parent_name text, before_day date) returns text
  language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
declare
  oldest text;
begin
  if not exists (select 1 from partitioned_tables where name = parent_name and kept_days is not null and name <> 'outbox') then
    raise exception '% does not go by its age', parent_name;
  end if;
  select name into oldest from gt_partitions_of(parent_name) where to_day <= before_day order by from_day limit 1;
  if oldest is not null then
    execute format('drop table %I', oldest);
  end if;
  return oldest;
end $$;

-- Which partitions hold something.
create function gt_partition_contents(parent_name text) returns table (from_day date, to_day date, holds boolean)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  child record;
begin
  for child in select * from gt_partitions_of(parent_name) loop
    from_day := child.from_day;
    to_day := child.to_day;
    execute format('select exists (select 1 from %I)', child.name) into holds;
    return next;
  end loop;
end $$;

-- A day of the outbox goes when all of it was published before `published_before`. What nobody was bound to stays for a
-- replay: the day is then made anew with these rows alone. Answers whether anything went.
create function gt_drop_published_day(day date, published_before timestamptz, keeps_refused boolean) returns boolean
  language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
declare
  partition text := format('outbox_%s', to_char(day, 'YYYYMMDD'));
  waits boolean; goes boolean; stays boolean;
begin
  if to_regclass(quote_ident(partition)) is null then
    return false;
  end if;
  execute format('select exists (select 1 from %1$I where published_at is null and refused is null)
    or exists (select 1 from %1$I where published_at >= $1)', partition) into waits using published_before;
  execute format('select not $1 or exists (select 1 from %1$I where published_at is not null)', partition) into goes using keeps_refused;
  if waits or not goes then
    return false;
  end if;
  -- Asked again under the lock, for what waits only: it has an index of its own. The parent's first, as every writer takes them.
  lock table only outbox in access exclusive mode;
  execute format('select exists (select 1 from %I where published_at is null and refused is null)', partition) into waits;
  if waits then
    return false;
  end if;
  execute format('select $1 and exists (select 1 from %I where refused is not null)', partition) into stays using keeps_refused;
  if stays then
    execute format('alter table outbox detach partition %I', partition);
    execute format('alter table %I rename to %I', partition, partition || '_published');
    execute format('create table %I partition of outbox for values from (%L) to (%L)', partition, gt_first_uuid_of(day), gt_first_uuid_of(day + 1));
    execute format('insert into outbox select * from %I where refused is not null', partition || '_published');
    execute format('drop table %I', partition || '_published');
  else
    execute format('drop table %I', partition);
  end if;
  return true;
end $$;

create or replace function gt_drop_empty_partitions(before_day date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  parent text; child text; holds boolean; dropped integer := 0;
begin
  for parent in select name from partitioned_tables where kept_days is null order by name loop
    for child in select name from gt_partitions_of(parent) where to_day <= before_day order by from_day loop
      execute format('select exists (select 1 from %I)', child) into holds;
      exit when holds;
      -- Asked again under the lock: a late row may have come. The parent's first, as every writer takes them.
      execute format('lock table only %I in access exclusive mode', parent);
      execute format('select exists (select 1 from %I)', child) into holds;
      exit when holds;
      execute format('drop table %I', child);
      dropped := dropped + 1;
    end loop;
  end loop;
  return dropped;
end $$;

revoke execute on function gt_drop_oldest_partition(text, date), gt_partition_contents(text),
  gt_drop_published_day(date, timestamptz, boolean) from public;
grant execute on function gt_drop_oldest_partition(text, date), gt_partition_contents(text),
  gt_drop_published_day(date, timestamptz, boolean) to gt_system;

-- What other contexts may know of retention, and of what is held.
create view retention_plans with (security_invoker = true) as
  select c.id as cidade_id, c.plano_retencao_dias as days, max(r.captured_before) as released_before
    from cidades c left join retention_releases r on r.cidade_id = c.id group by c.id;
create view held_segments with (security_invoker = true) as
  select cidade_id, camera_id, captured_at, wall_end, hold_until from recording_segments where hold_until is not null;
grant select on retention_plans, held_segments to gt_app, gt_system;

-- Reads past their city's plan that are evidence: an alert refers to them, or the video of their moment is held. Apart, so
-- that one of them does not keep a whole day, and with it every younger one, in the table that searches walk.
create table kept_reads (
  like lpr_events including constraints including generated,
  kept_at timestamptz not null,
  primary key (cidade_id, id)
);
create unique index kept_reads_by_id on kept_reads (id);
select gt_guard('kept_reads');

-- A read wherever it is, for what names one by its key.
create view plate_reads with (security_invoker = true) as
  select cidade_id, id, camera_id, plate, plate_raw, confidence, alternatives, source, source_event_id, reader_version, sighting_id,
    direction, vehicle, image_url, plate_image_url, image_problem, captured_at, received_at, camera_time, time_flag, clock_offset_ms
  from lpr_events
  union all
  select cidade_id, id, camera_id, plate, plate_raw, confidence, alternatives, source, source_event_id, reader_version, sighting_id,
    direction, vehicle, image_url, plate_image_url, image_problem, captured_at, received_at, camera_time, time_flag, clock_offset_ms
  from kept_reads;
grant select on plate_reads to gt_app, gt_system;

-- Ended sessions, used links.
grant delete on sessions, one_time_links to gt_system;
