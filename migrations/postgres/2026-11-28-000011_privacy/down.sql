DROP TABLE reveal_member;
DROP TABLE reveal;
DROP TABLE erasure;
DROP TABLE consent;
