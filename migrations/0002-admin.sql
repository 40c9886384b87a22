-- Admin: who may do what, and what was done. Client's tables: users, roles, user_roles.

create table installation (
  -- One row: the data folder knows this id too; clean-up refuses when they disagree.
  singleton boolean primary key default true check (singleton),
  id uuid not null,
  created_at timestamptz not null default now()
);
select gt_guard_global('installation', 'select, insert');

create table users (
  id uuid primary key,
  email varchar(255) not null,
  nome varchar(200) not null,
  password_hash varchar(255) not null,
  is_active boolean not null default true,
  -- Raised when password, roles or activity change: access tokens with an older one are refused.
  session_version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));
select gt_guard_global('users', 'select, insert, update');

create table roles (
  id uuid primary key,
  name varchar(100) not null unique,
  permissions jsonb not null check (jsonb_typeof(permissions) = 'array'),
  created_at timestamptz not null default now()
);
select gt_guard_global('roles', 'select, insert, update, delete');

create table user_roles (
  id uuid primary key,
  user_id uuid not null references users (id),
  role_id uuid not null references roles (id),
  -- null: in every city
  cidade_id uuid,
  created_at timestamptz not null default now(),
  unique nulls not distinct (user_id, role_id, cidade_id)
);
select gt_guard('user_roles');

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id),
  -- Only hashes are stored; the successor of a refresh token is an HMAC of it, so two tabs get the same one.
  refresh_hash text not null,
  previous_hash text,
  rotated_at timestamptz,
  generation integer not null default 1,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  user_agent text,
  address text
);
create index sessions_user on sessions (user_id);
create unique index sessions_refresh on sessions (refresh_hash);
create index sessions_previous on sessions (previous_hash);
select gt_guard_global('sessions', 'select, insert, update');

-- First sign-in and invitations: the secret is only in the link's fragment, here is its hash. Redeemed once.
create table one_time_links (
  id uuid primary key,
  kind text not null check (kind in ('first_administrator', 'invitation', 'password_reset')),
  secret_hash text not null unique,
  user_id uuid references users (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
select gt_guard_global('one_time_links', 'select, insert, update');

-- Single-use tickets of at most 60 s, e.g. to open the WebSocket.
create table tickets (
  id uuid primary key,
  secret_hash text not null unique,
  kind text not null check (kind in ('console_socket')),
  session_id uuid not null references sessions (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
select gt_guard_global('tickets', 'select, insert, update, delete');

create table audit_log (
  id uuid not null,
  cidade_id uuid,
  at timestamptz not null,
  actor_kind text not null,
  actor_id text not null,
  action text not null,
  object_type text,
  object_id text,
  purpose text,
  result text not null check (result in ('done', 'refused')),
  details jsonb not null default '{}',
  address text,
  correlation_id text not null,
  primary key (id, at)
) partition by range (at);
create index audit_log_city on audit_log (cidade_id, at desc, id desc);
create index audit_log_actor on audit_log (actor_id, at desc);
select gt_partition_by_day('audit_log', 'at');
select gt_guard('audit_log', 'cidade_id', 'select, insert');
