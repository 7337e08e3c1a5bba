-- What a member asks the pilot for, and the files that answer it.
create table governance.document_request (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  number integer not null check (number > 0),
  party text not null,
  kind text not null check (kind in ('administrative', 'financial', 'technical')),
  title text not null,
  text text not null,
  requested_at timestamptz not null,
  requested_by uuid not null,
  -- What is not held cannot be given: the answer says so.
  outcome text check (outcome in ('given', 'notHeld', 'withdrawn')),
  answer text,
  answered_at timestamptz,
  answered_by uuid,
  unique (agreement_id, number),
  check ((outcome is null) = (answered_at is null) and (outcome is null) = (answer is null))
);

create table governance.document_file (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  request_id uuid not null references governance.document_request,
  name text not null,
  media_type text not null,
  size integer not null check (size > 0),
  sha256 bytea not null check (length(sha256) = 32),
  content bytea not null,
  added_at timestamptz not null,
  added_by uuid not null,
  unique (request_id, name)
);

do $$
declare
  each text;
begin
  foreach each in array array['document_request', 'document_file'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update (outcome, answer, answered_at, answered_by) on governance.document_request to preau_app;
grant delete on governance.document_file to preau_app;
