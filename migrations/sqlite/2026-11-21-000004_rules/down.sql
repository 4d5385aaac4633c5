DROP TABLE people_groups;
DROP TABLE policies;
DROP TABLE detectors;
