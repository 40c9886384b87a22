-- While the broker takes nothing, events wait in the outbox, and a disk is not endless: from a watermark on nothing is accepted
-- any more that would cause one. The connector measures (connector/outbox-room.ts); here is what it found.
create table outbox_room (
  only_row boolean primary key default true check (only_row),
  is_full boolean not null default false
);
insert into outbox_room default values;
select gt_guard_global('outbox_room', 'select');
grant update (is_full) on outbox_room to gt_system;

create function gt_refuse_when_outbox_is_full() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if (select is_full from outbox_room) then
    raise exception 'the outbox is full' using errcode = 'GT001';
  end if;
  return null;
end $$;
create trigger refuse_when_full before insert on outbox
  for each statement execute function gt_refuse_when_outbox_is_full();
