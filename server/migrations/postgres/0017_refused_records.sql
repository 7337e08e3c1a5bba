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

-- A class or group that vanished within its year, and one that came in the same import and holds many of its pupils:
-- whether it takes up what people shared in the former is for somebody to say.
create table directory.class_renaming (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  -- of a class that is there no more
  predecessor_id uuid not null,
  successor_id uuid not null references directory.teaching_group on delete cascade,
  establishment_id uuid not null references directory.organisation,
  school_year_id uuid not null references directory.school_year,
  kind text not null check (kind in ('class', 'group')),
  code text not null,
  name text not null,
  pupils integer not null,
  -- of its pupils, those who are in the successor, in basis points
  share integer not null check (share between 0 and 10000),
  state text not null default 'proposed' check (state in ('proposed', 'confirmed', 'refused')),
  decided_by uuid,
  decided_at timestamptz,
  announced_at timestamptz,
  primary key (predecessor_id, successor_id)
);
create index class_renaming_establishment on directory.class_renaming (establishment_id, school_year_id);
create index class_renaming_successor on directory.class_renaming (successor_id);

do $$
declare
  each text;
begin
  foreach each in array array['source_comparison', 'compared_record', 'class_renaming'] loop
    execute format('alter table directory.%I enable row level security', each);
    execute format('alter table directory.%I force row level security', each);
    execute format('create policy tenant_isolation on directory.%I using (tenant_id = (select kernel.current_tenant()))',
      each);
    execute format('grant select, insert, update, delete on directory.%I to preau_app', each);
  end loop;
end
$$;
