-- How each source is received: where its files come, when, how long they are kept, and what a person must look at.
alter table directory.source
  -- where its files come: under the tenant's own folder, or an absolute path; null where only the tenant's is looked at
  add folder text,
  -- whether an import that came to a folder is applied by itself when nothing is alarming
  add unattended boolean not null default true,
  -- share of the records set aside, in basis points of those read, above which a person must look
  add quarantine_limit integer not null default 200 check (quarantine_limit between 0 and 10000),
  -- how much smaller than the median of the last ones an export may be, in basis points
  add small_limit integer not null default 3000 check (small_limit between 0 and 10000),
  -- when it is expected, 'HH:MM' in the tenant's zone; null: whenever it comes
  add expected_at text check (expected_at ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  -- days on which it is expected, 1 for Monday to 7 for Sunday
  add expected_days smallint[] not null default '{1,2,3,4,5,6,7}',
  add grace_minutes integer not null default 60 check (grace_minutes between 0 and 720),
  -- nothing was expected before
  add expected_since timestamptz,
  -- days during which received files are kept once their import has ended; 0: removed at once
  add retention_days integer not null default 0 check (retention_days between 0 and 366);
create unique index source_folder on directory.source (tenant_id, folder);

alter table directory.import
  -- whether it came to a folder, and nobody waits for it
  add unattended boolean not null default false,
  -- how often it was begun again by itself
  add attempts smallint not null default 0,
  -- its files are kept until then; null when they are not, or as long as it has not ended
  add kept_until timestamptz;
create index import_kept on directory.import (kept_until) where kept_until is not null;
-- Since when a record is in quarantine, over the imports of its source.
create index quarantined_record_history on directory.quarantined_record (kind, external_id);
create index import_change_history on directory.import_change (kind, external_id);

-- Files taken from a folder, noted before the first of them is moved: whatever stops the program, the move is ended later.
create table directory.feed_drop (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  -- that of the import to be
  id uuid primary key,
  source_id uuid references directory.source,
  folder text not null,
  -- each {name, bytes}
  files jsonb not null,
  noted_at timestamptz not null,
  -- when the import was made of them
  taken_at timestamptz
);
create index feed_drop_open on directory.feed_drop (noted_at) where taken_at is null;
create index feed_drop_folder on directory.feed_drop (folder, noted_at desc);

-- What somebody should know about the feeds: one late, missing, too small, refused, or waiting for a review.
create table directory.feed_alert (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  code text not null check (code in ('late', 'missing', 'small', 'review', 'refused', 'stopped', 'folder')),
  source_id uuid references directory.source,
  import_id uuid references directory.import,
  -- when the feed was expected
  expected_at timestamptz,
  -- figures and codes that explain it, never personal data
  detail jsonb not null default '{}',
  raised_at timestamptz not null,
  -- when its cause went away by itself
  resolved_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by uuid
);
create unique index feed_alert_import on directory.feed_alert (import_id, code) where import_id is not null;
create unique index feed_alert_expected on directory.feed_alert (source_id, code, expected_at)
  where expected_at is not null;
create unique index feed_alert_folder on directory.feed_alert (source_id) where code = 'folder' and resolved_at is null;
create index feed_alert_open on directory.feed_alert (raised_at desc) where resolved_at is null and acknowledged_at is null;

do $$
declare
  each text;
begin
  foreach each in array array['feed_drop', 'feed_alert'] loop
    execute format('alter table directory.%I enable row level security', each);
    execute format('alter table directory.%I force row level security', each);
    execute format('create policy tenant_isolation on directory.%I using (tenant_id = (select kernel.current_tenant()))', each);
  end loop;
end
$$;
grant select, insert, update, delete on directory.feed_drop, directory.feed_alert to preau_app;
