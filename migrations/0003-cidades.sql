-- Cidades: cities, their places, agents and cameras. Client's tables: cidades, cameras.

create table cidades (
  id uuid primary key,
  nome varchar(255) not null,
  estado varchar(2) not null,
  plano_retencao_dias integer not null check (plano_retencao_dias in (7, 15, 30)),
  -- IANA name; decides what a day is for people. Storage is UTC.
  fuso_horario text not null default 'America/Sao_Paulo',
  is_active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (estado, nome)
);
select gt_guard('cidades', 'id');

alter table user_roles add foreign key (cidade_id) references cidades (id);

create table locais (
  cidade_id uuid not null references cidades (id),
  id uuid not null,
  nome varchar(255) not null,
  endereco varchar(500),
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  created_at timestamptz not null default now(),
  primary key (cidade_id, id)
);
select gt_guard('locais');

create table agents (
  cidade_id uuid not null references cidades (id),
  id uuid not null unique,
  local_id uuid,
  nome varchar(200) not null,
  -- Ed25519 public key as JWK; the private half never leaves the agent.
  public_key jsonb,
  enrolment_code_hash text unique,
  enrolment_expires_at timestamptz,
  enrolled_at timestamptz,
  last_seen_at timestamptz,
  program_version text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  primary key (cidade_id, id),
  foreign key (cidade_id, local_id) references locais (cidade_id, id)
);
select gt_guard('agents');

create table cameras (
  cidade_id uuid not null references cidades (id),
  id uuid not null unique,
  agent_id uuid,
  local_id uuid,
  nome varchar(255) not null,
  localizacao varchar(500),
  -- AES-256-GCM envelope `v1.<key id>.<nonce>.<sealed>`, bound to this row. Null: a camera that only posts plate reads.
  url_rtsp text,
  -- Host and port for people to recognise it; never user, password or query.
  endereco_rtsp varchar(300),
  has_credentials boolean not null default false,
  status varchar(20) not null default 'INATIVA'
    check (status in ('INATIVA', 'CONECTANDO', 'ONLINE', 'PARADA', 'OFFLINE', 'DISCO_CHEIO')),
  status_cause varchar(60),
  status_since timestamptz not null default now(),
  upload_policy text not null default 'everything' check (upload_policy in ('everything', 'events', 'on_demand')),
  is_active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (cidade_id, id),
  foreign key (cidade_id, agent_id) references agents (cidade_id, id),
  foreign key (cidade_id, local_id) references locais (cidade_id, id)
);
create index idx_cameras_cidade on cameras (cidade_id, nome, id);
create index cameras_agent on cameras (agent_id) where is_active;
select gt_guard('cameras');

-- What the probe or the running stream found: one row per profile of a camera.
create table camera_streams (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  perfil text not null default 'main' check (perfil in ('main', 'sub')),
  codec text,
  width integer,
  height integer,
  fps real,
  key_frame_seconds real,
  seen_at timestamptz not null,
  primary key (cidade_id, id),
  unique (cidade_id, camera_id, perfil),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
select gt_guard('camera_streams');

-- Keys with which a plate camera posts its reads. Only the hash is stored.
create table camera_keys (
  cidade_id uuid not null,
  id uuid not null,
  camera_id uuid not null,
  key_hash text not null unique,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  primary key (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
select gt_guard('camera_keys');

-- A check of an address, run by the agent. The address is sealed like a camera's and wiped when the check ended.
create table camera_probes (
  cidade_id uuid not null,
  id uuid not null,
  agent_id uuid not null,
  camera_id uuid,
  url_rtsp text,
  status text not null default 'pending' check (status in ('pending', 'ok', 'failed', 'timeout')),
  -- Closed words: name_not_found, refused, unreachable, wrong_password, not_allowed, no_video, codec, no_answer, not_rtsp
  cause text,
  found jsonb,
  created_at timestamptz not null default now(),
  -- When the agent took it: it is not handed out twice.
  taken_at timestamptz,
  finished_at timestamptz,
  primary key (cidade_id, id),
  foreign key (cidade_id, agent_id) references agents (cidade_id, id),
  foreign key (cidade_id, camera_id) references cameras (cidade_id, id)
);
create index camera_probes_waiting on camera_probes (agent_id, created_at) where status = 'pending';
select gt_guard('camera_probes');

-- What other contexts may know of a camera.
create view camera_directory with (security_invoker = true) as
  select c.cidade_id, c.id as camera_id, c.agent_id, c.nome, c.is_active, d.plano_retencao_dias, d.fuso_horario
    from cameras c join cidades d on d.id = c.cidade_id;
grant select on camera_directory to gt_app, gt_system;
