DROP TABLE duty;
DROP TABLE department;
