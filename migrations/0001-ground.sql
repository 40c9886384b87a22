-- What every later migration stands on: who sees which city, guards for tables, partitions by day.
-- Runs as gt_owner. The roles themselves are made before the first migration (lib/db/roles.ts).

-- `app.cities` is set by the first statement of every tenant transaction: '*' or uuids with commas. Unset or empty: none.
-- After a transaction that used set_config the setting is '' and not null: both mean nobody.
create function gt_all_cities() returns boolean language sql stable parallel safe
  as $$ select coalesce(current_setting('app.cities', true), '') = '*' $$;

create function gt_cities() returns uuid[] language sql stable parallel safe
  as $$ select case when coalesce(current_setting('app.cities', true), '') in ('', '*') then '{}'::uuid[]
                    else string_to_array(current_setting('app.cities', true), ',')::uuid[] end $$;

-- A table whose rows belong to a city. The sub-selects make the planner ask once per query, not per row.
create function gt_guard(guarded text, city_column text default 'cidade_id',
                         privileges text default 'select, insert, update, delete') returns void language plpgsql as $$
declare
  sees text := format('((select gt_all_cities()) or %I = any ((select gt_cities())::uuid[]))', city_column);
begin
  execute format('alter table %I enable row level security', guarded);
  execute format('alter table %I force row level security', guarded);
  execute format('create policy city on %I to gt_app, gt_system using (%s) with check (%s)', guarded, sees, sees);
  -- Without it a backfill by the owner would change no row and say nothing.
  execute format('create policy owner on %I to gt_owner using (true) with check (true)', guarded);
  execute format('grant %s on %I to gt_app, gt_system', privileges, guarded);
end $$;

-- A table that belongs to no city.
create function gt_guard_global(guarded text, privileges text default 'select, insert, update, delete')
  returns void language plpgsql as $$
begin
  execute format('alter table %I enable row level security', guarded);
  execute format('alter table %I force row level security', guarded);
  execute format('create policy everywhere on %I to gt_app, gt_system using (true) with check (true)', guarded);
  execute format('create policy owner on %I to gt_owner using (true) with check (true)', guarded);
  execute format('grant %s on %I to gt_app, gt_system', privileges, guarded);
end $$;

create table partitioned_tables (
  name text primary key,
  key_column text not null,
  -- day: by timestamptz; uuid_day: by the time inside a UUIDv7
  kind text not null check (kind in ('day', 'uuid_day'))
);
select gt_guard_global('partitioned_tables', 'select');

create function gt_partition_by_day(parent text, key_column text) returns void language sql
  as $$ insert into partitioned_tables values (parent, key_column, 'day') $$;
create function gt_partition_by_uuid_day(parent text, key_column text) returns void language sql
  as $$ insert into partitioned_tables values (parent, key_column, 'uuid_day') $$;

-- The smallest UUIDv7 of a day (UTC).
create function gt_first_uuid_of(day date) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from day::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Partitions do not inherit policies: they carry no grants, so that they are reached through their parent only.
create function gt_make_partitions(from_day date, to_day date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  parent record; day date; partition text; made integer := 0; low text; high text;
begin
  for parent in select * from partitioned_tables loop
    for day in select generate_series(from_day, to_day, interval '1 day')::date loop
      partition := format('%s_%s', parent.name, to_char(day, 'YYYYMMDD'));
      continue when to_regclass(quote_ident(partition)) is not null;
      if parent.kind = 'day' then
        low := to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00';
        high := to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00';
      else
        low := gt_first_uuid_of(day)::text;
        high := gt_first_uuid_of(day + 1)::text;
      end if;
      execute format('create table %I partition of %I for values from (%L) to (%L)', partition, parent.name, low, high);
      made := made + 1;
    end loop;
  end loop;
  return made;
end $$;

create function gt_drop_partitions(parent_name text, before_day date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child record; dropped integer := 0;
begin
  if not exists (select 1 from partitioned_tables where name = parent_name) then
    raise exception 'no partitioned table %', parent_name;
  end if;
  for child in
    select c.relname from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      join pg_class p on p.oid = i.inhparent
     where p.relname = parent_name and right(c.relname, 8) ~ '^\d{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < before_day
  loop
    execute format('drop table %I', child.relname);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;

-- The oldest days in which nothing is left, up to the first that still holds something: no hole comes between the days there are.
create function gt_drop_empty_partitions(before_day date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child record; holds boolean; held text[] := '{}'; dropped integer := 0;
begin
  for child in
    select p.relname as parent, c.relname as name from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      join pg_class p on p.oid = i.inhparent
      join partitioned_tables t on t.name = p.relname
     where right(c.relname, 8) ~ '^\d{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < before_day
     order by 1, 2
  loop
    continue when child.parent = any (held);
    execute format('select exists (select 1 from %I)', child.name) into holds;
    if not holds then
      -- Asked again under the lock: a late row may have come. The parent's first, as every writer takes them.
      execute format('lock table only %I in access exclusive mode', child.parent);
      execute format('select exists (select 1 from %I)', child.name) into holds;
    end if;
    if holds then
      held := held || child.parent::text;
    else
      execute format('drop table %I', child.name);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end $$;

-- The days there are, oldest first: what lies outside is flagged, never lost.
create function gt_partition_days(parent_name text) returns table (day date) language sql stable
  security definer set search_path = public, pg_temp as $$
  select to_date(right(c.relname, 8), 'YYYYMMDD') from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_class p on p.oid = i.inhparent
   where p.relname = parent_name order by 1
$$;

revoke execute on function gt_make_partitions(date, date), gt_drop_partitions(text, date), gt_drop_empty_partitions(date) from public;
grant execute on function gt_make_partitions(date, date), gt_drop_partitions(text, date), gt_drop_empty_partitions(date) to gt_system;
