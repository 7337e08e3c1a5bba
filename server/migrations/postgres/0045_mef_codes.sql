-- What the nomenclatures say of a MEF besides its name. The first four characters of the statistical code are those of
-- the level (MEF_STAT_4).
alter table directory.mef
  -- the national MEF that one of an academy is attached to
  add column attached_to text,
  -- MEF_STAT_11
  add column statistical_code text;

-- The level of a pupil of a primary school, on four characters, where the feed gives one.
alter table directory.enrolment add column level_code text;
