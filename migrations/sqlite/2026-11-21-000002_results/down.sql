DROP TABLE violations;
DROP TABLE findings;
DROP TABLE scan_results;
