-- Other stores that statements are sent on to. The store itself is the queue: a forwarding remembers how far it is.
create schema xapi;
grant usage on schema xapi to preau_app;

create table xapi.forwarding (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  -- root of the other store, without a trailing slash
  endpoint text not null,
  key text not null,
  sealed_secret text not null,
  version text not null check (version in ('1.0.3', '2.0.0')),
  -- what is sent: IRIs and sources; an empty list takes all
  verbs text[] not null,
  activities text[] not null,
  source_ids uuid[] not null,
  -- all that was stored until this moment (records.statement.seq) was sent, refused or not wanted
  cursor bigint not null,
  sent bigint not null default 0,
  paused boolean not null default false,
  -- since the last batch that went well: tries that failed, why, and when to try again
  attempts integer not null default 0,
  failure jsonb,
  next_try_at timestamptz not null,
  sent_at timestamptz,
  -- which process is at it, until when at most
  leased_until timestamptz,
  created_at timestamptz not null,
  created_by uuid,
  unique (tenant_id, name)
);

-- Statements that the other store would not take, one by one.
create table xapi.forwarding_refusal (
  tenant_id uuid not null default kernel.current_tenant(),
  forwarding_id uuid not null references xapi.forwarding on delete cascade,
  seq bigint not null,
  statement_id uuid not null,
  -- HTTP status answered
  status integer not null,
  refused_at timestamptz not null,
  primary key (forwarding_id, seq)
);

do $$
declare
  each text;
begin
  foreach each in array array['forwarding', 'forwarding_refusal'] loop
    execute format('alter table xapi.%I enable row level security', each);
    execute format('alter table xapi.%I force row level security', each);
    execute format('create policy tenant_isolation on xapi.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on xapi.%I to preau_app', each);
  end loop;
end
$$;
