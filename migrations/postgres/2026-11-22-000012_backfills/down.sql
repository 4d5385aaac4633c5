DROP INDEX scan_jobs_said;
DROP TABLE backfill_parts;
DROP TABLE backfills;
