-- Records set aside are kept as they were read, so that they can be tried again once what they lacked has come.
alter table directory.quarantined_record
  -- what the reader of its format reads again; null when nothing would be gained, or once it is of no use
  add refused jsonb;
create index quarantined_record_refused on directory.quarantined_record (import_id) where refused is not null;

alter table directory.import
  -- whether it reads again what its source has set aside
  add retry boolean not null default false;

-- Two large sources compared, kept for some days: what only one holds, and what they hold otherwise.
create table directory.source_comparison (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  left_id uuid not null references directory.source,
  right_id uuid not null references directory.source,
  kind text not null,
  state text not null check (state in ('computing', 'ready', 'failed')),
  -- the last imports applied of both: others since, and it is to be computed anew
  basis text not null,
  asked_at timestamptz not null,
  -- records looked at, of those of both sources
  done integer not null default 0,
  total integer not null,
  unique (tenant_id, left_id, right_id, kind)
);
create table directory.compared_record (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  comparison_id uuid not null references directory.source_comparison on delete cascade,
  -- left, right: only there; same: of both, alike or still to be looked at
  view text not null check (view in ('left', 'right', 'same', 'different')),
  -- identifier in the left source, else in the right one
  place text not null,
  left_id text,
  right_id text,
  left_label text,
  right_label text,
  establishment_id uuid,
  establishment text,
  fields jsonb not null default '[]',
  primary key (comparison_id, view, place)
);

do $$
declare
  each text;
begin
  foreach each in array array['source_comparison', 'compared_record'] loop
    execute format('alter table directory.%I enable row level security', each);
    execute format('alter table directory.%I force row level security', each);
    execute format('create policy tenant_isolation on directory.%I using (tenant_id = (select kernel.current_tenant()))',
      each);
    execute format('grant select, insert, update, delete on directory.%I to preau_app', each);
  end loop;
end
$$;
