-- Users are changed, and two who change one at once find out.

alter table users add column version integer not null default 1;

-- Whether a user holds a role where this transaction does not look: in another city, or in every one. Says no more than that.
create function gt_holds_roles_elsewhere(of_user uuid) returns boolean language sql stable
  security definer set search_path = public, pg_temp as $$
  select exists (select 1 from user_roles
    where user_id = of_user and not gt_all_cities() and (cidade_id is null or not cidade_id = any (gt_cities())))
$$;
revoke execute on function gt_holds_roles_elsewhere(uuid) from public;
grant execute on function gt_holds_roles_elsewhere(uuid) to gt_app, gt_system;
