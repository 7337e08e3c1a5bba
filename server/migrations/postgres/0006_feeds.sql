-- Feeds of every kind: a source is one of its kind under a key (an academy's code, a UAI, a name given to it).
alter table directory.source
  add key text,
  drop constraint source_kind_check,
  add check (kind in ('aaf2d', 'aaf1d', 'siecle', 'sts', 'onde', 'oneroster', 'csv', 'supann', 'manual')),
  drop constraint source_tenant_id_kind_academy_code_key;
-- The role that migrates is bound by row-level security too, unless it is a superuser.
alter table directory.source no force row level security;
update directory.source set key = coalesce(academy_code, '');
alter table directory.source force row level security;
alter table directory.source alter key set not null, add unique (tenant_id, kind, key);

-- full: what the source no longer holds is gone; delta: only what it says changes; rollback: undoes the one before.
alter table directory.import add mode text not null default 'full' check (mode in ('full', 'delta', 'rollback'));
