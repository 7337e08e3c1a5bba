-- What people answered before they were found to be one is read by who they are now.
create index account_merge_kept on identity.account_merge (kept_person_id);
